//! Functions that are programs on this machine, programs for Lambda, or answer over HTTP.
//!
//! All are given JSON and give JSON. An object with the texts `errorType` and `errorMessage` is an error, as of a Lambda function: the
//! error is named by `errorType`, and its cause is the object.
//!
//! | module | holds |
//! | --- | --- |
//! | `command` | a function that is a program |
//! | `group` | its process group, which ends with it |
//! | `http` | a function over HTTP |
//! | `output` | what an answer means |
//! | `runtime` | a function that is a program for Lambda |
#![warn(missing_docs)]

mod command;
mod group;
mod http;
mod output;
mod runtime;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;
use tokio::sync::Semaphore;

use command::Command;
use runtime::Runtime;

pub use output::Failed;

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
    Lambda(Command),
    Url(String),
}

/// What is no function.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FunctionError {
    /// There is nothing on one side of the `=`.
    #[error("found {0:?}, expected NAME=./program, NAME=lambda:./bootstrap or NAME=http://…")]
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
    #[error("the function {name:?} is at {url:?}; only http:// and https:// can be asked")]
    Scheme {
        /// The function.
        name: String,
        /// Where it should be.
        url: String,
    },
}

impl std::str::FromStr for Function {
    type Err = FunctionError;

    /// Reads `NAME=./program` or, for one that asks the Lambda runtime API, `NAME=lambda:./program`, both with arguments after spaces; or
    /// `NAME=http://…`, `NAME=https://…`. The name ends at the first `=`.
    fn from_str(text: &str) -> Result<Self, FunctionError> {
        let parts = text.split_once('=').filter(|(name, place)| !name.is_empty() && !place.trim().is_empty());
        let Some((name, place)) = parts else { return Err(FunctionError::Shape(text.to_owned())) };
        let name = name.to_owned();
        if place.starts_with("http://") || place.starts_with("https://") {
            return Ok(Self { name, place: Place::Url(place.to_owned()) });
        }
        if place.contains("://") {
            return Err(FunctionError::Scheme { name, url: place.to_owned() });
        }
        let (is_for_lambda, program) = match place.strip_prefix("lambda:") {
            Some(program) => (true, program),
            None => (false, place),
        };
        let Some(command) = Command::parse(program) else {
            return Err(FunctionError::NoProgram { name, command: program.to_owned() });
        };
        Ok(Self { name, place: if is_for_lambda { Place::Lambda(command) } else { Place::Command(command) } })
    }
}

/// How a function is called.
#[derive(Debug)]
enum Means {
    Command(Command),
    Lambda(Runtime),
    Url(String),
}

impl Means {
    fn of(function: &Function) -> Self {
        match &function.place {
            Place::Command(command) => Self::Command(command.clone()),
            Place::Lambda(command) => Self::Lambda(Runtime::new(&function.name, command.clone())),
            Place::Url(url) => Self::Url(url.clone()),
        }
    }
}

/// Functions by name.
#[derive(Debug)]
pub struct Functions {
    by_name: BTreeMap<String, Called>,
    patience: Duration,
    at_once: usize,
    asker: http::Asker,
}

#[derive(Debug)]
struct Called {
    means: Means,
    /// Calls that may begin now.
    turns: Semaphore,
}

impl Functions {
    /// Functions, each call of which may take so long once it has its turn; so many of each are at work at once.
    #[must_use]
    pub fn new(functions: &[Function], patience: Duration, at_once: usize) -> Self {
        let at_once = at_once.min(Semaphore::MAX_PERMITS);
        let called = |it: &Function| Called { means: Means::of(it), turns: Semaphore::new(at_once) };
        let by_name = functions.iter().map(|it| (it.name.clone(), called(it))).collect();
        Self { by_name, patience, at_once, asker: http::Asker::default() }
    }

    /// How many calls of a function are at work at once; further ones wait.
    #[must_use]
    pub fn at_once(&self) -> usize {
        self.at_once
    }

    /// Whether there is one of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// What the function of that name gives for `given`, which is JSON; `None` if there is none. `id` tells the function which call it is, where
    /// one may be made again: a program in `DUET_CALL_ID`, one for Lambda by its request id, over HTTP in `Idempotency-Key`. Whoever drops this ends the program, with all that it
    /// has started.
    ///
    /// # Errors
    /// [`Failed`]: the function failed, could not be asked, or took too long.
    pub async fn invoke(&self, name: &str, given: &Value, id: Option<&str>) -> Option<Result<Value, Failed>> {
        let Called { means, turns } = self.by_name.get(name)?;
        // It is never closed.
        let _turn = turns.acquire().await.ok();
        let given = given.to_string();
        let answer = async {
            match means {
                Means::Command(command) => command.run(&given, id).await,
                Means::Lambda(runtime) => runtime.ask(&given, id, self.patience).await,
                Means::Url(url) => self.asker.ask(url, given.clone(), id).await,
            }
        };
        let in_time = tokio::time::timeout(self.patience, answer).await;
        Some(in_time.unwrap_or_else(|_| Err(Failed::timed_out(self.patience))))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn functions(texts: &[&str], patience: Duration) -> Functions {
        let functions: Vec<_> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Functions::new(&functions, patience, 1)
    }

    #[test]
    fn what_is_no_function_says_what_would_be_one() {
        for (text, why) in [
            ("f", "expected NAME=./program"),
            ("=cat", "expected NAME=./program"),
            ("f= ", "expected NAME=./program"),
            ("f=ftp://h/f", "only http:// and https:// can be asked"),
            ("f=./no-such-program x", "there is no program of that name"),
        ] {
            let error = text.parse::<Function>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[tokio::test]
    async fn a_call_has_its_turn_and_its_time() {
        let functions = functions(
            &["echo=cat", "slow=sleep 600", "id=printenv DUET_CALL_ID"],
            Duration::from_millis(300),
        );
        let given = json!({"dish": "soup"});
        // Two at once of one at a time: the time of the second begins with its turn.
        let (slow, echo) =
            tokio::join!(functions.invoke("slow", &given, None), functions.invoke("echo", &given, None));
        assert_eq!(slow.unwrap().unwrap_err().error, "Sandbox.Timedout");
        assert_eq!(echo, Some(Ok(given.clone())));
        assert_eq!(functions.invoke("none", &given, None).await, None);
        assert_eq!(functions.invoke("id", &given, Some("7")).await, Some(Ok(json!(7))));
    }
}
