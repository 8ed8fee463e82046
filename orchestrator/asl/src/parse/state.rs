//! Reading a state.

use super::fields::{Field, Fields};
use super::machine::Names;
use super::{Builder, SECONDS_MAX};
use crate::choice::timestamp;
use crate::problem::nearest;
use crate::syntax::{
    Choice, Fail, Parallel, Pass, QueryLanguage, Resource, Seconds, State, StateKind, Task, Text, Until, Wait,
};

const TYPES: [&str; 7] = ["Task", "Choice", "Parallel", "Pass", "Wait", "Succeed", "Fail"];

/// Fields of the language that are refused by name.
const NOT_YET: [(&str, &str); 4] = [
    ("Assign", "variables (Assign) are not supported yet"),
    ("Arguments", "Arguments belongs to JSONata, which is not supported yet; use Parameters"),
    ("Output", "Output belongs to JSONata, which is not supported yet; use OutputPath"),
    ("Credentials", "Credentials are not supported yet"),
];

impl Builder<'_> {
    pub(super) fn state(&mut self, name: &str, field: &Field<'_>, names: &Names) -> Option<State> {
        let mut fields = field.object(&mut self.report)?;
        let kind = fields.require("Type", &mut self.report, &format!("one of {}", TYPES.join(", ")));
        let comment = fields.take("Comment").and_then(|f| f.string(&mut self.report)).map(str::to_owned);
        self.query_language(&mut fields);
        let kind = kind?;
        let type_name = kind.string(&mut self.report)?;
        let read = match type_name {
            "Task" => self.task(&mut fields, names),
            "Choice" => self.choices(&mut fields, names),
            "Parallel" => self.parallel(&mut fields, names),
            "Pass" => self.pass(&mut fields, names),
            "Wait" => self.wait(&mut fields, names),
            "Succeed" => Some(StateKind::Succeed(self.ends(&mut fields))),
            "Fail" => Some(self.fail(&mut fields)),
            "Map" => {
                kind.wrong(&mut self.report, "the Map state is not supported yet", None);
                return None;
            }
            other => {
                let expected = match nearest(other, TYPES) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => format!("one of {}", TYPES.join(", ")),
                };
                kind.wrong(&mut self.report, "an unknown type of state", Some(expected));
                return None;
            }
        };
        let mut special = NOT_YET.to_vec();
        if type_name == "Choice" {
            let why = "a Choice state has no 'Next' or 'End': each of its Choices has one, and Default";
            special.extend([("Next", why), ("End", why)]);
        } else if matches!(type_name, "Succeed" | "Fail") {
            let why = "this state ends the machine: it has no 'Next' or 'End'";
            special.extend([("Next", why), ("End", why)]);
        }
        fields.close(&mut self.report, &format!("a {type_name} state"), &special);
        Some(State { name: name.to_owned(), comment, query_language: QueryLanguage::JsonPath, kind: read? })
    }

    fn task(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let resource = self.resource(fields);
        let mut flow = self.flow(fields, true);
        if matches!(resource, Some(Resource::LambdaInvoke(_))) {
            flow.parameters = None;
        }
        let recovery = self.recovery(fields, names);
        let timeout = self.seconds(fields, ["TimeoutSeconds", "TimeoutSecondsPath"]);
        let heartbeat = self.seconds(fields, ["HeartbeatSeconds", "HeartbeatSecondsPath"]);
        if let (Some(Seconds::Fixed(timeout)), Some(Seconds::Fixed(heartbeat))) = (&timeout, &heartbeat)
            && heartbeat >= timeout
            && let Some(field) = fields.peek("HeartbeatSeconds")
        {
            field.wrong(
                &mut self.report,
                "not shorter than TimeoutSeconds",
                Some(format!("less than {timeout}")),
            );
        }
        let transition = self.transition(fields, names);
        Some(StateKind::Task(Box::new(Task {
            resource: resource?,
            flow,
            recovery,
            timeout,
            heartbeat,
            transition: transition?,
        })))
    }

    fn choices(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let flow = self.ends(fields);
        let choices = fields.require("Choices", &mut self.report, "an array of rules, each with 'Next'");
        let elements = choices.map(|field| field.elements(&mut self.report)).unwrap_or_default();
        let rules: Vec<_> = elements.iter().map(|element| self.choice(element, names)).collect();
        let default = match fields.take("Default") {
            None => None,
            Some(field) => Some(self.target(&field, names)?),
        };
        for (rule, _) in rules.iter().flatten() {
            rule.paths(&mut |path| self.reads_execution_input |= path.reads_execution_input());
        }
        let rules: Option<Vec<_>> = rules.into_iter().collect();
        Some(StateKind::Choice(Choice { flow, rules: rules?, default }))
    }

    fn parallel(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let flow = self.flow(fields, true);
        let recovery = self.recovery(fields, names);
        let transition = self.transition(fields, names);
        let branches = fields.require("Branches", &mut self.report, "an array of machines");
        let elements = branches.map(|field| field.elements(&mut self.report)).unwrap_or_default();
        let branches: Vec<_> = elements.iter().map(|element| self.branch(element)).collect();
        let branches: Option<Vec<_>> = branches.into_iter().collect();
        Some(StateKind::Parallel(Box::new(Parallel {
            flow,
            recovery,
            branches: branches?,
            transition: transition?,
        })))
    }

    fn pass(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let flow = self.flow(fields, false);
        let result = fields.take("Result").map(|field| field.node.to_value());
        let transition = self.transition(fields, names);
        Some(StateKind::Pass(Box::new(Pass { flow, result, transition: transition? })))
    }

    fn wait(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let flow = self.ends(fields);
        let ways = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
        let until = match fields.one_of(&ways, &mut self.report) {
            // 0 is not in the language's examples but means what it says: not at all.
            Some((0, field)) => {
                field.integer(&mut self.report, 0, SECONDS_MAX).map(|s| Until::Seconds(Seconds::Fixed(s)))
            }
            Some((1, field)) => self.path(&field).map(|path| Until::Seconds(Seconds::Path(path))),
            Some((2, field)) => {
                let parsed = field.string(&mut self.report).map(timestamp);
                if parsed == Some(None) {
                    let expected = Some("one such as \"2026-01-31T12:00:00Z\"".to_owned());
                    field.wrong(&mut self.report, "not a timestamp", expected);
                }
                parsed.flatten().map(Until::Timestamp)
            }
            Some((_, field)) => self.path(&field).map(Until::TimestampPath),
            None => {
                fields.missing(
                    &mut self.report,
                    "the state does not say how long it waits",
                    &ways.join(", or "),
                );
                None
            }
        };
        let transition = self.transition(fields, names);
        Some(StateKind::Wait(Wait { flow, until: until?, transition: transition? }))
    }

    fn fail(&mut self, fields: &mut Fields<'_>) -> StateKind {
        let error = self.text(fields, ["Error", "ErrorPath"]);
        let cause = self.text(fields, ["Cause", "CausePath"]);
        StateKind::Fail(Fail { error, cause })
    }

    fn text(&mut self, fields: &mut Fields<'_>, names: [&'static str; 2]) -> Option<Text> {
        match fields.one_of(&names, &mut self.report)? {
            (0, field) => field.string(&mut self.report).map(|text| Text::Fixed(text.to_owned())),
            (_, field) => self.expression(&field).map(Text::Computed),
        }
    }
}
