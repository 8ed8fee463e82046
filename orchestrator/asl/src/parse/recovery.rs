//! Reading `Retry` and `Catch`.

use super::builder::{Builder, Names, SECONDS_MAX, Sees};
use super::fields::{Field, Fields};
use super::words;
use crate::error::ALL;
use crate::json::{Kind, Node};
use crate::retry::{Catcher, ErrorEquals, Jitter, Retrier};
use crate::syntax::Recovery;

/// Most retries that a retrier may ask for; the limit of AWS.
const ATTEMPTS_MAX: u64 = 99_999_999;
/// Longest delay that a retrier may give, in seconds; the limit of AWS.
const DELAY_S_MAX: u64 = 31_622_399;
/// Defaults of the language.
const INTERVAL_S: u64 = 1;
const ATTEMPTS: u64 = 3;
const BACKOFF_RATE: f64 = 2.0;

impl Builder<'_> {
    pub(super) fn recovery(&mut self, fields: &Fields<'_>, names: &Names) -> Recovery {
        let retry = self.list(fields.get("Retry"), "Retrier", Self::retrier);
        let catch =
            self.list(fields.get("Catch"), "Catcher", |builder, fields| builder.catcher(fields, names));
        Recovery { retry, catch }
    }

    /// The elements of `Retry` or `Catch`, perhaps none. `States.ALL` in one that is not the last would hide those after it.
    fn list<T>(
        &mut self,
        field: Option<Field<'_>>,
        owner: &str,
        mut read: impl FnMut(&mut Self, &Fields<'_>) -> Option<T>,
    ) -> Vec<T> {
        let elements = field.and_then(|field| field.elements(&mut self.report)).unwrap_or_default();
        let last = elements.len().saturating_sub(1);
        let mut read_elements = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            let language = self.here.language;
            let Some(fields) = element.fields_of(&mut self.report, owner, language) else { continue };
            let required: &[&str] =
                if owner == "Catcher" { &["ErrorEquals", "Next"] } else { &["ErrorEquals"] };
            fields.require(&mut self.report, required);
            self.comment(&fields);
            if let Some(errors) = fields.get("ErrorEquals")
                && let Kind::Array(items) = &errors.node.kind
                && items.iter().any(is_all)
                && (index != last || items.len() > 1)
            {
                errors.wrong(&mut self.report, words::ALL_IS_LAST, None);
            }
            read_elements.extend(read(self, &fields));
        }
        read_elements
    }

    fn error_equals(&mut self, fields: &Fields<'_>) -> Option<ErrorEquals> {
        let elements = fields.get("ErrorEquals")?.some_elements(&mut self.report)?;
        let names = elements.iter().map(|element| element.string(&mut self.report).map(str::to_owned));
        let names: Vec<_> = names.collect();
        names.into_iter().collect::<Option<Vec<_>>>().map(ErrorEquals)
    }

    fn retrier(&mut self, fields: &Fields<'_>) -> Option<Retrier> {
        let errors = self.error_equals(fields);
        let mut integer =
            |name, min, max| fields.get(name).map(|field| field.integer(&mut self.report, min, max));
        let interval_s = integer("IntervalSeconds", 0, SECONDS_MAX).unwrap_or(Some(INTERVAL_S));
        let attempts_max = integer("MaxAttempts", 0, ATTEMPTS_MAX).unwrap_or(Some(ATTEMPTS));
        let delay_s_max = integer("MaxDelaySeconds", 1, DELAY_S_MAX).flatten();
        let backoff_rate = match fields.get("BackoffRate") {
            None => Some(BACKOFF_RATE),
            Some(field) => field.number(&mut self.report, 1, u64::MAX),
        };
        let jitter = match fields.get("JitterStrategy") {
            None => Some(Jitter::None),
            Some(field) => field.one_of(&mut self.report, &["NONE", "FULL"]).map(|place| match place {
                0 => Jitter::None,
                _ => Jitter::Full,
            }),
        };
        Some(Retrier {
            errors: errors?,
            interval_s: interval_s?,
            attempts_max: u32::try_from(attempts_max?).ok()?,
            backoff_rate: backoff_rate?,
            delay_s_max,
            jitter: jitter?,
        })
    }

    fn catcher(&mut self, fields: &Fields<'_>, names: &Names) -> Option<Catcher> {
        let errors = self.error_equals(fields);
        let is_jsonata = self.is_jsonata();
        let result_path = if is_jsonata { None } else { fields.get("ResultPath") };
        let result_path = self.result_path(result_path);
        let (output, assign) = self.seeing(Sees::ErrorOutput, |builder| {
            let output = if is_jsonata { builder.optional(fields, "Output") } else { None };
            (output, builder.assign(fields))
        });
        let next = fields.get("Next").and_then(|field| self.target(&field, names));
        Some(Catcher { errors: errors?, result_path, output, assign, next: next? })
    }
}

fn is_all(error: &Node) -> bool {
    matches!(&error.kind, Kind::String(name) if name == ALL)
}
