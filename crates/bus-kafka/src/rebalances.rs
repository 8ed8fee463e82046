//! What librdkafka tells a member: partitions that come and go, statistics, errors and logs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

use crate::context::{Report, level_of};
use crate::figures::{Role, Told};
use crate::inspector::{Place, list_of};
use crate::ring::Ring;

/// Partitions that come or go, to be answered.
pub(crate) enum Rebalance {
    Assign(Vec<Place>),
    Revoke(Vec<Place>),
}

/// The context of a member's client: keeps rebalances for the thread to answer in its own time.
pub(crate) struct MemberContext {
    report: Arc<Report>,
    told: Told,
    pub(crate) ring: Ring,
    rebalances: Mutex<Vec<Rebalance>>,
    is_leaving: AtomicBool,
}

impl ClientContext for MemberContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.report.line(level_of(level), facility, text);
    }

    fn stats(&self, statistics: Statistics) {
        self.report.figures.add(Role::Consumer, &self.told, &statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.report.error(&error, reason);
    }
}

impl ConsumerContext for MemberContext {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        error: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let places = self.ring.places(partitions);
        let rebalance = match error {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Rebalance::Assign(places),
            _ => Rebalance::Revoke(places),
        };
        if self.is_leaving.load(Ordering::Acquire) {
            self.answer(consumer, &rebalance);
        } else {
            self.rebalances.lock().unwrap_or_else(PoisonError::into_inner).push(rebalance);
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            // It is tried again; at worst, messages come twice.
            self.report.line(tracing::Level::DEBUG, "commit", &error.to_string());
        }
    }
}

impl MemberContext {
    pub(crate) fn new(report: Arc<Report>, ring: Ring) -> Self {
        Self {
            report,
            ring,
            told: Told::default(),
            rebalances: Mutex::default(),
            is_leaving: AtomicBool::new(false),
        }
    }

    /// The rebalances that are to be answered, oldest first; whoever takes them answers them.
    pub(crate) fn take(&self) -> Vec<Rebalance> {
        std::mem::take(&mut *self.rebalances.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on partitions are given back at once: the member is leaving.
    pub(crate) fn begin_leaving(&self) {
        self.is_leaving.store(true, Ordering::Release);
    }

    /// Tells librdkafka that the partitions were taken, or given back.
    pub(crate) fn answer(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance) {
        let is_cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let answered = match rebalance {
            Rebalance::Assign(places) if is_cooperative => consumer.incremental_assign(&list_of(places)),
            Rebalance::Assign(places) => consumer.assign(&list_of(places)),
            Rebalance::Revoke(places) if is_cooperative => consumer.incremental_unassign(&list_of(places)),
            // Before it has joined, or when it cannot: there is nothing to keep.
            Rebalance::Revoke(_) => consumer.unassign(),
        };
        if let Err(error) = answered {
            self.report.line(tracing::Level::WARN, "rebalance", &error.to_string());
        }
    }
}
