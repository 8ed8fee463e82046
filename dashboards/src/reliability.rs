//! *Reliability*: what went wrong and was put right.

use crate::board::Board;
use crate::panel::Panel;

pub(crate) fn board() -> Board {
    Board::new("duet-reliability", "5 Reliability", "What came twice, what was tried again, what is set aside, who was away.")
        .row([
            Panel::lines("Duplicates dropped", "ops", "Deliveries that the inbox had handled before, in a second: an at-least-once bus at work.")
                .query("sum by (bus, service) (rate(duet_participant_duplicates_dropped_total{bus=~\"$bus\"}[1m]))", "{{service}} {{bus}}"),
            Panel::lines("Tried again", "ops", "Commits, publishes and settlements that failed and were made again, in a second.")
                .query("sum by (bus, service) (rate(duet_participant_retries_total{bus=~\"$bus\"}[1m]))", "{{service}} {{bus}}"),
        ])
        .row([
            Panel::lines("Outbox", "short", "Batches committed whose messages the bus has not confirmed, or that are not forgotten yet.")
                .query("sum by (bus, service) (duet_participant_outbox_rows{bus=~\"$bus\"})", "{{service}} {{bus}}"),
            Panel::lines("Dead letters", "short", "Messages that could never be handled, by the group that set them aside.")
                .query("max by (bus, group) (duet_bus_dead_letters{bus=~\"$bus\"})", "{{group}} {{bus}}"),
        ])
        .row([
            Panel::lines("Processes that answer", "short", "Of each bus.")
                .query("sum by (bus) (up{job=\"duet\", bus=~\"$bus\"})", "{{bus}}")
                .decimals(0),
            Panel::lines("Time since each process began", "s", "A fall to zero is a restart.")
                .query("time() - process_start_time_seconds{job=\"duet\", bus=~\"$bus\"}", "{{service}} {{bus}}"),
        ])
        .row([
            Panel::lines("Oldest order not judged", "s", "How long ago it was placed: some seconds as a rule, more when something is stuck or away.")
                .query("max by (bus) (duet_audit_oldest_waiting_seconds{bus=~\"$bus\"})", "{{bus}}"),
            Panel::lines("Orders not sent in time", "ops", "What the load should have sent in a second and did not, because the bus took nothing for more than a second.")
                .query("sum by (bus) (rate(duet_load_orders_skipped_total{bus=~\"$bus\"}[1m]))", "{{bus}}"),
        ])
}
