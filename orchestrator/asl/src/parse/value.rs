//! Reading values that are given, or computed: in JSONPath by a path in a second field, in JSONata in the field itself.

use jiff::Timestamp;

use super::builder::Builder;
use super::fields::{Field, Fields};
use super::words;
use crate::choice::timestamp;
use crate::setting::Setting;
use crate::template::Expression;

impl Builder<'_> {
    /// An integer in the range: the first of the fields, or a path in the second.
    pub(super) fn integer(
        &mut self,
        fields: &Fields<'_>,
        names: [&str; 2],
        (min, max): (u64, u64),
    ) -> Option<Setting<u64>> {
        self.setting(fields, names, |builder, field| field.integer(&mut builder.report, min, max))
    }

    /// A number from 0 to 100.
    pub(super) fn percentage(&mut self, fields: &Fields<'_>, names: [&str; 2]) -> Option<Setting<f64>> {
        self.setting(fields, names, |builder, field| field.number(&mut builder.report, 0, 100))
    }

    pub(super) fn timestamp(&mut self, field: &Field<'_>) -> Option<Timestamp> {
        let parsed = timestamp(field.string(&mut self.report)?);
        if parsed.is_none() {
            let expected = Some("one such as \"2026-01-31T12:00:00Z\"".to_owned());
            field.wrong(&mut self.report, words::NO_TIMESTAMP, expected);
        }
        parsed
    }

    fn setting<T>(
        &mut self,
        fields: &Fields<'_>,
        names: [&str; 2],
        fixed: impl FnOnce(&mut Self, &Field<'_>) -> Option<T>,
    ) -> Option<Setting<T>> {
        match fields.one_of(&mut self.report, &names)? {
            (0, field) => self.fixed_or_query(&field, fixed),
            (_, field) => self.computed(&field),
        }
    }

    /// A value that is given, or JSONata that computes it.
    pub(super) fn fixed_or_query<T>(
        &mut self,
        field: &Field<'_>,
        fixed: impl FnOnce(&mut Self, &Field<'_>) -> Option<T>,
    ) -> Option<Setting<T>> {
        if self.looks_jsonata(field) {
            return self.query(field).map(Setting::Computed);
        }
        fixed(self, field).map(Setting::Fixed)
    }

    /// What a path computes.
    pub(super) fn computed<T>(&mut self, field: &Field<'_>) -> Option<Setting<T>> {
        self.path(field).map(|path| Setting::Computed(Expression::Path(path)))
    }
}
