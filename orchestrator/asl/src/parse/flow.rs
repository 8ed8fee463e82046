//! Reading how data gets in and out of a state, and what follows it.

use super::builder::{Builder, Names, Sees};
use super::fields::{Field, Fields};
use super::words;
use crate::data::{Narrow, ResultPath};
use crate::io::{Ends, Flow, Io, Jsonata};
use crate::syntax::Transition;
use crate::template::Template;

/// Which of the fields that make or shape a result a state has.
#[derive(Clone, Copy)]
pub(super) struct Shapes {
    /// `Parameters`, in JSONata `Arguments`.
    pub(super) arguments: bool,
    /// A result that comes from outside: `ResultSelector`, and in JSONata `$states.result`.
    pub(super) result: bool,
}

impl Builder<'_> {
    fn narrow(&mut self, field: Option<Field<'_>>) -> Narrow {
        match field {
            None => Narrow::All,
            Some(field) if field.is_null() => Narrow::Nothing,
            Some(field) => match self.path(&field) {
                Some(path) if path.is_whole_data() => Narrow::All,
                Some(path) => Narrow::Part(path),
                None => Narrow::All,
            },
        }
    }

    pub(super) fn result_path(&mut self, field: Option<Field<'_>>) -> ResultPath {
        let Some(field) = field else { return ResultPath::Replace };
        if field.is_null() {
            return ResultPath::Discard;
        }
        match self.reference(&field).map(ResultPath::at) {
            Some(Ok(path)) => path,
            Some(Err(why)) => {
                let expected = Some("a path such as $.order.result, or null".to_owned());
                field.wrong(&mut self.report, words::no_reference(&why), expected);
                ResultPath::Replace
            }
            None => ResultPath::Replace,
        }
    }

    /// The data flow of a state that has no result of its own.
    pub(super) fn ends(&mut self, fields: &Fields<'_>) -> Io<Ends> {
        if self.is_jsonata() {
            return Io::Jsonata(Jsonata { arguments: None, output: self.optional(fields, "Output") });
        }
        Io::JsonPath(Ends {
            input_path: self.narrow(fields.get("InputPath")),
            output_path: self.narrow(fields.get("OutputPath")),
        })
    }

    /// The data flow of a state with a result.
    pub(super) fn flow(&mut self, fields: &Fields<'_>, shapes: Shapes) -> Io<Flow> {
        if self.is_jsonata() {
            let arguments = if shapes.arguments { self.optional(fields, "Arguments") } else { None };
            let output = self.seeing(seen(shapes), |builder| builder.optional(fields, "Output"));
            return Io::Jsonata(Jsonata { arguments, output });
        }
        let parameters = if shapes.arguments { self.optional(fields, "Parameters") } else { None };
        let result_selector = if shapes.result { self.object(fields, "ResultSelector") } else { None };
        Io::JsonPath(Flow {
            input_path: self.narrow(fields.get("InputPath")),
            parameters,
            result_selector,
            result_path: self.result_path(fields.get("ResultPath")),
            output_path: self.narrow(fields.get("OutputPath")),
        })
    }

    /// A field that is a template, if it is given.
    pub(super) fn optional(&mut self, fields: &Fields<'_>, name: &str) -> Option<Template> {
        fields.get(name).map(|field| self.template(&field))
    }

    /// A field that is a template and an object, if it is given. In JSONata it may be computed as a whole.
    pub(super) fn object(&mut self, fields: &Fields<'_>, name: &str) -> Option<Template> {
        let field = fields.get(name)?;
        if !(self.is_jsonata() && field.text().is_some()) {
            field.members(&mut self.report)?;
        }
        Some(self.template(&field))
    }

    /// Exactly one of `Next` and `"End": true`.
    pub(super) fn transition(&mut self, fields: &Fields<'_>, names: &Names) -> Option<Transition> {
        let one = Some("exactly one of \"Next\": \"<state>\" and \"End\": true".to_owned());
        let ends = match fields.get("End") {
            Some(end) => end.boolean(&mut self.report)?,
            None => false,
        };
        self.within.ends |= ends;
        match (fields.get("Next"), ends) {
            (Some(next), false) => self.target(&next, names).map(Transition::Next),
            (None, true) => Some(Transition::End),
            (Some(_), true) => {
                fields.wrong(&mut self.report, words::one_at_most(&["Next", "End"]), one);
                None
            }
            (None, false) => {
                fields.wrong(&mut self.report, words::one_needed(&["Next", "End"]), one);
                None
            }
        }
    }
}

/// What `Output` and `Assign` of such a state see.
pub(super) fn seen(shapes: Shapes) -> Sees {
    if shapes.result { Sees::Result } else { Sees::Input }
}
