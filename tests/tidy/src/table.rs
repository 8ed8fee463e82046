//! The table *must not know* of ARCHITECTURE.md, row by row.

use std::collections::BTreeSet;

/// A crate's row.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The folder of the crate.
    pub folder: String,
    /// What it must not be built on, itself or through another.
    pub must_not_know: Rule,
}

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Nothing of the workspace: `everything` in the table.
    Everything,
    /// These crates.
    Crates(BTreeSet<String>),
}

/// The rows of the table whose last column is headed *must not know*: names in code quotes, first folders of crates, last
/// the names of crates. A row may hold several folders.
///
/// # Panics
/// If there is no such table.
#[must_use]
pub fn rows(document: &str) -> Vec<Row> {
    let mut lines = document.lines().skip_while(|line| !line.ends_with("| must not know |"));
    assert!(lines.next().is_some(), "ARCHITECTURE.md has no table with a column \"must not know\"");
    lines.skip(1).take_while(|line| line.starts_with('|')).flat_map(row).collect()
}

fn row(line: &str) -> Vec<Row> {
    let cells: Vec<_> = line.trim_matches('|').split('|').collect();
    let (first, last) = (cells[0], cells[cells.len() - 1]);
    let rule = match last.trim() {
        "everything" => Rule::Everything,
        _ => Rule::Crates(quoted(last).map(str::to_owned).collect()),
    };
    assert!(
        rule != Rule::Crates(BTreeSet::new()),
        "a row forbids nothing: say \"everything\", or crates in code quotes: {line}"
    );
    quoted(first).map(|folder| Row { folder: folder.to_owned(), must_not_know: rule.clone() }).collect()
}

/// What stands in code quotes.
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_folders_and_what_is_forbidden() {
        let table = "| crate | for | must not know |\n| - | - | - |\n\
                     | `crates/a`, `b` | `x` | `c` and `d`: why |\n| `e` | | everything |\n\nText `f`.";
        let crates = |names: [&str; 2]| Rule::Crates(names.map(str::to_owned).into());
        let row = |folder: &str, must_not_know| Row { folder: folder.to_owned(), must_not_know };
        let expected =
            [row("crates/a", crates(["c", "d"])), row("b", crates(["c", "d"])), row("e", Rule::Everything)];
        assert_eq!(rows(table), expected);
    }
}
