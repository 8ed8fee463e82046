//! The regular expressions of `=~`.
//!
//! They are matched by the `regex` crate, in time linear in the text whatever the expression; it is in the tree already. What that
//! excludes, look-around and back references, is refused when the path is read.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

/// Longest expression, in bytes.
const SOURCE_BYTES_MAX: usize = 1_000;
/// Largest compiled expression, in bytes.
const COMPILED_BYTES_MAX: usize = 256 * 1024;
/// Deepest nesting of groups and classes.
const NESTING_MAX: u32 = 50;

/// An expression of Java's grammar, which must match the whole of a text.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    source: String,
    flags: String,
    /// Made when it is first used: a definition may have more of them than anybody wants compiled.
    compiled: OnceLock<Option<Regex>>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.source, &self.flags) == (&other.source, &other.flags)
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// Reads an expression and its flags.
    ///
    /// # Errors
    /// What is wrong with the expression, for people.
    pub(super) fn new(source: &str, flags: &str) -> Result<Self, String> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(format!("a regular expression is longer than {SOURCE_BYTES_MAX} bytes"));
        }
        let source = as_in_java(source);
        let mut parser = regex_syntax::ParserBuilder::new();
        parser.nest_limit(NESTING_MAX).ignore_whitespace(flags.contains('x'));
        match parser.build().parse(&source) {
            Ok(_) => Ok(Self { source, flags: flags.to_owned(), compiled: OnceLock::new() }),
            Err(error) => Err(format!("a regular expression cannot be read: {error}")),
        }
    }

    /// Whether the whole text matches; `None` if the expression is too large to be compiled.
    pub(super) fn matches(&self, text: &str) -> Option<bool> {
        let compiled = self.compiled.get_or_init(|| self.compile());
        compiled.as_ref().map(|regex| regex.is_match(text))
    }

    fn compile(&self) -> Option<Regex> {
        // The line end closes a comment that the flag 'x' allows.
        let end = if self.flags.contains('x') { "\n" } else { "" };
        let mut builder = RegexBuilder::new(&format!("\\A(?:{}{end})\\z", self.source));
        builder.case_insensitive(self.flags.contains('i')).multi_line(self.flags.contains('m'));
        builder.dot_matches_new_line(self.flags.contains('s')).ignore_whitespace(self.flags.contains('x'));
        builder.nest_limit(NESTING_MAX + 10).size_limit(COMPILED_BYTES_MAX).build().ok()
    }
}

/// The expression with the short forms of classes and the ends of words as Java means them: of ASCII alone.
fn as_in_java(source: &str) -> String {
    let mut written = String::with_capacity(source.len());
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            written.push(c);
            continue;
        }
        match chars.next() {
            Some('d') => written.push_str("[0-9]"),
            Some('D') => written.push_str("[^0-9]"),
            Some('w') => written.push_str("[0-9A-Za-z_]"),
            Some('W') => written.push_str("[^0-9A-Za-z_]"),
            Some('s') => written.push_str("[\\t\\n\\x0B\\f\\r\\x20]"),
            Some('S') => written.push_str("[^\\t\\n\\x0B\\f\\r\\x20]"),
            Some('b') => written.push_str("(?-u:\\b)"),
            Some('B') => written.push_str("(?-u:\\B)"),
            Some('/') => written.push('/'),
            Some(other) => written.extend(['\\', other]),
            None => written.push('\\'),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, flags: &str, text: &str, expected: bool) {
        let pattern = Pattern::new(source, flags).unwrap();
        assert_eq!(pattern.matches(text), Some(expected), "/{source}/{flags} and '{text}'");
    }

    #[test]
    fn the_whole_text_must_match() {
        check("a+", "", "aaa", true);
        check("a+", "", "baaa", false);
        check("A|b", "i", "B", true);
        check(r"\d{3}-\w+", "", "123-x_1", true);
        check(r"\d", "", "\u{0663}", false);
        check(r"[\d.]+", "", "1.5", true);
        check(r".*\bLATE\b.*", "", "it is LATE.", true);
        check(r".*\bLATE\b.*", "", "LATER", false);
        check(r"a\Bb", "", "ab", true);
        check(r"\/api\/[0-9]{2}", "", "/api/12", true);
        check("a # a comment", "x", "a", true);
        check("a.b", "s", "a\nb", true);
        check("a.b", "", "a\nb", false);
    }

    #[test]
    fn what_cannot_be_matched_in_linear_time_or_is_too_large_is_refused() {
        assert!(Pattern::new("(?=a)", "").is_err());
        assert!(Pattern::new(r"(a)\1", "").is_err());
        assert!(Pattern::new("(", "").is_err());
        assert!(Pattern::new(&"a".repeat(2_000), "").is_err());
        assert!(Pattern::new(&"(".repeat(500), "").is_err());
        assert_eq!(Pattern::new("((a{500}){500}){500}", "").unwrap().matches("a"), None);
        // Exponential for an engine that goes back.
        assert_eq!(Pattern::new("(a+)+b", "").unwrap().matches(&"a".repeat(100_000)), Some(false));
    }
}
