//! How the members of a group share what it takes: see [Sharing](crate#sharing).

use std::collections::BTreeMap;
use std::sync::Arc;

use rdkafka::topic_partition_list::TopicPartitionList;

use crate::inspector::Place;
use crate::record::Wanted;

/// What a group's members take, and how they share it.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    /// The topic whose partitions are shared out; one of the sources.
    pub(crate) topic: String,
    /// By topic.
    pub(crate) sources: BTreeMap<String, Source>,
}

/// A topic that a group takes from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) wanted: Arc<Wanted>,
    pub(crate) partitions: i32,
}

impl Ring {
    /// The partitions that go along with one of the ring, which is the first of them. Where a stream has more partitions
    /// than the ring, they go around it again.
    fn along(&self, partition: i32) -> Vec<Place> {
        let size = self.sources.get(&self.topic).map_or(1, |ring| ring.partitions.max(1));
        let mut places = vec![(self.topic.clone(), partition)];
        for (topic, source) in self.sources.iter().filter(|(topic, _)| **topic != self.topic) {
            let own = (0..source.partitions).filter(|other| other % size == partition);
            places.extend(own.map(|partition| (topic.clone(), partition)));
        }
        places
    }

    /// What goes along with the partitions of a rebalance.
    pub(crate) fn places(&self, partitions: &TopicPartitionList) -> Vec<Place> {
        let elements = partitions.elements();
        let own = elements.iter().filter(|element| element.topic() == self.topic);
        own.flat_map(|element| self.along(element.partition())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(partitions: &[(&str, i32)]) -> Ring {
        let source = |&(topic, partitions): &(&str, i32)| {
            (topic.to_owned(), Source { wanted: Arc::new(Wanted::Redrive), partitions })
        };
        Ring { topic: "ring".to_owned(), sources: partitions.iter().map(source).collect() }
    }

    fn along(ring: &Ring, partition: i32) -> String {
        let places = ring.along(partition);
        let words: Vec<String> =
            places.iter().map(|(topic, partition)| format!("{topic}/{partition}")).collect();
        words.join(" ")
    }

    #[test]
    fn a_partition_of_the_ring_takes_those_of_its_number_along() {
        let ring = ring(&[("ring", 3), ("a", 3), ("b", 3)]);
        assert_eq!(along(&ring, 0), "ring/0 a/0 b/0");
        assert_eq!(along(&ring, 2), "ring/2 a/2 b/2");
    }

    #[test]
    fn every_partition_goes_along_with_exactly_one() {
        let ring = ring(&[("ring", 3), ("few", 2), ("many", 8)]);
        assert_eq!(along(&ring, 1), "ring/1 few/1 many/1 many/4 many/7");
        assert_eq!(along(&ring, 2), "ring/2 many/2 many/5");
        let mut all: Vec<Place> = (0..3).flat_map(|partition| ring.along(partition)).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 3 + 2 + 8);
    }
}
