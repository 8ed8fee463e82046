//! The flags for functions that tasks can call.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use daemon::ConfigError;
use functions::{Function, Functions};

/// Functions that tasks can call.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct FunctionArgs {
    /// What a Lambda function is here: a program that is given JSON on standard input and answers on standard output, or a URL to post to. Tasks
    /// call it by its name or ARN, in whatever account and region. May be said again; in the environment, one a line.
    #[arg(
        long = "function",
        value_name = "NAME=COMMAND|URL",
        env = "DUET_FUNCTION",
        value_delimiter = '\n',
        hide_env_values = true
    )]
    functions: Vec<Function>,
    /// The longest that a call of a function may take, in seconds: AWS's is 15 minutes.
    #[arg(long, value_name = "N", env = "DUET_FUNCTION_TIMEOUT_S", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    function_timeout_s: u64,
    /// How many calls of functions are at work at once; further ones wait.
    #[arg(long, value_name = "N", env = "DUET_FUNCTIONS_AT_ONCE", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    functions_at_once: u64,
}

impl FunctionArgs {
    /// The functions.
    ///
    /// # Errors
    /// Two have one name.
    pub(crate) fn functions(&self) -> Result<Arc<Functions>, ConfigError> {
        let mut names = BTreeSet::new();
        if let Some(twice) = self.functions.iter().find(|function| !names.insert(&function.name)) {
            return Err(ConfigError::new("--function", &twice.name, "one function of each name"));
        }
        let at_once = usize::try_from(self.functions_at_once).unwrap_or(usize::MAX);
        let patience = Duration::from_secs(self.function_timeout_s);
        Ok(Arc::new(Functions::new(&self.functions, patience, at_once)))
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
        let error = read(&["--function", "a=./no-such-program"]).unwrap_err().to_string();
        assert!(error.contains("there is no program of that name"), "{error}");
    }
}
