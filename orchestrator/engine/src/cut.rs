//! How long the name and the cause of an error are at most.

/// Longest name of an error, in characters; what follows is cut.
pub const ERROR_CHARS_MAX: usize = 256;

/// Longest cause of an error, in characters; what follows is cut.
pub const CAUSE_CHARS_MAX: usize = 32_768;

/// The name of an error, as long as one may be.
pub fn error(text: String) -> String {
    cut(text, ERROR_CHARS_MAX)
}

/// A cause, as long as one may be.
pub fn cause(text: String) -> String {
    cut(text, CAUSE_CHARS_MAX)
}

/// The text, cut after so many characters.
fn cut(mut text: String, chars_max: usize) -> String {
    // A character has a byte at least.
    if text.len() > chars_max
        && let Some((end, _)) = text.char_indices().nth(chars_max)
    {
        text.truncate(end);
    }
    text
}
