//! Dead letters as text and as JSON. What stands in a message came from outside: nothing of it reaches a terminal
//! unescaped.

use std::fmt::Write as _;

use bus::DeadLetter;
use contract::time;
use operate::dead_letters::{Listed, Redriven};
use serde_json::{Value, json};
use telemetry::printable_line;
use terminal::counted;

/// Characters of a reason that the table shows, and of an id, topic or key.
const REASON_SHOWN: usize = 100;
const NAME_SHOWN: usize = 64;
/// Bytes of a body that are shown.
const BODY_BYTES_SHOWN: usize = 64 * 1024;
/// Bytes in a line of hexadecimal digits.
const HEX_LINE: usize = 16;
/// The header that says when a message came into being.
const TIME: &str = "time";

/// A table of them all, and how many there are.
pub(super) fn table(listed: &[Listed], now_ms: i64) -> String {
    const HEAD: [&str; 7] = ["GROUP", "ID", "TOPIC", "KEY", "ATTEMPTS", "AGE", "REASON"];
    let mut rows = vec![HEAD.map(str::to_owned)];
    for letter in listed.iter().flat_map(|listed| &listed.letters) {
        let message = &letter.message;
        let short = |text: &str| shortened(text, NAME_SHOWN);
        rows.push([
            letter.group.clone(),
            short(&message.id),
            short(message.topic.as_str()),
            short(&message.key),
            letter.attempts.to_string(),
            age(letter, now_ms).unwrap_or_else(|| "-".to_owned()),
            shortened(&letter.reason, REASON_SHOWN),
        ]);
    }
    let mut out = String::new();
    if rows.len() > 1 {
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<_> = (0..HEAD.len()).map(width).collect();
        for row in &rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
    }
    for Listed { group, total, letters } in listed {
        let shown = letters.len() as u64;
        let part = if shown < *total { format!(", the oldest {shown} of them shown") } else { String::new() };
        let _ = writeln!(out, "{group}: {}{part}", counted(*total, "dead letter"));
    }
    out
}

/// One JSON object a line for each of them.
pub(super) fn json(listed: &[Listed]) -> String {
    let line = |letter: &DeadLetter| {
        let DeadLetter { message, group, reason, attempts } = letter;
        let headers: serde_json::Map<_, _> =
            message.headers.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        let line = json!({
            "group": group,
            "id": message.id,
            "topic": message.topic.as_str(),
            "key": message.key,
            "attempts": attempts,
            "time": message.headers.get(TIME),
            "reason": reason,
            "headers": headers,
            "body_bytes": message.body.len(),
        });
        format!("{line}\n")
    };
    listed.iter().flat_map(|listed| &listed.letters).map(line).collect()
}

/// Everything that one of them says.
pub(super) fn letter(letter: &DeadLetter, now_ms: i64) -> String {
    let DeadLetter { message, group, reason, attempts } = letter;
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{name:<12}{}", printable_line(value));
    };
    line("group", group);
    line("id", &message.id);
    line("topic", message.topic.as_str());
    line("key", &message.key);
    line("reason", reason);
    line("attempts", &attempts.to_string());
    if let Some(age) = age(letter, now_ms) {
        line("age", &age);
    }
    for (name, value) in message.headers.iter() {
        line("header", &format!("{name}: {value}"));
    }
    line("body", &counted(message.body.len() as u64, "byte"));
    out + &body(&message.body)
}

/// What became of a message that was to be put back.
pub(super) fn redriven(redriven: &Redriven, groups: &[String]) -> String {
    let Redriven { id, groups: of } = redriven;
    let id = printable_line(id);
    match of.as_slice() {
        [] => format!("{id}: there is no dead letter with this id in {}\n", groups.join(", ")),
        some => format!("{id}: put back into the queue of {}\n", some.join(" and of ")),
    }
}

fn body(body: &[u8]) -> String {
    let shown = &body[..body.len().min(BODY_BYTES_SHOWN)];
    let mut out = match (serde_json::from_slice::<Value>(body), std::str::from_utf8(body)) {
        (Ok(value), _) if body.len() <= BODY_BYTES_SHOWN => {
            // A value that was read can be written.
            lines(&serde_json::to_string_pretty(&value).unwrap_or_default())
        }
        // A character cut in two at the end of what is shown is left out.
        (_, Ok(_)) => lines(String::from_utf8_lossy(shown).trim_end_matches('\u{FFFD}')),
        (_, Err(_)) => hex(shown),
    };
    if !out.is_empty() {
        out.push('\n');
    }
    if shown.len() < body.len() {
        let _ = writeln!(out, "… and {} more", counted((body.len() - shown.len()) as u64, "byte"));
    }
    out
}

/// `00000010  7b 22 6f 72  {"or`, sixteen bytes a line.
fn hex(bytes: &[u8]) -> String {
    let line = |(number, bytes): (usize, &[u8])| {
        let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let printable =
            |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
        let text: String = bytes.iter().map(printable).collect();
        format!("{:08x}  {:<width$}  {text}", number * HEX_LINE, digits.join(" "), width = HEX_LINE * 3 - 1)
    };
    bytes.chunks(HEX_LINE).enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// How long ago the message came into being, where it says when that was.
fn age(letter: &DeadLetter, now_ms: i64) -> Option<String> {
    let since = time::parse(letter.message.headers.get(TIME)?).ok()?;
    let seconds = now_ms.checked_sub(since)?.max(0) / 1000;
    Some(match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (days, ..) => format!("{days} d"),
    })
}

fn shortened(text: &str, most: usize) -> String {
    let text = printable_line(text);
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Each line escaped.
fn lines(text: &str) -> String {
    text.lines().map(printable_line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
