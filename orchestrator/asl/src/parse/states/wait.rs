//! Reading a Wait.

use crate::parse::builder::{Builder, Names, SECONDS_MAX};
use crate::parse::fields::Fields;
use crate::syntax::{StateKind, Until, Wait};

impl Builder<'_> {
    pub(super) fn wait(&mut self, fields: &Fields<'_>, names: &Names) -> Option<StateKind> {
        let io = self.ends(fields);
        let ways = ["SecondsPath", "Seconds", "TimestampPath", "Timestamp"];
        let until = match fields.exactly_one_of(&mut self.report, &ways) {
            Some((0, field)) => self.computed(&field).map(Until::Seconds),
            // 0 is not in the language's examples but means what it says: not at all.
            Some((1, field)) => self
                .fixed_or_query(&field, |builder, field| field.integer(&mut builder.report, 0, SECONDS_MAX))
                .map(Until::Seconds),
            Some((2, field)) => self.computed(&field).map(Until::Timestamp),
            Some((_, field)) => self.fixed_or_query(&field, Self::timestamp).map(Until::Timestamp),
            None => None,
        };
        let transition = self.transition(fields, names);
        Some(StateKind::Wait(Wait { io, until: until?, transition: transition? }))
    }
}
