//! Fail: ends the machine with an error.

use asl::error::RUNTIME;
use asl::retry::Origin;
use asl::syntax::{Fail, Text};
use asl::{RuntimeError, Scope};
use serde_json::Value;

use crate::stepper::{Entered, Failure, Outcome, Stepper};

impl<'d> Stepper<'d> {
    pub(super) fn fail(&mut self, entered: Entered<'d>, fail: &'d Fail) -> Outcome {
        let texts = self.scoped(&entered, &entered.data, |scope| {
            let error = text("ErrorPath", fail.error.as_ref(), scope)?;
            Ok::<_, RuntimeError>((error, text("CausePath", fail.cause.as_ref(), scope)?))
        });
        match texts {
            Ok((error, cause)) => {
                entered.fail(Failure { error: error.unwrap_or_default(), cause, origin: Origin::State })
            }
            Err(error) => entered.fail(error),
        }
    }
}

fn text(field: &str, text: Option<&Text>, scope: &Scope<'_>) -> Result<Option<String>, RuntimeError> {
    match text {
        None => Ok(None),
        Some(Text::Fixed(text)) => Ok(Some(text.clone())),
        Some(Text::Computed(expression)) => match expression.eval(field, scope)? {
            Value::String(text) => Ok(Some(text)),
            other => {
                Err(RuntimeError::new(RUNTIME, format!("an error or cause is {other}, which is no string")))
            }
        },
    }
}
