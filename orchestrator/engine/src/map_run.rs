//! A Map run: what a Map in distributed mode is doing, from its first child to its last.

use std::collections::{BTreeMap, VecDeque};

use asl::data::{NESTING_MAX, measured};
use asl::map::Transformation;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::batch::Batches;
use crate::ids::{MapRunId, NUMBER_MAX};
use crate::map_counts::MapRunCounts;
use crate::map_news::{MapNews, MapRunUpdate};
use crate::map_run_parts::{Afterwards, Beginning, Destination, Reading};
use crate::quotas::{DISTRIBUTED_CONCURRENCY_MAX, PAYLOAD_BYTES_MAX};
use crate::sparse::is_default;
use crate::status::Status;
use crate::undone::Undone;

/// A Map run, as AWS calls what a Map in distributed mode does: a part of the execution, and an object of its own for those who ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapRun {
    /// What names it in facts and effects.
    #[serde(rename = "i")]
    pub id: MapRunId,
    /// What AWS calls it: `…:mapRun:MACHINE/LABEL:UUID`.
    #[serde(rename = "a")]
    pub arn: String,
    /// How it is doing.
    #[serde(rename = "u")]
    pub status: Status,
    /// When it began, in milliseconds since 1970.
    #[serde(rename = "b")]
    pub started_ms: u64,
    /// When it ended, in milliseconds since 1970.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub stopped_ms: Option<u64>,
    /// Most children at once; 0 sets no limit of its own.
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub max_concurrency: u64,
    /// Most items that may fail, if that is limited.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub tolerated_count: Option<u64>,
    /// Most items that may fail, in percent of all, if that is limited.
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    pub tolerated_percentage: Option<f64>,
    /// How far its items are.
    #[serde(rename = "j", default, skip_serializing_if = "is_default")]
    pub items: MapRunCounts,
    /// How far its children are, without those that are not made yet.
    #[serde(rename = "k", default, skip_serializing_if = "is_default")]
    children: MapRunCounts,
    /// What is read from elsewhere, if something is.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) reading: Option<Reading>,
    /// The items that are at hand and in no child yet.
    #[serde(rename = "q", default, skip_serializing_if = "VecDeque::is_empty")]
    queue: VecDeque<Value>,
    /// Whether these are the members of an object.
    #[serde(rename = "t", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) of_object: bool,
    /// How many items have left the queue.
    #[serde(rename = "x", default, skip_serializing_if = "is_default")]
    taken: u64,
    /// How items are put together, if they are.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(crate) batches: Option<Batches>,
    /// The children at work, and how many items each has.
    #[serde(rename = "w", default, skip_serializing_if = "BTreeMap::is_empty")]
    running: BTreeMap<u64, u64>,
    /// How many children were begun.
    #[serde(rename = "y", default, skip_serializing_if = "is_default")]
    begun: u64,
    /// Where results go, if not into the state's output.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(crate) destination: Option<Destination>,
    /// What is for the state's output, by child.
    #[serde(rename = "o", default, skip_serializing_if = "BTreeMap::is_empty")]
    outputs: BTreeMap<u64, Value>,
    /// The bytes of that; more than a payload has: the outputs were dropped.
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    output_bytes: usize,
    /// Whether its results are being written, and what it fails with afterwards, if it does.
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    pub(crate) writing: Option<Afterwards>,
    /// The same, while the children at work are being stopped: results are written once all have ended.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub(crate) stopping: Option<Afterwards>,
    /// The children that have ended without success, unless they are to be redriven or cannot be.
    #[serde(rename = "g", default, skip_serializing_if = "Undone::is_empty")]
    undone: Undone,
    /// The children that are to be redriven.
    #[serde(rename = "h", default, skip_serializing_if = "Undone::is_empty")]
    again: Undone,
    /// How often it was redriven.
    #[serde(rename = "l", default, skip_serializing_if = "is_default")]
    pub redrives: u32,
    /// When it was redriven last, in milliseconds since 1970.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub redriven_ms: Option<u64>,
}

impl MapRun {
    pub(crate) fn new(beginning: Beginning) -> Self {
        let Beginning { id, arn, started_ms, settings, items, of_object, reading, batches, destination } =
            beginning;
        Self {
            id,
            arn,
            status: Status::Running,
            started_ms,
            stopped_ms: None,
            max_concurrency: settings.max_concurrency.unwrap_or(0),
            tolerated_count: settings.tolerated_count,
            tolerated_percentage: settings.tolerated_percentage,
            items: MapRunCounts { pending: items.len() as u64, ..MapRunCounts::default() },
            children: MapRunCounts::default(),
            reading,
            queue: items,
            of_object,
            taken: 0,
            batches,
            running: BTreeMap::new(),
            begun: 0,
            destination,
            outputs: BTreeMap::new(),
            output_bytes: 0,
            writing: None,
            stopping: None,
            undone: Undone::default(),
            again: Undone::default(),
            redrives: 0,
            redriven_ms: None,
        }
    }

    pub(crate) fn is_sound(&self) -> bool {
        let at_work: u64 = self.running.values().fold(0, |sum, items| sum.saturating_add(*items));
        let counts = [self.items.total(), self.begun, self.taken];
        at_work == self.items.running
            && self.running.len() as u64 == self.children.running
            && self.running.keys().all(|index| *index < self.begun)
            && self.undone.is_sound(self.begun)
            && self.again.is_sound(self.begun)
            && counts.iter().all(|count| *count <= NUMBER_MAX)
    }

    /// How far its children are. Where each item has a child of its own, those that are to come are counted as well.
    pub fn executions(&self) -> MapRunCounts {
        let pending = if self.batches.is_none() { self.items.pending } else { 0 };
        MapRunCounts { pending, ..self.children }
    }

    /// Whether a child waits for being redriven.
    pub fn awaits_redrive(&self, index: u64) -> bool {
        self.again.contains(index)
    }

    /// Which of its children are at work.
    pub fn running(&self) -> impl Iterator<Item = u64> {
        self.running.keys().copied()
    }

    /// Whether more children may be at work.
    pub(crate) fn has_room(&self) -> bool {
        let limit = DISTRIBUTED_CONCURRENCY_MAX;
        let wanted = usize::try_from(self.max_concurrency).unwrap_or(limit);
        self.running.len() < if wanted == 0 { limit } else { wanted.min(limit) }
    }

    /// The next item that is at hand, and its number.
    pub(crate) fn take_item(&mut self) -> Option<(u64, Value)> {
        let item = self.queue.pop_front()?;
        self.taken += 1;
        Some((self.taken - 1, item))
    }

    /// Whether no item will come after those that were taken.
    pub(crate) fn is_drained(&self) -> bool {
        self.queue.is_empty() && self.is_read()
    }

    fn is_read(&self) -> bool {
        self.reading.as_ref().is_none_or(|reading| reading.is_over)
    }

    /// Whether all its items are in children that have ended.
    pub(crate) fn is_done(&self) -> bool {
        self.is_drained()
            && self.running.is_empty()
            && self.again.is_empty()
            && self.batches.as_ref().is_none_or(|batches| batches.filling() == 0)
    }

    /// How many items to ask for, and how many come before them: if there are more, and none are at hand.
    pub(crate) fn ask(&mut self, page_max: u64) -> Option<(u64, u64)> {
        let reading =
            self.reading.as_mut().filter(|it| self.queue.is_empty() && !it.is_over && !it.is_asked)?;
        reading.is_asked = true;
        let left = reading.items_max.map_or(u64::MAX, |max| max - reading.read);
        Some((reading.read, page_max.min(left)))
    }

    /// The number of a child of so many items, which is at work from now on.
    pub(crate) fn begin(&mut self, items: u64) -> u64 {
        let index = self.begun;
        self.begun += 1;
        self.items.begin(items);
        self.children.running += 1;
        self.running.insert(index, items);
        index
    }

    /// The number of a child that is to be redriven, which is at work from now on.
    pub(crate) fn begin_again(&mut self) -> Option<u64> {
        let (index, items) = self.again.pop_first()?;
        self.items.begin_again(items);
        self.children.begin_again(1);
        self.running.insert(index, items);
        Some(index)
    }

    /// Whether no child is at work.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Whether it does not wait for that, or not any more. `attempt` is that of the children that it has begun since the last redrive.
    pub(crate) fn is_late(&self, news: &MapNews, attempt: u32) -> bool {
        // Once its results are written, or are to be, it has come to its end.
        let is_over = self.writing.is_some() || self.stopping.is_some();
        // Of a run that was never redriven there is nothing earlier, whatever its execution was before.
        let is_earlier = |told: u32| self.redrives > 0 && told != attempt;
        match news {
            MapNews::Items { from, .. } | MapNews::Unreadable { from, .. } => {
                let is_asked =
                    self.reading.as_ref().is_some_and(|reading| reading.is_asked && reading.read == *from);
                is_over || !is_asked
            }
            MapNews::ChildEnded { index, end } => {
                is_earlier(end.attempt) || !self.running.contains_key(index)
            }
            MapNews::NotRedrivable { index, attempt: told, .. } => {
                is_earlier(*told) || !self.running.contains_key(index)
            }
            MapNews::Written | MapNews::NotWritten { .. } => self.writing.is_none(),
            MapNews::Updated(_) => is_over,
        }
    }

    /// Takes items that were asked for, when there were none at hand.
    pub(crate) fn read(&mut self, items: Vec<Value>, of_object: bool, is_last: bool) {
        let Some(reading) = &mut self.reading else { return };
        self.of_object = of_object;
        let left = reading.items_max.map_or(u64::MAX, |max| max - reading.read);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let count = items.len().min(left);
        self.queue.extend(items.into_iter().take(left));
        self.items.pending += count as u64;
        reading.read += count as u64;
        reading.is_asked = false;
        reading.is_over = is_last || reading.items_max.is_some_and(|max| reading.read >= max);
    }

    /// Counts a child that has ended.
    pub(crate) fn ended(&mut self, index: u64, status: Status) {
        if let Some(items) = self.running.remove(&index) {
            self.items.end(items, status);
            self.children.end(1, status);
            if status != Status::Succeeded {
                self.undone.insert(index, items, status);
            }
        }
    }

    /// Counts a child that cannot be redriven: for ever as one that has ended so.
    pub(crate) fn stays(&mut self, index: u64, status: Status) {
        if let Some(items) = self.running.remove(&index) {
            for (counts, count) in [(&mut self.items, items), (&mut self.children, 1)] {
                counts.end(count, status);
                counts.not_redrivable += count;
            }
        }
    }

    /// Goes on, beginning with the children that have ended without success. Of those there are no outputs any more.
    pub(crate) fn redrive(&mut self, now_ms: u64, transformation: Transformation) {
        self.status = Status::Running;
        self.stopped_ms = None;
        self.redrives += 1;
        self.redriven_ms = Some(now_ms);
        self.writing = None;
        self.stopping = None;
        if let Some(reading) = &mut self.reading {
            reading.is_asked = false;
        }
        self.again = std::mem::take(&mut self.undone);
        for it in self.again.several() {
            self.items.wait_again(it.items, it.status);
            self.children.wait_again(it.children, it.status);
        }
        if !self.is_too_large() {
            let again = &self.again;
            self.outputs.retain(|index, _| !again.contains(*index));
            self.output_bytes = self.outputs.values().map(|output| size(output, transformation)).sum();
        }
    }

    /// Keeps what a child has given for the state's output, as long as it can still be a payload.
    pub(crate) fn keep(&mut self, index: u64, output: Value, transformation: Transformation) {
        if self.is_too_large() {
            return;
        }
        self.output_bytes += size(&output, transformation);
        self.outputs.insert(index, output);
        if self.is_too_large() {
            self.outputs.clear();
        }
    }

    /// Whether the outputs together are no payload any more.
    pub(crate) fn is_too_large(&self) -> bool {
        // Two brackets, and a comma that is not there.
        self.output_bytes + 1 > PAYLOAD_BYTES_MAX
    }

    /// The outputs in the order of the children.
    pub(crate) fn take_outputs(&mut self, transformation: Transformation) -> Value {
        let outputs = std::mem::take(&mut self.outputs).into_values();
        match transformation {
            Transformation::Flatten => outputs
                .flat_map(|output| match output {
                    Value::Array(elements) => elements,
                    other => vec![other],
                })
                .collect(),
            Transformation::None | Transformation::Compact => outputs.collect(),
        }
    }

    /// Whether more items have failed than it tolerates. What is so many percent is known once all items are.
    pub(crate) fn is_exceeded(&self) -> bool {
        let failed = self.items.failed + self.items.timed_out;
        let by_count = self.tolerated_count.map(|max| failed > max);
        // So that whole percentages are exact: 29 of 100 are 29 %.
        let is_more = |percent: f64| failed as f64 * 100.0 > percent * self.items.total() as f64;
        let by_percentage = self.tolerated_percentage.map(|percent| self.is_read() && is_more(percent));
        match (by_count, by_percentage) {
            (None, None) => failed > 0,
            // Of two limits, neither may be exceeded.
            limits => limits.0 == Some(true) || limits.1 == Some(true),
        }
    }

    pub(crate) fn update(&mut self, update: MapRunUpdate) {
        self.max_concurrency = update.max_concurrency.unwrap_or(self.max_concurrency);
        self.tolerated_count = update.tolerated_count.or(self.tolerated_count);
        self.tolerated_percentage = update.tolerated_percentage.or(self.tolerated_percentage);
    }

    /// Counts the children at work as aborted, and those that wait for being redriven as what they were. Which were at work.
    pub(crate) fn abort_running(&mut self) -> Vec<u64> {
        for it in self.again.several() {
            self.items.stay(it.items, it.status);
            self.children.stay(it.children, it.status);
        }
        self.undone.append(std::mem::take(&mut self.again));
        let running: Vec<u64> = self.running.keys().copied().collect();
        running.iter().for_each(|index| self.ended(*index, Status::Aborted));
        running
    }

    /// The items that are at hand and have no child.
    pub(crate) fn pending(&self) -> Vec<Value> {
        let filling = self.batches.iter().flat_map(Batches::items);
        filling.chain(&self.queue).cloned().collect()
    }

    /// The run as it is told of when it has ended: without what it had in hand.
    pub(crate) fn over(mut self, status: Status, now_ms: u64) -> Self {
        self.status = status;
        self.stopped_ms = Some(now_ms);
        self.queue.clear();
        self.outputs.clear();
        self.running.clear();
        self.reading = None;
        self.writing = None;
        self.stopping = None;
        self.undone = Undone::default();
        self
    }

    /// Notes that the results of all children that have ended are written.
    pub(crate) fn written(&mut self) {
        self.items.results_written = self.items.ended();
        self.children.results_written = self.children.ended();
    }

    /// As AWS's `DescribeMapRun` tells of it.
    pub fn describe(&self, execution_arn: &str) -> Value {
        let mut told = json!({
            "mapRunArn": self.arn, "executionArn": execution_arn, "status": self.status.name(),
            "startDate": seconds(self.started_ms), "maxConcurrency": self.max_concurrency,
            "toleratedFailurePercentage": self.tolerated_percentage.unwrap_or(0.0),
            "toleratedFailureCount": self.tolerated_count.unwrap_or(0),
            "itemCounts": self.items.to_json(), "executionCounts": self.executions().to_json(),
            "redriveCount": self.redrives,
        });
        if let Some(redriven_ms) = self.redriven_ms {
            told["redriveDate"] = seconds(redriven_ms).into();
        }
        if let Some(stopped_ms) = self.stopped_ms {
            told["stopDate"] = seconds(stopped_ms).into();
        }
        told
    }
}

/// A point in time as AWS's JSON has it.
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// The bytes that an output takes in the state's, with a comma.
fn size(output: &Value, transformation: Transformation) -> usize {
    let bytes = measured(output, NESTING_MAX).unwrap_or(PAYLOAD_BYTES_MAX);
    let is_flattened = transformation == Transformation::Flatten && output.is_array();
    if is_flattened { bytes.saturating_sub(2) } else { bytes + 1 }
}
