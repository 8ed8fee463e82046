//! The queue of an activity: its tasks that wait for a worker, in the order in which they were scheduled.
//!
//! A queue is an entity of its own. Each task is an entry of its journal, and has its number; the row says which of them are done with. A task
//! that is put in again (after a crash) is there twice: the execution knows whether it still waits for it.

use std::collections::BTreeSet;

use bytes::Bytes;
use participant::{Effects, Rejected};
use serde::{Deserialize, Serialize};
use store::{Read, StoreError};

use crate::offered::Offered;
use crate::request::{Answer, QueueRequest};

const PREFIX: &str = "queue/";
/// A task with no more than so many from it to the end is read with all of them; another one by itself.
const TAIL_MAX: usize = 64;

/// The key of the queue of an activity.
#[must_use]
pub fn queue_key(region: &str, activity: &str) -> String {
    format!("{PREFIX}{region}/{activity}")
}

/// Which tasks of an activity are done with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The first that is not done with.
    #[serde(rename = "f")]
    first: u64,
    /// The number of the next one: how many there have been.
    #[serde(rename = "n")]
    next: u64,
    /// Those behind the first that are done with.
    #[serde(rename = "d", default, skip_serializing_if = "BTreeSet::is_empty")]
    done: BTreeSet<u64>,
}

impl Queue {
    /// How many tasks are not done with.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.next - self.first - self.done.len() as u64
    }

    /// Whether no task waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of those that are not done with, the oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = u64> {
        (self.first..self.next).filter(|number| !self.done.contains(number))
    }

    /// What a request makes of it.
    pub(crate) fn handle<C>(
        state: Option<Self>,
        request: &QueueRequest,
        effects: &mut Effects<C, Answer>,
    ) -> Result<Option<Self>, Rejected> {
        match (state, request) {
            (state, QueueRequest::Put(offered)) => {
                let mut queue = state.unwrap_or_default();
                let number = queue.next;
                let entry = serde_json::to_vec(&(number, offered));
                effects.journal(entry.map_err(|error| Rejected(error.to_string()))?);
                queue.next += 1;
                effects.answer(Answer::Queued { number });
                // Whoever waits for a task in this process is told, once it is there.
                effects.announce(Answer::Queued { number });
                Ok(Some(queue))
            }
            (None, QueueRequest::Done { .. }) => {
                effects.answer(Answer::Unknown);
                Ok(None)
            }
            (Some(mut queue), QueueRequest::Done { number }) => {
                if (queue.first..queue.next).contains(number) {
                    queue.done.insert(*number);
                    while queue.done.remove(&queue.first) {
                        queue.first += 1;
                    }
                }
                effects.answer(Answer::Done);
                Ok(Some(queue))
            }
        }
    }

    /// The task of that number, one of those [that wait](Self::waiting).
    ///
    /// # Errors
    /// The store does not answer, or holds what is no task.
    pub async fn task(
        &self,
        store: &dyn Read,
        key: &str,
        number: u64,
    ) -> Result<Option<Offered>, StoreError> {
        let read = |entry: &Bytes| -> Result<(u64, Offered), StoreError> {
            serde_json::from_slice(entry).map_err(|error| StoreError::Unusable {
                reason: format!("the task {number} of {key} cannot be read"),
                source: Some(error.into()),
            })
        };
        // It may be near the end of a long journal; unless others were put in since the row was read.
        let behind = usize::try_from(self.next.saturating_sub(number)).unwrap_or(usize::MAX);
        if behind <= TAIL_MAX {
            let tail = store.journal_tail(key, behind).await?;
            let first = tail.first().map(read).transpose()?;
            if let Some((_, offered)) = first.filter(|(found, _)| *found == number) {
                return Ok(Some(offered));
            }
        }
        let entries = store.journal(key, number, 1).await?;
        Ok(entries.first().map(read).transpose()?.map(|(_, offered)| offered))
    }
}

#[cfg(test)]
mod tests {
    use engine::TaskId;
    use serde_json::json;

    use super::*;

    #[test]
    fn tasks_are_done_with_in_any_order() {
        let mut queue = None;
        let mut ask = |request: QueueRequest| {
            let mut effects: Effects<(), Answer> = Effects::new(queue_key("eu", "a"), 0);
            queue = Queue::handle(queue.take(), &request, &mut effects).unwrap();
            (effects.take_answer().unwrap(), queue.clone())
        };
        assert_eq!(ask(QueueRequest::Done { number: 0 }), (Answer::Unknown, None));
        let offered = Offered { execution: "execution/m:e".to_owned(), task: TaskId(1), input: json!({}) };
        for number in 0..4 {
            assert_eq!(ask(QueueRequest::Put(Box::new(offered.clone()))).0, Answer::Queued { number });
        }
        for (number, left) in
            [(2, vec![0, 1, 3]), (0, vec![1, 3]), (0, vec![1, 3]), (1, vec![3]), (9, vec![3])]
        {
            let queue = ask(QueueRequest::Done { number }).1.unwrap();
            assert_eq!((queue.waiting().collect::<Vec<_>>(), queue.len()), (left.clone(), left.len() as u64));
        }
        let queue = ask(QueueRequest::Done { number: 3 }).1.unwrap();
        assert!(queue.is_empty() && queue.done.is_empty());
    }
}
