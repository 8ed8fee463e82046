//! *Workflows*: the Step Functions API and the executions behind it.

use crate::board::Board;
use crate::panel::{PER_S, Panel};

pub(crate) fn board() -> Board {
    Board::new("duet-workflows", "6 Workflows", "The Step Functions API (duet workflow serve): what is asked of it, and what becomes of executions. It has no broker.")
        .heading("Executions")
        .row([
            Panel::lines("Executions begun", PER_S, "In a second, by the type of their machine: Standard and Express ones, children of Maps among them.")
                .query("sum by (type) (rate(duet_workflow_executions_started_total[1m]))", "{{type}}"),
            Panel::lines("Executions ended", PER_S, "In a second, by how they ended.")
                .query("sum by (status) (rate(duet_workflow_executions_ended_total[1m]))", "{{status}}"),
        ])
        .row([
            Panel::lines("Open executions", "none", "Begun and not ended, of the whole store.")
                .query("max(duet_workflow_open_executions)", "open")
                .decimals(0),
            Panel::lines("Time of an execution", "s", "From beginning to end, of those that ended in the last minute: half of them took no longer than p50, one in a hundred longer than p99.")
                .query("histogram_quantile(0.5, sum by (le) (rate(duet_workflow_execution_seconds_bucket[1m])))", "p50")
                .query("histogram_quantile(0.99, sum by (le) (rate(duet_workflow_execution_seconds_bucket[1m])))", "p99"),
        ])
        .row([
            Panel::lines("Transitions", PER_S, "States entered in a second, by the type of the machine.")
                .query("sum by (type) (rate(duet_workflow_state_transitions_total[1m]))", "{{type}}"),
            Panel::lines("Events logged", PER_S, "Of executions whose machines have a log level, in a second; dropped: the file of --execution-logs could not be written.")
                .query("sum(rate(duet_workflow_log_events_total[1m]))", "logged")
                .query("sum(rate(duet_workflow_log_events_dropped_total[1m]))", "dropped"),
        ])
        .heading("API")
        .row([
            Panel::lines("Calls", PER_S, "Answered in a second, by action.")
                .query("sum by (action) (rate(duet_workflow_api_calls_total[1m])) > 0", "{{action}}")
                .stacked()
                .sized(12, 12),
            Panel::lines("Calls refused", PER_S, "In a second, by action and the error's name.")
                .query("sum by (action, error) (rate(duet_workflow_api_calls_total{error!=\"\"}[1m]))", "{{action}}: {{error}}")
                .sized(12, 12),
        ])
        .row([
            Panel::lines("Time of a call, p99", "s", "One in a hundred of the last minute took longer, by action; of those that do not wait for something.")
                .query("histogram_quantile(0.99, sum by (action, le) (rate(duet_workflow_api_call_seconds_bucket{action!~\"GetActivityTask|StartSyncExecution|TestState\"}[1m]))) > 0", "{{action}}")
                .sized(12, 12),
            Panel::lines("Commits", PER_S, "Transactions of its store in a second, and what was handled in them: many inputs share one.")
                .query("sum(rate(duet_participant_commits_total{participant=\"workflows\"}[1m]))", "commits")
                .query("sum(rate(duet_participant_inputs_handled_total{participant=\"workflows\"}[1m]))", "inputs")
                .sized(12, 12),
        ])
}
