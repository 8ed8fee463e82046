//! Reading a Wait.

use crate::choice::timestamp;
use crate::parse::builder::{Builder, Names, SECONDS_MAX};
use crate::parse::fields::Fields;
use crate::setting::Setting;
use crate::syntax::{StateKind, Until, Wait};
use crate::template::Expression;

impl Builder<'_> {
    pub(super) fn wait(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let io = self.ends(fields);
        let ways = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
        let until = match fields.one_of(&ways, &mut self.report) {
            // 0 is not in the language's examples but means what it says: not at all.
            Some((0, field)) => {
                field.integer(&mut self.report, 0, SECONDS_MAX).map(|s| Until::Seconds(Setting::Fixed(s)))
            }
            Some((1, field)) => {
                self.path(&field).map(|path| Until::Seconds(Setting::Computed(Expression::Path(path))))
            }
            Some((2, field)) => {
                let parsed = field.string(&mut self.report).map(timestamp);
                if parsed == Some(None) {
                    let expected = Some("one such as \"2026-01-31T12:00:00Z\"".to_owned());
                    field.wrong(&mut self.report, "not a timestamp", expected);
                }
                parsed.flatten().map(|time| Until::Timestamp(Setting::Fixed(time)))
            }
            Some((_, field)) => {
                self.path(&field).map(|path| Until::Timestamp(Setting::Computed(Expression::Path(path))))
            }
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
        Some(StateKind::Wait(Wait { io, until: until?, transition: transition? }))
    }
}
