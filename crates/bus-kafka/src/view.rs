//! One group as it can be seen from outside: how much is before it, and its dead letters.
//!
//! Everything here blocks, and one caller waits for another: it runs on threads for that purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::{BusError, DeadLetter};
use rdkafka::Message as _;
use tokio::time::Instant;

use crate::dead::Index;
use crate::inspector::{Inspector, Lost, Next, Place};
use crate::names::Names;
use crate::record;

/// How long the list of topics is taken as it is.
const TOPICS_AGE_MAX: Duration = Duration::from_secs(5);
/// An index that was not read on for so long is read anew: a broker forgets tombstones, by default after a day.
const INDEX_AGE_MAX: Duration = Duration::from_secs(3600);

/// A group, looked at from outside.
pub(crate) struct View {
    group: String,
    names: Names,
    /// Counts the times that topics were made.
    changes: Arc<AtomicU64>,
    look: Mutex<Look>,
    failing_since: Mutex<Option<Instant>>,
}

struct Look {
    inspector: Inspector,
    /// All topics of the namespace with their number of partitions.
    topics: BTreeMap<String, i32>,
    topics_at: Option<Instant>,
    changes_seen: u64,
    index: Index,
    index_at: Option<Instant>,
}

/// Where a declared group begins.
pub(crate) struct Begun {
    /// The number of partitions of each topic.
    pub(crate) partitions: BTreeMap<String, i32>,
    /// Where it was known before and has no usable offset: it begins there with the first record that there is.
    pub(crate) lost: Vec<Lost>,
}

/// What was found in one look.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Where the group stands in each of its partitions: where it goes on, and the end.
    pub(crate) partitions: BTreeMap<Place, (i64, i64)>,
    pub(crate) dead: u64,
}

impl View {
    pub(crate) fn new(group: &str, names: &Names, changes: Arc<AtomicU64>, inspector: Inspector) -> Self {
        let look = Look {
            inspector,
            topics: BTreeMap::new(),
            topics_at: None,
            changes_seen: 0,
            index: Index::default(),
            index_at: None,
        };
        Self {
            group: group.to_owned(),
            names: names.clone(),
            changes,
            look: Mutex::new(look),
            failing_since: Mutex::default(),
        }
    }

    /// Notes whether a question was answered. Returns for how long none was.
    pub(crate) fn answered(&self, is_answered: bool) -> Duration {
        let mut since = self.failing_since.lock().unwrap_or_else(PoisonError::into_inner);
        if is_answered {
            *since = None;
        }
        if is_answered { Duration::ZERO } else { since.get_or_insert_with(Instant::now).elapsed() }
    }

    /// A look that was broken off by a panic left nothing half done that matters: everything in it is asked anew.
    fn look(&self) -> MutexGuard<'_, Look> {
        let mut look = self.look.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = self.changes.load(Ordering::Relaxed);
        if std::mem::replace(&mut look.changes_seen, changes) != changes {
            look.topics_at = None;
        }
        look
    }

    /// Makes sure that the group gets whatever is published from now on to these topics. Where a declaration ends by making
    /// the group's topic of dead letters (`leaves_mark`), a group that has it was declared before, even if Kafka has
    /// forgotten all its offsets since.
    pub(crate) fn begin(
        &self,
        topics: &[String],
        leaves_mark: bool,
        deadline: Instant,
    ) -> Result<Begun, BusError> {
        let mark = self.names.dead_letters(&self.group)?;
        let mut look = self.look();
        look.topics_at = None;
        let was_declared = leaves_mark && !look.inspector.topics(|name| name == mark, deadline)?.is_empty();
        let places = look.inspector.places(topics, deadline)?;
        let lost = look.inspector.begin(&places, !was_declared, deadline)?;
        let mut partitions = BTreeMap::new();
        for (topic, _) in places {
            *partitions.entry(topic).or_default() += 1;
        }
        Ok(Begun { partitions, lost })
    }

    /// Where the group stands, in these topics (`None`: in all of its namespace), and how many dead letters it has. `None`:
    /// the broker knows nothing of such a group.
    pub(crate) fn see(
        &self,
        topics: Option<&BTreeSet<String>>,
        deadline: Instant,
    ) -> Result<Option<Seen>, BusError> {
        let mut look = self.look();
        let look = &mut *look;
        look.refresh_topics(&self.names, topics, deadline)?;
        let dead_topic = self.names.dead_letters(&self.group)?;
        let redrive = self.names.redrive(&self.group)?;
        let is_wanted = |name: &str| name == redrive || topics.is_none_or(|topics| topics.contains(name));
        let wanted = look.topics.iter().filter(|(name, _)| is_wanted(name));
        let places: Vec<Place> =
            wanted.flat_map(|(name, &count)| (0..count).map(|partition| (name.clone(), partition))).collect();
        if places.is_empty() {
            return Ok(None);
        }
        let committed = look.inspector.committed(&places, deadline)?;
        let has_dead = look.topics.contains_key(&dead_topic);
        if committed.is_empty() && !has_dead {
            return Ok(None);
        }
        // Of topics that it was not declared with here, those are the group's in which it has an offset.
        let is_its_own = |name: &str| {
            topics.is_some() || name == redrive || committed.keys().any(|(topic, _)| topic == name)
        };
        let mut asked: Vec<Place> =
            places.into_iter().filter(|(topic, _)| *topic != dead_topic && is_its_own(topic)).collect();
        if has_dead {
            asked.push((dead_topic.clone(), 0));
        }
        let ends = look.inspector.ends(&asked, deadline)?;
        if let Some(&end) = ends.get(&(dead_topic.clone(), 0)).filter(|_| has_dead) {
            look.read_on(&dead_topic, end, deadline)?;
        }
        asked.retain(|(topic, _)| *topic != dead_topic);
        // Only where it is not at the end, its offset is lost, or the log before it may be.
        let behind: Vec<Place> =
            asked.iter().filter(|place| committed.get(place) != ends.get(place)).cloned().collect();
        let beginnings = look.inspector.beginnings(&behind, deadline)?;
        let stands = asked.into_iter().filter_map(|place| {
            let end = *ends.get(&place)?;
            let beginning = beginnings.get(&place).copied().unwrap_or(0);
            let goes_on = committed.get(&place).copied().filter(|at| (beginning..=end).contains(at));
            Some((place, (goes_on.unwrap_or(beginning), end)))
        });
        Ok(Some(Seen { partitions: stands.collect(), dead: look.index.len() as u64 }))
    }

    /// The oldest dead letters, at most `limit`.
    pub(crate) fn letters(&self, limit: usize, deadline: Instant) -> Result<Vec<DeadLetter>, BusError> {
        let mut look = self.look();
        let Some(topic) = look.up_to_date(&self.names, &self.group, deadline)? else { return Ok(Vec::new()) };
        let Some((first, last)) = look.index.oldest(limit) else { return Ok(Vec::new()) };
        let letters = look.read_letters(&topic, first, last, deadline)?;
        Ok(letters.into_iter().map(|(letter, _)| letter).collect())
    }

    /// The oldest dead letter about the message of that id, with its record's key.
    pub(crate) fn letter(
        &self,
        message_id: &str,
        deadline: Instant,
    ) -> Result<Option<(DeadLetter, Vec<u8>)>, BusError> {
        let mut look = self.look();
        let Some(topic) = look.up_to_date(&self.names, &self.group, deadline)? else { return Ok(None) };
        let Some(place) = look.index.place(message_id) else { return Ok(None) };
        Ok(look.read_letters(&topic, place, place, deadline)?.pop())
    }
}

impl Look {
    fn refresh_topics(
        &mut self,
        names: &Names,
        needed: Option<&BTreeSet<String>>,
        deadline: Instant,
    ) -> Result<(), BusError> {
        let fresh = self.topics_at.is_some_and(|at| Instant::now() < at + TOPICS_AGE_MAX);
        let complete = needed.is_none_or(|needed| needed.iter().all(|topic| self.topics.contains_key(topic)));
        if !fresh || !complete {
            self.topics = self.inspector.topics(|name| names.owns(name), deadline)?;
            self.topics_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Reads the index of dead letters on to the present end; `None` where the group has no topic of them.
    fn up_to_date(
        &mut self,
        names: &Names,
        group: &str,
        deadline: Instant,
    ) -> Result<Option<String>, BusError> {
        let topic = names.dead_letters(group)?;
        if !self.topics.contains_key(&topic) {
            self.topics_at = None;
        }
        self.refresh_topics(names, None, deadline)?;
        if !self.topics.contains_key(&topic) {
            return Ok(None);
        }
        let place = (topic.clone(), 0);
        let ends = self.inspector.ends(std::slice::from_ref(&place), deadline)?;
        self.read_on(&topic, ends.get(&place).copied().unwrap_or(0), deadline)?;
        Ok(Some(topic))
    }

    fn read_on(&mut self, topic: &str, end: i64, deadline: Instant) -> Result<(), BusError> {
        let is_old = self.index_at.is_some_and(|at| Instant::now() >= at + INDEX_AGE_MAX);
        // A topic that ends before the place where it was read to is another one of the same name.
        if is_old || self.index.is_stale() || end < self.index.next() {
            self.index = Index::default();
        }
        if self.index.next() < end {
            let index = &mut self.index;
            self.inspector.read(topic, index.next(), deadline, |record| {
                let letter = record::decode_dead(record);
                let message = letter.as_ref().map(|letter| letter.message.id.as_str());
                index.apply(record.offset(), record.key().unwrap_or_default(), message);
                if index.next() < end { Next::Go } else { Next::Stop }
            })?;
            self.index.reached(end);
        }
        self.index_at = Some(Instant::now());
        Ok(())
    }

    fn read_letters(
        &mut self,
        topic: &str,
        first: i64,
        last: i64,
        deadline: Instant,
    ) -> Result<Vec<(DeadLetter, Vec<u8>)>, BusError> {
        let mut letters = Vec::new();
        let index = &self.index;
        self.inspector.read(topic, first, deadline, |record| {
            if index.is_kept(record.offset()) {
                let key = record.key().unwrap_or_default().to_vec();
                letters.extend(record::decode_dead(record).map(|letter| (letter, key)));
            }
            if record.offset() < last { Next::Go } else { Next::Stop }
        })?;
        Ok(letters)
    }
}
