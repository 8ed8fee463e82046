//! Numbers, colours and characters for people, and how far long work is.
#![warn(missing_docs)]

mod progress;

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use telemetry::printable;

pub use progress::Progress;

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Colours, by ANSI sequences.
    pub colour: bool,
    /// Block and line characters.
    pub unicode: bool,
}

impl Terminal {
    /// Neither colours nor anything but ASCII.
    pub const PLAIN: Self = Self { colour: false, unicode: false };

    /// What standard output can show: colours on a terminal unless `NO_COLOR` is set; Unicode in a UTF-8 locale.
    #[must_use]
    pub fn stdout() -> Self {
        let var = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let dumb = var("TERM").is_some_and(|term| term == "dumb");
        let colour = std::io::stdout().is_terminal() && var("NO_COLOR").is_none() && !dumb;
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(var);
        Self { colour, unicode: locale.is_some_and(|locale| is_utf8(&locale)) }
    }

    /// The text in a colour, where there are colours.
    #[must_use]
    pub fn paint(self, colour: Colour, text: &str) -> String {
        if self.colour { format!("\x1b[{}m{text}\x1b[0m", colour.code()) } else { text.to_owned() }
    }
}

/// How many characters a line of standard output has: what `COLUMNS` says, else what the terminal does; `None` where there is none.
#[must_use]
pub fn width() -> Option<usize> {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let size = || rustix::termios::tcgetwinsize(&stdout).ok().map(|size| usize::from(size.ws_col));
    said.or_else(size).filter(|width| *width > 0)
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// The first failure to write to standard output.
static UNWRITTEN: OnceLock<std::io::Error> = OnceLock::new();

/// Prints to standard output. That nobody reads it (a closed pipe) is no failure; any other is remembered, and `main`
/// ends with it ([`unwritten`]): a result that stands nowhere is none. What comes from outside may be in it: nothing of
/// it steers the terminal.
pub fn print(text: &str) {
    write(&printable(text));
}

/// Prints what `draw` makes for such a terminal, like [`print()`]. Where something in it had to be escaped, it comes without
/// colours: then nobody can tell whose they are.
pub fn print_drawn(terminal: Terminal, draw: impl Fn(Terminal) -> String) {
    write(&drawn(terminal, draw));
}

fn drawn(terminal: Terminal, draw: impl Fn(Terminal) -> String) -> String {
    let plain = draw(Terminal { colour: false, ..terminal });
    let safe = printable(&plain);
    if terminal.colour && safe == plain { draw(terminal) } else { safe }
}

/// Prints JSON, like [`print()`]; the values stay the same.
pub fn print_json(json: &str) {
    write(&telemetry::printable_json(json));
}

fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => drop(UNWRITTEN.set(error)),
        _ => {}
    }
}

/// Why something that was printed does not stand on standard output; `None` when all of it does.
#[must_use]
pub fn unwritten() -> Option<&'static std::io::Error> {
    UNWRITTEN.get()
}

/// The few colours in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// All is well.
    Good,
    /// Something is wrong.
    Bad,
    /// The first style.
    First,
    /// The second style.
    Second,
    /// A heading, or what stands out.
    Strong,
}

impl Colour {
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "1;32",
            Self::Bad => "1;31",
            Self::First => "38;5;33",
            Self::Second => "38;5;208",
            Self::Strong => "1",
        }
    }
}

/// A whole number with its thousands set apart: `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Three significant digits, thousands set apart: `0.00123`, `4.56`, `78.9`, `12,300`.
#[must_use]
pub fn significant(number: f64) -> String {
    if !number.is_finite() {
        return "-".to_owned();
    }
    if number.abs() >= 999.5 {
        return grouped(number.abs().round() as u64);
    }
    let magnitude = if number == 0.0 { 0 } else { number.abs().log10().floor() as i32 };
    format!("{number:.*}", usize::try_from(2 - magnitude).unwrap_or(0).min(6))
}

/// A count with its noun: `1 order`, `2 orders`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A size in MB (10^6 bytes).
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    format!("{} MB", significant(bytes as f64 / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        let shown = [0.0, 0.001_234, 0.5, 4.567, 78.94, 999.4, 999.6, 12_345.6].map(significant);
        assert_eq!(shown, ["0.00", "0.00123", "0.500", "4.57", "78.9", "999", "1,000", "12,346"]);
        assert_eq!([counted(1, "order"), counted(2, "order")], ["1 order", "2 orders"]);
    }

    #[test]
    fn colours_are_shown_where_all_of_them_are_ours() {
        let terminal = Terminal { colour: true, unicode: true };
        let draw = |name: &'static str| {
            move |terminal: Terminal| format!("{} {name}\n", terminal.paint(Colour::Good, "clean"))
        };
        assert_eq!(drawn(terminal, draw("kafka")), "\u{1b}[1;32mclean\u{1b}[0m kafka\n");
        assert_eq!(drawn(terminal, draw("\u{1b}[1;32mclean")), "clean \\u{1b}[1;32mclean\n");
        assert_eq!(drawn(Terminal::PLAIN, draw("a\u{9b}2J")), "clean a\\u{9b}2J\n");
    }

    #[test]
    fn a_utf8_locale_is_recognised() {
        assert!(is_utf8("de_DE.UTF-8") && is_utf8("C.utf8"));
        assert!(!is_utf8("C") && !is_utf8("de_DE.ISO-8859-1"));
    }
}
