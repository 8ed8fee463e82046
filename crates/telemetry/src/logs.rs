//! Structured logs, to standard error.

use std::io::{IsTerminal as _, stderr};
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::output::LogLines;

/// Libraries that log as errors what they also return as one: many of those are answers that were asked for (whether there is
/// such a queue, say), and the others are told by whoever gets them. Each is heard only if the filter names it.
const QUIET: [&str; 3] = ["lapin", "opentelemetry_sdk", "opentelemetry-otlp"];

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text for people; in colour on a terminal.
    #[default]
    Human,
    /// One JSON object a line, for machines.
    Json,
}

/// The text names no log format.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no log format: use human or json")]
pub struct UnknownFormat(String);

impl FromStr for LogFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "human" => Ok(Self::Human),
            "json" => Ok(Self::Json),
            other => Err(UnknownFormat(other.to_owned())),
        }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// How lines look.
    pub format: LogFormat,
    /// What is logged: a level (`info`), or levels by module (`info,participant=debug`).
    pub filter: String,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { format: LogFormat::Human, filter: "info".to_owned() }
    }
}

impl LogOptions {
    /// Whether the filter can be understood, without starting to log.
    ///
    /// # Errors
    /// [`LogError::Filter`], saying which part cannot.
    pub fn validate(&self) -> Result<(), LogError> {
        self.env_filter().map(drop)
    }

    fn env_filter(&self) -> Result<EnvFilter, LogError> {
        // A lone word would be taken for a module's name; a mistyped level is far more likely.
        let is_level = |word: &str| word.is_empty() || LevelFilter::from_str(word).is_ok();
        let mut words = self.filter.split(',').map(str::trim).filter(|word| !word.contains(['=', '[', ':']));
        if let Some(word) = words.find(|word| !is_level(word)) {
            let source = format!("{word:?} is no level").into();
            return Err(LogError::Filter { filter: self.filter.clone(), source });
        }
        let quiet = QUIET.iter().filter(|library| !self.filter.contains(*library));
        let quiet: String = quiet.map(|library| format!("{library}=off,")).collect();
        let filter = format!("{quiet}{}", self.filter);
        EnvFilter::builder()
            .parse(filter)
            .map_err(|source| LogError::Filter { filter: self.filter.clone(), source: Box::new(source) })
    }
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter cannot be understood.
    #[error(
        "the log filter {filter:?} is not a level (error, warn, info, debug, trace) or a list like info,bus=debug"
    )]
    Filter {
        /// As it was given.
        filter: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Logging was set up before in this process.
    #[error("logging is set up already")]
    AlreadySet,
}

/// Starts logging for the whole process; once.
///
/// # Errors
/// [`LogError`]: the filter is wrong, or logging was set up before.
pub fn init(options: &LogOptions) -> Result<(), LogError> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(options.env_filter()?)
        // It would tell them on standard error, and panic when that fails, too.
        .log_internal_errors(false);
    let set = match options.format {
        LogFormat::Human => {
            builder.with_writer(|| LogLines::Human).with_ansi(stderr().is_terminal()).try_init()
        }
        LogFormat::Json => builder.with_writer(|| LogLines::Json).json().flatten_event(true).try_init(),
    };
    set.map_err(|_| LogError::AlreadySet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_checked_before_anything_starts() {
        let with = |filter: &str| LogOptions { filter: filter.to_owned(), ..LogOptions::default() };
        for good in ["info", "warn,participant=debug", "off"] {
            assert!(with(good).validate().is_ok(), "{good}");
        }
        let error = with("bus=loud").validate().unwrap_err();
        assert!(error.to_string().contains("bus=loud"), "{error}");
        let error = with("info,banana").validate().unwrap_err();
        assert!(crate::chain(&error).contains("\"banana\" is no level"), "{error}");
    }

    #[test]
    fn an_unknown_format_names_the_known_ones() {
        let error = "xml".parse::<LogFormat>().unwrap_err();
        assert_eq!(error.to_string(), "`xml` is no log format: use human or json");
    }
}
