//! Succeed: ends the machine well.

use asl::io::{Ends, Io};
use asl::syntax::Transition;

use crate::stepper::{Entered, Outcome, Stepper};

impl<'d> Stepper<'d> {
    pub(super) fn succeed(&mut self, mut entered: Entered<'d>, io: &'d Io<Ends>) -> Outcome {
        match self.through(&mut entered, io) {
            Ok((output, assigned)) => self.leave(entered, Transition::End, output, assigned),
            Err(spoilt) => self.spoilt(entered, spoilt),
        }
    }
}
