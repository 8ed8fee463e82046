//! Reading a state: what all have in common, and a file for each type.

mod choice;
mod fail;
mod map;
mod parallel;
mod pass;
mod task;
mod wait;

use super::builder::{Builder, Names, Sees};
use super::fields::Field;
use super::table::TYPES;
use super::words;
use crate::problem::Code;
use crate::syntax::{QueryLanguage, State, StateKind};

impl Builder<'_> {
    pub(super) fn state(&mut self, name: &str, field: &Field<'_>, names: &Names) -> Option<State> {
        let fields = field.object(&mut self.report)?;
        let language = self.query_language(&fields);
        if (self.language, language) == (QueryLanguage::Jsonata, Some(QueryLanguage::JsonPath)) {
            let at = fields.get("QueryLanguage").map_or(field.node.at, |field| field.node.at);
            let location = Some(field.location.as_str());
            self.report.add(Code::Schema, at, location, words::JSONATA_ONLY, None, None);
        }
        let language = language.unwrap_or(self.language);
        self.here.language = language;
        fields.require(&mut self.report, &["Type"]);
        let comment = self.comment(&fields);
        let type_name = TYPES[fields.get("Type")?.one_of(&mut self.report, &TYPES)?];
        fields.known(&mut self.report, type_name, language);
        let kind = match type_name {
            "Task" => self.task(&fields, names),
            "Choice" => self.choices(&fields, names),
            "Parallel" => self.parallel(&fields, names),
            "Map" => self.map(&fields, names),
            "Pass" => self.pass(&fields, names),
            "Wait" => self.wait(&fields, names),
            "Succeed" => Some(StateKind::Succeed(self.ends(&fields))),
            _ => Some(self.fail(&fields)),
        };
        self.within.ends |= matches!(type_name, "Succeed" | "Fail");
        let sees = if matches!(type_name, "Task" | "Parallel" | "Map") { Sees::Result } else { Sees::Input };
        let assign = self.seeing(sees, |builder| builder.assign(&fields));
        Some(State { name: name.into(), comment, language, assign, kind: kind? })
    }
}
