//! Reading a Fail.

use crate::parse::builder::Builder;
use crate::parse::fields::Fields;
use crate::setting::Setting;
use crate::syntax::{Fail, StateKind};

impl Builder<'_> {
    pub(super) fn fail(&mut self, fields: &mut Fields<'_>) -> StateKind {
        let error = self.text(fields, ["Error", "ErrorPath"]);
        let cause = self.text(fields, ["Cause", "CausePath"]);
        StateKind::Fail(Fail { error, cause })
    }

    fn text(&mut self, fields: &mut Fields<'_>, names: [&'static str; 2]) -> Option<Setting<String>> {
        match fields.one_of(&names, &mut self.report)? {
            (0, field) => field.string(&mut self.report).map(|text| Setting::Fixed(text.to_owned())),
            (_, field) => self.expression(&field).map(Setting::Computed),
        }
    }
}
