//! Reading a Fail.

use crate::intrinsic::Call;
use crate::parse::builder::Builder;
use crate::parse::fields::{Field, Fields};
use crate::parse::words;
use crate::setting::Setting;
use crate::syntax::{Fail, StateKind};
use crate::template::Expression;

impl Builder<'_> {
    pub(super) fn fail(&mut self, fields: &Fields<'_>) -> StateKind {
        let error = self.reason(fields, ["Error", "ErrorPath"]);
        let cause = self.reason(fields, ["Cause", "CausePath"]);
        StateKind::Fail(Fail { error, cause })
    }

    fn reason(&mut self, fields: &Fields<'_>, names: [&'static str; 2]) -> Option<Setting<String>> {
        match fields.one_of(&mut self.report, &names)? {
            (0, field) => self.fixed_or_query(&field, |builder, field| {
                builder.suspect_path(field);
                field.string(&mut builder.report).map(str::to_owned)
            }),
            (_, field) if field.text().is_some_and(|text| !text.starts_with('$')) => self.call(&field),
            (_, field) => self.computed(&field),
        }
    }

    /// A call of a function that makes a text.
    fn call(&mut self, field: &Field<'_>) -> Option<Setting<String>> {
        let why = match Call::parse(field.string(&mut self.report)?) {
            Ok(call) if call.makes_text() => {
                return self.noted(field, Expression::Call(call)).map(Setting::Computed);
            }
            Ok(_) => "a path, or a function whose result is a string".to_owned(),
            Err(why) => format!("a path such as $.error ({why})"),
        };
        field.wrong(&mut self.report, words::NO_PATH, Some(why));
        None
    }
}
