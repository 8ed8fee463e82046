//! Messages that could not be handled: what can be done about them, on any bus.
//!
//! A dead letter belongs to the group that could not handle it; the same message may be one in several groups.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, DeadLetter};
use daemon::{BusAddress, ConfigError};
use telemetry::Code;

use crate::target::Url;

/// How much longer than the wait for the bus its last attempt may take, whose error says more than that time is up.
const LAST_ATTEMPT: Duration = Duration::from_secs(3);

/// How many of a group are put back at once, or looked through for one, at the most.
pub const ALL_MAX: usize = 10_000;
/// How many are looked through for one at first; then ten times as many, and so on.
const FIND_FIRST: usize = 100;

/// Why nothing could be done about dead letters.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum DeadLettersError {
    /// A flag cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The bus does not answer.
    #[error("the bus {url} {}", match source.is_retryable() {
        true => format!("does not answer within {} s", within.as_secs()),
        false => "cannot be used".to_owned(),
    })]
    Connect {
        /// Where it is, without secrets.
        url: Url,
        /// How long it was waited for.
        within: Duration,
        /// What stood against it last.
        #[source]
        source: BusError,
    },
    /// The bus refuses.
    #[error("the dead letters of {group} cannot be {done}")]
    Bus {
        group: String,
        /// What was not done.
        done: &'static str,
        #[source]
        source: BusError,
    },
    /// There is no such message.
    #[error("there is no dead letter with the id {id} in {}", groups.join(", "))]
    None {
        id: String,
        /// Where it was looked for.
        groups: Vec<String>,
    },
    /// Nothing has declared any of the groups.
    #[error("the bus {url} has no group {}: a typing mistake, another bus, or another --namespace than the services'?", groups.join(" or "))]
    NoGroup {
        /// Where it is, without secrets.
        url: Url,
        /// What was looked for.
        groups: Vec<String>,
    },
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

impl DeadLettersError {
    /// The exit code it ends the program with.
    #[must_use]
    pub fn code(&self) -> Code {
        if matches!(self, Self::Config(_)) { Code::Usage } else { Code::Failure }
    }
}

/// A bus of which nothing is waited for without end.
pub struct Patient {
    bus: Arc<dyn Bus>,
    within: Duration,
}

impl Patient {
    /// Waits for the bus that long, and then as long for each of its answers, at the most.
    ///
    /// # Errors
    /// What stood against it last.
    pub async fn connect(address: &BusAddress, patience: Duration) -> Result<Self, BusError> {
        let connecting = daemon::connect::bus_now(address, patience);
        Ok(Self { bus: within(patience + LAST_ATTEMPT, connecting).await?, within: patience })
    }
}

/// The result, or that there was none in time.
async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, BusError>>,
) -> Result<T, BusError> {
    let late = |_| Err(BusError::Unavailable(format!("no answer for {} s", patience.as_secs())));
    tokio::time::timeout(patience, work).await.unwrap_or_else(late)
}

/// The dead letters of a group, or some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Whose.
    pub group: String,
    /// How many there are.
    pub total: u64,
    /// The oldest of them.
    pub letters: Vec<DeadLetter>,
}

/// A message that was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redriven {
    /// The message id, as `list` shows it.
    pub id: String,
    /// Into whose queues; none where nobody had it.
    pub groups: Vec<String>,
}

/// Those of the groups that the bus has.
///
/// # Errors
/// The bus does not say.
pub async fn present(bus: &Patient, groups: &[String]) -> Result<Vec<String>, DeadLettersError> {
    let mut present = Vec::new();
    for group in groups {
        let failed = |source| DeadLettersError::Bus { group: group.clone(), done: "looked for", source };
        if within(bus.within, bus.bus.depth(group)).await.map_err(failed)?.is_some() {
            present.push(group.clone());
        }
    }
    Ok(present)
}

/// The oldest dead letters of a group, at most `limit`.
///
/// # Errors
/// The bus does not say.
pub async fn list(bus: &Patient, group: &str, limit: usize) -> Result<Listed, DeadLettersError> {
    let failed = |source| DeadLettersError::Bus { group: group.to_owned(), done: "listed", source };
    let depth = within(bus.within, bus.bus.depth(group)).await.map_err(failed)?;
    let depth = depth.unwrap_or_default();
    let letters = within(bus.within, bus.bus.dead_letters(group, limit)).await.map_err(failed)?;
    // It may have got some more meanwhile.
    Ok(Listed { group: group.to_owned(), total: depth.dead.max(letters.len() as u64), letters })
}

/// The dead letter of a group with that id, among its oldest [`ALL_MAX`].
///
/// # Errors
/// The bus does not say.
pub async fn find(bus: &Patient, group: &str, id: &str) -> Result<Option<DeadLetter>, DeadLettersError> {
    let mut limit = FIND_FIRST;
    loop {
        let Listed { letters, .. } = list(bus, group, limit).await?;
        let fewer = letters.len() < limit;
        let found = letters.into_iter().find(|letter| letter.message.id == id);
        if found.is_some() || fewer || limit >= ALL_MAX {
            return Ok(found);
        }
        limit = (limit * 10).min(ALL_MAX);
    }
}

/// Puts the message back into the group's queue; `false` when it is none of its dead letters.
///
/// # Errors
/// The bus refuses; whether it was put back is not known then.
pub async fn redrive(bus: &Patient, group: &str, id: &str) -> Result<bool, DeadLettersError> {
    let failed = |source| DeadLettersError::Bus { group: group.to_owned(), done: "put back", source };
    within(bus.within, bus.bus.redrive(group, id)).await.map_err(failed)
}

/// Puts the message back into the queue of each of the groups that has it as a dead letter.
///
/// # Errors
/// The bus refuses.
pub async fn redrive_in(bus: &Patient, groups: &[String], id: &str) -> Result<Redriven, DeadLettersError> {
    let mut redriven = Redriven { id: id.to_owned(), groups: Vec::new() };
    for group in groups {
        if redrive(bus, group, id).await? {
            redriven.groups.push(group.clone());
        }
    }
    Ok(redriven)
}
