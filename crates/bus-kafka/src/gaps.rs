//! Records that were gone before they were read: told and counted, never passed over in silence. librdkafka goes on by
//! itself at the first record that there is, and says nothing.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::context::Report;
use crate::inspector::Place;
use crate::rebalances::MemberContext;

/// How long the brokers may take to tell where a partition begins.
const TIMEOUT: Duration = Duration::from_millis(500);
/// Gaps kept until they are looked at; those beyond it are not told.
pub(crate) const GAPS_MAX: usize = 64;

/// Where the offsets of a partition rose by more than one between two records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) place: Place,
    /// The offset that was due.
    pub(crate) from: i64,
    /// The offset of the record that came.
    pub(crate) to: i64,
}

impl Gap {
    /// Tells that what is in it was removed unread, and counts it.
    pub(crate) fn tell(&self, group: &str, report: &Report) {
        let Self { place: (topic, partition), from, to } = self;
        let count = u64::try_from(to - from).unwrap_or(0);
        report.figures.removed_unread(count);
        let text = format!(
            "group {group}: the offsets from {from} to {to} of partition {partition} of {topic} were removed before \
             they were read (deleted, or kept too short a time): it goes on at {to}, and {count} records are lost to it"
        );
        // Each partition for itself: there is no second chance to say it.
        report.line(tracing::Level::WARN, &format!("removed {group} {topic} {partition}"), &text);
    }

    /// The same, if it was: an offset may also be taken up by what is no record, as by the end of a transaction.
    pub(crate) fn tell_if_removed(
        &self,
        group: &str,
        report: &Report,
        consumer: &BaseConsumer<MemberContext>,
    ) {
        let (topic, partition) = &self.place;
        let beginning = consumer.fetch_watermarks(topic, *partition, TIMEOUT).map(|(beginning, _)| beginning);
        // Where nobody tells, better once too often than not at all.
        if beginning.map_or(true, |beginning| beginning > self.from) {
            self.tell(group, report);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_removed_is_counted() {
        let report = Report::default();
        let gap = |partition, from, to| Gap { place: ("duet.orders".to_owned(), partition), from, to };
        gap(0, 5, 9).tell("g", &report);
        gap(1, 100, 101).tell("g", &report);
        let all = report.figures.all();
        let removed = all.iter().find(|figure| figure.name == "duet_kafka_removed_unread_total").unwrap();
        assert_eq!(removed.value, 5.0);
    }
}
