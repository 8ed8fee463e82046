//! Succeed: ends the machine well.

use asl::io::{Ends, Io};
use asl::syntax::Transition;

use crate::stepper::{Entered, Outcome, Stepper};

impl<'d> Stepper<'d> {
    pub(super) fn succeed(&mut self, mut entered: Entered<'d>, io: &'d Io<Ends>) -> Outcome {
        let data = std::mem::take(&mut entered.data);
        match self.through(&entered, io, data) {
            Ok(output) => self.leave(entered, Transition::End, output),
            Err(error) => entered.fail(error),
        }
    }
}
