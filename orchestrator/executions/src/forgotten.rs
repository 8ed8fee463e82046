//! Executions that are forgotten, but not gone: nobody can ask for them any more, and their names are not free yet.

use participant::{Effects, Input, Rejected};
use serde::{Deserialize, Serialize};

use crate::begin::Begin;
use crate::errand::{Errand, Outcome};
use crate::request::{Answer, Request};

/// An execution that is forgotten, while its Map runs go: what is left under its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forgotten {
    /// When it began, in milliseconds since 1970.
    #[serde(rename = "s")]
    pub(crate) started_ms: u64,
}

impl Forgotten {
    /// To who asks for it, it is not there; but none of its name begins.
    pub(crate) fn handle<C>(
        &self,
        input: Input<'_, Outcome, Request>,
        effects: &mut Effects<Errand<C>, Answer>,
    ) -> Result<(), Rejected> {
        match input {
            Input::Request(Request::Start(_) | Request::StartChild(_)) => {
                effects.answer(Answer::Exists { started_ms: self.started_ms });
            }
            Input::Request(_) => effects.answer(Answer::Unknown),
            Input::Outcome(outcome) => unheard(outcome, effects),
            Input::Message(message) if Begin::is_in(message) => {
                return Err(Rejected("there is another execution of that name still".to_owned()));
            }
            Input::Message(_) => {
                return Err(Rejected(format!("there is no execution {:?}", effects.key())));
            }
            Input::Timer(_) => {}
        }
        Ok(())
    }
}

/// A call has come out that the execution, which is there no more, has made: nobody waits for what it has begun.
pub(crate) fn unheard<C>(outcome: &Outcome, effects: &mut Effects<Errand<C>, Answer>) {
    match outcome {
        Outcome::Begun { nested: Some(nested), .. } => effects.call(Errand::Stop(vec![nested.clone()])),
        Outcome::ChildBegun { attempt, child, .. } => {
            effects.call(Errand::StopChildren {
                children: vec![child.clone()],
                attempt: attempt.unwrap_or(u32::MAX),
            });
        }
        Outcome::Told(_)
        | Outcome::Returned { .. }
        | Outcome::Begun { nested: None, .. }
        | Outcome::MapRunKept { .. }
        | Outcome::Unheard
        | Outcome::Done => {}
    }
}
