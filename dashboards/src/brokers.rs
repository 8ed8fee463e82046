//! *Brokers*: queues, lag, confirms.

use crate::board::Board;
use crate::panel::{MESSAGES_PER_S, PER_S, Panel};

pub(crate) fn board() -> Board {
    Board::new("duet-brokers", "3 Brokers", "What waits on the brokers, what they take, and what they need for it.")
        .each(
            Panel::lines("Messages waiting, by group, $bus", "none", "Ready to be delivered and not delivered yet: a queue's depth on RabbitMQ, the lag on Kafka.")
                .query("max by (group) (duet_bus_ready_messages{bus=~\"$bus\"})", "{{group}}"),
        )
        .each(
            Panel::lines("Messages in hand, by group, $bus", "none", "Delivered and not settled yet.")
                .query("max by (group) (duet_bus_unsettled_messages{bus=~\"$bus\"})", "{{group}}"),
        )
        .each(
            Panel::lines("Messages published and confirmed, $bus", MESSAGES_PER_S, "In a second, by all of the system; other: of neither style.")
                .query("sum by (style) (rate(duet_bus_messages_published_total{bus=~\"$bus\"}[1m]))", "{{style}}"),
        )
        .each(
            Panel::lines("Time until a batch is confirmed, p99, $bus", "s", "From publishing a batch's messages until the broker has confirmed them; a minute at the most is told.")
                .query("histogram_quantile(0.99, sum by (bus, le) (rate(duet_participant_publish_seconds_bucket{bus=~\"$bus\"}[1m])))", "{{bus}}")
                .logarithmic(),
        )
        .each(
            Panel::lines("Deliveries, $bus", MESSAGES_PER_S, "In a second: each message once for every group that wants it, and again when it is redelivered.")
                .query("sum by (style) (rate(duet_bus_deliveries_total{bus=~\"$bus\"}[1m]))", "{{style}}"),
        )
        .each(
            Panel::lines("Bytes published, $bus", "Bps", "Size of the messages published in a second, as carried.")
                .query("sum by (style) (rate(duet_bus_published_bytes_total{bus=~\"$bus\"}[1m]))", "{{style}}"),
        )
        .heading("Kafka, as its clients measure it")
        .row([
            Panel::lines("Its time for a request, p99", "s", "From sending records to the broker until it has confirmed them, at the 99th percentile of the last seconds: the broker's own time and the network's.")
                .query("max by (service) (duet_kafka_round_trip_seconds{bus=~\"$bus\", client=\"producer\", quantile=\"0.99\"})", "{{service}}"),
            Panel::lines("Requests", PER_S, "What the broker is asked for in a second, by the kind of request.")
                .query("sum by (request) (rate(duet_kafka_requests_total{bus=~\"$bus\"}[1m])) > 0", "{{request}}")
                .stacked(),
        ])
        .row([
            Panel::lines("Bytes sent and received", "Bps", "By all its clients, in a second.")
                .query("sum(rate(duet_kafka_sent_bytes_total{bus=~\"$bus\"}[1m]))", "sent")
                .query("sum(rate(duet_kafka_received_bytes_total{bus=~\"$bus\"}[1m]))", "received"),
            Panel::lines("Requests without an answer in time", PER_S, "In a second. More than none: the broker is overloaded, or away.")
                .query("sum by (service) (rate(duet_kafka_request_timeouts_total{bus=~\"$bus\"}[1m]))", "{{service}}"),
        ])
        .heading("RabbitMQ, as it says itself")
        .row([
            Panel::lines("Messages in its queues", "none", "Ready and delivered without acknowledgement, over all queues.")
                .query("sum(rabbitmq_queue_messages_ready{bus=~\"$bus\"})", "ready")
                .query("sum(rabbitmq_queue_messages_unacked{bus=~\"$bus\"})", "not acknowledged"),
            Panel::lines("Confirms and acknowledgements", MESSAGES_PER_S, "Publishes that it confirmed, and deliveries that were acknowledged, in a second.")
                .query("sum(rate(rabbitmq_global_messages_confirmed_total{bus=~\"$bus\"}[1m]))", "confirmed")
                .query("sum(rate(rabbitmq_global_messages_acknowledged_total{bus=~\"$bus\"}[1m]))", "acknowledged"),
        ])
        .row([
            Panel::lines("Memory", "bytes", "What its process has, and the limit above which it takes no messages.")
                .query("sum(rabbitmq_process_resident_memory_bytes{bus=~\"$bus\"})", "resident")
                .query("sum(rabbitmq_resident_memory_limit_bytes{bus=~\"$bus\"})", "limit"),
            // An index is a gauge to RabbitMQ: a new leader may have a lower one.
            Panel::lines("Write-ahead log of the quorum queues", PER_S, "Entries written in a second.")
                .query("clamp_min(sum(deriv(rabbitmq_raft_log_commit_index{bus=~\"$bus\"}[1m])), 0)", "entries"),
        ])
}
