//! Choice: decides where to go on.

use asl::RuntimeError;
use asl::error::NO_CHOICE_MATCHED;
use asl::syntax::{Choice, Transition};

use crate::io::seen;
use crate::stepper::{Entered, Outcome, Stepper};

impl<'d> Stepper<'d> {
    pub(super) fn choose(&mut self, mut entered: Entered<'d>, choice: &'d Choice) -> Outcome {
        let chosen = self.scoped(&entered, &entered.data, |scope| {
            let input = seen(&choice.io, scope)?;
            let scope = scope.over(&input);
            for (rule, next) in &choice.rules {
                if rule.holds(&scope)? {
                    return Ok(*next);
                }
            }
            choice.default.ok_or_else(|| {
                RuntimeError::new(NO_CHOICE_MATCHED, "no choice rule holds, and there is no Default")
            })
        });
        let data = std::mem::take(&mut entered.data);
        let output = chosen.and_then(|next| Ok((next, self.through(&entered, &choice.io, data)?)));
        match output {
            Ok((next, output)) => self.leave(entered, Transition::Next(next), output),
            Err(error) => entered.fail(error),
        }
    }
}
