//! Events and results, for people.

use engine::{Called, Detail, HistoryEvent, TaskEvent};

use crate::difference::shortened;

/// Width of the type of an event: the longest usual one.
const TYPE_CHARS: usize = 25;

/// An event as a line of so many characters at most: when since the start, its number, its type, and what it is about.
pub fn line(event: &HistoryEvent, start_ms: u64, chars_max: usize) -> String {
    let at = elapsed(event.timestamp_ms.saturating_sub(start_ms));
    let (id, kind) = (event.id, event.type_name());
    let line = format!("{at:>16} {id:>5}  {kind:<TYPE_CHARS$} {}", about(&event.detail));
    shortened(line.trim_end(), chars_max)
}

/// A time as `0.000`, `1:02:03.000`, `1 d 00:00:00.000`.
fn elapsed(ms: u64) -> String {
    let (s, ms) = (ms / 1000, ms % 1000);
    let (days, hours, minutes, seconds) = (s / 86_400, s / 3600 % 24, s / 60 % 60, s % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}.{ms:03}"),
        (0, 0, _) => format!("{minutes}:{seconds:02}.{ms:03}"),
        (0, ..) => format!("{hours}:{minutes:02}:{seconds:02}.{ms:03}"),
        _ => format!("{days} d {hours:02}:{minutes:02}:{seconds:02}.{ms:03}"),
    }
}

fn about(detail: &Detail) -> String {
    match detail {
        Detail::ExecutionStarted { input, .. } => input.clone(),
        Detail::ExecutionSucceeded { output } => output.clone(),
        Detail::ExecutionFailed { error, cause }
        | Detail::ExecutionTimedOut { error, cause }
        | Detail::ExecutionAborted { error, cause } => failure(error.as_deref(), cause.as_deref()),
        Detail::StateEntered { name, input, .. } => format!("{name}  {input}"),
        Detail::StateExited { name, output, assigned, .. } => {
            let assigned: Vec<_> =
                assigned.iter().map(|(name, value)| format!("  ${name} = {value}")).collect();
            format!("{name}  {output}{}", assigned.concat())
        }
        Detail::Task { called, event } => task(called, event),
        Detail::MapStateStarted { length: 1 } => "1 item".to_owned(),
        Detail::MapStateStarted { length } => format!("{length} items"),
        Detail::MapIteration { name, index, .. } => format!("{name}[{index}]"),
        Detail::MapRunStarted { map_run_arn } => map_run_arn.clone(),
        Detail::MapRunFailed { error, cause } => failure(Some(error), cause.as_deref()),
        Detail::EvaluationFailed { error, cause, location, state } => {
            format!("{state} {location}: {}", failure(Some(error), Some(cause)))
        }
        _ => String::new(),
    }
}

fn failure(error: Option<&str>, cause: Option<&str>) -> String {
    let (error, cause) = (error.unwrap_or("no error name"), cause.unwrap_or_default());
    let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
    if cause.is_empty() { error.to_owned() } else { format!("{error}: {cause}") }
}

fn task(called: &Called, event: &TaskEvent) -> String {
    let what = match called {
        Called::Function(arn) | Called::Activity(arn) => arn.rsplit(':').next().unwrap_or(arn).to_owned(),
        Called::Integration(it) => format!("{}:{}", it.service, it.action),
    };
    match event {
        TaskEvent::Scheduled { input, .. } => format!("{what}  {input}"),
        TaskEvent::Started { .. } => what,
        TaskEvent::Submitted { output } | TaskEvent::Succeeded { output } => format!("{what}  {output}"),
        TaskEvent::Failed { error, cause } | TaskEvent::TimedOut { error, cause } => {
            format!("{what}  {}", failure(Some(error), cause.as_deref()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_aligned_and_cut() {
        let input = format!("{{\"a\": \"{}\"}}", "x".repeat(200));
        let detail = Detail::StateEntered { state_type: "Wait", name: "Night".into(), input };
        let event = HistoryEvent { id: 2, previous_event_id: 0, timestamp_ms: 86_400_500, detail };
        let line = line(&event, 500, 80);
        assert_eq!(
            line,
            "1 d 00:00:00.000     2  WaitStateEntered          Night  {\"a\": \"xxxxxxxxxxxxxxx…"
        );
        assert_eq!(elapsed(3_723_004), "1:02:03.004");
    }
}
