//! Pass: shapes data.

use asl::io::Io;
use asl::syntax::Pass;

use crate::io::{arguments, input};
use crate::stepper::{Entered, Outcome, Stepper};

impl<'d> Stepper<'d> {
    pub(super) fn pass(&mut self, entered: Entered<'d>, pass: &'d Pass) -> Outcome {
        if let Io::Jsonata(jsonata) = &pass.io {
            return match self.made_by_output(&entered, jsonata, None) {
                Ok((output, assigned)) => self.leave(entered, pass.transition, output, assigned),
                Err(spoilt) => self.spoilt(entered, spoilt),
            };
        }
        let result = self.scoped(entered.view(), &entered.data, |scope| {
            let input = input(&pass.io, scope)?;
            match &pass.result {
                Some(result) => Ok(result.clone()),
                None => arguments(&pass.io, input, scope, self.watch),
            }
        });
        match result {
            Ok(result) => self.complete(entered, &pass.io, pass.transition, result),
            Err(error) => self.failed(entered, error),
        }
    }
}
