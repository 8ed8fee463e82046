//! The flags for functions that tasks can call.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use daemon::ConfigError;
use functions::{Function, FunctionError, Functions};

/// A line of a list of functions.
#[derive(Clone, Debug)]
struct Line(Option<Function>);

/// An empty line has none.
fn line(text: &str) -> Result<Line, FunctionError> {
    if text.trim().is_empty() {
        Ok(Line(None))
    } else {
        text.trim_start().parse().map(|function| Line(Some(function)))
    }
}

/// Functions that tasks can call.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct FunctionArgs {
    /// What a Lambda function is here: a program that is given JSON on standard input and answers on standard output, a program for Lambda
    /// (lambda:COMMAND), which asks the Lambda runtime API, or a URL to post to. Tasks call it by its name or ARN, in whatever account and region. May be
    /// said again; in the environment, one a line.
    #[arg(
        long = "function",
        value_name = "NAME=COMMAND|lambda:COMMAND|URL",
        env = "DUET_FUNCTION",
        value_delimiter = '\n',
        value_parser = line,
        hide_env_values = true
    )]
    functions: Vec<Line>,
    /// The longest that a call of a function may take, in seconds: AWS's is 15 minutes.
    #[arg(long, value_name = "N", env = "DUET_FUNCTION_TIMEOUT_S", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    function_timeout_s: u64,
    /// How many calls of each function are at work at once; further ones wait, and hold up nothing else.
    #[arg(long, value_name = "N", env = "DUET_FUNCTIONS_AT_ONCE", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=256))]
    functions_at_once: u64,
}

impl FunctionArgs {
    /// The functions.
    ///
    /// # Errors
    /// Two have one name, or it is none of a Lambda function.
    pub(crate) fn functions(&self) -> Result<Arc<Functions>, ConfigError> {
        let functions: Vec<Function> = self.functions.iter().filter_map(|line| line.0.clone()).collect();
        let mut names = BTreeSet::new();
        for function in &functions {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            if !function.name.bytes().all(is_name) {
                let expected = "the name of a Lambda function: letters, digits, - and _";
                return Err(ConfigError::new("--function", &function.name, expected));
            }
            if !names.insert(&function.name) {
                return Err(ConfigError::new("--function", &function.name, "one function of each name"));
            }
        }
        let at_once = usize::try_from(self.functions_at_once).unwrap_or(usize::MAX);
        let patience = Duration::from_secs(self.function_timeout_s);
        Ok(Arc::new(Functions::new(&functions, patience, at_once)))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        args: FunctionArgs,
    }

    fn read(flags: &[&str]) -> Result<FunctionArgs, clap::Error> {
        Flags::try_parse_from(["serve"].iter().chain(flags)).map(|flags| flags.args)
    }

    #[test]
    fn each_name_has_one_function() {
        let functions = read(&["--function", "a=cat", "--function", "b=http://127.0.0.1:1/f"]).unwrap();
        let functions = functions.functions().unwrap();
        assert!(functions.has("a") && functions.has("b") && !functions.has("c"));
        assert!(read(&[]).unwrap().functions().unwrap().is_empty());
        let twice = read(&["--function", "a=cat", "--function", "a=tac"]).unwrap().functions().unwrap_err();
        assert_eq!(twice.to_string(), "--function: found a, expected one function of each name");
        let lines = read(&["--function", "a=cat\n\nb=tac\n"]).unwrap().functions().unwrap();
        assert!(lines.has("a") && lines.has("b"));
        let other =
            read(&["--function", "sqs:sendMessage=cat"]).unwrap().functions().unwrap_err().to_string();
        assert!(other.contains("the name of a Lambda function"), "{other}");
        let error = read(&["--function", "a=./no-such-program"]).unwrap_err().to_string();
        assert!(error.contains("there is no program of that name"), "{error}");
    }
}
