//! Histories, page by page.
//!
//! A history is computed from the journal, by replay. Whoever pages through one would have it replayed from its beginning for every
//! page, so what was replayed is held for the next: all its events with where the execution stands behind them, as long as they are no
//! more than 16 MB; new entries of the journal are told to that. Of a history that is longer, a page is gathered as the events come by,
//! and only a place from which the next page is near is held; read from its end it is replayed for each page.
//!
//! What is held is known by the length of the journal up to there, and the row of the execution says how long it is by now: entries never
//! change. So nothing has to be told of what is written, by this instance or another.

use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::Definition;
use engine::{Execution, HistoryEvent, replay_seen};
use store::Read;

use participant::Generations;

use crate::catalogue::Catalogue;
use crate::read::{ReadError, unreadable};
use crate::record::{self, Record};
use crate::stored::Stored;

/// A history of more bytes is not held whole.
const WHOLE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// So many bytes of histories are held, twice.
const HELD_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// So many histories are held, twice.
const HELD_MAX: usize = 256;
/// A page has no more bytes than this, unless its first event has.
const PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Entries of a journal read at once.
const ENTRIES_AT_ONCE: usize = 256;

/// Histories that were asked for lately. Clones share them.
#[derive(Clone, Debug)]
pub struct Histories(Arc<Mutex<Generations<Arc<Held>>>>);

/// Which events are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Behind the event with that number, in the order asked for; from its first (or last) if there is none.
    pub behind: Option<u64>,
    /// How many at the most.
    pub limit: usize,
    /// Whether the last comes first.
    pub reverse: bool,
}

/// Events of a history, in the order asked for.
#[derive(Debug)]
pub struct HistoryPage {
    held: Arc<Held>,
    range: Range<usize>,
    reverse: bool,
    /// The number of its last event, if there are more behind that.
    pub next: Option<u64>,
}

/// Events, and where the execution stands at a place of its journal.
#[derive(Debug)]
struct Held {
    /// All from the first to where `at` is; of a history that is too long none.
    events: Vec<HistoryEvent>,
    bytes: usize,
    at: Option<Place>,
}

/// A place between two entries of a journal.
#[derive(Clone, Debug)]
struct Place {
    entries: u64,
    /// The events up to there.
    events: u64,
    execution: Execution,
}

impl Default for Histories {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Generations::new(HELD_MAX, HELD_BYTES_MAX))))
    }
}

impl HistoryPage {
    /// What the page has, in the order that was asked for.
    pub fn events(&self) -> impl Iterator<Item = &HistoryEvent> {
        let events = &self.held.events[self.range.clone()];
        let (onward, back) = if self.reverse { (&events[..0], events) } else { (events, &events[..0]) };
        onward.iter().chain(back.iter().rev())
    }
}

impl Histories {
    fn lock(&self) -> MutexGuard<'_, Generations<Arc<Held>>> {
        // A history is put in whole or not at all.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events of the execution under that key, whose row was read: all that its row knows of. `None` if its definition is not at hand.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn page(
        &self,
        store: &dyn Read,
        catalogue: &Catalogue,
        key: &str,
        stored: &Stored,
        wanted: Wanted,
    ) -> Result<Option<HistoryPage>, ReadError> {
        let Some(definition) = catalogue.find(store, stored.definition()).await? else { return Ok(None) };
        let length = stored.journal.entries;
        // A name may be had again: what began at another time is another.
        let own = format!("{} {key}", stored.started_ms());
        let held = self.lock().get(&own).map(Arc::clone);
        let held = held.filter(|held| held.at.as_ref().is_some_and(|at| at.entries <= length));
        if let Some(held) = &held
            && held.is_whole()
            && held.at.as_ref().is_some_and(|at| at.entries == length)
        {
            return Ok(Some(cut(Arc::clone(held), wanted)));
        }
        let mut replay = Replay::from(held.as_deref(), wanted);
        while replay.entries < length && !replay.is_done {
            let count = usize::try_from(length - replay.entries).unwrap_or(usize::MAX).min(ENTRIES_AT_ONCE);
            let entries = store.journal(key, replay.entries, count).await?;
            if entries.is_empty() {
                break;
            }
            for entry in &entries {
                replay.tell(&definition, entry).map_err(|error| unreadable(key, error))?;
                if replay.is_done {
                    break;
                }
            }
        }
        let (page, kept) = replay.end(wanted);
        if let Some(kept) = kept {
            let bytes = kept.bytes as u64;
            self.lock().put(own, kept, bytes);
        }
        Ok(Some(page))
    }
}

impl Held {
    fn is_whole(&self) -> bool {
        self.at.as_ref().is_some_and(|at| at.events == self.events.len() as u64)
    }
}

/// A history on its way past.
struct Replay {
    entries: u64,
    events: u64,
    execution: Option<Execution>,
    gathered: Gathered,
    /// Where the next page of a long history can begin.
    mark: Option<Place>,
    wanted: Wanted,
    /// Nothing that is wanted can come.
    is_done: bool,
}

/// The events that came by and are of use.
struct Gathered {
    /// All of them, while they are not too many.
    whole: Option<Vec<HistoryEvent>>,
    /// Those that are wanted, and one more that tells that there are more.
    page: VecDeque<HistoryEvent>,
    /// The bytes of those: once they are more than a page may have, no more are kept than tell that.
    page_bytes: usize,
    bytes: usize,
}

impl Gathered {
    /// Takes an event; whether another one is wanted.
    fn take(&mut self, event: HistoryEvent, wanted: Wanted) -> ControlFlow<()> {
        self.bytes += event.bytes();
        if let Some(whole) = &mut self.whole {
            if self.bytes <= WHOLE_BYTES_MAX {
                whole.push(event);
                return ControlFlow::Continue(());
            }
            let gathered = self.whole.take().unwrap_or_default();
            for event in gathered {
                // What is wanted of them may be all already: the next one tells.
                let _ = self.choose(event, wanted);
            }
        }
        self.choose(event, wanted)
    }

    fn choose(&mut self, event: HistoryEvent, wanted: Wanted) -> ControlFlow<()> {
        let Wanted { behind, limit, reverse } = wanted;
        let room = limit.saturating_add(1);
        let is_wanted =
            behind.is_none_or(|behind| if reverse { event.id < behind } else { event.id > behind });
        match (is_wanted, reverse) {
            (true, true) => {
                self.push(event);
                while self.page.len() > room || self.is_first_behind_page() {
                    let dropped = self.page.pop_front();
                    self.page_bytes -= dropped.map_or(0, |event| event.bytes());
                }
                ControlFlow::Continue(())
            }
            (true, false) if self.page.len() < room && !self.is_past_page() => {
                self.push(event);
                ControlFlow::Continue(())
            }
            (false, false) => ControlFlow::Continue(()),
            (true, false) | (false, true) => ControlFlow::Break(()),
        }
    }

    fn push(&mut self, event: HistoryEvent) {
        self.page_bytes += event.bytes();
        self.page.push_back(event);
    }

    /// Whether the last of the events tells already that there are more than the page has room for. Its first has room, however big.
    fn is_past_page(&self) -> bool {
        self.page.len() > 1 && self.page_bytes > PAGE_BYTES_MAX
    }

    /// Whether the first of the events is of no use for a page from the last one back: those behind it tell that there are more.
    fn is_first_behind_page(&self) -> bool {
        let first = self.page.front().map_or(0, HistoryEvent::bytes);
        self.page.len() > 2 && self.page_bytes - first > PAGE_BYTES_MAX
    }
}

impl Replay {
    /// On from what is held, if that is of use.
    fn from(held: Option<&Held>, wanted: Wanted) -> Self {
        let is_whole = held.is_some_and(Held::is_whole);
        let is_near =
            |at: &&Place| is_whole || !wanted.reverse && wanted.behind.is_some_and(|it| it >= at.events);
        let at = held.and_then(|held| held.at.as_ref()).filter(is_near).cloned();
        let whole = match held {
            Some(held) if is_whole => Some(held.events.clone()),
            // A history whose beginning is passed over, and one that was too long before, is not gathered.
            Some(_) => None,
            None => Some(Vec::new()),
        };
        let bytes = held.filter(|_| is_whole).map_or(0, |held| held.bytes);
        let gathered = Gathered { whole, page: VecDeque::new(), page_bytes: 0, bytes };
        let (entries, events) = at.as_ref().map_or((0, 0), |at| (at.entries, at.events));
        let execution = at.as_ref().map(|at| at.execution.clone());
        Self { entries, events, execution, gathered, mark: at, wanted, is_done: false }
    }

    fn tell(
        &mut self,
        definition: &Definition,
        entry: &[u8],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.mark();
        let index = usize::try_from(self.entries).unwrap_or(usize::MAX);
        self.entries += 1;
        let Record::Fact(fact) = record::read(entry)? else { return Ok(()) };
        let Self { gathered, events, wanted, is_done, .. } = self;
        let mut see = |event: HistoryEvent| {
            *events = event.id;
            let flow = gathered.take(event, *wanted);
            *is_done |= flow.is_break();
            flow
        };
        self.execution = Some(replay_seen(definition, self.execution.take(), (index, fact), &mut see)?);
        Ok(())
    }

    /// Remembers this place now and then, if the next page can begin here.
    fn mark(&mut self) {
        let Wanted { behind, limit, reverse } = self.wanted;
        let ends = behind.unwrap_or(0).saturating_add(limit as u64);
        if self.gathered.whole.is_none()
            && !reverse
            && self.events <= ends
            && self.gathered.page_bytes <= PAGE_BYTES_MAX
            && self.entries.is_multiple_of(ENTRIES_AT_ONCE as u64 / 4)
            && let Some(execution) = &self.execution
        {
            self.mark =
                Some(Place { entries: self.entries, events: self.events, execution: execution.clone() });
        }
    }

    /// The page, and what is to be held for the next one.
    fn end(self, wanted: Wanted) -> (HistoryPage, Option<Arc<Held>>) {
        let Self { entries, events, execution, gathered, mark, .. } = self;
        let Gathered { whole, page, bytes, .. } = gathered;
        match whole {
            Some(all) => {
                let at = execution.map(|execution| Place { entries, events, execution });
                let held = Arc::new(Held { events: all, bytes, at });
                (cut(Arc::clone(&held), wanted), Some(held))
            }
            None => {
                let kept = mark.map(|at| {
                    let bytes = record::size(&at.execution, HELD_BYTES_MAX).unwrap_or(HELD_BYTES_MAX);
                    Arc::new(Held {
                        events: Vec::new(),
                        bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
                        at: Some(at),
                    })
                });
                let page = Arc::new(Held { events: page.into(), bytes, at: None });
                (cut(page, wanted), kept)
            }
        }
    }
}

/// The page out of these events, which have no gaps.
fn cut(held: Arc<Held>, wanted: Wanted) -> HistoryPage {
    let Wanted { behind, limit, reverse } = wanted;
    let events = &held.events;
    let first = events.first().map_or(1, |event| event.id);
    let place = |id: u64| usize::try_from(id.saturating_sub(first)).unwrap_or(usize::MAX).min(events.len());
    let all = match (behind, reverse) {
        (None, _) => 0..events.len(),
        (Some(behind), false) => place(behind + 1)..events.len(),
        (Some(behind), true) => 0..place(behind),
    };
    let (mut count, mut bytes) = (0, 0);
    let in_order: &mut dyn Iterator<Item = &HistoryEvent> =
        if reverse { &mut events[all.clone()].iter().rev() } else { &mut events[all.clone()].iter() };
    for event in in_order.take(limit) {
        bytes += event.bytes();
        if count > 0 && bytes > PAGE_BYTES_MAX {
            break;
        }
        count += 1;
    }
    let has_more = count < all.len();
    let range = if reverse { all.end - count..all.end } else { all.start..all.start + count };
    let last = if reverse {
        events.get(range.start)
    } else {
        range.end.checked_sub(1).and_then(|at| events.get(at))
    };
    let next = last.filter(|_| has_more).map(|event| event.id);
    HistoryPage { range, reverse, next, held }
}

#[cfg(test)]
mod tests {
    use engine::Detail;

    use super::*;

    const MIB: usize = 1024 * 1024;

    /// The numbers of all events of these sizes, page by page.
    fn paged(sizes: &[usize], reverse: bool) -> Vec<u64> {
        let (mut ids, mut behind) = (Vec::new(), None);
        loop {
            let wanted = Wanted { behind, limit: 1_000, reverse };
            let mut gathered = Gathered { whole: None, page: VecDeque::new(), page_bytes: 0, bytes: 0 };
            for (id, size) in (1..).zip(sizes) {
                let detail = Detail::ExecutionSucceeded { output: "x".repeat(*size) };
                let event = HistoryEvent { id, previous_event_id: id - 1, timestamp_ms: 0, detail };
                if gathered.take(event, wanted).is_break() {
                    break;
                }
            }
            assert!(gathered.page_bytes < PAGE_BYTES_MAX + 21 * MIB, "{}", gathered.page_bytes);
            let page = cut(Arc::new(Held { events: gathered.page.into(), bytes: 0, at: None }), wanted);
            ids.extend(page.events().map(|event| event.id));
            match page.next {
                Some(next) => behind = Some(next),
                None => return ids,
            }
        }
    }

    #[test]
    fn no_more_is_gathered_than_a_page_may_have_and_nothing_is_left_out() {
        let mut sizes = [MIB; 30];
        sizes[9] = 20 * MIB;
        let mut all: Vec<u64> = (1..=30).collect();
        assert_eq!(paged(&sizes, false), all);
        all.reverse();
        assert_eq!(paged(&sizes, true), all);
    }
}
