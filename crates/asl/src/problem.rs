//! What is wrong with the text of a definition, and where.

use std::fmt;

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
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

/// Everything that is wrong with a definition, in the order of the text. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, in the order of the text.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0.len() == 1 { "problem" } else { "problems" };
        write!(f, "the definition has {} {noun}", self.0.len())?;
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// Longest part of an offending value that a problem quotes, in characters.
const QUOTE_CHARS_MAX: usize = 80;

/// Collects problems and turns byte offsets into lines and columns.
pub(crate) struct Report<'t> {
    text: &'t str,
    found: Vec<(usize, Problem)>,
}

impl<'t> Report<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
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
        let before = &self.text[..at.min(self.text.len())];
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        let value = value.map(shortened);
        let (pointer, message) = (pointer.to_owned(), message.into());
        self.found.push((at, Problem { line, column, pointer, message, value, expected }));
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn finish(mut self) -> Problems {
        self.found.sort_by_key(|(at, _)| *at);
        Problems(self.found.into_iter().map(|(_, problem)| problem).collect())
    }
}

fn shortened(value: String) -> String {
    if value.chars().count() <= QUOTE_CHARS_MAX {
        return value;
    }
    value.chars().take(QUOTE_CHARS_MAX).chain(['…']).collect()
}

/// The candidate nearest to `word`, if near enough to be what was meant.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = (word.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, blind to case.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
