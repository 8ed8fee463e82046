//! *Reliability*: what went wrong and was put right.

use crate::board::Board;
use crate::panel::{ORDERS_PER_S, PER_S, Panel};

pub(crate) fn board() -> Board {
    Board::new("duet-reliability", "5 Reliability", "What came twice, what was tried again, what is set aside, who was away.")
        .each(
            Panel::lines("Duplicates dropped, $bus", PER_S, "Deliveries that the inbox had handled before, in a second: an at-least-once bus at work.")
                .query("sum by (service) (rate(duet_participant_duplicates_dropped_total{bus=~\"$bus\"}[1m]))", "{{service}}"),
        )
        .each(
            Panel::lines("Tried again, $bus", PER_S, "Commits, publishes and settlements that failed and were made again, in a second.")
                .query("sum by (service) (rate(duet_participant_retries_total{bus=~\"$bus\"}[1m]))", "{{service}}"),
        )
        .each(
            Panel::lines("Outbox, $bus", "none", "Batches committed whose messages the bus has not confirmed, or that are not forgotten yet.")
                .query("sum by (service) (duet_participant_outbox_rows{bus=~\"$bus\"})", "{{service}}")
                .decimals(0),
        )
        .each(
            Panel::lines("Dead letters, $bus", "none", "Messages that could never be handled, by the group that set them aside.")
                .query("max by (group) (duet_bus_dead_letters{bus=~\"$bus\"})", "{{group}}")
                .decimals(0),
        )
        .each(
            Panel::lines("Processes that answer, $bus", "none", "Of services, orchestrator and load.")
                .query("sum by (bus) (up{job=\"duet\", bus=~\"$bus\"})", "{{bus}}")
                .decimals(0),
        )
        .each(
            Panel::lines("Processes that wait, $bus", "none", "For a server that they need, by what they wait for: each is a check of /readyz.")
                .query("sum by (check) (1 - duet_ready{bus=~\"$bus\", check!=\"shutdown\"})", "{{check}}")
                .decimals(0),
        )
        .each(
            Panel::lines("Orders held up, by whom, $bus", "none", "1 while orders wait for a service that is not ready: they are neither lost nor stuck, and go on once it is.")
                .query("max by (by) (duet_audit_held_up{bus=~\"$bus\"})", "{{by}}")
                .decimals(0),
        )
        .each(
            Panel::lines("Time since each process began, $bus", "dthms", "A fall to zero is a restart.")
                .query("time() - max by (service) (process_start_time_seconds{job=\"duet\", bus=~\"$bus\"})", "{{service}}"),
        )
        .each(
            Panel::lines("Oldest order not judged, $bus", "s", "How long ago it was placed: some seconds as a rule, more when something is stuck or away.")
                .query("max by (bus) (duet_audit_oldest_waiting_seconds{bus=~\"$bus\"})", "{{bus}}"),
        )
        .each(
            Panel::lines("Orders not sent in time, $bus", ORDERS_PER_S, "What the load should have sent in a second and did not, because the bus took nothing for more than a second.")
                .query("sum by (bus) (rate(duet_load_orders_skipped_total{bus=~\"$bus\"}[1m]))", "{{bus}}"),
        )
}
