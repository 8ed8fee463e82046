//! Committed calls: which are under way, and which wait for their turn.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use prometheus::IntCounter;
use store::OutboxId;

use crate::item::Item;
use crate::{CallId, Caller, Options};

/// The calls of one life.
pub(super) struct Calls<C: Sync, O> {
    caller: Arc<dyn Caller<C, O>>,
    under_way: FuturesUnordered<BoxFuture<'static, Done<O>>>,
    /// Those that have no lane of their own.
    common: Queue<C>,
    /// Those with a lane, by its name; none is empty.
    lanes: BTreeMap<Arc<str>, Queue<C>>,
    /// For each outbox row of calls, how many outcomes are not committed yet.
    open: BTreeMap<OutboxId, usize>,
    /// How many calls that wait in lanes are held here; all others lie in the outbox alone.
    held: usize,
    /// How many may be held so, and how many of the others may wait.
    waiting_max: usize,
    /// Counts those that are made.
    made: IntCounter,
}

/// What waits for its turn, in the order of the commits.
struct Queue<C> {
    waiting: VecDeque<Waiting<C>>,
    under_way: usize,
    at_once: usize,
}

struct Waiting<C> {
    row: OutboxId,
    id: CallId,
    /// `None`: it is read from its row once it has its turn.
    call: Option<C>,
    is_late: bool,
}

struct Done<O> {
    row: OutboxId,
    id: CallId,
    outcome: O,
    lane: Option<Arc<str>>,
}

impl<C: Send + Sync + 'static, O: Send + 'static> Calls<C, O> {
    pub(super) fn new(caller: Arc<dyn Caller<C, O>>, options: &Options, made: IntCounter) -> Self {
        Self {
            caller,
            under_way: FuturesUnordered::new(),
            common: Queue::new(options.calls_max),
            lanes: BTreeMap::new(),
            open: BTreeMap::new(),
            held: 0,
            waiting_max: options.calls_waiting_max,
            made,
        }
    }

    /// Calls of a row, to be made when it is their turn; `is_late` if they were committed a while ago.
    pub(super) fn add(&mut self, row: OutboxId, calls: Vec<(CallId, C)>, is_late: bool) {
        self.open.insert(row, calls.len());
        for (id, call) in calls {
            match self.caller.lane(&call) {
                None => self.common.waiting.push_back(Waiting { row, id, call: Some(call), is_late }),
                Some(lane) => {
                    let (name, at_once) = (Arc::from(lane.name), lane.at_once);
                    let call = (self.held < self.waiting_max).then_some(call);
                    self.held += usize::from(call.is_some());
                    let queue = self.lanes.entry(name).or_insert_with(|| Queue::new(at_once));
                    queue.waiting.push_back(Waiting { row, id, call, is_late });
                }
            }
        }
        self.start();
        let late = self.lanes.values_mut().chain([&mut self.common]).flat_map(|queue| {
            // Before them, all are late already.
            queue.waiting.iter_mut().rev().take_while(|waiting| waiting.row == row)
        });
        late.for_each(|waiting| waiting.is_late = true);
    }

    /// Whether there is room for further calls. Those in lanes take up none.
    pub(super) fn has_room(&self) -> bool {
        self.common.waiting.len() < self.waiting_max
    }

    /// How many are under way or waiting.
    pub(super) fn pending(&self) -> usize {
        let waiting = |queue: &Queue<C>| queue.waiting.len();
        self.under_way.len() + waiting(&self.common) + self.lanes.values().map(waiting).sum::<usize>()
    }

    pub(super) fn are_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// The next that is done; `None` if none is under way. Cancel-safe.
    pub(super) async fn next<R, A>(&mut self) -> Option<Item<O, R, A>> {
        let Done { row, id, outcome, lane } = self.under_way.next().await?;
        match lane {
            None => self.common.under_way -= 1,
            Some(lane) => {
                if let Some(queue) = self.lanes.get_mut(&lane) {
                    queue.under_way -= 1;
                    if queue.is_empty() {
                        self.lanes.remove(&lane);
                    }
                }
            }
        }
        Some(Item::Outcome { id, outcome, row })
    }

    /// Makes those whose turn it is, and that are here.
    pub(super) fn start(&mut self) {
        while let Some((waiting, call)) = self.common.turn() {
            self.made.inc();
            self.under_way.push(make(&self.caller, waiting, call, None));
        }
        for (name, queue) in &mut self.lanes {
            while let Some((waiting, call)) = queue.turn() {
                self.held -= 1;
                self.made.inc();
                self.under_way.push(make(&self.caller, waiting, call, Some(Arc::clone(name))));
            }
        }
    }

    /// The row of a call whose turn it is and that is not here.
    pub(super) fn wanted(&self) -> Option<OutboxId> {
        let mut turns = self.lanes.values().filter(|queue| queue.under_way < queue.at_once);
        turns.find_map(|queue| queue.waiting.front().map(|waiting| waiting.row))
    }

    /// What is in a row from which calls are [wanted](Self::wanted); without any, it is not this instance's any more.
    pub(super) fn fill(&mut self, row: OutboxId, calls: Vec<(CallId, C)>) {
        let mut calls: BTreeMap<CallId, C> = calls.into_iter().collect();
        for queue in self.lanes.values_mut().filter(|queue| queue.under_way < queue.at_once) {
            let of_row = queue.waiting.iter_mut().take_while(|waiting| waiting.row == row);
            for waiting in of_row.filter(|waiting| waiting.call.is_none()) {
                waiting.call = calls.remove(&waiting.id);
                self.held += usize::from(waiting.call.is_some());
            }
            queue.waiting.retain(|waiting| waiting.row != row || waiting.call.is_some());
        }
        self.lanes.retain(|_, queue| !queue.is_empty());
        self.start();
    }

    /// An outcome is committed. Whether the row has no other call that is open, and can be forgotten.
    pub(super) fn outcome_committed(&mut self, row: OutboxId) -> bool {
        let Some(open) = self.open.get_mut(&row) else { return false };
        *open -= 1;
        let is_done = *open == 0;
        if is_done {
            self.open.remove(&row);
        }
        is_done
    }
}

impl<C> Queue<C> {
    fn new(at_once: usize) -> Self {
        Self { waiting: VecDeque::new(), under_way: 0, at_once: at_once.max(1) }
    }

    fn is_empty(&self) -> bool {
        self.under_way == 0 && self.waiting.is_empty()
    }

    /// The next one, if it has its turn and is here.
    fn turn(&mut self) -> Option<(Waiting<C>, C)> {
        if self.under_way >= self.at_once {
            return None;
        }
        let call = self.waiting.front_mut()?.call.take()?;
        self.under_way += 1;
        Some((self.waiting.pop_front()?, call))
    }
}

fn make<C: Send + Sync + 'static, O: Send + 'static>(
    caller: &Arc<dyn Caller<C, O>>,
    waiting: Waiting<C>,
    call: C,
    lane: Option<Arc<str>>,
) -> BoxFuture<'static, Done<O>> {
    let (caller, Waiting { row, id, is_late, .. }) = (Arc::clone(caller), waiting);
    async move {
        let outcome =
            if is_late { caller.call_late(&id, &call).await } else { caller.call(&id, &call).await };
        Done { row, id, outcome, lane }
    }
    .boxed()
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::Lane;

    struct Slow;

    #[async_trait]
    impl Caller<u32, u32> for Slow {
        async fn call(&self, _: &CallId, call: &u32) -> u32 {
            *call
        }

        fn lane<'c>(&'c self, _: &'c u32) -> Option<Lane<'c>> {
            Some(Lane { name: "slow", at_once: 1 })
        }
    }

    /// Of those with no room for any that waits.
    fn calls(rows: u64) -> Calls<u32, u32> {
        let options = Options { calls_waiting_max: 0, ..Options::default() };
        let made = IntCounter::new("made", "Made.").unwrap();
        let mut calls = Calls::new(Arc::new(Slow), &options, made);
        for row in 1..=rows {
            calls.add(row, in_row(row), false);
        }
        calls
    }

    fn in_row(row: OutboxId) -> Vec<(CallId, u32)> {
        (0..2).map(|n| (CallId { key: format!("{row}/{n}"), sequence: 1 }, n)).collect()
    }

    #[tokio::test]
    async fn what_waits_in_a_row_is_read_when_its_turn_comes() {
        let mut calls = calls(2);
        for row in [1, 2] {
            assert_eq!(calls.wanted(), Some(row));
            calls.fill(row, in_row(row));
            for n in 0..2 {
                assert_eq!(calls.wanted(), None, "one at a time");
                let Some(Item::Outcome::<_, (), ()> { outcome, .. }) = calls.next().await else {
                    panic!("one is under way")
                };
                assert_eq!((outcome, calls.outcome_committed(row)), (n, n == 1));
                calls.start();
            }
        }
        assert_eq!((calls.wanted(), calls.pending(), calls.held, calls.lanes.len()), (None, 0, 0, 0));
    }

    /// Another instance has taken it over.
    #[test]
    fn of_a_row_that_is_gone_nothing_is_called() {
        let mut calls = calls(2);
        calls.fill(1, Vec::new());
        assert_eq!((calls.wanted(), calls.pending()), (Some(2), 2));
        calls.fill(2, Vec::new());
        assert_eq!((calls.wanted(), calls.pending(), calls.lanes.len()), (None, 0, 0));
    }
}
