//! What an execution's row says.

use engine::{ChildStart, Ending, Execution, MapRun, MapRunId, NotRedrivable, Phase, Status};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::given::Given;
use crate::logging::Logging;
use crate::parent::Parent;
use crate::redrives::Redrives;

/// An execution that takes no more bytes than this stands in its row, in every fact's commit.
pub const HERE_BYTES_MAX: u64 = 2048;

/// What an execution's row says. Fields have names of one letter: this is written with every fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    /// The fingerprint of the definition that it runs on.
    #[serde(rename = "d")]
    pub(crate) definition: String,
    /// When it began, in milliseconds since 1970.
    #[serde(rename = "s")]
    pub(crate) started_ms: u64,
    /// Over its input: whether it is the same that is asked for again.
    #[serde(rename = "i")]
    pub(crate) begun_with: Digest,
    #[serde(rename = "j")]
    pub(crate) journal: Extent,
    #[serde(rename = "p")]
    pub(crate) place: Place,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub(crate) given: Option<Box<Given>>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) redrives: Option<Box<Redrives>>,
    /// Who is told how it has ended.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<Box<Parent>>,
    /// The Map runs that begin children still.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) runs: Vec<MapRunId>,
    /// The Map runs that are over, until they are kept elsewhere.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) over: Vec<MapRun>,
    /// Over the id of what began it, if that was a message, or the call of a task that does not wait for its end.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<Digest>,
    /// What is logged of it, if anything.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) logging: Option<Logging>,
}

/// What the row says of the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Extent {
    /// How many there are.
    #[serde(rename = "n")]
    pub(crate) entries: u64,
    /// The place of its last snapshot, from 0; 0 while it has none.
    #[serde(rename = "f")]
    pub(crate) from: u64,
    /// The bytes of the facts behind that.
    #[serde(rename = "b")]
    pub(crate) tail_bytes: u64,
    /// Over all its facts.
    #[serde(rename = "c")]
    pub(crate) chain: Digest,
}

/// Where the execution itself is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// Here: it is small, or has ended, or has no journal.
    #[serde(rename = "h")]
    Here(Box<Execution>),
    /// Where the journal leads to.
    #[serde(rename = "j")]
    Journal {
        /// The bytes of its snapshot, when it was measured last.
        #[serde(rename = "s")]
        size: u64,
    },
}

/// What a row says besides: most of it stays as it was when the execution began.
pub(crate) struct Begun {
    pub(crate) definition: String,
    pub(crate) started_ms: u64,
    pub(crate) begun_with: Digest,
    pub(crate) given: Option<Box<Given>>,
    pub(crate) redrives: Option<Box<Redrives>>,
    pub(crate) parent: Option<Box<Parent>>,
    pub(crate) runs: Vec<MapRunId>,
    pub(crate) over: Vec<MapRun>,
    pub(crate) by: Option<Digest>,
    pub(crate) logging: Option<Logging>,
}

impl Begun {
    /// The row of the execution that is there.
    pub(crate) fn at(self, journal: Extent, place: Place) -> Stored {
        let Self { definition, started_ms, begun_with, given, redrives, parent, runs, over, by, logging } =
            self;
        Stored {
            definition,
            started_ms,
            begun_with,
            journal,
            place,
            given,
            redrives,
            parent,
            runs,
            over,
            by,
            logging,
        }
    }

    /// The name of the Map run whose child it is, if it is one.
    pub(crate) fn map_run(&self) -> Option<&str> {
        self.parent.as_deref().and_then(Parent::map_run)
    }
}

impl Stored {
    /// The row that an execution would have which something else than this participant moves, and which stands there whole, with so many
    /// entries in its journal: for whoever shows it as if it were one of these. Nothing can be done to it by this row.
    #[must_use]
    pub fn elsewhere(execution: Execution, journal_entries: u64) -> Self {
        let extent = Extent { entries: journal_entries, ..Extent::default() };
        let (definition, started_ms) = (execution.definition().to_owned(), execution.started_ms());
        let begun = Begun {
            definition,
            started_ms,
            begun_with: Digest::default(),
            given: None,
            redrives: None,
            parent: None,
            runs: Vec::new(),
            over: Vec::new(),
            by: None,
            logging: None,
        };
        begun.at(extent, Place::Here(Box::new(execution)))
    }

    /// How many entries its journal has.
    pub(crate) fn journal_entries(&self) -> u64 {
        self.journal.entries
    }

    /// When it began, in milliseconds since 1970.
    #[must_use]
    pub fn started_ms(&self) -> u64 {
        self.started_ms
    }

    /// The fingerprint of the definition that it runs on.
    #[must_use]
    pub fn definition(&self) -> &str {
        &self.definition
    }

    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        self.ending().map_or(Status::Running, |ending| ending.status)
    }

    /// How it ended, if it has.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        match &self.place {
            Place::Here(execution) => ending(execution),
            Place::Journal { .. } => None,
        }
    }

    /// Who is told how it has ended, if somebody is.
    #[must_use]
    pub fn parent(&self) -> Option<&Parent> {
        self.parent.as_deref()
    }

    /// Whether it is a child of a Map run.
    pub(crate) fn is_child(&self) -> bool {
        self.parent().is_some_and(|parent| parent.map_run().is_some())
    }

    /// The row taken apart: where it stands, and what it says besides.
    pub(crate) fn apart(self) -> (Begun, Extent, Place) {
        let Self {
            definition,
            started_ms,
            begun_with,
            journal,
            place,
            given,
            redrives,
            parent,
            runs,
            over,
            by,
            logging,
        } = self;
        let begun =
            Begun { definition, started_ms, begun_with, given, redrives, parent, runs, over, by, logging };
        (begun, journal, place)
    }

    /// What it was given to be given back, if it was told any.
    #[must_use]
    pub fn given(&self) -> Option<&Given> {
        self.given.as_deref()
    }

    /// How often it was redriven, and when last, in milliseconds since 1970; `None` if it never was.
    #[must_use]
    pub fn redriven(&self) -> Option<(u32, u64)> {
        self.redrives.as_deref().map(|redrives| (redrives.count, redrives.at_ms))
    }

    /// How often it was redriven: what it asks of the children of its Map runs says so.
    pub(crate) fn attempt(&self) -> u32 {
        self.redriven().map_or(0, |(count, _)| count)
    }

    /// It is a child, and its parent has asked for it once more.
    pub(crate) fn asks_again(&mut self, attempt: u32) {
        if let Some(parent) = &mut self.parent {
            parent.asks_again(attempt);
        }
    }

    /// Whether it can be redriven by itself at that time, in milliseconds since 1970.
    ///
    /// # Errors
    /// Why not.
    pub fn redrivable(&self, now_ms: u64) -> Result<(), NotRedrivable> {
        if self.is_child() {
            self.redrivable_by_run(now_ms).and(Err(NotRedrivable::OfMapRun))
        } else {
            self.could(now_ms)
        }
    }

    /// Whether its Map run, whose child it is, can have it run once more at that time, in milliseconds since 1970.
    ///
    /// # Errors
    /// Why not.
    pub fn redrivable_by_run(&self, now_ms: u64) -> Result<(), NotRedrivable> {
        match self.could(now_ms) {
            // It begins anew, whenever that is.
            Err(NotRedrivable::Express) if self.begins_again().is_some() => Ok(()),
            could => could,
        }
    }

    /// What an Express child begins anew with.
    pub(crate) fn begins_again(&self) -> Option<ChildStart> {
        let Some(Parent::MapRun { input: Some(input), start: Some(start), .. }) = self.parent() else {
            return None;
        };
        let Place::Here(execution) = &self.place else { return None };
        Some(ChildStart {
            input: serde_json::from_str(input).ok()?,
            identity: execution.identity().cloned().map(Box::new),
            first_id: execution.next_id(),
            ..(**start).clone()
        })
    }

    fn could(&self, now_ms: u64) -> Result<(), NotRedrivable> {
        match &self.place {
            Place::Here(execution) => execution.redrivable(now_ms),
            // What has ended is always here.
            Place::Journal { .. } => Err(NotRedrivable::Running),
        }
    }
}

/// How an execution ended, if it has.
pub(crate) fn ending(execution: &Execution) -> Option<&Ending> {
    match execution.phase() {
        Phase::Ended(ending) => Some(ending),
        Phase::Running(_) => None,
    }
}
