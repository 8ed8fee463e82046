//! Pass: shapes data.

use asl::syntax::{Pass, Recovery};

use crate::io::{arguments, input};
use crate::stepper::{Entered, Outcome, Stepper};

static NO_RECOVERY: Recovery = Recovery { retry: Vec::new(), catch: Vec::new() };

impl<'d> Stepper<'d> {
    pub(super) fn pass(&mut self, entered: Entered<'d>, pass: &'d Pass) -> Outcome {
        let result = self.scoped(&entered, &entered.data, |scope| {
            let input = input(&pass.io, scope)?;
            match &pass.result {
                Some(result) => Ok(result.clone()),
                None => arguments(&pass.io, input, scope),
            }
        });
        match result {
            Ok(result) => self.complete(entered, &pass.io, &NO_RECOVERY, pass.transition, result),
            Err(error) => entered.fail(error),
        }
    }
}
