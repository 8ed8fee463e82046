//! What answers the calls of tasks.

use thiserror::Error;

use crate::asked::{Answer, Asked};
use crate::course::Course;
use crate::stop::Stop;

/// Answers the calls of tasks.
pub trait Answers {
    /// The answer to a call, or `None` if these answers have none: then whoever stands behind them is asked.
    ///
    /// # Errors
    /// The call is one for these answers, and they have none left.
    fn answer(&mut self, asked: &Asked) -> Result<Option<Reply>, NoneLeft>;
}

/// There were fewer answers than calls.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{whose} has no response for call {call} (counted from 0): \"{call}\" is missing")]
pub struct NoneLeft {
    /// Where the answers are, for people.
    pub whose: String,
    /// Which call it was, counted from 0.
    pub call: usize,
}

/// When and how a call is answered.
pub enum Reply {
    /// So, on the execution's clock.
    Told(Course),
    /// By work that takes as long as it takes.
    Work(Job),
}

/// Work that comes to an answer. It ends early when it is told to stop; then nobody hears its answer.
pub type Job = Box<dyn FnOnce(&Stop) -> Answer + Send>;

/// Several answers, the first that has one answers.
#[derive(Default)]
pub struct Layers(Vec<Box<dyn Answers + Send>>);

impl Layers {
    /// Adds answers behind those that there are.
    #[must_use]
    pub fn and(mut self, answers: impl Answers + Send + 'static) -> Self {
        self.0.push(Box::new(answers));
        self
    }
}

impl Answers for Layers {
    fn answer(&mut self, asked: &Asked) -> Result<Option<Reply>, NoneLeft> {
        for layer in &mut self.0 {
            if let Some(reply) = layer.answer(asked)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }
}
