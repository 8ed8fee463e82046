//! *Orchestrator*: what leads the services in the orchestration.

use crate::board::Board;
use crate::panel::Panel;

pub(crate) fn board() -> Board {
    let of = "bus=~\"$bus\", service=\"orchestrator\"";
    Board::new("duet-orchestrator", "4 Orchestrator", "The state machine: what it is told, what it says, what it commits.")
        .row([
            Panel::lines("Executions under way", "short", "Orders placed in the orchestration and not closed yet, each with an execution.")
                .query("sum by (bus) (duet_orders_in_flight{bus=~\"$bus\", style=\"orchestration\"})", "{{bus}}"),
            Panel::lines("Inputs handled", "ops", "Orders begun, replies, timers: each is one step of an execution, in a second.")
                .query(&format!("sum by (bus) (rate(duet_participant_inputs_handled_total{{{of}}}[1m]))"), "{{bus}}"),
        ])
        .row([
            Panel::lines("Commands sent", "ops", "By the function that is asked for, in a second.")
                .query(&format!("sum by (topic) (rate(duet_bus_messages_published_total{{{of}}}[1m]))"), "{{topic}}")
                .stacked(),
            Panel::lines("Timers fired", "ops", "Retries' back-offs and time-outs that came due, in a second.")
                .query(&format!("sum by (bus) (rate(duet_participant_timers_fired_total{{{of}}}[1m]))"), "{{bus}}"),
        ])
        .row([
            Panel::lines("Commits", "ops", "Transactions of its store in a second: a batch of inputs each.")
                .query(&format!("sum by (bus) (rate(duet_participant_commits_total{{{of}}}[1m]))"), "{{bus}}"),
            Panel::lines("Time of a commit, p99", "s", "From loading a batch's executions until its commit.")
                .query(&format!("histogram_quantile(0.99, sum by (bus, le) (rate(duet_participant_commit_seconds_bucket{{{of}}}[1m])))"), "{{bus}}"),
        ])
}
