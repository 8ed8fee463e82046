//! What is wrong with the text of a definition, and where.

use std::fmt;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The text is no definition.
    Error,
    /// It is one, and may fail when it is run.
    Warning,
}

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether the text is a definition all the same.
    pub severity: Severity,
    /// Line of the offending value, from 1.
    pub line: usize,
    /// Column of the offending value in characters, from 1.
    pub column: usize,
    /// JSON pointer (RFC 6901) to the offending value; empty for the whole document.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// The offending value as JSON, shortened; absent where there is none.
    pub value: Option<String>,
    /// What would be right, perhaps as a question (`did you mean …?`); absent where the message says it.
    pub expected: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "/" } else { &self.pointer };
        write!(f, "line {}, column {}, {pointer}: {}", self.line, self.column, self.message)?;
        if let Some(value) = &self.value {
            write!(f, "; found {value}")?;
        }
        match &self.expected {
            Some(question) if question.starts_with("did you mean") => write!(f, "; {question}"),
            Some(expected) => write!(f, "; expected {expected}"),
            None => Ok(()),
        }
    }
}

/// Most problems that are told one by one; of those found after them only the number is.
pub const PROBLEMS_MAX: usize = 100;

/// What is wrong with a definition, in the order of the text: the first [`PROBLEMS_MAX`] that were found. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    told: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// The problems that are told, in the order of the text.
    pub fn as_slice(&self) -> &[Problem] {
        &self.told
    }

    /// How many were found besides those that are told.
    pub fn more(&self) -> usize {
        self.more
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.told.len() + self.more;
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "the definition has {count} {noun}")?;
        for problem in &self.told {
            write!(f, "\n  {problem}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// Longest part of an offending value that a problem quotes, in characters.
const QUOTE_CHARS_MAX: usize = 80;
/// Longest message, and longest answer to what would be right, in characters: both may list names.
const TEXT_CHARS_MAX: usize = 500;

/// Collects problems. Offsets become lines and columns at the end, all in one pass over the text.
pub(crate) struct Report<'t> {
    text: &'t str,
    found: Vec<(usize, Problem)>,
    more: usize,
}

impl<'t> Report<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new(), more: 0 }
    }

    /// Whether what is added from now on is only counted: then it need not be worded well.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= PROBLEMS_MAX
    }

    /// Adds a problem at byte offset `at`.
    pub(crate) fn add(
        &mut self,
        at: usize,
        pointer: &str,
        message: impl Into<String>,
        value: Option<String>,
        expected: Option<String>,
    ) {
        if self.is_full() {
            self.more += 1;
            return;
        }
        let problem = Problem::new(Severity::Error, (0, 0), pointer, message.into(), value, expected);
        self.found.push((at.min(self.text.len()), problem));
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn finish(mut self) -> Problems {
        self.found.sort_by_key(|(at, _)| *at);
        let places = places(self.text, self.found.iter().map(|(at, _)| *at));
        for ((_, problem), (line, column)) in self.found.iter_mut().zip(places) {
            (problem.line, problem.column) = (line, column);
        }
        Problems { told: self.found.into_iter().map(|(_, problem)| problem).collect(), more: self.more }
    }
}

impl Problem {
    /// A problem at that line and column, whose texts are shortened and can be shown.
    pub(crate) fn new(
        severity: Severity,
        (line, column): (usize, usize),
        pointer: &str,
        message: String,
        value: Option<String>,
        expected: Option<String>,
    ) -> Self {
        Self {
            severity,
            line,
            column,
            pointer: printable(pointer),
            message: printable(&shortened(message, TEXT_CHARS_MAX)),
            value: value.map(|value| printable(&shortened(value, QUOTE_CHARS_MAX))),
            expected: expected.map(|expected| printable(&shortened(expected, TEXT_CHARS_MAX))),
        }
    }
}

/// Lines and columns, from 1, of byte offsets that never go back: one pass over the text.
pub(crate) fn places(text: &str, offsets: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let (mut line, mut line_begin, mut seen) = (1, 0, 0);
    let place = |at: usize| {
        for (offset, _) in text[seen..at].match_indices('\n') {
            (line, line_begin) = (line + 1, seen + offset + 1);
        }
        seen = at;
        (line, text[line_begin..at].chars().count() + 1)
    };
    offsets.map(place).collect()
}

/// The text with its control characters escaped: names may hold any, and problems are shown on terminals.
fn printable(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    if text.contains(char::is_control) { text.chars().map(escape).collect() } else { text.to_owned() }
}

fn shortened(text: String, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Longest word for which a nearest candidate is looked for, in characters, and longest candidate.
const WORD_CHARS_MAX: usize = 80;
/// How many candidates are compared, at the most.
const CANDIDATES_MAX: usize = 256;

/// The candidate nearest to `word`, if near enough to be what was meant.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let chars = word.chars().take(WORD_CHARS_MAX + 1).count();
    if chars > WORD_CHARS_MAX {
        return None;
    }
    let limit = (chars / 3).max(2);
    candidates
        .into_iter()
        .take(CANDIDATES_MAX)
        .filter(|candidate| candidate.chars().take(WORD_CHARS_MAX + 1).count() <= WORD_CHARS_MAX)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be changed, whatever their case.
fn distance(a: &str, b: &str) -> usize {
    strsim::levenshtein(&a.to_lowercase(), &b.to_lowercase())
}
