//! Events and results, for people.

use engine::{Called, Detail, HistoryEvent, TaskEvent};

use crate::difference::shortened;

/// Width of the time since the start.
const TIME_CHARS: usize = 12;
/// Width of the type of an event: the longest usual one.
const TYPE_CHARS: usize = 23;

/// An event as a line for people: when since the start, its number, its type, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    at: String,
    id: u64,
    kind: String,
    about: String,
}

impl Line {
    /// The line of an event, of a run that began then. The execution is named if it is not the one that is run.
    pub fn of(event: &HistoryEvent, execution: Option<&str>, start_ms: u64) -> Self {
        let about = about(&event.detail);
        Self {
            at: elapsed(event.timestamp_ms.saturating_sub(start_ms)),
            id: event.id,
            kind: event.type_name(),
            about: execution.map_or_else(|| about.clone(), |name| format!("[{name}] {about}")),
        }
    }

    /// What stands before the type, which is shown in colour. The time is left out where it is that of the line before.
    pub fn head(&self, before: Option<&Self>) -> String {
        let at = if before.is_some_and(|before| before.at == self.at) { "" } else { &self.at };
        format!("{at:>TIME_CHARS$} {:>4}  ", self.id)
    }

    /// The type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What stands behind the type, in so many characters with all that is before it; whether it was cut.
    pub fn rest(&self, chars_max: Option<usize>) -> (String, bool) {
        let gap = TYPE_CHARS.saturating_sub(self.kind.chars().count()) + 1;
        let before = self.head(None).chars().count() + self.kind.chars().count() + gap;
        let about = match chars_max {
            Some(max) => shortened(&self.about, max.saturating_sub(before).max(10)),
            None => self.about.clone(),
        };
        let is_cut = about.len() != self.about.len();
        let rest = if about.is_empty() { String::new() } else { " ".repeat(gap) + &about };
        (rest, is_cut)
    }

    /// Whether it tells of something that went wrong.
    pub fn is_bad(&self) -> bool {
        ["Failed", "TimedOut", "Aborted"].iter().any(|end| self.kind.ends_with(end))
    }
}

/// A duration as `0.000 s`, `1:02:03.000`, `1 d 00:00:00`.
pub fn duration(ms: u64) -> String {
    if ms < 60_000 { format!("{} s", elapsed(ms)) } else { elapsed(ms) }
}

/// A time as `0.000`, `1:02:03.000`, `1 d 00:00:00`.
fn elapsed(ms: u64) -> String {
    let (s, ms) = (ms / 1000, ms % 1000);
    let (days, hours, minutes, seconds) = (s / 86_400, s / 3600 % 24, s / 60 % 60, s % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}.{ms:03}"),
        (0, 0, _) => format!("{minutes}:{seconds:02}.{ms:03}"),
        (0, ..) => format!("{hours}:{minutes:02}:{seconds:02}.{ms:03}"),
        _ => format!("{days} d {hours:02}:{minutes:02}:{seconds:02}"),
    }
}

fn about(detail: &Detail) -> String {
    match detail {
        Detail::ExecutionStarted { input, .. } => input.clone(),
        Detail::ExecutionSucceeded { output } => output.clone(),
        Detail::ExecutionFailed { error, cause }
        | Detail::ExecutionTimedOut { error, cause }
        | Detail::ExecutionAborted { error, cause } => failure(error.as_deref(), cause.as_deref()),
        Detail::ExecutionRedriven { redrive_count } => format!("redrive {redrive_count}"),
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
        TaskEvent::Failed { error, cause }
        | TaskEvent::TimedOut { error, cause }
        | TaskEvent::ScheduleFailed { error, cause }
        | TaskEvent::StartFailed { error, cause }
        | TaskEvent::SubmitFailed { error, cause } => {
            format!("{what}  {}", failure(Some(error), cause.as_deref()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_aligned_and_cut() {
        let event = |id, timestamp_ms, detail| {
            Line::of(&HistoryEvent { id, previous_event_id: 0, timestamp_ms, detail }, None, 500)
        };
        let input = format!("{{\"a\": \"{}\"}}", "x".repeat(200));
        let entered =
            event(2, 86_400_500, Detail::StateEntered { state_type: "Wait", name: "Night".into(), input });
        assert_eq!(
            (entered.head(None).as_str(), entered.kind()),
            ("1 d 00:00:00    2  ", "WaitStateEntered")
        );
        let (rest, is_cut) = entered.rest(Some(80));
        assert_eq!((rest.as_str(), is_cut), ("        Night  {\"a\": \"xxxxxxxxxxxxxxxxxxxxxx…", true));
        assert_eq!(entered.head(None).chars().count() + entered.kind().len() + rest.chars().count(), 80);
        assert!(entered.rest(None).0.ends_with("xxx\"}"));
        let same = event(3, 86_400_500, Detail::MapStateFailed);
        assert_eq!((same.head(Some(&entered)).as_str(), same.is_bad()), ("                3  ", true));
        assert_eq!(same.rest(None), (String::new(), false));
        assert_eq!((elapsed(3_723_004), duration(950)), ("1:02:03.004".to_owned(), "0.950 s".to_owned()));
    }
}
