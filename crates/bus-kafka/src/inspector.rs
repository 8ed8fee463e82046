//! Looking at a group from outside: its committed offsets, the ends of its topics, its dead letters.
//!
//! Every function here blocks, for as long as the deadline that it is given at the most.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::BusError;
use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio::time::Instant;

use crate::config;
use crate::context::{Context, Report};
use crate::error::bus_error;
use crate::options::KafkaOptions;
use crate::outlet::drop_elsewhere;

/// How long a topic that was just made is looked for again.
const PAUSE: Duration = Duration::from_millis(20);
/// Events that may have piled up since the last look, taken away at the next.
const EVENTS_MAX: usize = 64;

/// A partition of a topic.
pub(crate) type Place = (String, i32);

/// A client that knows a group's offsets without being its member.
pub(crate) struct Inspector {
    consumer: Option<BaseConsumer<Context>>,
}

impl Drop for Inspector {
    fn drop(&mut self) {
        drop_elsewhere(self.consumer.take());
    }
}

impl Inspector {
    /// Of the consumer group of that full name.
    pub(crate) fn open(options: &KafkaOptions, group: &str, report: &Arc<Report>) -> Result<Self, BusError> {
        let config = config::inspector(options, group)?;
        let consumer = config.create_with_context(Context(Arc::clone(report)));
        let consumer = consumer.map_err(|error| bus_error("opening a client", &error))?;
        Ok(Self { consumer: Some(consumer) })
    }

    fn consumer(&self) -> Result<&BaseConsumer<Context>, BusError> {
        let consumer = self.consumer.as_ref().ok_or(BusError::Closed)?;
        for _ in 0..EVENTS_MAX {
            // What it has to say is reported by its context.
            let _ = consumer.poll(Duration::ZERO);
        }
        Ok(consumer)
    }

    /// The topics of all the cluster that `wanted` takes, with their number of partitions.
    pub(crate) fn topics(
        &self,
        wanted: impl Fn(&str) -> bool,
        deadline: Instant,
    ) -> Result<BTreeMap<String, i32>, BusError> {
        let metadata = self.consumer()?.fetch_metadata(None, left(deadline));
        let metadata = metadata.map_err(|error| bus_error("asking for the topics", &error))?;
        let known = metadata.topics().iter().filter(|topic| topic.error().is_none() && wanted(topic.name()));
        Ok(known.map(|topic| (topic.name().to_owned(), partitions(topic))).collect())
    }

    /// The partitions of these topics, once each of them has a leader.
    pub(crate) fn places(&self, topics: &[String], deadline: Instant) -> Result<Vec<Place>, BusError> {
        let consumer = self.consumer()?;
        let mut places = Vec::new();
        for topic in topics {
            loop {
                let metadata = consumer.fetch_metadata(Some(topic), left(deadline));
                let metadata = metadata.map_err(|error| bus_error("asking for a topic", &error))?;
                let ready = metadata.topics().iter().find(|found| {
                    found.name() == topic
                        && found.error().is_none()
                        && !found.partitions().is_empty()
                        && found.partitions().iter().all(|partition| partition.leader() >= 0)
                });
                if let Some(found) = ready {
                    places.extend((0..partitions(found)).map(|partition| (topic.clone(), partition)));
                    break;
                }
                if Instant::now() + PAUSE >= deadline {
                    return Err(BusError::Unavailable(format!("the topic {topic} has no leader yet")));
                }
                std::thread::sleep(PAUSE);
            }
        }
        Ok(places)
    }

    /// The offset behind the last record of each partition, asked in one request for each broker.
    pub(crate) fn ends(&self, places: &[Place], deadline: Instant) -> Result<BTreeMap<Place, i64>, BusError> {
        self.edges(places, Offset::End, deadline)
    }

    /// The offset of the first record that each partition still has, asked in one request for each broker.
    pub(crate) fn beginnings(
        &self,
        places: &[Place],
        deadline: Instant,
    ) -> Result<BTreeMap<Place, i64>, BusError> {
        self.edges(places, Offset::Beginning, deadline)
    }

    fn edges(
        &self,
        places: &[Place],
        edge: Offset,
        deadline: Instant,
    ) -> Result<BTreeMap<Place, i64>, BusError> {
        if places.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut list = list_of(places);
        // Where a time would stand, this means the beginning or the end.
        list.set_all_offsets(edge).map_err(|error| bus_error("asking for the edges of topics", &error))?;
        let edges = self.consumer()?.offsets_for_times(list, left(deadline));
        offsets(&edges.map_err(|error| bus_error("asking for the edges of topics", &error))?)
    }

    /// The group's committed offsets; partitions that have none are left out.
    pub(crate) fn committed(
        &self,
        places: &[Place],
        deadline: Instant,
    ) -> Result<BTreeMap<Place, i64>, BusError> {
        let committed = self.consumer()?.committed_offsets(list_of(places), left(deadline));
        offsets(&committed.map_err(|error| bus_error("asking for the group's offsets", &error))?)
    }

    /// Makes sure that the group has an offset in each of the partitions. A group that is new begins at the ends as they
    /// are now. One that was there before and has no offset somewhere, or one that the partition does not have, has lost
    /// it, or never saw the partition: it begins there with the first record that there is. Returns those partitions.
    pub(crate) fn begin(
        &self,
        places: &[Place],
        may_be_new: bool,
        deadline: Instant,
    ) -> Result<Vec<Lost>, BusError> {
        // The ends first: whoever else commits an offset between the two questions leaves nothing missing, and what is
        // published once they are through lies behind the ends found here.
        let ends = until(deadline, || self.ends(places, deadline))?;
        let committed = until(deadline, || self.committed(places, deadline))?;
        if may_be_new && committed.is_empty() {
            self.commit(&ends)?;
            return Ok(Vec::new());
        }
        let behind: Vec<Place> =
            places.iter().filter(|place| committed.get(place) != ends.get(place)).cloned().collect();
        let mut beginnings = until(deadline, || self.beginnings(&behind, deadline))?;
        beginnings.retain(|place, beginning| {
            let has = *beginning..=ends.get(place).copied().unwrap_or(i64::MAX);
            committed.get(place).is_none_or(|at| !has.contains(at))
        });
        self.commit(&beginnings)?;
        let lost = |(place, to): (Place, i64)| Lost { from: committed.get(&place).copied(), place, to };
        Ok(beginnings.into_iter().map(lost).collect())
    }

    /// Commits the group's offsets. Where it has members, they alone may do that: they begin at the beginning of what
    /// has none.
    fn commit(&self, offsets: &BTreeMap<Place, i64>) -> Result<(), BusError> {
        if offsets.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for ((topic, partition), offset) in offsets {
            let added = list.add_partition_offset(topic, *partition, Offset::Offset(*offset));
            added.map_err(|error| bus_error("naming an offset", &error))?;
        }
        match self.consumer()?.commit(&list, CommitMode::Sync) {
            Ok(())
            | Err(KafkaError::ConsumerCommit(
                RDKafkaErrorCode::UnknownMemberId
                | RDKafkaErrorCode::IllegalGeneration
                | RDKafkaErrorCode::RebalanceInProgress,
            )) => Ok(()),
            Err(error) => Err(bus_error("committing the group's first offsets", &error)),
        }
    }

    /// Reads the only partition of a topic from an offset to its present end, or until `take` has had enough.
    pub(crate) fn read(
        &self,
        topic: &str,
        from: i64,
        deadline: Instant,
        mut take: impl FnMut(&BorrowedMessage<'_>) -> Next,
    ) -> Result<(), BusError> {
        let consumer = self.consumer()?;
        let mut list = TopicPartitionList::new();
        let added = list.add_partition_offset(topic, 0, Offset::Offset(from));
        added.map_err(|error| bus_error("naming an offset", &error))?;
        consumer.assign(&list).map_err(|error| bus_error("reading dead letters", &error))?;
        let result = loop {
            match consumer.poll(left(deadline).min(Duration::from_millis(100))) {
                Some(Ok(record)) => {
                    if take(&record) == Next::Stop {
                        break Ok(());
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => break Ok(()),
                Some(Err(KafkaError::MessageConsumption(
                    code @ (RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownPartition),
                ))) => break Err(bus_error("reading dead letters", &KafkaError::MessageConsumption(code))),
                // Errors of connections: reported by the context, and tried again until the deadline.
                Some(Err(_)) | None if Instant::now() < deadline => {}
                Some(Err(_)) | None => {
                    break Err(BusError::Unavailable("reading dead letters: no answer in time".to_owned()));
                }
            }
        };
        // A failure would leave it reading on in the background, which the next assignment ends.
        let _ = consumer.unassign();
        result
    }
}

/// Asks until it is answered: a partition that was just made may be unknown to its leader for a moment.
fn until<T>(deadline: Instant, ask: impl Fn() -> Result<T, BusError>) -> Result<T, BusError> {
    loop {
        match ask() {
            Err(error) if error.is_retryable() && Instant::now() + PAUSE < deadline => {
                std::thread::sleep(PAUSE);
            }
            answer => return answer,
        }
    }
}

/// A partition in which a known group has no usable offset.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    pub(crate) place: Place,
    /// The offset that it had, which the partition does not have.
    pub(crate) from: Option<i64>,
    /// That of the first record that there is.
    pub(crate) to: i64,
}

/// Whether to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Go,
    Stop,
}

/// The number of a topic's partitions.
pub(crate) fn partitions(topic: &rdkafka::metadata::MetadataTopic) -> i32 {
    i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX)
}

/// The partitions as librdkafka's list, without offsets.
pub(crate) fn list_of(places: &[Place]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(places.len());
    for (topic, partition) in places {
        list.add_partition(topic, *partition);
    }
    list
}

/// The offsets of a list, where there are any.
fn offsets(list: &TopicPartitionList) -> Result<BTreeMap<Place, i64>, BusError> {
    let mut offsets = BTreeMap::new();
    for element in list.elements() {
        element.error().map_err(|error| bus_error("asking for offsets", &error))?;
        if let Offset::Offset(offset) = element.offset() {
            offsets.insert((element.topic().to_owned(), element.partition()), offset);
        }
    }
    Ok(offsets)
}

/// How long there is until the deadline; never nothing, which would mean for ever to some calls.
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}
