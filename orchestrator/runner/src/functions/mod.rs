//! Functions that are programs on this machine, or answer over HTTP.
//!
//! Both are given JSON and give JSON. An object with the texts `errorType` and `errorMessage` is an error, as of a Lambda function: the
//! error is named by `errorType`, and its cause is the object.

mod command;
mod group;
mod http;
mod output;
mod working;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Runtime;

use crate::answer::{Answers, NoneLeft, Reply};
use crate::asked::{Answer, Asked};
use command::Command;
use output::Failed;
pub use working::Working;

/// A function by its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name: as tasks call it, `service:action`, or the name of an activity.
    pub name: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq)]
enum Place {
    Command(Command),
    Url(String),
}

/// What is no function.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FunctionError {
    /// There is nothing on one side of the `=`.
    #[error("found {0:?}, expected NAME=./program or NAME=http://…")]
    Shape(String),
    /// Nothing there can be run.
    #[error("the function {name:?} is {command:?}, and there is no program of that name")]
    NoProgram {
        /// The function.
        name: String,
        /// What it should be.
        command: String,
    },
    /// It is somewhere that cannot be asked.
    #[error("the function {name:?} is at {url:?}; only http:// can be asked")]
    Scheme {
        /// The function.
        name: String,
        /// Where it should be.
        url: String,
    },
}

impl std::str::FromStr for Function {
    type Err = FunctionError;

    /// Reads `NAME=./program`, with arguments after spaces, or `NAME=http://…`. The name ends at the first `=`.
    fn from_str(text: &str) -> Result<Self, FunctionError> {
        let parts = text.split_once('=').filter(|(name, place)| !name.is_empty() && !place.trim().is_empty());
        let Some((name, place)) = parts else { return Err(FunctionError::Shape(text.to_owned())) };
        let name = name.to_owned();
        if place.starts_with("http://") {
            return Ok(Self { name, place: Place::Url(place.to_owned()) });
        }
        if place.contains("://") {
            return Err(FunctionError::Scheme { name, url: place.to_owned() });
        }
        match Command::parse(place) {
            Some(command) => Ok(Self { name, place: Place::Command(command) }),
            None => Err(FunctionError::NoProgram { name, command: place.to_owned() }),
        }
    }
}

/// Functions by name. When this is dropped, all that is at work is ended, and waited for.
pub struct Functions {
    by_name: BTreeMap<String, Place>,
    runtime: Arc<Runtime>,
    patience: Duration,
    working: Working,
}

impl Functions {
    /// Functions, each of which may take so long.
    ///
    /// # Errors
    /// The operating system gives no threads.
    pub fn new(functions: &[Function], patience: Duration) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let by_name = functions.iter().map(|it| (it.name.clone(), it.place.clone())).collect();
        Ok(Self { by_name, runtime: Arc::new(runtime), patience, working: Working::default() })
    }

    /// What ends all functions at once, from another thread.
    pub fn working(&self) -> Working {
        self.working.clone()
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        self.working.end();
    }
}

impl Answers for Functions {
    fn answer(&mut self, asked: &Asked) -> Result<Option<Reply>, NoneLeft> {
        let Some(place) = asked.name().and_then(|name| self.by_name.get(&name)) else { return Ok(None) };
        let (place, asked) = (place.clone(), asked.clone());
        let (runtime, patience, working) = (Arc::clone(&self.runtime), self.patience, self.working());
        Ok(Some(Reply::Work(Box::new(move |stop| {
            let given = asked.payload().to_string();
            let answer = async {
                match &place {
                    Place::Command(command) => command.run(&given).await,
                    Place::Url(url) => http::ask(url, given.clone()).await,
                }
            };
            // Made inside: a time-out belongs to the runtime.
            let answer = async { tokio::time::timeout(patience, answer).await };
            match runtime.block_on(working.unless_ended(stop, answer)) {
                Some(Ok(Ok(output))) => asked.returned(output),
                Some(Ok(Err(Failed { error, cause }))) => Answer::Failed { error, cause: Some(cause) },
                Some(Err(_)) => {
                    let message =
                        format!("Error: Task timed out after {:.2} seconds", patience.as_secs_f64());
                    let Failed { error, cause } = Failed::lambda("Sandbox.Timedout", &message);
                    Answer::Failed { error, cause: Some(cause) }
                }
                None => Answer::Failed { error: asl::error::RUNTIME.to_owned(), cause: None },
            }
        }))))
    }
}
