//! Reading `Retry` and `Catch`.

use super::builder::{Builder, Names, SECONDS_MAX};
use super::fields::{Field, Fields};
use crate::error::{ALL, RESERVED, RUNTIME};
use crate::json::Kind;
use crate::problem::nearest;
use crate::retry::{Catcher, ErrorEquals, Jitter, Retrier};
use crate::syntax::Recovery;

/// Most retries that a retrier may ask for; the limit of AWS.
const ATTEMPTS_MAX: u64 = 99_999_999;
/// Defaults of the language.
const INTERVAL_S: u64 = 1;
const ATTEMPTS: u64 = 3;
const BACKOFF_RATE: f64 = 2.0;

impl Builder<'_> {
    pub(super) fn recovery(&mut self, fields: &mut Fields<'_>, names: &Names) -> Recovery {
        let retry = self.list(fields.take("Retry"), Self::retrier);
        let catch = self.list(fields.take("Catch"), |builder, fields| builder.catcher(fields, names));
        Recovery { retry, catch }
    }

    /// The elements of `Retry` or `Catch`. `States.ALL` in one that is not the last would hide those after it.
    fn list<T>(
        &mut self,
        field: Option<Field<'_>>,
        mut read: impl FnMut(&mut Self, &mut Fields<'_>) -> Option<T>,
    ) -> Vec<T> {
        // An empty list says nothing and is allowed.
        let field = field.filter(|field| !matches!(&field.node.kind, Kind::Array(items) if items.is_empty()));
        let elements = field.map(|field| field.elements(&mut self.report)).unwrap_or_default();
        let last = elements.len().saturating_sub(1);
        let mut read_elements = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            let Some(mut fields) = element.object(&mut self.report) else { continue };
            if let Some(errors) = fields.peek("ErrorEquals")
                && index != last
                && lists_all(&errors)
            {
                errors.wrong(
                    &mut self.report,
                    "States.ALL hides what comes after it",
                    Some("it in the last place".into()),
                );
            }
            read_elements.extend(read(self, &mut fields));
            fields.take("Comment");
            fields.close(&mut self.report, "this", &[("Assign", "variables (Assign) are not supported yet")]);
        }
        read_elements
    }

    fn error_equals(&mut self, fields: &mut Fields<'_>) -> Option<ErrorEquals> {
        let field = fields.require("ErrorEquals", &mut self.report, "an array of error names")?;
        let mut errors = Vec::new();
        for element in field.elements(&mut self.report) {
            let Some(name) = element.string(&mut self.report) else { continue };
            if name.starts_with("States.") && !RESERVED.contains(&name) {
                let near = nearest(name, RESERVED.iter().copied());
                let expected =
                    near.map_or_else(|| RESERVED.join(", "), |near| format!("did you mean '{near}'?"));
                element.wrong(
                    &mut self.report,
                    "names beginning with 'States.' are reserved",
                    Some(expected),
                );
            }
            if name == RUNTIME {
                let expected = Some("another error: States.Runtime always fails the execution".to_owned());
                element.wrong(&mut self.report, "this error is neither retried nor caught", expected);
            }
            errors.push(name.to_owned());
        }
        if errors.len() > 1 && errors.iter().any(|name| name == ALL) {
            field.wrong(&mut self.report, "States.ALL stands with other names", Some("it alone".to_owned()));
        }
        Some(ErrorEquals(errors))
    }

    fn retrier(&mut self, fields: &mut Fields<'_>) -> Option<Retrier> {
        let errors = self.error_equals(fields);
        let mut integer =
            |name, min, max| fields.take(name).map(|field| field.integer(&mut self.report, min, max));
        let interval_s = integer("IntervalSeconds", 1, SECONDS_MAX).unwrap_or(Some(INTERVAL_S));
        let attempts_max = integer("MaxAttempts", 0, ATTEMPTS_MAX).unwrap_or(Some(ATTEMPTS));
        let delay_s_max = integer("MaxDelaySeconds", 1, 31_622_400).flatten();
        if let (Some(delay), Some(interval), Some(field)) =
            (delay_s_max, interval_s, fields.peek("MaxDelaySeconds"))
            && delay < interval
        {
            field.wrong(
                &mut self.report,
                "shorter than IntervalSeconds",
                Some(format!("at least {interval}")),
            );
        }
        let backoff_rate = self.backoff_rate(fields);
        let jitter = match fields.take("JitterStrategy") {
            None => Jitter::None,
            Some(field) => match field.string(&mut self.report)? {
                "NONE" => Jitter::None,
                "FULL" => Jitter::Full,
                _ => {
                    field.wrong(
                        &mut self.report,
                        "an unknown strategy",
                        Some("\"FULL\" or \"NONE\"".to_owned()),
                    );
                    Jitter::None
                }
            },
        };
        Some(Retrier {
            errors: errors?,
            interval_s: interval_s?,
            attempts_max: u32::try_from(attempts_max?).ok()?,
            backoff_rate,
            delay_s_max,
            jitter,
        })
    }

    fn backoff_rate(&mut self, fields: &mut Fields<'_>) -> f64 {
        let Some(field) = fields.take("BackoffRate") else { return BACKOFF_RATE };
        match &field.node.kind {
            Kind::Number(number) if number.as_f64().is_some_and(|rate| rate >= 1.0) => {
                number.as_f64().unwrap_or(BACKOFF_RATE)
            }
            _ => {
                field.wrong(
                    &mut self.report,
                    "not a rate that can stand here",
                    Some("a number from 1.0".to_owned()),
                );
                BACKOFF_RATE
            }
        }
    }

    fn catcher(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<Catcher> {
        let errors = self.error_equals(fields);
        let result_path = fields.take("ResultPath");
        let result_path = self.result_path(result_path);
        let next = fields.require("Next", &mut self.report, "the state that handles the error");
        let next = next.and_then(|field| self.target(&field, names));
        Some(Catcher { errors: errors?, result_path, output: None, assign: None, next: next? })
    }
}

fn lists_all(errors: &Field<'_>) -> bool {
    match &errors.node.kind {
        Kind::Array(items) => {
            items.iter().any(|item| matches!(&item.kind, Kind::String(name) if name == ALL))
        }
        _ => false,
    }
}
