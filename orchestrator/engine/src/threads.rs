//! The threads of an execution that is at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use asl::Definition;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::earlier::Tree;
use crate::frame::{Awaited, Frame, Target};
use crate::ids::NUMBER_MAX;
use crate::thread::{ThreadId, Waiting};

/// Up to so many threads are looked through; more are found by an index.
const LOOKED_THROUGH_MAX: usize = 8;

/// The threads of an execution that wait. While an execution is at rest these are all of its threads.
#[derive(Debug, Clone, Default)]
pub struct Threads {
    waiting: BTreeMap<ThreadId, Box<Waiting>>,
    /// Which thread waits for a task or timer; kept once there are many threads.
    index: Option<BTreeMap<u64, ThreadId>>,
}

impl PartialEq for Threads {
    fn eq(&self, other: &Self) -> bool {
        self.waiting == other.waiting
    }
}

impl Threads {
    /// All of them, the outermost first.
    pub fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.values().map(|waiting| &**waiting)
    }

    /// A thread that waits.
    pub fn get(&self, id: ThreadId) -> Option<&Waiting> {
        self.waiting.get(&id).map(|waiting| &**waiting)
    }

    /// The youngest of them.
    pub(crate) fn last(&self) -> Option<ThreadId> {
        self.waiting.last_key_value().map(|(id, _)| *id)
    }

    pub(crate) fn get_mut(&mut self, id: ThreadId) -> Option<&mut Waiting> {
        self.waiting.get_mut(&id).map(|waiting| &mut **waiting)
    }

    pub(crate) fn insert(&mut self, waiting: Waiting) {
        let id = waiting.thread.id;
        if let Some(index) = &mut self.index {
            index.extend(waiting.frame.ids().map(|awaited| (awaited, id)));
        }
        self.waiting.insert(id, Box::new(waiting));
        if self.index.is_none() && self.waiting.len() > LOOKED_THROUGH_MAX {
            let all = self.waiting.iter();
            self.index = Some(
                all.flat_map(|(id, waiting)| waiting.frame.ids().map(|awaited| (awaited, *id))).collect(),
            );
        }
    }

    pub(crate) fn remove(&mut self, id: ThreadId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&id)?;
        if let Some(index) = &mut self.index {
            for awaited in waiting.frame.ids() {
                index.remove(&awaited);
            }
        }
        Some(*waiting)
    }

    /// The thread that waits for that.
    pub(crate) fn that_awaits(&self, target: Target) -> Option<ThreadId> {
        match &self.index {
            Some(index) => {
                let id = *index.get(&target.id())?;
                self.get(id).filter(|waiting| waiting.frame.awaits(target)).map(|_| id)
            }
            None => {
                let found = self.iter().find(|waiting| waiting.frame.awaits(target));
                found.map(|waiting| waiting.thread.id)
            }
        }
    }

    /// All threads under that one, the latest first.
    pub(crate) fn under(&self, ancestor: ThreadId) -> Vec<ThreadId> {
        // A thread is younger than its parent, so one pass sees each parent before its children.
        let mut under: BTreeSet<ThreadId> = [ancestor].into();
        for (id, waiting) in self.waiting.range(ancestor..) {
            if waiting.thread.parent.is_some_and(|(parent, _)| under.contains(&parent)) {
                under.insert(*id);
            }
        }
        under.into_iter().rev().filter(|id| *id != ancestor).collect()
    }

    /// Whether the thread and those around it can be of that definition.
    pub(crate) fn fits(&self, id: ThreadId, definition: &Definition) -> bool {
        let Some(waiting) = self.get(id) else { return false };
        waiting.frame.fits(definition)
            && waiting.thread.parent.is_none_or(|(parent, _)| self.fits(parent, definition))
    }

    /// Whether they can be those of an execution that has not given an id of `next_id` yet.
    ///
    /// # Errors
    /// What they cannot be.
    pub(crate) fn check(&self, next_id: u64) -> Result<(), &'static str> {
        if self.get(ThreadId::ROOT).is_none_or(|root| root.thread.parent.is_some()) {
            return Err("there is no outermost thread");
        }
        for Waiting { thread, frame } in self.iter() {
            let is_part =
                thread.parent.is_none_or(|(parent, _)| parent < thread.id && self.get(parent).is_some());
            if !is_part
                || thread.parent.is_none() != (thread.id == ThreadId::ROOT)
                || thread.id.0 > NUMBER_MAX
            {
                return Err("a thread is part of none that there is");
            }
            if frame.ids().any(|id| id >= next_id) {
                return Err("an id was not given yet");
            }
            let is_sound = match &frame.awaited {
                Awaited::Branches(gathered) => gathered.is_sound(),
                Awaited::Iterations(iterations) => iterations.is_sound(),
                Awaited::MapRun(run) => run.is_sound(),
                Awaited::Task { .. } | Awaited::BackOff(_) | Awaited::Wait(_) => true,
            };
            if !is_sound {
                return Err("a count of branches or iterations is wrong");
            }
        }
        Ok(())
    }

    pub(crate) fn frames_mut(&mut self) -> impl Iterator<Item = &mut Frame> {
        self.waiting.values_mut().map(|waiting| &mut waiting.frame)
    }
}

impl FromIterator<Waiting> for Threads {
    fn from_iter<I: IntoIterator<Item = Waiting>>(waiting: I) -> Self {
        let mut threads = Self::default();
        waiting.into_iter().for_each(|waiting| threads.insert(waiting));
        threads
    }
}

impl Serialize for Threads {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Threads {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrTree;
        impl<'de> Visitor<'de> for ListOrTree {
            type Value = Threads;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of threads, or a state with those under it")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Threads, A::Error> {
                let mut threads = Threads::default();
                while let Some(waiting) = list.next_element()? {
                    threads.insert(waiting);
                }
                Ok(threads)
            }

            fn visit_map<A: MapAccess<'de>>(self, tree: A) -> Result<Threads, A::Error> {
                let tree = Tree::deserialize(MapAccessDeserializer::new(tree))?;
                Ok(tree.threads().into_iter().collect())
            }
        }
        deserializer.deserialize_any(ListOrTree)
    }
}
