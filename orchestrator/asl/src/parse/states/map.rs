//! Reading a Map; where its items come from and go to is read in `map_parts.rs`.

use crate::map::{Distributed, Items, Map, Mode};
use crate::parse::builder::{Builder, LABEL_CHARS_MAX, Names};
use crate::parse::fields::{Field, Fields};
use crate::parse::flow::Shapes;
use crate::parse::words;
use crate::problem::Code;
use crate::setting::Setting;
use crate::syntax::{Machine, StateKind};
use crate::template::{Expression, Template};

/// Most iterations that a Map may ask for, and most failures that it may tolerate.
const COUNT_MAX: u64 = i32::MAX as u64;
/// The fields that only a Map in distributed mode has.
const DISTRIBUTED: [&str; 8] = [
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
];

impl Builder<'_> {
    pub(super) fn map(&mut self, fields: &Fields<'_>, names: &Names) -> Option<StateKind> {
        let io = self.flow(fields, Shapes { arguments: false, result: true });
        let recovery = self.recovery(fields, names);
        let transition = self.transition(fields, names);
        let items = self.items(fields);
        let item_selector = match fields.one_of(&mut self.report, &["ItemSelector", "Parameters"]) {
            Some((0, _)) => self.object(fields, "ItemSelector"),
            Some(_) => self.object(fields, "Parameters"),
            None => None,
        };
        let max_concurrency = ["MaxConcurrency", "MaxConcurrencyPath"];
        let max_concurrency = self.integer(fields, max_concurrency, (0, COUNT_MAX));
        let count = ["ToleratedFailureCount", "ToleratedFailureCountPath"];
        let tolerated_count = self.integer(fields, count, (0, COUNT_MAX));
        let percentage = ["ToleratedFailurePercentage", "ToleratedFailurePercentagePath"];
        let tolerated_percentage = self.percentage(fields, percentage);
        let processor = fields.exactly_one_of(&mut self.report, &["ItemProcessor", "Iterator"]);
        let processor = processor.and_then(|(_, field)| self.processor(&field));
        let is_express = processor.as_ref().and_then(|(_, is_express)| *is_express);
        let mode = match is_express {
            Some(express) => Mode::Distributed(Box::new(self.distributed(fields, express))),
            None => {
                self.inline_only(fields);
                Mode::Inline
            }
        };
        Some(StateKind::Map(Box::new(Map {
            io,
            recovery,
            items: items?,
            item_selector,
            processor: processor?.0,
            mode,
            max_concurrency: max_concurrency.unwrap_or(Setting::Fixed(0)),
            tolerated_count,
            tolerated_percentage,
            transition: transition?,
        })))
    }

    fn items(&mut self, fields: &Fields<'_>) -> Option<Items> {
        if let Some(reader) = fields.get("ItemReader") {
            // What is read is the items; `ItemsPath` beside it selects nothing, and must be a path all the same.
            if let Some(field) = fields.get("ItemsPath").filter(|_| !self.is_jsonata()) {
                self.reference(&field);
            }
            return self.item_reader(&reader).map(Box::new).map(Items::Reader);
        }
        if self.is_jsonata() {
            return match fields.get("Items") {
                Some(field) => self.given_items(&field).map(Items::Template),
                None => Some(Items::Input),
            };
        }
        match fields.get("ItemsPath") {
            Some(field) => self.reference(&field).map(|path| Items::Path(Expression::Path(path))),
            None => Some(Items::Input),
        }
    }

    /// `Items`: an array, an object, or what computes one.
    fn given_items(&mut self, field: &Field<'_>) -> Option<Template> {
        use crate::json::Kind;
        let is_array = matches!(field.node.kind, Kind::Array(_) | Kind::Object(_));
        if !is_array && !self.looks_jsonata(field) {
            let expected = Some("an array, an object, or \"{% … %}\"".to_owned());
            field.wrong(&mut self.report, words::of_type("Array"), expected);
            return None;
        }
        Some(self.template(field))
    }

    /// What is run for each item; and, if its mode is distributed, whether its children are Express.
    fn processor(&mut self, field: &Field<'_>) -> Option<(Machine, Option<bool>)> {
        let fields = field.fields_of(&mut self.report, "ItemProcessor", self.here.language)?;
        self.comment(&fields);
        let config = fields.get("ProcessorConfig");
        let is_express = config.and_then(|config| self.processor_config(&config));
        let parent = if is_express.is_some() { None } else { Some(self.scope) };
        let express = self.express || is_express == Some(true);
        let around = std::mem::replace(&mut self.express, express);
        let machine = self.machine(&fields, parent);
        self.express = around;
        Some((machine?, is_express))
    }

    fn processor_config(&mut self, field: &Field<'_>) -> Option<bool> {
        let fields = field.fields_of(&mut self.report, "ProcessorConfig", self.here.language)?;
        let mode = fields.get("Mode");
        let mode = mode.map_or(Some(0), |mode| mode.one_of(&mut self.report, &["INLINE", "DISTRIBUTED"]));
        let execution = fields.get("ExecutionType");
        if mode == Some(0) && execution.is_some() {
            let expected = Some("it with \"Mode\": \"DISTRIBUTED\"".to_owned());
            fields.wrong(&mut self.report, words::unsupported("ExecutionType"), expected);
            return None;
        }
        if mode == Some(1) {
            if self.express {
                let expected = Some("\"Mode\": \"INLINE\"".to_owned());
                fields.wrong(&mut self.report, words::NO_EXPRESS_MAP, expected);
            }
            fields.require(&mut self.report, &["ExecutionType"]);
        }
        let execution = execution.and_then(|it| it.one_of(&mut self.report, &["STANDARD", "EXPRESS"]));
        (mode == Some(1)).then_some(execution == Some(1))
    }

    fn distributed(&mut self, fields: &Fields<'_>, express: bool) -> Distributed {
        let batcher = fields.get("ItemBatcher").and_then(|field| self.item_batcher(&field));
        let writer = fields.get("ResultWriter").and_then(|field| self.result_writer(&field));
        Distributed { express, label: self.label(fields), batcher, writer }
    }

    fn label(&mut self, fields: &Fields<'_>) -> Option<String> {
        let field = fields.get("Label")?;
        let label = field.string(&mut self.report)?;
        if label.is_empty() || label.contains(is_forbidden) {
            let message = format!("The label '{label}' is not valid");
            let expected =
                Some(format!("1 to {LABEL_CHARS_MAX} characters such as letters, digits, - and _"));
            field.problem(&mut self.report, Code::InvalidLabelName, message, expected);
        } else if label.chars().count() > LABEL_CHARS_MAX {
            let message = words::too_long("The label", label, LABEL_CHARS_MAX);
            field.problem(&mut self.report, Code::InvalidLabelName, message, None);
        }
        if !self.labels.insert(label.to_owned()) {
            let message = words::duplicate_label(label);
            field.problem(&mut self.report, Code::DuplicateLabelName, message, None);
        }
        Some(label.to_owned())
    }

    fn inline_only(&mut self, fields: &Fields<'_>) {
        for (member, _) in fields.iter().filter(|(member, _)| DISTRIBUTED.contains(&member.key.as_str())) {
            let message = format!("Field '{}' is only supported in 'DISTRIBUTED' mode", member.key);
            let location = Some(fields.location.as_str());
            let expected = Some("\"ProcessorConfig\": {\"Mode\": \"DISTRIBUTED\", …}".to_owned());
            self.report.add(Code::Schema, member.at, location, message, None, expected);
        }
    }
}

/// Whether AWS lets no label have that character.
fn is_forbidden(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
}
