//! Fail: ends the machine with an error.

use asl::retry::Origin;
use asl::syntax::Fail;

use crate::failure::Failure;
use crate::settings::text;
use crate::stepper::{Entered, Outcome, Stepper};

impl<'d> Stepper<'d> {
    pub(super) fn fail(&mut self, entered: Entered<'d>, fail: &'d Fail) -> Outcome {
        let texts = self.scoped(entered.view(), &entered.data, |scope| {
            let error = fail.error.as_ref().map(|error| text(error, "Error", scope)).transpose()?;
            let cause = fail.cause.as_ref().map(|cause| text(cause, "Cause", scope)).transpose()?;
            Ok((error.unwrap_or_default(), cause))
        });
        match texts {
            Ok((error, cause)) => self.fails(entered, Failure::new(error, cause, Origin::State)),
            Err(error) => self.failed(entered, error),
        }
    }
}
