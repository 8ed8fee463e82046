//! Whole workflows as people write them: each must be accepted, and is run with made-up inputs, results and errors until every state
//! was visited that can be.
//!
//! `cases/` has workflows written for this test, in the manner of AWS's public collections. With `DUET_PUBLIC_DEFINITIONS` set to a
//! folder, the definitions in it are tried as well: check out aws-samples/aws-stepfunctions-examples and
//! aws-samples/step-functions-workflows-collection there (both MIT-0). Nothing is fetched. Placeholders are filled in by
//! [`placeholders::filled`].
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

mod explore;
mod made_up;
mod placeholders;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use explore::explore;

/// What was not visited, by definition.
type Unvisited = BTreeMap<String, BTreeSet<String>>;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_definition = name.ends_with(".asl.json")
            || name.ends_with(".json") && path.components().any(|part| part.as_os_str() == "statemachine");
        if path.is_dir() && !name.starts_with('.') && name != "node_modules" {
            files(&path, found);
        } else if path.is_file() && is_definition {
            found.push(path);
        }
    }
}

/// What became of every definition in a folder: those that are refused, with the reason, and what was not visited of the others.
fn tried(folder: &Path) -> (usize, BTreeMap<String, String>, Unvisited) {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let (mut refused, mut unvisited) = (BTreeMap::new(), Unvisited::new());
    for path in &paths {
        let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        let text = placeholders::filled(&std::fs::read_to_string(path).unwrap());
        match asl::parse(&text) {
            Ok(definition) => {
                let left = explore(&definition, &text);
                if !left.is_empty() {
                    unvisited.insert(name, left);
                }
            }
            Err(problems) => drop(refused.insert(name, problems.to_string())),
        }
    }
    (paths.len(), refused, unvisited)
}

/// Why a state may be missed: nothing leads there, or no input is made up for what a child of a distributed Map looks for.
const MAY_BE_MISSED: &[(&str, &[&str])] = &[
    ("copy-objects.asl.json", &["Copy", "Skip"]),
    ("quorum.asl.json", &["All done"]),
    ("unreachable-default.asl.json", &["Never"]),
];

#[test]
fn every_workflow_is_accepted_and_every_state_that_can_be_is_visited() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/definitions/cases");
    let (count, refused, mut unvisited) = tried(&folder);
    assert!(refused.is_empty(), "{refused:#?}");
    for (name, states) in MAY_BE_MISSED {
        if let Some(left) = unvisited.get_mut(*name) {
            left.retain(|state| !states.contains(&state.as_str()));
        }
    }
    unvisited.retain(|_, left| !left.is_empty());
    assert_eq!(unvisited, Unvisited::new());
    assert!(count >= 20, "{count}");
}

/// At most one of forty is refused; says of each what happened.
#[test]
fn public_definitions_are_accepted() {
    let Some(folder) = std::env::var_os("DUET_PUBLIC_DEFINITIONS") else { return };
    let folder = Path::new(&folder);
    let (count, refused, unvisited) = tried(folder);
    assert!(count > 0, "there is no definition in {}", folder.display());
    for (name, reason) in &refused {
        println!("{name}: refused: {reason}");
    }
    for (name, states) in &unvisited {
        println!("{name}: accepted, but nothing leads to {states:?}");
    }
    let (accepted, missed) = (count - refused.len(), unvisited.len());
    println!("{accepted} of {count} are accepted; every state was visited of {}", accepted - missed);
    assert!(refused.len() * 40 <= count, "{} of {count} are refused", refused.len());
}
