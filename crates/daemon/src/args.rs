//! The flags that every service binary has, and the settings made of them.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use participant::Options;
use telemetry::{Code, LogFormat, LogOptions, printable, tell};

use crate::{AllowedHosts, BusAddress, ConfigError, HttpLimits, StoreAddress};

/// Flags shared by the service binaries; each can be given in the environment too. Their defaults for one
/// service are filled in by [`parse`].
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The bus: `amqp://USER:PASSWORD@HOST/VHOST` (RabbitMQ; amqps:// for TLS), `kafka://HOST:PORT,HOST:PORT`,
    /// `tcp://HOST:PORT` (where `duet bus` listens) or `memory:` (this process alone).
    // The environment may hold a password, so its value is not shown in the help; and for the same reason this is
    // checked after clap, whose messages would show it.
    #[arg(long, value_name = "URL", env = "DUET_BUS", hide_env_values = true, help_heading = "Connections")]
    #[arg(default_value = "tcp://127.0.0.1:7070")]
    pub bus: String,
    /// A file that holds the bus's URL and nothing else, as secrets are mounted; instead of --bus.
    #[arg(
        long,
        value_name = "FILE",
        env = "DUET_BUS_FILE",
        help_heading = "Connections",
        conflicts_with = "bus"
    )]
    pub bus_file: Option<PathBuf>,
    /// The store: `sqlite:PATH` (a file, made if there is none), `postgres://USER:PASSWORD@HOST/DATABASE` (in a schema
    /// named after this service unless `?schema=` names another) or `memory:` (gone with this process).
    #[arg(
        long,
        value_name = "URL",
        env = "DUET_STORE",
        hide_env_values = true,
        help_heading = "Connections"
    )]
    #[arg(default_value = "memory:")]
    pub store: String,
    /// A file that holds the store's URL and nothing else, as secrets are mounted; instead of --store.
    #[arg(
        long,
        value_name = "FILE",
        env = "DUET_STORE_FILE",
        help_heading = "Connections",
        conflicts_with = "store"
    )]
    pub store_file: Option<PathBuf>,
    /// Where HTTP is served; port 0 takes a free one, which the line on standard output names.
    #[arg(long, value_name = "ADDR:PORT", env = "DUET_LISTEN", help_heading = "Connections")]
    #[arg(default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Names by which HTTP may be asked for, with commas between, beside localhost and IP addresses, which always work:
    /// order-history,orders.example. Requests for any other are refused, as a web page could send them.
    #[arg(long, value_name = "NAME,…", env = "DUET_HTTP_ALLOWED_HOSTS", help_heading = "Connections")]
    #[arg(default_value = "", hide_default_value = true)]
    pub http_allowed_hosts: AllowedHosts,
    /// Inputs handled in one transaction, at the most.
    #[arg(long, value_name = "N", env = "DUET_BATCH_MAX", help_heading = "Limits", default_value_t = 256)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch_max: u32,
    /// Deliveries held unsettled, at the most; at least --batch-max.
    #[arg(
        long,
        value_name = "N",
        env = "DUET_UNSETTLED_MAX",
        help_heading = "Limits",
        default_value_t = 1024
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub unsettled_max: u32,
    /// Calls to the outside under way at once, at the most.
    #[arg(long, value_name = "N", env = "DUET_CALLS_MAX", help_heading = "Limits", default_value_t = 1024)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub calls_max: u32,
    /// HTTP connections open at once, at the most; further ones wait.
    #[arg(
        long,
        value_name = "N",
        env = "DUET_HTTP_CONNECTIONS_MAX",
        help_heading = "Limits",
        default_value_t = 512
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub http_connections_max: u32,
    /// The largest HTTP request body, in bytes.
    #[arg(long, value_name = "BYTES", env = "DUET_HTTP_BODY_BYTES_MAX", help_heading = "Limits")]
    #[arg(default_value_t = 256 * 1024, value_parser = clap::value_parser!(u32).range(1..=16 * 1024 * 1024))]
    pub http_body_bytes_max: u32,
    /// How long an HTTP request may take before it is answered 503, in milliseconds.
    #[arg(
        long,
        value_name = "MS",
        env = "DUET_HTTP_TIMEOUT_MS",
        help_heading = "Limits",
        default_value_t = 10_000
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=600_000))]
    pub http_timeout_ms: u32,
    /// What is logged to standard error: error, warn, info, debug or trace, also by module (`info,bus=debug`).
    #[arg(long, value_name = "FILTER", env = "DUET_LOG", help_heading = "Logging", default_value = "info")]
    pub log: String,
    /// How log lines look: human or json.
    #[arg(
        long,
        value_name = "FORMAT",
        env = "DUET_LOG_FORMAT",
        help_heading = "Logging",
        default_value = "human"
    )]
    pub log_format: LogFormat,
}

/// Everything in [`Args`], checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the bus is.
    pub bus: BusAddress,
    /// Where the store is.
    pub store: StoreAddress,
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// The participant's limits.
    pub options: Options,
    /// The HTTP server's limits.
    pub http: HttpLimits,
    /// The names by which it may be asked for.
    pub allowed_hosts: AllowedHosts,
    /// What is logged, and how.
    pub log: LogOptions,
    /// Where traces go, if the environment says so.
    pub traces: Option<traces::Settings>,
}

impl Args {
    /// Checks what clap cannot.
    ///
    /// # Errors
    /// The first setting that cannot be used, with what would be right.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let log = LogOptions { format: self.log_format, filter: self.log.clone() };
        log.validate().map_err(|_| {
            let expected = "error, warn, info, debug, trace or off, or a list like info,bus=debug";
            ConfigError::new("--log", &self.log, expected)
        })?;
        if self.unsettled_max < self.batch_max {
            let expected = format!("at least --batch-max, which is {}", self.batch_max);
            return Err(ConfigError::new("--unsettled-max", self.unsettled_max, expected));
        }
        Ok(Config {
            bus: match &self.bus_file {
                Some(file) => BusAddress::parse_as("--bus-file", &url_in("--bus-file", file)?)?,
                None => BusAddress::parse(&self.bus)?,
            },
            store: match &self.store_file {
                Some(file) => StoreAddress::parse_as("--store-file", &url_in("--store-file", file)?)?,
                None => StoreAddress::parse(&self.store)?,
            },
            listen: self.listen,
            options: Options {
                batch_max: self.batch_max as usize,
                unsettled_max: self.unsettled_max as usize,
                calls_max: self.calls_max as usize,
                // Two instances that lose the same bus should not come back in step; in a container each is process 1.
                seed: std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), "seed"),
                ..Options::default()
            },
            http: HttpLimits {
                connections_max: self.http_connections_max as usize,
                body_bytes_max: self.http_body_bytes_max as usize,
                request_timeout: Duration::from_millis(self.http_timeout_ms.into()),
                ..HttpLimits::default()
            },
            allowed_hosts: self.http_allowed_hosts.clone(),
            log,
            traces: traces::Settings::from_environment()?,
        })
    }
}

/// The URL that a file holds.
fn url_in(flag: &'static str, file: &Path) -> Result<String, ConfigError> {
    let wrong = |expected: String| ConfigError::new(flag, file.display(), expected);
    let text = std::fs::read_to_string(file)
        .map_err(|error| wrong(format!("a file that can be read and holds one URL ({error})")))?;
    match text.trim() {
        "" => Err(wrong("a file that holds one URL; this one is empty".to_owned())),
        url if url.lines().count() > 1 => Err(wrong("a file that holds one URL, on one line".to_owned())),
        url => Ok(url.to_owned()),
    }
}

/// What one service's flags say unless they are told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// `--listen`.
    pub listen: &'static str,
    /// `--store`.
    pub store: &'static str,
}

/// Parses a command line that has [`Args`] in it, with these defaults.
///
/// # Errors
/// The exit code to end with at once: 0 after `--help` or `--version`, 64 after a mistake. What there is to say has
/// been printed.
pub fn parse<C: clap::Parser>(
    defaults: Defaults,
    args: impl IntoIterator<Item = OsString>,
) -> Result<C, ExitCode> {
    parse_as(defaults, |command| command, args)
}

/// The same of a command that has other defaults as well.
pub(crate) fn parse_as<C: clap::Parser>(
    defaults: Defaults,
    adapted: impl FnOnce(clap::Command) -> clap::Command,
    args: impl IntoIterator<Item = OsString>,
) -> Result<C, ExitCode> {
    let command = C::command()
        .mut_arg("store", |arg| arg.default_value(defaults.store))
        .mut_arg("listen", |arg| arg.default_value(defaults.listen));
    let parsed =
        adapted(command).try_get_matches_from(args).and_then(|matches| C::from_arg_matches(&matches));
    parsed.map_err(|error| tell_of_flags(&error))
}

/// Says what is wrong with the flags of this process, or the help or version that was asked for, and gives the exit code
/// to end with: 64, or 0.
#[must_use]
pub fn tell_of_flags(error: &clap::Error) -> ExitCode {
    // clap shows flags and variables as they are.
    let variables = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DUET_"));
    let mut given = std::env::args_os().chain(variables.map(|(_, value)| value));
    if given.all(|text| is_tame(&text.to_string_lossy())) {
        // A closed pipe leaves nobody to tell.
        let _ = error.print();
    } else {
        tell(error.render().to_string().trim_end());
    }
    if error.use_stderr() { Code::Usage.into() } else { ExitCode::SUCCESS }
}

fn is_tame(text: &str) -> bool {
    printable(text) == text
}

/// Reads a probability, for `value_parser`.
///
/// # Errors
/// It is no number from 0 to 1; the message says so.
pub fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if (0.0..=1.0).contains(&p) => Ok(p),
        _ => Err("a probability from 0 to 1 is needed, e.g. 0.02".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, clap::Parser)]
    #[command(name = "example")]
    struct Cli {
        #[command(flatten)]
        host: Args,
    }

    const DEFAULTS: Defaults = Defaults { listen: "127.0.0.1:8089", store: "sqlite:example.db" };

    fn config(flags: &[&str]) -> Result<Config, String> {
        let args = ["example"].iter().chain(flags).map(OsString::from);
        let cli: Cli = parse(DEFAULTS, args).map_err(|_| "refused by clap".to_owned())?;
        cli.host.config().map_err(|error| error.to_string())
    }

    #[test]
    fn each_service_has_its_own_defaults() {
        let config = config(&[]).unwrap();
        assert_eq!(config.store.to_string(), "sqlite:example.db");
        assert_eq!(config.listen.to_string(), "127.0.0.1:8089");
        assert_eq!(config.options.batch_max, 256);
    }

    #[test]
    fn mistakes_are_refused_with_what_would_be_right() {
        for (flags, said) in [
            (
                vec!["--unsettled-max", "10"],
                "--unsettled-max: found 10, expected at least --batch-max, which is 256",
            ),
            (vec!["--log", "bus=loud"], "--log: found bus=loud, expected error, warn,"),
            (vec!["--bus", "nats://u:secret@h"], "--bus: found nats://***@h, expected amqp://USER"),
            (vec!["--store", "orders.db"], "--store: found ***, expected sqlite:PATH"),
            (vec!["--batch-max", "0"], "refused by clap"),
            (vec!["--listen", "nowhere"], "refused by clap"),
            (vec!["--log-format", "xml"], "refused by clap"),
            (vec!["--http-allowed-hosts", "http://shop.example"], "refused by clap"),
            (vec!["--colour"], "refused by clap"),
        ] {
            let error = config(&flags).unwrap_err();
            assert!(error.starts_with(said), "{flags:?}: {error}");
        }
    }

    #[test]
    fn a_url_may_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bus");
        let flags = ["--bus-file", file.to_str().unwrap()];
        std::fs::write(&file, "amqp://user:secret@rabbit\n").unwrap();
        assert!(matches!(config(&flags).unwrap().bus, BusAddress::Rabbitmq(_)));
        for (content, said) in
            [("", "this one is empty"), ("a\nb", "on one line"), ("nats://u:secret@h", "expected amqp")]
        {
            std::fs::write(&file, content).unwrap();
            let error = config(&flags).unwrap_err();
            assert!(error.starts_with("--bus-file: found ") && error.contains(said), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        std::fs::remove_file(&file).unwrap();
        assert!(config(&flags).unwrap_err().contains("can be read"));
        assert!(config(&["--bus", "memory:", "--bus-file", "x"]).is_err());
    }

    #[test]
    fn every_flag_can_come_from_the_environment_and_secrets_stay_out_of_the_help() {
        let mut command = <Cli as clap::CommandFactory>::command();
        for arg in command.get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()))
        {
            let variable = format!("DUET_{}", arg.get_id().as_str().to_uppercase());
            assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(&*variable));
        }
        let help = command.render_long_help().to_string();
        assert!(help.contains("[env: DUET_BUS]"), "{help}");
        assert!(Cli::try_parse_from(["example", "--bus"]).is_err());
    }

    #[test]
    fn probabilities_are_from_0_to_1() {
        assert_eq!(probability("0.25"), Ok(0.25));
        for wrong in ["-0.1", "1.1", "NaN", "half"] {
            assert!(probability(wrong).is_err(), "{wrong}");
        }
    }
}
