//! What AWS says of a definition that is not JSON. Its reader is Jackson's, and its message is Jackson's sentence with the place
//! after it, which quotes the text: so the text is read here once more as Jackson reads it, in UTF-16 units, up to its first fault.
//!
//! Held against Jackson 2.12 itself: `tests/jackson.json` has its messages.

mod fault;
mod number;
mod scan;
#[cfg(test)]
mod tests;
mod word;

pub(crate) use fault::Fault;

/// What Jackson says of the text, if it says anything: it takes what our own reader refuses for other reasons (its depth, half a
/// surrogate pair).
pub(crate) fn fault(text: &str) -> Option<Fault> {
    scan::Scanner::new(text).document().err()
}

/// What AWS says of text that is not JSON, where it is to be: Jackson's sentence, with the text, shortened, and the place in it. `None`
/// if Jackson takes it for JSON.
#[must_use]
pub fn why_not_json(text: &str) -> Option<String> {
    fault(text).map(|fault| fault.told)
}
