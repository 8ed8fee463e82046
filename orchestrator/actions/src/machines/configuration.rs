//! What is configured beside definition and role: logging, tracing, encryption. All of it is checked, kept and given back.
//!
//! AWS documents that the list of log destinations is "limited to size 1"; that one without a log group cannot be used, and the words for
//! keys that do not go with the type of encryption, are decided here.

use api::types::{
    EncryptionConfiguration, EncryptionType, LogDestination, LogLevel, LoggingConfiguration,
    TracingConfiguration,
};
use api::{ErrorKind, Failure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failures::declared;

const LOGGING: &str = "loggingConfiguration";
const TRACING: &str = "tracingConfiguration";
const ENCRYPTION: &str = "encryptionConfiguration";
/// How long a data key is used, in seconds, unless it is said: the default of AWS.
const KEY_REUSE_S: i32 = 300;

/// What a request configures. What it does not say is left as it is, or is AWS's default.
pub(super) struct Given {
    logging: Option<LoggingConfiguration>,
    tracing: Option<TracingConfiguration>,
    encryption: Option<EncryptionConfiguration>,
}

impl Given {
    /// Checks it, and fills in what it leaves out.
    ///
    /// # Errors
    /// `InvalidLoggingConfiguration`, `InvalidTracingConfiguration`, `InvalidEncryptionConfiguration`.
    pub(super) fn read(
        logging: Option<LoggingConfiguration>,
        tracing: Option<TracingConfiguration>,
        encryption: Option<EncryptionConfiguration>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            logging: logging.map(read_logging).transpose()?,
            tracing: tracing.map(read_tracing).transpose()?,
            encryption: encryption.map(read_encryption).transpose()?,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.logging.is_none() && self.tracing.is_none() && self.encryption.is_none()
    }

    /// The configuration of a new machine.
    pub(super) fn made(&self) -> Map<String, Value> {
        let off = LoggingConfiguration {
            level: Some(LogLevel::Off),
            include_execution_data: Some(false),
            destinations: None,
        };
        let mut made = Map::new();
        put(&mut made, LOGGING, &off);
        put(&mut made, TRACING, &TracingConfiguration { enabled: Some(false) });
        put(&mut made, ENCRYPTION, &owned_key());
        self.change(made)
    }

    /// The configuration of a machine whose configuration is changed.
    pub(super) fn change(&self, mut configuration: Map<String, Value>) -> Map<String, Value> {
        if let Some(logging) = &self.logging {
            put(&mut configuration, LOGGING, logging);
        }
        if let Some(tracing) = &self.tracing {
            put(&mut configuration, TRACING, tracing);
        }
        if let Some(encryption) = &self.encryption {
            put(&mut configuration, ENCRYPTION, encryption);
        }
        configuration
    }
}

fn put(configuration: &mut Map<String, Value>, name: &str, value: &impl Serialize) {
    // There is nothing in them that JSON cannot say.
    configuration.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
}

fn get<T: DeserializeOwned>(configuration: &Map<String, Value>, name: &str) -> Option<T> {
    T::deserialize(configuration.get(name)?).ok()
}

/// A machine's logging.
pub(super) fn logging(configuration: &Map<String, Value>) -> Option<LoggingConfiguration> {
    get(configuration, LOGGING)
}

/// A machine's tracing.
pub(super) fn tracing(configuration: &Map<String, Value>) -> Option<TracingConfiguration> {
    get(configuration, TRACING)
}

/// A machine's encryption.
pub(super) fn encryption(configuration: &Map<String, Value>) -> Option<EncryptionConfiguration> {
    get(configuration, ENCRYPTION)
}

fn read_logging(given: LoggingConfiguration) -> Result<LoggingConfiguration, Failure> {
    let invalid = |why: &str| {
        Err(declared(ErrorKind::InvalidLoggingConfiguration, format!("Invalid Logging Configuration: {why}")))
    };
    let level = given.level.unwrap_or(LogLevel::Off);
    let destinations = given.destinations.filter(|destinations| !destinations.is_empty());
    match destinations.as_deref() {
        None if level == LogLevel::Off => {}
        Some([destination]) => match log_group(destination) {
            None => return invalid("Log Destination must be a CloudWatch Logs log group."),
            Some(arn) if !is_log_group(arn) => return invalid(&format!("Invalid Log Group ARN: '{arn}'.")),
            Some(arn) if !arn.ends_with(":*") => {
                return invalid("Log Group ARN must be provided with '*' qualifier.");
            }
            Some(_) => {}
        },
        _ => return invalid("Must specify exactly one Log Destination."),
    }
    let include_execution_data = Some(given.include_execution_data.unwrap_or(false));
    Ok(LoggingConfiguration { level: Some(level), include_execution_data, destinations })
}

fn log_group(destination: &LogDestination) -> Option<&str> {
    destination.cloud_watch_logs_log_group.as_ref()?.log_group_arn.as_deref()
}

/// Whether it is `arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME`, with or without a qualifier.
fn is_log_group(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    matches!(parts[..], ["arn", _, "logs", _, _, "log-group", name, ..] if !name.is_empty())
}

fn read_tracing(given: TracingConfiguration) -> Result<TracingConfiguration, Failure> {
    given.enabled.is_some().then_some(given).ok_or_else(|| {
        declared(
            ErrorKind::InvalidTracingConfiguration,
            "Invalid Tracing Configuration: 'enabled' must be set to true or false.",
        )
    })
}

/// What data is encrypted with unless it is said.
pub(super) fn owned_key() -> EncryptionConfiguration {
    EncryptionConfiguration {
        kms_key_id: None,
        kms_data_key_reuse_period_seconds: None,
        r#type: EncryptionType::AwsOwnedKey,
    }
}

/// Checks what data is encrypted with.
///
/// # Errors
/// `InvalidEncryptionConfiguration`.
pub(super) fn read_encryption(given: EncryptionConfiguration) -> Result<EncryptionConfiguration, Failure> {
    let invalid = |why: &str| {
        Err(declared(
            ErrorKind::InvalidEncryptionConfiguration,
            format!("Invalid Encryption Configuration: {why}"),
        ))
    };
    match given.r#type {
        EncryptionType::AwsOwnedKey if given.kms_key_id.is_some() => {
            invalid("'kmsKeyId' must not be set when 'type' is AWS_OWNED_KEY.")
        }
        EncryptionType::AwsOwnedKey if given.kms_data_key_reuse_period_seconds.is_some() => {
            invalid("'kmsDataKeyReusePeriodSeconds' must not be set when 'type' is AWS_OWNED_KEY.")
        }
        EncryptionType::AwsOwnedKey => Ok(given),
        EncryptionType::CustomerManagedKmsKey if given.kms_key_id.is_none() => {
            invalid("'kmsKeyId' must be set when 'type' is CUSTOMER_MANAGED_KMS_KEY.")
        }
        EncryptionType::CustomerManagedKmsKey => {
            let reuse = given.kms_data_key_reuse_period_seconds.unwrap_or(KEY_REUSE_S);
            Ok(EncryptionConfiguration { kms_data_key_reuse_period_seconds: Some(reuse), ..given })
        }
    }
}
