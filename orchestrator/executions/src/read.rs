//! Executions, as a store tells of them.

use engine::{JournalEntry, Status};
use participant::inspect;
use store::{Read, StoreError};
use thiserror::Error;

use crate::key::machine_and_name;
use crate::record::{self, Record};
use crate::stored::Stored;

/// Finds the executions of a machine.
pub(crate) const OF_MACHINE: &str = "execution";
/// Finds those that ended, by [`of_status`].
pub(crate) const OF_STATUS: &str = "execution-ended";
/// Entries of a journal read at once.
const JOURNAL_PAGE: usize = 1_000;

pub(crate) fn of_status(machine: &str, status: Status) -> String {
    format!("{machine}:{}", status.name())
}

/// Why executions cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The store does not answer.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// What is stored is no execution, or no entry of a journal.
    #[error("what is stored under {key} cannot be read")]
    Unreadable {
        /// Where it stands.
        key: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// An execution in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// Its name, unique among those of its machine.
    pub name: String,
    /// What its row says.
    pub stored: Stored,
}

/// What the row of the execution under that key says; `None` if there is none.
///
/// # Errors
/// [`ReadError`].
pub async fn describe(store: &dyn Read, key: &str) -> Result<Option<Stored>, ReadError> {
    let Some(entity) = store.get(key).await? else { return Ok(None) };
    inspect::state(&entity).map_err(|error| unreadable(key, error))
}

/// The executions of a machine, those that began last first, at most `limit` (at least 1), behind the cursor that the last page gave.
/// With a status, only those that have it; a page of running ones may then be shorter, though others follow: the cursor tells.
///
/// # Errors
/// [`ReadError`].
pub async fn list(
    store: &dyn Read,
    machine: &str,
    status: Option<Status>,
    before: Option<u64>,
    limit: usize,
) -> Result<(Vec<Described>, Option<u64>), ReadError> {
    let (index, value) = match status {
        Some(status) if status != Status::Running => (OF_STATUS, of_status(machine, status)),
        _ => (OF_MACHINE, machine.to_owned()),
    };
    let (keys, cursor) = store.linked(index, &value, before, limit).await?;
    let mut described = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(stored) = describe(store, &key).await? else { continue };
        if status.is_none_or(|status| status == stored.status())
            && let Some((_, name)) = machine_and_name(&key)
        {
            described.push(Described { name: name.to_owned(), stored });
        }
    }
    Ok((described, cursor))
}

/// The facts of the execution under that key, from its beginning: [`engine::replay`] makes its history of them.
///
/// # Errors
/// [`ReadError`].
pub async fn journal(store: &dyn Read, key: &str) -> Result<Vec<JournalEntry>, ReadError> {
    let (mut facts, mut read) = (Vec::new(), 0);
    loop {
        let page = store.journal(key, read, JOURNAL_PAGE).await?;
        read += page.len() as u64;
        for entry in &page {
            match record::read(entry).map_err(|error| unreadable(key, error))? {
                Record::Fact(fact) => facts.push(fact),
                Record::Snapshot(_) => {}
            }
        }
        if page.len() < JOURNAL_PAGE {
            return Ok(facts);
        }
    }
}

fn unreadable(key: &str, error: impl std::error::Error + Send + Sync + 'static) -> ReadError {
    ReadError::Unreadable { key: key.to_owned(), source: Box::new(error) }
}
