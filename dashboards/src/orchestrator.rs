//! *Orchestrator*: what leads the services in the orchestration.

use crate::board::Board;
use crate::panel::{PER_S, Panel};

pub(crate) fn board() -> Board {
    let of = "bus=~\"$bus\", service=\"orchestrator\"";
    Board::new("duet-orchestrator", "4 Orchestrator", "The state machine: what it is told, what it says, what it commits.")
        .each(
            Panel::lines("Executions by state, $bus", "none", "How many executions wait in each state of the workflow, on average over the last minute: the time that they spend there in a second (Little's law).")
                .query(&format!("sum by (state) (rate(duet_orchestrator_state_seconds_sum{{{of}}}[1m]))"), "{{state}}")
                .stacked()
                .sized(12, 12),
        )
        .each(
            Panel::lines("Executions begun and ended, $bus", PER_S, "In a second, the ended ones by how they ended. A failed one is an order that was cancelled or rejected, as the workflow has it.")
                .query(&format!("sum(rate(duet_orchestrator_executions_started_total{{{of}}}[1m]))"), "begun")
                .query(&format!("sum by (status) (rate(duet_orchestrator_executions_ended_total{{{of}}}[1m]))"), "{{status}}"),
        )
        .each(
            Panel::lines("Transitions, $bus", PER_S, "States entered in a second.")
                .query(&format!("sum by (bus) (rate(duet_orchestrator_transitions_total{{{of}}}[1m]))"), "{{bus}}"),
        )
        .each(
            Panel::lines("Retries and caught failures, $bus", PER_S, "Failures in a second for which the workflow decided on another attempt, and those that led to the state of a catcher.")
                .query(&format!("sum(rate(duet_orchestrator_retries_total{{{of}}}[1m]))"), "retried")
                .query(&format!("sum(rate(duet_orchestrator_failures_caught_total{{{of}}}[1m]))"), "caught"),
        )
        .each(
            Panel::lines("Inputs handled, $bus", PER_S, "Orders begun, replies, timers: each is one step of an execution, in a second.")
                .query(&format!("sum by (bus) (rate(duet_participant_inputs_handled_total{{{of}}}[1m]))"), "{{bus}}"),
        )
        .each(
            Panel::lines("Commands sent, $bus", PER_S, "By the function that is asked for, in a second.")
                .query(&format!("label_replace(sum by (topic) (rate(duet_bus_messages_published_total{{{of}, topic=~\".*[.]commands/.*\"}}[1m])), \"function\", \"$1\", \"topic\", \".*/(.*)\")"), "{{function}}")
                .stacked()
                .sized(12, 12),
        )
        .each(
            Panel::lines("Timers fired, $bus", PER_S, "Retries' back-offs and time-outs that came due, in a second.")
                .query(&format!("sum by (bus) (rate(duet_participant_timers_fired_total{{{of}}}[1m]))"), "{{bus}}"),
        )
        .each(
            Panel::lines("Commits, $bus", PER_S, "Transactions of its store in a second: a batch of inputs each.")
                .query(&format!("sum by (bus) (rate(duet_participant_commits_total{{{of}}}[1m]))"), "{{bus}}"),
        )
        .each(
            Panel::lines("Time of a commit, p99, $bus", "s", "From loading a batch's executions until its commit.")
                .query(&format!("histogram_quantile(0.99, sum by (bus, le) (rate(duet_participant_commit_seconds_bucket{{{of}}}[1m])))"), "{{bus}}"),
        )
}
