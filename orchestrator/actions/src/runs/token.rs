//! Task tokens.

use api::{ErrorKind, Failure};
use engine::{Fact, TaskId, token};
use executions::{Answer, HandedIn, Request, machine_and_name};

use crate::failures::{declared, unanswered, unexpected};
use crate::service::Service;

impl Service {
    /// Tells what the token's task has come to.
    ///
    /// # Errors
    /// `InvalidToken`: it is none, or nobody was ever given it; `TaskTimedOut`: the task was, but is not awaited any more; `TaskDoesNotExist`: there is no such
    /// execution.
    pub(crate) async fn tell_task(
        &self,
        token: &str,
        fact: impl FnOnce(TaskId) -> Fact,
    ) -> Result<(), Failure> {
        let invalid = || declared(ErrorKind::InvalidToken, "Invalid Token: 'Invalid token'");
        let token = token::decode(token).ok_or_else(invalid)?;
        let key = token.execution().to_owned();
        let (_, name) = machine_and_name(&key).ok_or_else(invalid)?;
        let timed_out =
            || declared(ErrorKind::TaskTimedOut, "Task Timed Out: 'Provided task does not exist anymore'");
        let fact = fact(token.task());
        let asked = self.ask(key.clone(), Request::HandIn(Box::new(HandedIn { token, fact }))).await;
        match asked.map_err(|error| unanswered(&error))? {
            Answer::Told { was_awaited: true, .. } => Ok(()),
            Answer::Told { .. } => Err(timed_out()),
            Answer::InvalidToken => Err(invalid()),
            // An Express execution has an id behind its name, and leaves nothing behind when it ends.
            Answer::Unknown if name.contains(':') => Err(timed_out()),
            Answer::Unknown => Err(declared(
                ErrorKind::TaskDoesNotExist,
                "Task Does Not Exist: 'Provided task does not exist'",
            )),
            other => Err(unexpected(&other)),
        }
    }
}
