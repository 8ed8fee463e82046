//! Functions that are programs on this machine, or answer over HTTP.
//!
//! Both are given JSON and give JSON. An object with the texts `errorType` and `errorMessage` is an error, as of a Lambda function: the
//! error is named by `errorType`, and its cause is the object.

mod command;
mod http;
mod output;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Runtime;

use crate::answer::{Answer, Answers, Asked, NoneLeft, Reply};
use command::Command;
use output::Failed;

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

/// Functions by name.
pub struct Functions {
    by_name: BTreeMap<String, Place>,
    runtime: Arc<Runtime>,
    patience: Duration,
}

impl Functions {
    /// Functions, each of which may take so long.
    ///
    /// # Errors
    /// The operating system gives no threads.
    pub fn new(functions: &[Function], patience: Duration) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let by_name = functions.iter().map(|it| (it.name.clone(), it.place.clone())).collect();
        Ok(Self { by_name, runtime: Arc::new(runtime), patience })
    }
}

impl Answers for Functions {
    fn answer(&mut self, asked: &Asked) -> Result<Option<Reply>, NoneLeft> {
        let Some(place) = asked.name().and_then(|name| self.by_name.get(&name)) else { return Ok(None) };
        let (place, asked) = (place.clone(), asked.clone());
        let (runtime, patience) = (Arc::clone(&self.runtime), self.patience);
        Ok(Some(Reply::Work(Box::new(move || {
            let given = asked.payload().to_string();
            let answered = runtime.block_on(async {
                let answer = async {
                    match &place {
                        Place::Command(command) => command.run(&given).await,
                        Place::Url(url) => http::ask(url, given.clone()).await,
                    }
                };
                tokio::time::timeout(patience, answer).await
            });
            match answered {
                Ok(Ok(output)) => asked.returned(output),
                Ok(Err(Failed { error, cause })) => Answer::Failed { error, cause: Some(cause) },
                Err(_) => {
                    let cause = format!("the function took longer than {} s", patience.as_secs_f64());
                    Answer::Failed { error: "Sandbox.Timedout".to_owned(), cause: Some(cause) }
                }
            }
        }))))
    }
}
