//! Histories as cases expect them: a line for each event, `TaskStateEntered Pay`; `...` stands for any events.

use engine::{Detail, HistoryEvent};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

use crate::settings::REGION;

/// Stands for any events, or none.
const ANY: &str = "...";
/// Most lines that are told of a difference.
const LINES_TOLD: usize = 6;

/// A history that is expected.
#[derive(Debug, Clone)]
pub(crate) struct Golden(Vec<Pattern>);

#[derive(Debug, Clone)]
enum Pattern {
    Any,
    Event {
        /// The type, and perhaps what it is about, after a space.
        line: String,
        /// Members that the details have.
        details: Map<String, Value>,
    },
}

/// An event as it can be compared.
pub(crate) struct Seen {
    pub(crate) line: String,
    details: Value,
}

impl Seen {
    pub(crate) fn of(event: &HistoryEvent) -> Self {
        let mut json = event.to_json(REGION);
        let members = json.as_object_mut().into_iter().flatten();
        let details =
            members.filter(|(name, _)| name.ends_with("EventDetails")).map(|(_, it)| it.take()).next();
        Self { line: line(event), details: details.unwrap_or_default() }
    }
}

/// `TaskStateEntered Pay`
fn line(event: &HistoryEvent) -> String {
    let kind = event.type_name();
    match &event.detail {
        Detail::StateEntered { name, .. } | Detail::StateExited { name, .. } => format!("{kind} {name}"),
        Detail::MapIteration { name, index, .. } => format!("{kind} {name}[{index}]"),
        Detail::EvaluationFailed { state, .. } => format!("{kind} {state}"),
        _ => kind,
    }
}

impl<'de> Deserialize<'de> for Golden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let patterns: Vec<Value> = Vec::deserialize(deserializer)?;
        patterns.into_iter().map(pattern).collect::<Result<_, _>>().map(Self).map_err(D::Error::custom)
    }
}

fn pattern(written: Value) -> Result<Pattern, String> {
    match written {
        Value::String(text) if text == ANY => Ok(Pattern::Any),
        Value::String(line) => Ok(Pattern::Event { line, details: Map::new() }),
        Value::Object(mut members) => match members.shift_remove("type") {
            Some(Value::String(line)) => Ok(Pattern::Event { line, details: members }),
            _ => Err("an event of a History has a \"type\", and perhaps members of its details".to_owned()),
        },
        other => Err(format!(
            "{other} is no event of a History; expected \"TaskStateEntered Pay\", \"...\" or an object"
        )),
    }
}

impl Pattern {
    fn fits(&self, seen: &Seen) -> bool {
        let Self::Event { line, details } = self else { return true };
        let names = seen.line == *line || seen.line.split(' ').next() == Some(line);
        names && details.iter().all(|(name, value)| seen.details.get(name) == Some(value))
    }

    fn shown(&self) -> String {
        match self {
            Self::Any => ANY.to_owned(),
            Self::Event { line, details } if details.is_empty() => line.clone(),
            Self::Event { line, details } => format!("{line} with {}", Value::Object(details.clone())),
        }
    }
}

impl Golden {
    /// Whether it is a whole history, event by event, which can be written anew.
    pub(crate) fn is_whole(&self) -> bool {
        !self.0.iter().any(|pattern| matches!(pattern, Pattern::Any))
    }

    /// How a history differs from it: nothing, or some lines.
    pub(crate) fn differences(&self, seen: &[Seen]) -> Vec<String> {
        let runs: Vec<&[Pattern]> = self.0.split(|pattern| matches!(pattern, Pattern::Any)).collect();
        let (mut at, last) = (0, runs.len() - 1);
        for (number, run) in runs.iter().enumerate() {
            // The first stands at the beginning and the last at the end; those between, where they fit first.
            let places = match (number == 0, number == last) {
                (true, true) => return whole(run, seen),
                (true, false) => 0..=0,
                (false, true) => {
                    let end = seen.len().saturating_sub(run.len()).max(at);
                    end..=end
                }
                (false, false) => at..=seen.len(),
            };
            let fits = |start: &usize| {
                seen.get(*start..start + run.len())
                    .is_some_and(|part| run.iter().zip(part).all(|(pattern, seen)| pattern.fits(seen)))
            };
            let Some(start) = places.into_iter().find(fits) else {
                let run: Vec<_> = run.iter().map(Pattern::shown).collect();
                let place = match number {
                    0 => "at the beginning".to_owned(),
                    _ if number == last => "at the end".to_owned(),
                    _ => format!("after event {at}"),
                };
                return vec![format!("history: {place}, expected {}, which is not there", run.join(", "))];
            };
            at = start + run.len();
        }
        Vec::new()
    }
}

fn whole(expected: &[Pattern], seen: &[Seen]) -> Vec<String> {
    let same = expected.iter().zip(seen).take_while(|(pattern, seen)| pattern.fits(seen)).count();
    if same == expected.len() && same == seen.len() {
        return Vec::new();
    }
    let mut told = vec![format!("history: from event {} on, it is not as expected", same + 1)];
    let before = same.saturating_sub(2);
    told.extend(
        seen[before..same].iter().zip(before + 1..).map(|(seen, id)| format!("  {id:>5}   {}", seen.line)),
    );
    let lines = |sign, all: Vec<String>| {
        let more = all.len().saturating_sub(LINES_TOLD);
        let shown = all.into_iter().take(LINES_TOLD).zip(same + 1..);
        let mut lines: Vec<_> = shown.map(|(line, id)| format!("  {id:>5} {sign} {line}")).collect();
        if more > 0 {
            lines.push(format!("        {sign} and {more} more"));
        }
        lines
    };
    told.extend(lines('-', expected[same..].iter().map(Pattern::shown).collect()));
    told.extend(lines('+', seen[same..].iter().map(|seen| seen.line.clone()).collect()));
    told
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(golden: Value, differences: &[&str]) {
        let lines = [
            "ExecutionStarted",
            "PassStateEntered A",
            "PassStateExited A",
            "TaskStateEntered B",
            "TaskFailed",
        ];
        let seen =
            lines.map(|line| Seen { line: line.to_owned(), details: json!({"error": "E", "cause": "c"}) });
        let golden: Golden = serde_json::from_value(golden).unwrap();
        assert_eq!(golden.differences(&seen), differences);
    }

    #[test]
    fn a_history_is_compared_as_a_whole_or_in_parts() {
        let whole =
            ["ExecutionStarted", "PassStateEntered A", "PassStateExited", "TaskStateEntered B", "TaskFailed"];
        check(json!(whole), &[]);
        check(json!(["..."]), &[]);
        check(json!(["...", "PassStateExited A", "TaskStateEntered B", "..."]), &[]);
        check(json!(["ExecutionStarted", "...", {"type": "TaskFailed", "error": "E"}]), &[]);
        check(json!(["ExecutionStarted", "...", "PassStateExited A", "...", "TaskFailed"]), &[]);
        check(
            json!(["...", "PassStateEntered A", "TaskStateEntered B", "..."]),
            &["history: after event 0, expected PassStateEntered A, TaskStateEntered B, which is not there"],
        );
        check(
            json!(["...", {"type": "TaskFailed", "error": "F"}]),
            &["history: at the end, expected TaskFailed with {\"error\":\"F\"}, which is not there"],
        );
        check(json!(["A", "..."]), &["history: at the beginning, expected A, which is not there"]);
    }

    #[test]
    fn a_whole_history_shows_where_it_differs() {
        check(
            json!(["ExecutionStarted", "PassStateEntered A", "PassStateExited A", "PassStateEntered C"]),
            &[
                "history: from event 4 on, it is not as expected",
                "      2   PassStateEntered A",
                "      3   PassStateExited A",
                "      4 - PassStateEntered C",
                "      4 + TaskStateEntered B",
                "      5 + TaskFailed",
            ],
        );
    }
}
