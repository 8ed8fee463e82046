//! Executions, as a store tells of them.

use engine::{Fact, JournalEntry, Status};
use participant::inspect;
use store::{Entity, Read, StoreError};
use thiserror::Error;

use crate::key::machine_and_name;
use crate::lists;
use crate::parent::Parent;
use crate::record::{self, Record};
use crate::row::Row;
use crate::stored::{Place, Stored};

/// Entries of a journal read at once.
const JOURNAL_PAGE: usize = 1_000;
/// Rows that are looked at for one page, at the most, beside those that it gives.
const LOOKED_AT_MAX: usize = 10_000;

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

/// The ARN that an execution was begun with, where its row tells: always of an Express execution.
#[must_use]
pub fn arn_of(stored: &Stored) -> Option<&str> {
    match &stored.place {
        Place::Here(execution) => execution.identity().map(|identity| identity.execution_arn.as_str()),
        Place::Journal { .. } => None,
    }
}

/// What the row of the execution under that key says; `None` if there is none.
///
/// # Errors
/// [`ReadError`].
pub async fn describe(store: &dyn Read, key: &str) -> Result<Option<Stored>, ReadError> {
    let entity = store.get(key).await?;
    Ok(entity.map(|entity| execution_in(key, &entity)).transpose()?.flatten())
}

/// The execution that the entity under that key is; `None` if it is something else.
///
/// # Errors
/// It is none that this version can read.
pub fn execution_in(key: &str, entity: &Entity) -> Result<Option<Stored>, ReadError> {
    let row: Option<Row> = inspect::state(entity).map_err(|error| unreadable(key, error))?;
    Ok(row.and_then(Row::execution))
}

/// What the execution was begun with, to the letter if it was [given](crate::Given), as JSON otherwise; `None` if it has no journal and
/// is no child of a Map run.
///
/// # Errors
/// [`ReadError`].
pub async fn input(store: &dyn Read, key: &str, stored: &Stored) -> Result<Option<String>, ReadError> {
    if let Some(input) = stored.given().and_then(|given| given.input.as_ref()) {
        return Ok(Some(input.clone()));
    }
    if let Some(Parent::MapRun { input: Some(input), .. }) = stored.parent() {
        return Ok(Some(input.clone()));
    }
    let first = store.journal(key, 0, 1).await?;
    let first = first.first().map(|entry| record::read(entry)).transpose();
    Ok(match first.map_err(|error| unreadable(key, error))? {
        Some(Record::Input(text)) => Some(text),
        Some(Record::Fact(JournalEntry { fact: Fact::Started { input, .. }, .. })) => Some(input.to_string()),
        Some(Record::Fact(JournalEntry { fact: Fact::ChildStarted(start), .. })) => {
            Some(start.input.to_string())
        }
        Some(Record::Fact(_) | Record::Snapshot(_)) | None => None,
    })
}

/// How the execution under that key began: the first fact of its journal, before which the text of its input may stand; `None` if it
/// has no journal.
///
/// # Errors
/// [`ReadError`].
pub async fn first_fact(store: &dyn Read, key: &str) -> Result<Option<Fact>, ReadError> {
    for entry in store.journal(key, 0, 2).await? {
        if let Record::Fact(entry) = record::read(&entry).map_err(|error| unreadable(key, error))? {
            return Ok(Some(entry.fact));
        }
    }
    Ok(None)
}

/// The executions of a machine, or of one of its versions or aliases (`MACHINE:QUALIFIER`), those that began last first, at most
/// `limit` (at least 1), behind the cursor that the last page gave. With a status, only those that have it.
///
/// A page is as long as asked for while there are more, with one exception: an earlier version of this program never took an execution
/// from a list, so those are passed over that it left among the running ones and have ended. After 10,000 of them a page is given as it is.
///
/// # Errors
/// [`ReadError`].
pub async fn list(
    store: &dyn Read,
    list: &str,
    status: Option<Status>,
    before: Option<u64>,
    limit: usize,
) -> Result<(Vec<Described>, Option<u64>), ReadError> {
    let (index, value) = lists::place(list, status);
    let (mut described, mut cursor, mut looked_at) = (Vec::new(), before, 0);
    loop {
        let missing = limit - described.len();
        let (keys, next) = store.linked(index, &value, cursor, missing).await?;
        looked_at += keys.len();
        // Whoever gives less than there is room for, and has more, has looked long enough: an overlay over something that has no index.
        let is_cut = keys.len() < missing && next.is_some();
        let wanted: Vec<&str> = keys.iter().map(String::as_str).collect();
        let entities = store.get_many(&wanted).await?;
        for (key, entity) in keys.iter().zip(entities) {
            let Some(stored) = entity.map(|entity| execution_in(key, &entity)).transpose()?.flatten() else {
                continue;
            };
            if status.is_none_or(|status| status == stored.status())
                && let Some((_, name)) = machine_and_name(key)
            {
                described.push(Described { name: name.to_owned(), stored });
            }
        }
        cursor = next;
        if cursor.is_none() || is_cut || described.len() >= limit || looked_at >= LOOKED_AT_MAX {
            return Ok((described, cursor));
        }
    }
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
                Record::Snapshot(_) | Record::Input(_) => {}
            }
        }
        if page.len() < JOURNAL_PAGE {
            return Ok(facts);
        }
    }
}

pub(crate) fn unreadable(key: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ReadError {
    ReadError::Unreadable { key: key.to_owned(), source: error.into() }
}
