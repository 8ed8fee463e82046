//! What became of definitions and their cases.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::coverage::{Kind, Spot};

/// What became of a folder of definitions and cases.
#[derive(Debug)]
pub struct Report {
    /// Each definition, in the order of their names.
    pub definitions: Vec<Tested>,
    /// Cases that were left out, because they were not asked for.
    pub left_out: usize,
}

/// A definition and its cases.
#[derive(Debug)]
pub struct Tested {
    /// The file of the definition.
    pub file: PathBuf,
    /// Its cases, in the order of their file.
    pub cases: Vec<CaseResult>,
    /// What is in the definition, and whether a case came by it.
    pub spots: Vec<(Spot, bool)>,
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// As its author calls it.
    pub name: String,
    /// How it differs from what was expected: it passed if not at all.
    pub differences: Vec<String>,
    /// Events of its history.
    pub events: u64,
    /// How long it took outside.
    pub took: Duration,
    /// Whether the history that it expects was written anew.
    pub is_blessed: bool,
}

impl CaseResult {
    /// Whether all is as expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Tested {
    /// What no case came by. Of a state that was never entered only the state itself.
    pub fn uncovered(&self) -> impl Iterator<Item = &Spot> {
        let entered = |name: &str| {
            let state = |(spot, _): &&(Spot, bool)| spot.kind == Kind::State && &*spot.state == name;
            self.spots.iter().find(state).is_some_and(|(_, is_covered)| *is_covered)
        };
        let told = move |spot: &&Spot| spot.kind == Kind::State || entered(&spot.state);
        self.spots.iter().filter(|(_, is_covered)| !is_covered).map(|(spot, _)| spot).filter(told)
    }

    /// How many of a kind were come by, and how many there are.
    pub fn covered(&self, kind: Kind) -> (usize, usize) {
        let of_kind = || self.spots.iter().filter(move |(spot, _)| spot.kind == kind);
        (of_kind().filter(|(_, is_covered)| *is_covered).count(), of_kind().count())
    }

    fn to_json(&self) -> Value {
        let case = |case: &CaseResult| {
            json!({"name": case.name, "passed": case.passed(), "differences": case.differences,
                   "events": case.events, "seconds": case.took.as_secs_f64()})
        };
        let cases: Vec<_> = self.cases.iter().map(case).collect();
        let uncovered: Vec<_> = self.uncovered().map(|spot| &spot.name).collect();
        json!({"file": self.file.display().to_string(), "cases": cases, "uncovered": uncovered,
               "coverage": coverage(|kind| self.covered(kind))})
    }
}

impl Report {
    /// Whether every case passed.
    pub fn passed(&self) -> bool {
        self.cases().all(CaseResult::passed)
    }

    /// All cases.
    pub fn cases(&self) -> impl Iterator<Item = &CaseResult> {
        self.definitions.iter().flat_map(|tested| &tested.cases)
    }

    /// How many of a kind were come by, and how many there are.
    pub fn covered(&self, kind: Kind) -> (usize, usize) {
        let each = self.definitions.iter().map(|tested| tested.covered(kind));
        each.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// All of it, for programs.
    pub fn to_json(&self) -> Value {
        let definitions: Vec<_> = self.definitions.iter().map(Tested::to_json).collect();
        json!({"schema": "duet.workflow.test/1", "passed": self.passed(), "leftOut": self.left_out,
               "definitions": definitions, "coverage": coverage(|kind| self.covered(kind))})
    }
}

fn coverage(covered: impl Fn(Kind) -> (usize, usize)) -> Value {
    let kinds = Kind::ALL.iter().map(|kind| {
        let (covered, all) = covered(*kind);
        json!({"what": kind.plural(), "covered": covered, "all": all})
    });
    kinds.collect()
}
