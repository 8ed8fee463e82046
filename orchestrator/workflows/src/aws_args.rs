//! The flags for services of AWS that tasks can call.

use std::sync::Arc;
use std::time::Duration;

use aws_calls::{AwsCalls, Options};
use daemon::ConfigError;

/// Whether services of AWS are called, and how.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AwsArgs {
    /// Tasks call services of AWS (arn:aws:states:::aws-sdk:SERVICE:ACTION, sqs:sendMessage and the like), with the credentials, region and
    /// endpoints that AWS's own clients find: AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and the others. Whoever may make state machines
    /// here may then do whatever these credentials may. Without it such tasks fail.
    #[arg(long, env = "DUET_CALL_AWS")]
    call_aws: bool,
    /// The longest that a call of AWS may take, in seconds.
    #[arg(long, value_name = "N", env = "DUET_AWS_TIMEOUT_S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=900))]
    aws_timeout_s: u64,
    /// How many calls of AWS are made at once; further ones wait.
    #[arg(long, value_name = "N", env = "DUET_AWS_CALLS_AT_ONCE", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=256))]
    aws_calls_at_once: u64,
}

impl AwsArgs {
    /// What calls AWS, if it is to be called; in that region, unless environment or profile names one.
    ///
    /// # Errors
    /// There is no TLS to be had.
    pub(crate) fn calls(&self, region: &str) -> Result<Option<Arc<AwsCalls>>, ConfigError> {
        if !self.call_aws {
            return Ok(None);
        }
        let options = Options {
            region: region.to_owned(),
            patience: Duration::from_secs(self.aws_timeout_s),
            at_once: usize::try_from(self.aws_calls_at_once).unwrap_or(usize::MAX),
        };
        let calls = AwsCalls::new(options);
        let calls = calls.map_err(|error| ConfigError::new("--call-aws", true, telemetry::chain(&error)))?;
        Ok(Some(Arc::new(calls)))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        args: AwsArgs,
    }

    #[test]
    fn nothing_is_called_unless_that_is_said() {
        let read = |flags: &[&str]| Flags::try_parse_from(["serve"].iter().chain(flags));
        let calls =
            |flags: &[&str]| read(flags).map(|flags| flags.args.calls("eu-west-1").unwrap().is_some());
        assert!(!calls(&[]).unwrap());
        assert!(!calls(&["--aws-timeout-s", "5"]).unwrap());
        assert!(calls(&["--call-aws"]).unwrap());
        assert!(calls(&["--aws-timeout-s", "901"]).is_err());
    }
}
