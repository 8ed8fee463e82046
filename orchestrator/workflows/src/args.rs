//! The flags of the daemon.

use std::net::SocketAddr;
use std::path::PathBuf;

use actions::{KmsKeys, Limits, Scope};
use clap::{Command, Parser};
use daemon::{Args, ConfigError, Defaults};

use crate::access::Access;
use crate::api::ApiSettings;
use crate::aws_args::AwsArgs;
use crate::function_args::FunctionArgs;
use crate::http_args::HttpArgs;
use crate::keep::{Keep, keep};
use crate::triggers::{Draft, read_file};

/// Flags of `duet workflow serve`.
#[derive(Clone, Debug, Parser)]
#[command(max_term_width = 100, after_help = EXAMPLES)]
pub struct ServeArgs {
    /// Store and HTTP.
    #[command(flatten)]
    pub(crate) host: Args,
    /// Whose API it is.
    #[command(flatten)]
    api: ApiArgs,
    /// A file of rules (JSON) by which messages of --bus start executions: they are put into the store at the start. Rules that are there already
    /// and not in the file stay.
    #[arg(long, value_name = "FILE", env = "DUET_RULES", help_heading = "API")]
    rules: Option<PathBuf>,
}

/// What ARNs have in them, and who may ask.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "API")]
pub struct ApiArgs {
    /// The account that everything belongs to: 12 digits.
    #[arg(long, value_name = "ID", env = "DUET_ACCOUNT", default_value = "123456789012", value_parser = account)]
    account: String,
    /// The region of requests that are not signed for one.
    #[arg(long, value_name = "NAME", env = "DUET_REGION", default_value = "us-east-1", value_parser = region)]
    region: String,
    /// A file as ~/.aws/credentials is: requests must be signed with the keys of one of its profiles. Without it, everybody who
    /// reaches this server may do everything, so it listens on this machine's loopback addresses only.
    #[arg(long, value_name = "FILE", env = "DUET_AWS_CREDENTIALS")]
    aws_credentials: Option<PathBuf>,
    /// A folder whose folders are buckets (FOLDER/BUCKET/KEY): what Maps in distributed mode read, and where they write.
    #[arg(long, value_name = "FOLDER", env = "DUET_S3")]
    s3: Option<PathBuf>,
    /// A file to which events of executions are appended, a line of JSON each, as their machines' loggingConfiguration says. It may be
    /// moved away at any time: another one is begun.
    #[arg(long, value_name = "FILE", env = "DUET_EXECUTION_LOGS")]
    execution_logs: Option<PathBuf>,
    /// A file that says what state each key of KMS is in, one a line: KEY = enabled, denied, throttled, disabled, pending-deletion,
    /// pending-import, unavailable or creating. Keys that are not in it are denied. Without it every key is enabled. Nothing is encrypted.
    #[arg(long, value_name = "FILE", env = "DUET_KMS_KEYS")]
    kms_keys: Option<PathBuf>,
    /// How long executions are kept after they have ended, as days (90d), hours or minutes, or forever. Then they are forgotten, a few at
    /// a time, and their names may be had again.
    #[arg(long, value_name = "TIME", env = "DUET_KEEP", default_value = "90d", value_parser = keep)]
    keep: Keep,
    /// How many executions may be open: another Standard one does not begin by StartExecution, and none is redriven, while there are so many
    /// (ExecutionLimitExceeded). AWS's quota is a million.
    #[arg(long, value_name = "COUNT", env = "DUET_OPEN_EXECUTIONS_MAX", default_value_t = Limits::default().open_executions, value_parser = clap::value_parser!(u64).range(1..))]
    open_executions_max: u64,
    /// What tasks can call.
    #[command(flatten)]
    functions: FunctionArgs,
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    http: HttpArgs,
}

/// Whose messages can start executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nobody's.
    None,
    /// Those of a bus.
    Bus,
    /// Those of Kafka, which has something to say about where a group begins.
    Kafka,
}

const EXAMPLES: &str = "\
Examples:
  duet workflow serve                             # at http://127.0.0.1:8084, kept in workflows.db
  aws --endpoint-url http://127.0.0.1:8084 stepfunctions list-state-machines
  duet workflow serve --function charge=./charge.py --function notify=http://127.0.0.1:9000/notify
  AWS_PROFILE=dev duet workflow serve --call-aws      # tasks call the real AWS, as that profile may
  duet workflow serve --listen 0.0.0.0:8084 --aws-credentials keys.ini --http-allowed-hosts workflows
  duet workflow serve --bus amqp://guest:guest@127.0.0.1:5682/%2f --rules rules.json

Every flag but --bus can also be set in the environment: DUET_ and its name, e.g. DUET_STORE for --store.
Exit codes: 0 ended as asked, 1 failed, 64 a flag is wrong, 130 interrupted twice.";

/// Where it listens and keeps its store unless it is told otherwise. Beside the ports of the order flow (8080 to 8083).
pub const DEFAULTS: Defaults = Defaults { listen: "127.0.0.1:8084", store: "sqlite:workflows.db" };

/// What is told of `--bus`: not that of the environment, which is other services'.
const BUS: &str = "The bus whose messages start executions, by the rules of `duet workflow rule`: amqp://… (RabbitMQ), kafka://…, tcp://HOST:PORT \
                   (where `duet bus` listens). Without it none do";
/// [`actions::http::BODY_BYTES_MAX`], as a flag spells it.
pub const BODY_BYTES_MAX: &str = "2097152";
/// Connections: each worker that waits for a task has one of its own, and so has whoever waits for the end of an execution.
const CONNECTIONS_MAX: &str = "4096";

/// The command that has [`ServeArgs`], with the defaults of this daemon: it needs no bus unless messages are to start workflows; its requests
/// may be larger than others', and more of them wait.
#[must_use]
pub fn with_defaults(command: Command) -> Command {
    command
        .mut_arg("store", |arg| arg.default_value(DEFAULTS.store))
        .mut_arg("listen", |arg| arg.default_value(DEFAULTS.listen))
        .mut_arg("bus", |arg| arg.default_value("memory:").env(None::<&str>).help(BUS).long_help(BUS))
        .mut_arg("bus_file", |arg| arg.env(None::<&str>))
        .mut_arg("http_body_bytes_max", |arg| arg.default_value(BODY_BYTES_MAX))
        .mut_arg("http_connections_max", |arg| arg.default_value(CONNECTIONS_MAX))
}

impl ServeArgs {
    /// What the API is served with, checked.
    ///
    /// # Errors
    /// A file or folder cannot be used, or others could ask and there are no credentials.
    pub(crate) fn api(&self) -> Result<ApiSettings, ConfigError> {
        self.api.settings(self.host.listen)
    }

    /// The rules of the file, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or a rule in it is wrong.
    pub(crate) fn rules(&self) -> Result<Vec<Draft>, ConfigError> {
        let file = self.rules.as_deref();
        Ok(file.map(|file| read_file(file, &self.api.home())).transpose()?.unwrap_or_default())
    }

    /// Whose messages can start executions.
    pub(crate) fn source(&self) -> Source {
        match self.host.bus.split(':').next() {
            _ if self.host.bus_file.is_some() => Source::Bus,
            Some("memory") => Source::None,
            Some("kafka") => Source::Kafka,
            _ => Source::Bus,
        }
    }
}

impl ApiArgs {
    /// What the API is served with at that address, checked.
    ///
    /// # Errors
    /// A file or folder cannot be used, or others could ask and there are no credentials.
    pub fn settings(&self, listen: SocketAddr) -> Result<ApiSettings, ConfigError> {
        let access = Access::new(self.aws_credentials.as_deref(), listen)?;
        self.settings_with(access)
    }

    /// The same for a server that has other things to serve: without credentials the API is none of them where others could ask (`None`).
    ///
    /// # Errors
    /// A file or folder cannot be used.
    pub fn settings_beside(&self, listen: SocketAddr) -> Result<Option<ApiSettings>, ConfigError> {
        if self.aws_credentials.is_none() && !listen.ip().is_loopback() {
            return Ok(None);
        }
        self.settings(listen).map(Some)
    }

    fn settings_with(&self, access: Access) -> Result<ApiSettings, ConfigError> {
        Ok(ApiSettings {
            home: self.home(),
            access,
            buckets: self.buckets()?,
            execution_logs: self.execution_logs()?,
            kms_keys: self.kms_keys()?,
            keep: self.keep.0,
            limits: self.limits(),
            functions: self.functions.functions()?,
            aws: self.aws.calls(&self.region)?,
            http: self.http.settings()?,
        })
    }

    /// How many of each kind there may be.
    fn limits(&self) -> Limits {
        Limits { open_executions: self.open_executions_max, ..Limits::default() }
    }

    /// Where machines are made unless a request says otherwise.
    fn home(&self) -> Scope {
        Scope::of(&self.region, &self.account)
    }

    /// The folder of buckets, if there is one.
    ///
    /// # Errors
    /// It is no folder.
    fn buckets(&self) -> Result<Option<PathBuf>, ConfigError> {
        match &self.s3 {
            Some(folder) if !folder.is_dir() => {
                Err(ConfigError::new("--s3", folder.display(), "a folder whose folders are buckets"))
            }
            folder => Ok(folder.clone()),
        }
    }

    /// The file for events of executions, if there is one.
    ///
    /// # Errors
    /// It cannot be written.
    fn execution_logs(&self) -> Result<Option<PathBuf>, ConfigError> {
        let Some(file) = &self.execution_logs else { return Ok(None) };
        match std::fs::OpenOptions::new().append(true).create(true).open(file) {
            Ok(_) => Ok(Some(file.clone())),
            Err(error) => {
                let expected = format!("a file that can be written ({error})");
                Err(ConfigError::new("--execution-logs", file.display(), expected))
            }
        }
    }

    /// The keys of KMS.
    ///
    /// # Errors
    /// The file of keys cannot be used.
    fn kms_keys(&self) -> Result<KmsKeys, ConfigError> {
        let Some(file) = &self.kms_keys else { return Ok(KmsKeys::default()) };
        let wrong = |reason: String| {
            ConfigError::new(
                "--kms-keys",
                file.display(),
                format!("a file of keys and their states ({reason})"),
            )
        };
        let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        KmsKeys::read(&text).map_err(|error| wrong(error.to_string()))
    }
}

fn account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then(|| text.to_owned()).ok_or_else(|| "expected 12 digits".to_owned())
}

fn region(text: &str) -> Result<String, String> {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_region = !text.is_empty() && text.len() <= 64 && text.bytes().all(fine);
    is_region.then(|| text.to_owned()).ok_or_else(|| "expected a region, e.g. eu-west-1".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::{CommandFactory, FromArgMatches};

    use super::*;

    fn read(flags: &[&str]) -> Result<ServeArgs, clap::Error> {
        let command = with_defaults(ServeArgs::command());
        let args = ["serve"].iter().chain(flags);
        command.try_get_matches_from(args).and_then(|matches| ServeArgs::from_arg_matches(&matches))
    }

    #[test]
    fn it_needs_no_other_server_and_takes_what_aws_takes() {
        let args = read(&[]).unwrap();
        assert_eq!((args.host.bus.as_str(), args.host.store.as_str()), ("memory:", DEFAULTS.store));
        assert_eq!(args.host.listen.to_string(), DEFAULTS.listen);
        let body = usize::try_from(args.host.http_body_bytes_max).unwrap();
        assert_eq!(body, actions::http::BODY_BYTES_MAX);
        assert_eq!(args.host.http_connections_max.to_string(), CONNECTIONS_MAX);
        assert_eq!(args.api.home(), Scope::default());
    }

    #[test]
    fn executions_are_kept_as_long_as_by_aws() {
        assert_eq!(read(&[]).unwrap().api.keep.0, Some(Duration::from_secs(90 * 86_400)));
        assert_eq!(read(&["--keep", "forever"]).unwrap().api.keep.0, None);
        let error = read(&["--keep", "90"]).unwrap_err().to_string();
        assert!(error.contains("--keep") && error.contains("such as 90d"), "{error}");
    }

    #[test]
    fn as_many_executions_may_be_open_as_with_aws() {
        let of = |flags: &[&str]| read(flags).map(|args| args.api.limits().open_executions);
        assert_eq!(of(&[]).unwrap(), 1_000_000);
        assert_eq!(of(&["--open-executions-max", "5"]).unwrap(), 5);
        assert!(of(&["--open-executions-max", "0"]).is_err());
    }

    #[test]
    fn what_stands_in_arns_is_checked() {
        let home = read(&["--account", "000000000001", "--region", "cn-north-1"]).unwrap().api.home();
        assert_eq!(home, Scope::of("cn-north-1", "000000000001"));
        for wrong in
            [["--account", "1"], ["--account", "12345678901x"], ["--region", "a:b"], ["--region", ""]]
        {
            assert!(read(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn buckets_are_folders_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert_eq!(read(&["--s3", path]).unwrap().api.buckets(), Ok(Some(path.into())));
        assert_eq!(read(&[]).unwrap().api.buckets(), Ok(None));
        let missing = format!("{path}/missing");
        assert!(read(&["--s3", &missing]).unwrap().api.buckets().is_err());
    }

    #[test]
    fn execution_logs_go_to_a_file_that_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("events.jsonl");
        let path = file.to_str().unwrap();
        assert_eq!(read(&["--execution-logs", path]).unwrap().api.execution_logs(), Ok(Some(file.clone())));
        assert_eq!(read(&[]).unwrap().api.execution_logs(), Ok(None));
        let missing = format!("{path}/missing");
        let error =
            read(&["--execution-logs", &missing]).unwrap().api.execution_logs().unwrap_err().to_string();
        assert!(error.starts_with("--execution-logs: found ") && error.contains("can be written"), "{error}");
    }

    #[test]
    fn keys_have_a_state_each() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let path = file.to_str().unwrap();
        std::fs::write(&file, "alias/orders = disabled\n").unwrap();
        assert!(read(&["--kms-keys", path]).unwrap().api.kms_keys().is_ok());
        assert!(read(&[]).unwrap().api.kms_keys().is_ok());
        std::fs::write(&file, "alias/orders\n").unwrap();
        let error = read(&["--kms-keys", path]).unwrap().api.kms_keys().unwrap_err().to_string();
        assert!(
            error.starts_with("--kms-keys: found ") && error.contains("line 1 is not KEY = STATE"),
            "{error}"
        );
        assert!(read(&["--kms-keys", "no such file"]).unwrap().api.kms_keys().is_err());
    }

    #[test]
    fn whose_messages_start_executions_is_said_by_a_flag_alone() {
        let help = with_defaults(ServeArgs::command()).render_long_help().to_string();
        assert!(!help.contains("DUET_BUS") && help.contains("[env: DUET_STORE]"), "{help}");
        assert!(help.contains("The bus whose messages start executions"), "{help}");
        for (bus, source) in [
            ("memory:", Source::None),
            ("kafka://h", Source::Kafka),
            ("amqp://h", Source::Bus),
            ("tcp://h:1", Source::Bus),
        ] {
            assert_eq!(read(&["--bus", bus]).unwrap().source(), source, "{bus}");
        }
        assert_eq!(read(&[]).unwrap().source(), Source::None);
        assert_eq!(read(&["--bus-file", "secret"]).unwrap().source(), Source::Bus);
    }

    #[test]
    fn its_help_tells_its_own_defaults() {
        let help = with_defaults(ServeArgs::command()).render_long_help().to_string();
        assert!(help.contains("[default: 2097152]") && help.contains(DEFAULTS.listen), "{help}");
    }
}
