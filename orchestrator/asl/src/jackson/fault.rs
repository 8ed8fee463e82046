//! A fault as Jackson words it.

/// Most of the text that a message quotes, in UTF-16 units.
const QUOTED_MAX: usize = 500;

/// A fault: what is said of it, once to be shown and once as AWS says it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// One sentence without the text.
    pub(crate) shown: String,
    /// The whole message, the quoted text in it as it is.
    pub(crate) told: String,
}

/// A place in the text: line from 1, column in UTF-16 units, both as Jackson counts them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place {
    /// As Jackson writes it: the text, shortened, and where in it.
    fn told(self, text: &[u16]) -> String {
        let quoted = String::from_utf16_lossy(&text[..text.len().min(QUOTED_MAX)]);
        let more = match text.len().saturating_sub(QUOTED_MAX) {
            0 => String::new(),
            more => format!("[truncated {more} chars]"),
        };
        let Self { line, column } = self;
        format!("[Source: (String)\"{quoted}\"{more}; line: {line}, column: {column}]")
    }

    fn shown(self) -> String {
        format!("line {}, column {}", self.line, self.column)
    }
}

impl Fault {
    /// A fault at that place.
    pub(super) fn new(text: &[u16], at: Place, says: &str) -> Self {
        Self { shown: says.to_owned(), told: format!("{says}\n at {}", at.told(text)) }
    }

    /// A fault that has to do with another place, which stands between the halves of what is said.
    pub(super) fn about(text: &[u16], at: Place, says: [&str; 2], other: Place) -> Self {
        let [before, after] = says;
        let shown = format!("{before}{}{after}", other.shown());
        Self { shown, told: format!("{before}{}{after}\n at {}", other.told(text), at.told(text)) }
    }
}

/// A unit as Jackson names it: `'}' (code 125)`.
pub(super) fn named(unit: u16) -> String {
    let shown = String::from_utf16_lossy(&[unit]);
    match unit {
        0..=31 | 127..=159 => format!("(CTRL-CHAR, code {unit})"),
        160..=255 | 32..=126 => format!("'{shown}' (code {unit})"),
        _ => format!("'{shown}' (code {unit} / 0x{unit:x})"),
    }
}
