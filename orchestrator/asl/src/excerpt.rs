//! A problem as a compiler shows it: its place, its code and message, the line with a mark below it, and what would be right; and the
//! same as JSON, for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::problem::{Problem, Severity};

/// Most characters of a line that are shown.
const LINE_CHARS_MAX: usize = 100;
/// Characters that are shown before the mark, where the line is longer than that.
const BEFORE_CHARS_MAX: usize = 60;

/// The problem of the text of that file, in several lines.
pub fn excerpt(file: &str, text: &str, problem: &Problem) -> String {
    let Problem { line, column, code, message, .. } = problem;
    let at = problem.location.as_ref().map(|location| format!(" at {location}")).unwrap_or_default();
    let mut shown = format!("{file}:{line}:{column}: {} {code}: {message}{at}\n", severity(problem));
    if let Some(source) = text.lines().nth(line.saturating_sub(1)) {
        let (source, mark) = window(source, column.saturating_sub(1));
        let gutter = line.to_string();
        let margin = " ".repeat(gutter.len());
        // Writing to a String cannot fail.
        let _ = writeln!(shown, " {gutter} | {source}\n {margin} | {}^", " ".repeat(mark));
    }
    let hint = problem.hint();
    if let Some(hint) = hint.strip_prefix("; ") {
        let _ = writeln!(shown, "   = {hint}");
    }
    shown
}

/// The part of a line around a column (from 0) that is shown, and where in it the mark is.
fn window(line: &str, column: usize) -> (String, usize) {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    let first = match line.chars().nth(LINE_CHARS_MAX) {
        None => 0,
        Some(_) => column.saturating_sub(BEFORE_CHARS_MAX),
    };
    let mut part: String = line.chars().skip(first).take(LINE_CHARS_MAX).map(visible).collect();
    if line.chars().nth(first + LINE_CHARS_MAX).is_some() {
        part.push('…');
    }
    if first == 0 { (part, column) } else { (format!("…{part}"), column - first + 1) }
}

/// The problem of that file, for programs.
pub fn diagnostic(file: &str, problem: &Problem) -> Value {
    json!({
        "file": file,
        "severity": severity(problem).to_uppercase(),
        "code": problem.code.as_str(),
        "message": problem.aws_message(),
        "location": problem.location,
        "line": problem.line,
        "column": problem.column,
        "found": problem.value,
        "expected": problem.expected,
    })
}

fn severity(problem: &Problem) -> &'static str {
    match problem.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn first(text: &str) -> Problem {
        parse(text).unwrap_err().as_slice()[0].clone()
    }

    #[test]
    fn the_line_is_shown_with_a_mark_below_what_is_wrong() {
        let text = "{\"StartAt\": \"A\", \"States\": {\n\t\"A\": {\"Type\": \"Pass\", \"Next\": \"Bé\"},\n\"B\": {\"Type\": \"Fail\"}}}";
        assert_eq!(
            excerpt("order.json", text, &first(text)),
            "order.json:2:32: error MISSING_TRANSITION_TARGET: Missing 'Next' target: Bé at /States/A/Next\n \
             2 |  \"A\": {\"Type\": \"Pass\", \"Next\": \"Bé\"},\n   |                                ^\n   = did you mean 'B'?\n"
        );
        let diagnostic = diagnostic("order.json", &first(text));
        assert_eq!(diagnostic["severity"], "ERROR");
        assert_eq!(diagnostic["location"], "/States/A/Next");
        assert_eq!((&diagnostic["line"], &diagnostic["column"]), (&json!(2), &json!(32)));
    }

    #[test]
    fn of_a_long_line_the_part_around_the_mark_is_shown() {
        let text = format!("{{\"Comment\": \"{}\", \"StartAt\": 1, \"States\": {{}}}}", "x".repeat(100_000));
        let shown = excerpt("-", &text, &first(&text));
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[0].starts_with("-:1:"), "{shown}");
        assert!(lines.iter().all(|line| line.chars().count() < 200), "{shown}");
        let mark = lines[2].chars().position(|c| c == '^').unwrap();
        assert!(lines[1].chars().skip(mark).collect::<String>().starts_with("{}"), "{shown}");
    }

    #[test]
    fn text_that_ends_too_early_has_a_mark_as_well() {
        let shown = excerpt("-", "", &first(""));
        assert_eq!(shown, "-:1:1: error MISSING_DESCRIPTION: Received a null or empty workflow input.\n");
        let text = "{\"a\":\n";
        assert!(excerpt("-", text, &first(text)).starts_with("-:2:1: error INVALID_JSON_DESCRIPTION"));
    }
}
