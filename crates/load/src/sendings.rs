//! What the load began to send, written down beside what the observer saw: a load that starts again knows what the one before it had
//! begun, and what the bus had confirmed to it.
//!
//! Each batch has a row of its own in the observer's store, under a key that no order can have. It is written while the batch is
//! published, and once more when the bus has confirmed it; an order waits for that only where many rows are unwritten. So a load that
//! ends leaves its last batches unwritten, or written down as begun though the bus has confirmed them: they count once they are
//! seen, and nobody calls them lost before. How many these are is bounded (see [`super::sender`]), not how long ago they were: a store
//! that does not answer makes the load wait.
//!
//! [`Former`] is what the next life makes of these rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bus::Backoff;
use contract::Style;
use participant::Millis;
use serde::{Deserialize, Serialize};
use store::{Commit, EntityWrite, Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::observer::Placed;
use super::orders::Orders;

/// What the keys of such rows begin with: an order's id has no slash.
const PREFIX: &str = "sent/";
/// Rows written in one transaction, at the most, and those that wait for it.
const AT_ONCE: usize = 64;
const WAITING_MAX: usize = 1_024;
/// Pauses when the store does not take them.
const BACKOFF_BASE: Duration = Duration::from_millis(50);
const BACKOFF_CAP: Duration = Duration::from_secs(2);

/// A batch of orders whose publishing was begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sending {
    /// The orders, with when each was due.
    pub orders: Vec<Placed>,
    /// Whether the bus has confirmed them.
    #[serde(default)]
    pub confirmed: bool,
}

/// The life of the load that wrote the row of that key; `None` where it is no such row.
#[must_use]
pub fn life_of(key: &str) -> Option<&str> {
    key.strip_prefix(PREFIX)?.split('/').next()
}

/// A batch that was begun.
#[derive(Debug)]
pub struct Begun {
    key: String,
    sending: Sending,
}

/// Takes down what is sent in this life of the load.
#[derive(Debug)]
pub struct Sendings {
    life: String,
    begun: u64,
    queue: mpsc::Sender<Row>,
}

/// A row to be written.
#[derive(Debug)]
struct Row {
    key: String,
    sending: Sending,
    written: Option<oneshot::Sender<()>>,
}

impl Sendings {
    /// For that life of the load, into that store. Needs a runtime.
    #[must_use]
    pub fn start(life: &str, store: Arc<dyn Store>) -> Self {
        let (queue, rows) = mpsc::channel(WAITING_MAX);
        tokio::spawn(write_all(store, rows));
        Self { life: life.to_owned(), begun: 0, queue }
    }

    /// These orders are about to be published. What is returned beside them comes when that is written down.
    pub async fn begin(&mut self, orders: Vec<Placed>) -> (Begun, oneshot::Receiver<()>) {
        let key = format!("{PREFIX}{}/{}", self.life, self.begun);
        let begun = Begun { key, sending: Sending { orders, confirmed: false } };
        self.begun += 1;
        let (written, receiver) = oneshot::channel();
        self.write(&begun, Some(written)).await;
        (begun, receiver)
    }

    /// The bus has confirmed them. Does not wait until that is written down.
    pub async fn confirmed(&self, mut begun: Begun) {
        begun.sending.confirmed = true;
        self.write(&begun, None).await;
    }

    async fn write(&self, begun: &Begun, written: Option<oneshot::Sender<()>>) {
        let row = Row { key: begun.key.clone(), sending: begun.sending.clone(), written };
        // Whoever writes them lives as long as the runtime.
        let _ = self.queue.send(row).await;
    }
}

async fn write_all(store: Arc<dyn Store>, mut queue: mpsc::Receiver<Row>) {
    let mut rows = Vec::new();
    while queue.recv_many(&mut rows, AT_ONCE).await > 0 {
        write(&*store, writes(&rows)).await;
        for row in rows.drain(..) {
            // Whoever waited for it may have gone.
            let _ = row.written.map(|written| written.send(()));
        }
    }
}

/// Each key once, as it is in the end.
fn writes(rows: &[Row]) -> Vec<EntityWrite> {
    let mut last = BTreeMap::<&str, (u64, &Sending)>::new();
    for Row { key, sending, .. } in rows {
        let expected = u64::from(sending.confirmed);
        last.entry(key).and_modify(|(_, last)| *last = sending).or_insert((expected, sending));
    }
    let write = |(key, (expected, sending)): (&str, (u64, &Sending))| EntityWrite {
        key: key.to_owned(),
        expected,
        // A list of plain values always has a JSON form.
        state: serde_json::to_vec(sending).unwrap_or_default().into(),
        ..EntityWrite::default()
    };
    last.into_iter().map(write).collect()
}

/// Writes these rows, however often it takes, unless they never can be.
async fn write(store: &dyn Store, rows: Vec<EntityWrite>) {
    let commit = Commit { entities: rows, ..Commit::default() };
    if commit_at_last(store, &commit).await == Written::Conflict {
        // One of them was written before, and we were not told; or it was not, when it could not be. So each by itself.
        for row in commit.entities {
            let alone = |row| Commit { entities: vec![row], ..Commit::default() };
            let again = EntityWrite { expected: 0, ..row.clone() };
            if commit_at_last(store, &alone(row)).await == Written::Conflict {
                // Nobody else writes it: if it is there, it is as it has to be.
                commit_at_last(store, &alone(again)).await;
            }
        }
    }
}

/// What came of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    /// All of it is written, or never can be.
    Done,
    /// Nothing is: a row is not in the version that was expected.
    Conflict,
}

async fn commit_at_last(store: &dyn Store, commit: &Commit) -> Written {
    let mut backoff = Backoff::new(BACKOFF_BASE, BACKOFF_CAP, u64::from(std::process::id()));
    let mut is_told = false;
    loop {
        match store.commit(commit).await {
            Ok(_) => return Written::Done,
            Err(StoreError::Conflict { .. }) => return Written::Conflict,
            Err(error) if error.is_retryable() => {
                if !std::mem::replace(&mut is_told, true) {
                    tracing::warn!(%error, "what is sent cannot be written down; trying again");
                }
                sleep(backoff.next_delay()).await;
            }
            Err(error) => {
                let error = telemetry::chain(&error);
                tracing::error!(
                    error,
                    "what is sent cannot be written down: a load that starts again will not know it"
                );
                return Written::Done;
            }
        }
    }
}

/// What former lives of the load sent, and what of it the observer has not seen. Both are found by going through the observer's store
/// from its beginning: the rows of sendings by [`began`](Self::began), those of orders by [`seen`](Self::seen).
#[derive(Debug, Default)]
pub struct Former {
    life: String,
    /// Begun, and not seen so far.
    open: BTreeMap<String, Unseen>,
    /// Known to have been begun, though the observer has not seen them placed.
    begun: BTreeMap<String, Placed>,
    /// Not confirmed, not seen, and known to nobody.
    never_came: BTreeSet<String>,
    sent: BTreeMap<Style, u64>,
    others: BTreeMap<Style, u64>,
}

#[derive(Debug)]
struct Unseen {
    placed: Placed,
    confirmed: bool,
    /// Since when this life has waited for it.
    since: Option<Millis>,
}

/// What is to be done about an order that was begun, confirmed or not, and that the observer has not seen.
#[derive(Debug, PartialEq, Eq)]
pub enum Missing {
    /// The bus had confirmed it: it is lost if it does not come.
    Confirmed,
    /// Nobody had: it may have come, or not.
    InDoubt,
}

impl Former {
    /// Before anything was found, in that life of the load.
    #[must_use]
    pub fn new(life: &str) -> Self {
        Self { life: life.to_owned(), ..Self::default() }
    }

    fn is_own(&self, life: &str) -> bool {
        self.life == life
    }

    /// A row of sendings was found.
    pub fn began(&mut self, life: &str, sending: Sending) {
        if self.is_own(life) {
            return;
        }
        for placed in sending.orders {
            let confirmed = sending.confirmed;
            if confirmed {
                *self.sent.entry(placed.sent.style).or_default() += 1;
            }
            let id = placed.sent.order_id.clone();
            self.open.insert(id, Unseen { placed, confirmed, since: None });
        }
    }

    /// The observer has seen that order, or (`placed` is false) only its end.
    pub fn seen(&mut self, order_id: &str, style: Style, placed: bool) {
        self.never_came.remove(order_id);
        let known = self.open.remove(order_id);
        let was_counted = known.as_ref().is_some_and(|known| known.confirmed);
        if let (Some(known), false) = (known, placed) {
            self.begun.insert(order_id.to_owned(), known.placed);
        }
        // An id begins with the life that made it, also one from before lives wrote down what they sent.
        if self.is_own(order_id.split('-').next().unwrap_or_default()) || was_counted {
            return;
        }
        let counts = if Orders::is_of_a_run(order_id) { &mut self.sent } else { &mut self.others };
        *counts.entry(style).or_default() += 1;
    }

    /// Orders that were begun and have not been found among those seen, to be looked for.
    #[must_use]
    pub fn to_look_for(&self, limit: usize) -> Vec<String> {
        let new = self.open.iter().filter(|(_, unseen)| unseen.since.is_none());
        new.take(limit).map(|(id, _)| id.clone()).collect()
    }

    /// It was there all the time, before the row that says that it was begun: it is [counted](Self::seen) already.
    pub fn was_there(&mut self, order_id: &str) {
        let Some(unseen) = self.open.remove(order_id) else { return };
        if unseen.confirmed {
            self.sent.entry(unseen.placed.sent.style).and_modify(|sent| *sent -= 1);
        }
    }

    /// It is not there. One in doubt is waited for from `now` on; one that was confirmed is the caller's to wait for.
    pub fn is_missing(&mut self, order_id: &str, now: Millis) -> Option<Missing> {
        let unseen = self.open.get_mut(order_id)?;
        unseen.since = Some(now);
        Some(if unseen.confirmed { Missing::Confirmed } else { Missing::InDoubt })
    }

    /// Whether the order was begun and nobody knows whether it came.
    #[must_use]
    pub fn is_in_doubt(&self, order_id: &str) -> bool {
        self.open.get(order_id).is_some_and(|unseen| !unseen.confirmed)
    }

    /// Orders in doubt for which it is late, to be asked for.
    #[must_use]
    pub fn late(&self, is_late: impl Fn(Millis) -> bool, limit: usize) -> Vec<String> {
        let doubts = self.open.iter().filter(|(_, unseen)| !unseen.confirmed);
        let late = doubts.filter(|(_, unseen)| unseen.since.is_some_and(&is_late));
        late.take(limit).map(|(id, _)| id.clone()).collect()
    }

    /// The system knows an order that was in doubt: so it was sent, and is as it was begun.
    pub fn exists(&mut self, order_id: &str) -> Option<Placed> {
        let placed = self.open.remove(order_id)?.placed;
        *self.sent.entry(placed.sent.style).or_default() += 1;
        self.begun.insert(order_id.to_owned(), placed.clone());
        Some(placed)
    }

    /// Nobody knows an order that was in doubt.
    pub fn never_came(&mut self, order_id: &str) {
        if self.open.remove(order_id).is_some() {
            self.never_came.insert(order_id.to_owned());
        }
    }

    /// When the oldest order was begun that has neither been seen nor been found never to have come.
    #[must_use]
    pub fn oldest_open(&self) -> Option<Millis> {
        self.open.values().map(|unseen| unseen.placed.at).min()
    }

    /// How an order was begun of which the observer has not seen that it was placed.
    #[must_use]
    pub fn begun(&self, order_id: &str) -> Option<&Placed> {
        self.begun.get(order_id)
    }

    /// How many orders were in doubt and never came: they are not known to have been confirmed, so nobody has lost them.
    #[must_use]
    pub fn never_came_count(&self) -> u64 {
        self.never_came.len() as u64
    }

    /// How many orders former lives have sent, and how many were placed by others, as far as is known.
    #[must_use]
    pub fn counts(&self) -> (&BTreeMap<Style, u64>, &BTreeMap<Style, u64>) {
        (&self.sent, &self.others)
    }

    /// The clock was put back by so many milliseconds.
    pub fn put_back(&mut self, by: Millis) {
        self.open.values_mut().filter_map(|unseen| unseen.since.as_mut()).for_each(|since| *since -= by);
    }
}

#[cfg(test)]
mod tests {
    use store::Read as _;
    use store::memory::MemoryStore;

    use super::*;

    fn placed(order_id: &str) -> Placed {
        Placed::for_test(order_id, 1_000)
    }

    fn sending(ids: &[&str], confirmed: bool) -> Sending {
        Sending { orders: ids.iter().map(|id| placed(id)).collect(), confirmed }
    }

    fn sent_and_others(former: &Former) -> [u64; 2] {
        let (sent, others) = former.counts();
        [sent, others].map(|counts| counts.get(&Style::Choreography).copied().unwrap_or(0))
    }

    #[tokio::test]
    async fn what_is_sent_is_written_down_and_again_when_it_is_confirmed() {
        let store = Arc::new(MemoryStore::new());
        let mut sendings = Sendings::start("l1", Arc::clone(&store) as _);
        let (first, written) = sendings.begin(vec![placed("l1-0")]).await;
        written.await.unwrap();
        sendings.confirmed(first).await;
        let (_, written) = sendings.begin(vec![placed("l1-1")]).await;
        written.await.unwrap();
        let read = async |key| {
            let entity = store.get(key).await.unwrap().unwrap();
            participant::inspect::state::<Sending>(&entity).unwrap().unwrap()
        };
        assert_eq!(read("sent/l1/0").await, sending(&["l1-0"], true), "written before what came after it");
        assert_eq!(read("sent/l1/1").await, sending(&["l1-1"], false));
        assert_eq!((life_of("sent/l1/1"), life_of("l1-1")), (Some("l1"), None));
        assert!(!contract::order::is_id("sent/l1/1"), "no order is in its way");
    }

    #[tokio::test]
    async fn a_row_that_is_not_as_expected_takes_no_other_with_it() {
        let store = MemoryStore::new();
        let row = |n: u8, confirmed| Row {
            key: format!("sent/l1/{n}"),
            sending: sending(&["l1-0"], confirmed),
            written: None,
        };
        // The first was written, and we were not told; that the second was begun could not be written.
        write(&store, writes(&[row(0, false)])).await;
        write(&store, writes(&[row(0, false), row(1, true), row(2, false)])).await;
        for (n, version) in [(0, 1), (1, 1), (2, 1)] {
            let entity = store.get(&format!("sent/l1/{n}")).await.unwrap();
            assert_eq!(entity.map(|entity| entity.version), Some(version), "row {n}");
        }
    }

    #[test]
    fn what_is_begun_and_confirmed_at_once_is_one_row() {
        let row = |confirmed| Row {
            key: "sent/l1/0".into(),
            sending: sending(&["l1-0"], confirmed),
            written: None,
        };
        let both = writes(&[row(false), row(true)]);
        assert_eq!((both.len(), both[0].expected), (1, 0));
        assert_eq!(serde_json::from_slice::<Sending>(&both[0].state).unwrap(), sending(&["l1-0"], true));
        assert_eq!(writes(&[row(true)])[0].expected, 1);
    }

    #[test]
    fn what_former_lives_sent_counts_once_whether_it_was_confirmed_or_seen() {
        let mut former = Former::new("l2");
        former.began("l1", sending(&["l1-0", "l1-1"], true));
        former.began("l1", sending(&["l1-2", "l1-3"], false));
        former.began("l2", sending(&["l2-0"], false));
        assert_eq!(sent_and_others(&former), [2, 0], "what is in doubt may not have been sent");
        for id in ["l1-0", "l1-2", "l2-0", "by-hand"] {
            former.seen(id, Style::Choreography, true);
        }
        assert_eq!(sent_and_others(&former), [3, 1], "this life's own are counted elsewhere");
        assert_eq!(former.to_look_for(10), ["l1-1", "l1-3"]);
        assert_eq!(former.oldest_open(), Some(1_000));
        former.seen("l18c-7", Style::Choreography, true);
        assert_eq!(sent_and_others(&former), [4, 1], "of a life that wrote nothing down");
    }

    #[test]
    fn an_order_seen_before_the_row_that_says_that_it_was_begun_counts_once() {
        for confirmed in [false, true] {
            let mut former = Former::new("l2");
            former.began("l1", sending(&["l1-0"], true));
            former.seen("l1-1", Style::Choreography, true);
            former.began("l1", sending(&["l1-1"], confirmed));
            former.was_there("l1-1");
            assert_eq!(sent_and_others(&former), [2, 0]);
            assert_eq!(former.to_look_for(10), ["l1-0"]);
        }
    }

    #[test]
    fn only_what_was_confirmed_can_be_lost_and_what_is_in_doubt_is_waited_for() {
        let mut former = Former::new("l2");
        former.began("l1", sending(&["l1-0"], true));
        former.began("l1", sending(&["l1-1", "l1-2", "l1-3"], false));
        assert_eq!(former.is_missing("l1-0", 5_000), Some(Missing::Confirmed));
        for id in ["l1-1", "l1-2", "l1-3"] {
            assert_eq!(former.is_missing(id, 5_000), Some(Missing::InDoubt));
        }
        assert_eq!(former.to_look_for(10), Vec::<String>::new());
        assert_eq!(former.late(|since| since < 5_000, 10), Vec::<String>::new());
        former.seen("l1-1", Style::Choreography, true);
        assert_eq!(former.late(|since| since == 5_000, 10), ["l1-2", "l1-3"]);
        assert_eq!(former.exists("l1-2"), Some(placed("l1-2")));
        former.never_came("l1-3");
        assert_eq!((sent_and_others(&former), former.never_came_count()), ([3, 0], 1));
        assert_eq!(former.begun("l1-2"), Some(&placed("l1-2")));
        former.seen("l1-0", Style::Choreography, true);
        assert_eq!(sent_and_others(&former), [3, 0], "it counted when it was confirmed");
        former.seen("l1-3", Style::Choreography, true);
        assert_eq!((sent_and_others(&former), former.never_came_count()), ([4, 0], 0), "it came after all");
    }

    #[test]
    fn an_order_whose_end_alone_was_seen_is_known_to_have_been_begun() {
        let mut former = Former::new("l2");
        former.began("l1", sending(&["l1-0"], false));
        former.seen("l1-0", Style::Choreography, false);
        assert_eq!((former.begun("l1-0").is_some(), sent_and_others(&former)), (true, [1, 0]));
    }
}
