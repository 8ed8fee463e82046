//! What was going on when nobody wanted to wait any longer, in words.

use engine::{Awaited, Call, Detail, Execution, HistoryEvent};

use crate::shown::duration;

/// Most threads of an execution that are told.
const TOLD_MAX: usize = 3;

/// What a step was at when it was stopped.
pub(crate) fn at(last: &HistoryEvent) -> String {
    let id = last.id;
    match &last.detail {
        Detail::StateEntered { name, .. } | Detail::StateExited { name, .. } => {
            format!(
                "it was at the state {name:?} (event {id}), and nothing that it did had to wait for anything"
            )
        }
        _ => format!("it was at event {id} ({})", last.type_name()),
    }
}

/// What a call is waited for.
pub(crate) fn call(call: &Call) -> String {
    let what = call.resource.rsplit(":::").next().unwrap_or(&call.resource);
    let what = if what.starts_with("arn:") { what.rsplit(':').next().unwrap_or(what) } else { what };
    format!("the state {:?} waits for {what}", &*call.state)
}

/// What an execution waits for: first those calls, then its other states.
pub(crate) fn all<'c>(execution: &Execution, calls: impl Iterator<Item = &'c Call>, now_ms: u64) -> String {
    let mut told: Vec<String> = calls.map(call).collect();
    for frame in execution.frames() {
        let Some(name) = frame.state_name() else { continue };
        let until = |at_ms: u64| duration(at_ms.saturating_sub(now_ms));
        match &frame.awaited {
            Awaited::Wait(timer) => {
                told.push(format!("the state {name:?} waits for another {}", until(timer.at_ms)));
            }
            Awaited::BackOff(timer) => {
                told.push(format!("the state {name:?} tries again in {}", until(timer.at_ms)));
            }
            Awaited::Task { .. } if told.iter().all(|line| !line.contains(&format!("{name:?}"))) => {
                told.push(format!("the state {name:?} waits for an answer"));
            }
            _ => {}
        }
    }
    let more = told.len().saturating_sub(TOLD_MAX);
    told.truncate(TOLD_MAX);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told.join(", ")
}
