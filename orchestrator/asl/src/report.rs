//! Collects what is wrong with a text while it is read.

use crate::problem::{Code, PROBLEMS_MAX, Problem, Problems, Severity};

/// Collects problems. Offsets become lines and columns at the end, all in one pass over the text.
pub(crate) struct Report<'t> {
    text: &'t str,
    found: Vec<(usize, Problem)>,
    more: usize,
    warned: Vec<(usize, Problem)>,
    /// Whether every problem so far is a transition that leads nowhere: then the states themselves are known.
    only_targets: bool,
}

impl<'t> Report<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new(), more: 0, warned: Vec::new(), only_targets: true }
    }

    /// Whether what is added from now on is only counted: then it need not be worded well.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= PROBLEMS_MAX
    }

    /// Adds a problem at byte offset `at`.
    pub(crate) fn add(
        &mut self,
        code: Code,
        at: usize,
        location: Option<&str>,
        message: impl Into<String>,
        value: Option<String>,
        expected: Option<String>,
    ) {
        let is_error = code.severity() == Severity::Error;
        self.only_targets &= !is_error || code == Code::MissingTransitionTarget;
        let told = if is_error { &mut self.found } else { &mut self.warned };
        if told.len() >= PROBLEMS_MAX {
            self.more += usize::from(is_error);
            return;
        }
        let problem = Problem::new(code, (0, 0), location, message.into(), value, expected);
        told.push((at.min(self.text.len()), problem));
    }

    /// Where in the text the `offset` of a string is that begins at `at`: the beginning, if escapes make that hard to say.
    pub(crate) fn within(&self, at: usize, string: &str, offset: usize) -> usize {
        let is_plain = self.text.get(at + 1..).is_some_and(|rest| rest.starts_with(string));
        if is_plain && string.is_char_boundary(offset) { at + 1 + offset } else { at }
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether nothing is wrong but transitions.
    pub(crate) fn knows_states(&self) -> bool {
        self.only_targets
    }

    pub(crate) fn finish(self) -> Problems {
        let Self { text, found, more, warned, .. } = self;
        Problems { told: placed(text, found), more, warnings: placed(text, warned) }
    }
}

fn placed(text: &str, mut found: Vec<(usize, Problem)>) -> Vec<Problem> {
    found.sort_by_key(|(at, _)| *at);
    let places = places(text, found.iter().map(|(at, _)| *at));
    for ((_, problem), (line, column)) in found.iter_mut().zip(places) {
        (problem.line, problem.column) = (line, column);
    }
    found.into_iter().map(|(_, problem)| problem).collect()
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
