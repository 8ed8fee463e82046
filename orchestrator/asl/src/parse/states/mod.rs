//! Reading a state: what all have in common, and a file for each type. A Succeed has nothing of its own.

mod choice;
mod fail;
mod parallel;
mod pass;
mod task;
mod wait;

use super::builder::{Builder, Names};
use super::fields::Field;
use crate::problem::nearest;
use crate::syntax::{QueryLanguage, State, StateKind};

const TYPES: [&str; 7] = ["Task", "Choice", "Parallel", "Pass", "Wait", "Succeed", "Fail"];

/// Fields of the language that are refused by name.
const NOT_YET: [(&str, &str); 4] = [
    ("Assign", "variables (Assign) are not supported yet"),
    ("Arguments", "Arguments belongs to JSONata, which is not supported yet; use Parameters"),
    ("Output", "Output belongs to JSONata, which is not supported yet; use OutputPath"),
    ("Credentials", "Credentials are not supported yet"),
];

impl Builder<'_> {
    pub(in crate::parse) fn state(&mut self, name: &str, field: &Field<'_>, names: &Names) -> Option<State> {
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
        Some(State {
            name: name.into(),
            comment,
            language: QueryLanguage::JsonPath,
            assign: None,
            kind: read?,
        })
    }
}
