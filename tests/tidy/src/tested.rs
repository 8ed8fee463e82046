//! What `cargo test` would build, link and start for nothing: programs of tests without a test, documentation without an example.

/// Whether the file holds a test.
#[must_use]
pub fn has_tests(text: &str) -> bool {
    let is_test = |line: &str| {
        let attribute = line.strip_prefix("#[").and_then(|rest| rest.split(['(', ']']).next());
        attribute.and_then(|path| path.rsplit("::").next()) == Some("test") || line.ends_with("proptest! {")
    };
    text.lines().map(str::trim).any(is_test)
}

/// What code in documentation is that is not Rust, or not to be built.
const OTHERS: [&str; 6] = ["text", "json", "sh", "sql", "toml", "ignore"];

/// Whether its documentation has an example that is to be built: a block of code that is said to be nothing else.
#[must_use]
pub fn has_examples(text: &str) -> bool {
    let mut is_in_block = false;
    text.lines().map(str::trim_start).any(|line| {
        let comment = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let Some(language) = comment.and_then(|comment| comment.trim().strip_prefix("```")) else {
            return false;
        };
        is_in_block = !is_in_block;
        let language = language.split(',').next().unwrap_or_default().trim();
        is_in_block && !OTHERS.contains(&language)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_examples_are_seen() {
        assert!(has_tests("mod tests {\n    #[test]\n    fn a() {}"));
        assert!(has_tests("#[tokio::test(start_paused = true)]\nasync fn a() {}"));
        assert!(!has_tests("/// `#[test]`\nfn a() {}"));
        assert!(has_tests("proptest::proptest! {"));
        assert!(has_examples("//! ```compile_fail,E0277\n//! f()\n//! ```"));
        assert!(has_examples("    /// ```\n    /// f();\n    /// ```"));
        assert!(has_examples("//! ```text\n//! a\n//! ```\n//! ```no_run\n//! f()\n//! ```"));
        assert!(!has_examples("//! ```text\n//! a\n//! ```\n"));
    }
}
