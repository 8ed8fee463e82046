//! What PostgreSQL's errors mean to whoever runs the program, and what to do about each.

use std::error::Error as StdError;
use std::sync::Arc;

use tokio_postgres::error::SqlState;

use super::options::PostgresOptions;
use crate::StoreError;

/// Why a connection or a statement failed; kept to be told to many.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) retryable: bool,
    pub(super) reason: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// A cause that several errors share.
#[derive(Debug)]
struct Shared(Arc<dyn StdError + Send + Sync>);

impl std::fmt::Display for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Shared {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl Failure {
    /// The same call may succeed later.
    pub(super) fn retryable(reason: impl Into<String>) -> Self {
        Self { retryable: true, reason: reason.into(), source: None }
    }

    /// It never will.
    pub(super) fn terminal(reason: impl Into<String>) -> Self {
        Self { retryable: false, reason: reason.into(), source: None }
    }

    /// The same, if it is taken for something that will pass.
    pub(super) fn for_now(self) -> Self {
        Self { retryable: true, ..self }
    }

    pub(super) fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let source = failure.source.map(|source| Box::new(Shared(source)) as Box<_>);
        if failure.retryable {
            Self::Unavailable { reason: failure.reason, source }
        } else {
            Self::Unusable { reason: failure.reason, source }
        }
    }
}

/// What an error means, met while connecting or executing.
pub(super) fn explain(options: &PostgresOptions, error: tokio_postgres::Error) -> Failure {
    let place = options.place();
    let failure = match error.code() {
        Some(code) => of_code(options, code),
        None if is_about_tls(&error) => Failure::terminal(format!(
            "the TLS connection to PostgreSQL at {place} that sslmode asks for cannot be made"
        )),
        None if is_about_password(&error) => Failure::terminal(format!(
            "PostgreSQL at {place} asks for a password: put one for user {} into the URL, or name a password_file",
            options.user
        )),
        None if error.is_closed() => {
            Failure::retryable(format!("the connection to PostgreSQL at {place} was lost"))
        }
        None => Failure::retryable(format!("PostgreSQL at {place} cannot be reached")),
    };
    failure.because(error)
}

fn of_code(options: &PostgresOptions, code: &SqlState) -> Failure {
    let (place, user, schema) = (options.place(), &options.user, options.schema_name());
    let retry = |what: &str| Failure::retryable(format!("PostgreSQL at {place} {what}"));
    match *code {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Failure::terminal(
            format!("PostgreSQL at {place} refuses user {user}: check user and password in the URL"),
        ),
        SqlState::INVALID_CATALOG_NAME => Failure::terminal(format!(
            "the database {} does not exist: create it with `createdb -h {} -p {} -U {user} {}`",
            options.database, options.host, options.port, options.database
        )),
        SqlState::INSUFFICIENT_PRIVILEGE => Failure::terminal(format!(
            "user {user} may not do this in the database {0}: have its owner `GRANT CREATE, CONNECT ON DATABASE {0} TO {user}`, or let {user} own the schema {schema}",
            options.database
        )),
        SqlState::UNDEFINED_TABLE
        | SqlState::UNDEFINED_FUNCTION
        | SqlState::UNDEFINED_COLUMN
        | SqlState::INVALID_SCHEMA_NAME => Failure::terminal(format!(
            "the schema {schema} at {place} lacks what this program made in it: was it dropped or changed?"
        )),
        SqlState::CANNOT_CONNECT_NOW => retry("is starting up or shutting down"),
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => retry("ended the connection"),
        SqlState::TOO_MANY_CONNECTIONS => retry("has no connection left: raise its max_connections"),
        SqlState::DISK_FULL => retry("has a full disk: free some space; nothing was lost"),
        SqlState::QUERY_CANCELED => retry("took longer than statement_timeout_ms, or somebody cancelled it"),
        SqlState::T_R_DEADLOCK_DETECTED | SqlState::T_R_SERIALIZATION_FAILURE => {
            retry("gave way to another transaction")
        }
        SqlState::READ_ONLY_SQL_TRANSACTION => retry("takes no writes: is it a standby?"),
        _ => match code.code().get(..2) {
            // Connection, resources, operator intervention, system error, invalid transaction state.
            Some("08" | "53" | "57" | "58" | "25" | "40" | "55") => retry("cannot do it now"),
            _ => Failure::terminal(format!("PostgreSQL at {place} refuses what this program asks of it")),
        },
    }
}

/// A handshake that failed for good, not one that was cut off.
fn is_about_tls(error: &tokio_postgres::Error) -> bool {
    if !error.to_string().starts_with("error performing TLS handshake") {
        return false;
    }
    let cause = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    cause.is_none_or(|cause| {
        matches!(cause.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput)
    })
}

fn is_about_password(error: &tokio_postgres::Error) -> bool {
    error.to_string().starts_with("invalid configuration")
}
