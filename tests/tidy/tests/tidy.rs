//! The structure that ARCHITECTURE.md describes is the one that is there.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use tidy::circles::circles;
use tidy::comments::empty_comments;
use tidy::docs::missing;
use tidy::features::features;
use tidy::imports::imports;
use tidy::modules::Modules;
use tidy::table::{Rule, rows};
use tidy::tested::{has_examples, has_tests};
use tidy::workspace::Workspace;

/// A file is shorter than this, in lines.
const LINES_MAX: usize = 500;
/// What nobody writes, and nobody reads from end to end.
const GENERATED: &str = "generated.rs";
/// Lines of ARCHITECTURE.md: a map, not the country.
const MAP_LINES_MAX: usize = 300;

fn read(workspace: &Workspace, file: impl AsRef<Path>) -> String {
    std::fs::read_to_string(workspace.root.join(file)).unwrap()
}

fn nothing(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

#[test]
fn no_crate_knows_what_it_must_not() {
    let workspace = Workspace::read();
    let rows = rows(&read(&workspace, "ARCHITECTURE.md"));
    let mut wrong = Vec::new();
    for (name, member) in &workspace.crates {
        let Some(row) = rows.iter().find(|row| row.folder == member.folder) else {
            wrong.push(format!("{}: the table has no row of it", member.folder));
            continue;
        };
        let known = workspace.knows(name);
        let forbidden: BTreeSet<_> = match &row.must_not_know {
            Rule::Everything => known,
            Rule::Crates(names) => {
                wrong.extend(
                    names
                        .iter()
                        .filter(|name| !workspace.crates.contains_key(*name))
                        .map(|name| format!("{}: must not know {name}, which is no crate", row.folder)),
                );
                known.into_iter().filter(|name| names.contains(*name)).collect()
            }
        };
        wrong.extend(forbidden.iter().map(|known| format!("{} knows {known}", member.folder)));
    }
    // A crate stands below all that it is built on, and once.
    let place = |folder: &str| rows.iter().position(|row| row.folder == folder);
    for member in workspace.crates.values() {
        let known = member.knows.iter().map(|name| &workspace.crates[name].folder);
        let below = known.filter(|folder| place(folder) > place(&member.folder));
        wrong.extend(
            below.map(|folder| format!("{}: is built on {folder}, which stands below it", member.folder)),
        );
    }
    wrong.extend(
        (0..)
            .zip(&rows)
            .filter(|(at, row)| place(&row.folder) != Some(*at))
            .map(|(_, row)| format!("{}: has two rows", row.folder)),
    );
    let folders: BTreeSet<_> = workspace.crates.values().map(|member| &member.folder).collect();
    let gone = rows.iter().filter(|row| !folders.contains(&row.folder));
    wrong.extend(gone.map(|row| format!("{}: is in the table and no crate", row.folder)));
    nothing(&wrong, "the table \"must not know\" of ARCHITECTURE.md does not hold");
}

#[test]
fn no_two_files_of_a_crate_import_each_other_in_a_circle() {
    let workspace = Workspace::read();
    let mut found = Vec::new();
    for built in workspace.crates.values().flat_map(|member| &member.built) {
        let imports = imports(&Modules::read(&built.root));
        let short = |file: &Path| file.strip_prefix(&workspace.root).unwrap().display().to_string();
        for circle in circles(&imports) {
            let mut text = String::from("a circle:");
            for (from, to) in imports.iter().filter(|(from, to)| circle.contains(from) && circle.contains(to))
            {
                write!(text, "\n    {} -> {}", short(from), short(to)).unwrap();
            }
            found.push(text);
        }
    }
    nothing(&found, "files import each other");
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    let workspace = Workspace::read();
    let mut wrong = Vec::new();
    for file in workspace.files(&[".rs"]) {
        let text = read(&workspace, &file);
        if text.lines().next().is_none_or(|line| !line.starts_with("//! ")) {
            wrong.push(format!("{}: does not begin with what it is for (//!)", file.display()));
        }
        let lines = text.lines().count();
        if lines >= LINES_MAX && !file.ends_with(GENERATED) {
            wrong.push(format!("{}: {lines} lines, not under {LINES_MAX}", file.display()));
        }
    }
    let lines = read(&workspace, "ARCHITECTURE.md").lines().count();
    if lines > MAP_LINES_MAX {
        wrong.push(format!("ARCHITECTURE.md: {lines} lines, of at most {MAP_LINES_MAX}"));
    }
    nothing(&wrong, "files without a header, or too long");
}

#[test]
fn documents_name_only_files_that_are_there() {
    let workspace = Workspace::read();
    let mut wrong = Vec::new();
    // What was true of an earlier version stays in its changelog.
    for file in workspace.files(&[".md"]).iter().filter(|file| !file.ends_with("CHANGELOG.md")) {
        let missing = missing(file, &read(&workspace, file), &workspace.root);
        wrong.extend(missing.iter().map(|name| format!("{}: {name}", file.display())));
    }
    nothing(&wrong, "documents name files that are not there");
}

#[test]
fn no_comment_only_repeats_a_name() {
    let workspace = Workspace::read();
    let mut wrong = Vec::new();
    for file in workspace.files(&[".rs"]) {
        let empty = empty_comments(&read(&workspace, &file));
        wrong.extend(empty.iter().map(|name| format!("{}: {name}", file.display())));
    }
    nothing(&wrong, "doc comments that only repeat a name");
}

#[test]
fn what_has_tests_or_examples_says_so_and_nothing_else_is_built_for_them() {
    let workspace = Workspace::read();
    let all: Vec<_> = workspace.files(&[".rs"]).iter().map(|file| workspace.root.join(file)).collect();
    let mut wrong = Vec::new();
    for (name, member) in &workspace.crates {
        for built in &member.built {
            let texts: Vec<_> =
                member.files(built, &all).into_iter().map(|file| read(&workspace, file)).collect();
            let (test, doctest) =
                (texts.iter().any(|text| has_tests(text)), texts.iter().any(|text| has_examples(text)));
            let root = built.root.display();
            if test != built.test {
                wrong.push(format!("{name}: {root} should say `test = {test}`"));
            }
            if doctest != built.doctest {
                wrong.push(format!("{name}: {root} should say `doctest = {doctest}`"));
            }
        }
    }
    nothing(&wrong, "[lib] and [[bin]] of these Cargo.toml do not say what `cargo test` finds there");
}

#[test]
fn the_end_to_end_tests_are_built_with_the_features_of_the_workspace() {
    let (tests, workspace) = (features(&["--package=tests"]), features(&["--workspace"]));
    let others: Vec<_> = tests.difference(&workspace).cloned().collect();
    let rule = "`cargo test -p tests` builds these with other features than `cargo test --workspace`, so both again and again \
                (add what turns the missing ones on to [dev-dependencies] of tests/Cargo.toml)";
    nothing(&others, rule);
}
