//! Standard error, to which lines can always be given: one that cannot be written (a full disk, a reader that has gone) is
//! dropped and counted, and told of as soon as one can be written again. What a program says about its work must not
//! end the work; `eprintln!` and a log that reports its own errors with it would.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::IntCounter;
use prometheus::core::Collector;

/// Lines for standard error that could not be written.
static STANDARD_ERROR: LazyLock<Dropped> = LazyLock::new(Dropped::new);

/// Says it on standard error, in a line of its own. Never fails. What comes from outside may be in it: control characters
/// are escaped, so that no text steers the terminal.
pub fn tell(text: impl Display) {
    let mut line = printable(&text.to_string());
    line.push('\n');
    STANDARD_ERROR.write(&mut io::stderr().lock(), line.as_bytes());
}

/// The text with everything escaped that steers a terminal, but for line feeds and tabs.
#[must_use]
pub fn printable(text: &str) -> String {
    escaped(text, |c| if steers(c) && c != '\n' && c != '\t' { Some(c.escape_default()) } else { None })
}

/// Like [`printable`] for a text that has to stay within a line: line feeds and tabs are escaped, too.
#[must_use]
pub fn printable_line(text: &str) -> String {
    escaped(text, |c| steers(c).then(|| c.escape_default()))
}

/// JSON with everything escaped, in JSON's own way, that steers a terminal: writers of JSON leave some of it as it is. The
/// value stays the same.
#[must_use]
pub fn printable_json(json: &str) -> String {
    // Whatever of it stands outside of a string is white space.
    let escape = |c: char| if steers(c) && !c.is_ascii_whitespace() { Some(JsonEscape(c)) } else { None };
    escaped(json, escape)
}

/// Control characters, and those that turn the direction of writing: what they surround can be shown as another text.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A character of the basic plane.
struct JsonEscape(char);

impl Display for JsonEscape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\\u{:04x}", u32::from(self.0))
    }
}

fn escaped<E: Display>(text: &str, escape: impl Fn(char) -> Option<E>) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match escape(c) {
            // Writing to a String cannot fail.
            Some(escape) => drop(write!(out, "{escape}")),
            None => out.push(c),
        }
    }
    out
}

/// What counts the lines that were dropped.
pub(crate) fn dropped_lines() -> Box<dyn Collector> {
    Box::new(STANDARD_ERROR.total.clone())
}

/// Where the log writes, a line at a time.
pub(crate) enum LogLines {
    /// Text, in which whoever formats it has escaped what does not come from here.
    Human,
    /// One object a line, for programs.
    Json,
}

impl Write for LogLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let out = &mut io::stderr().lock();
        match (self, std::str::from_utf8(line)) {
            (Self::Json, Ok(json)) => STANDARD_ERROR.write(out, printable_json(json).as_bytes()),
            _ => STANDARD_ERROR.write(out, line),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What could not be written.
struct Dropped {
    total: IntCounter,
    /// Of these, nobody was told yet.
    untold: AtomicU64,
}

impl Dropped {
    fn new() -> Self {
        let help = "Lines for standard error, the log's among them, that could not be written.";
        let total = IntCounter::new("duet_log_lines_dropped_total", help);
        Self { total: total.expect("the name and help text are valid constants"), untold: AtomicU64::new(0) }
    }

    /// Writes the line, or counts it. Before it comes how many were dropped.
    fn write(&self, out: &mut impl Write, line: &[u8]) {
        let untold = self.untold.load(Ordering::Relaxed);
        if untold > 0 {
            let told = writeln!(out, "{untold} lines could not be written here and were dropped");
            if told.is_ok() {
                self.untold.fetch_sub(untold, Ordering::Relaxed);
            }
        }
        if out.write_all(line).is_err() {
            self.total.inc();
            self.untold.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Disk {
        room: usize,
        written: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.room);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= taken;
            self.written.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_told_of_later() {
        let dropped = Dropped::new();
        let mut disk = Disk { room: 6, written: Vec::new() };
        for _ in 0..3 {
            dropped.write(&mut disk, b"line\n");
        }
        assert_eq!(dropped.total.get(), 2);
        disk.room = 1000;
        dropped.write(&mut disk, b"again\n");
        dropped.write(&mut disk, b"and again\n");
        let written = String::from_utf8(disk.written).unwrap();
        let expected = "line\nl2 lines could not be written here and were dropped\nagain\nand again\n";
        assert_eq!(written, expected, "the second line was begun");
        assert_eq!(dropped.total.get(), 2);
    }

    #[test]
    fn nothing_that_is_told_steers_the_terminal() {
        assert_eq!(printable("a\u{1b}[31m\0\u{9b}ü\tb\nc\r"), "a\\u{1b}[31m\\u{0}\\u{9b}ü\tb\nc\\r");
        assert_eq!(printable_line("a\tb\nc\u{7f}\u{202e}"), "a\\tb\\nc\\u{7f}\\u{202e}");
    }

    #[test]
    fn json_is_the_same_value_when_it_steers_no_terminal() {
        let value = serde_json::json!({ "a\u{9b}2J": ["\u{1b}[31m\u{7f}ü\n\u{2066}", "\\u{9b}"] });
        for json in [value.to_string(), format!("{value:#}")] {
            let safe = printable_json(&json);
            assert_eq!(safe, printable(&safe), "nothing is left to be escaped");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        }
    }
}
