//! The tables and functions, their versions, and what becomes of a schema that has others.

use tokio_postgres::Client;

use super::error::{Failure, explain};
use super::names;
use super::options::PostgresOptions;

/// `MIGRATIONS[n]` takes a schema from version `n` to `n + 1`. Only ever append to it.
const MIGRATIONS: &[&str] = &[include_str!("v1.sql"), include_str!("v2.sql"), include_str!("v3.sql")];

/// Creates the schema where there is none, and migrates an older one. Instances that start at the same time take
/// turns.
pub(super) async fn prepare(client: &Client, options: &PostgresOptions) -> Result<(), Failure> {
    if version(client, options).await? == Some(MIGRATIONS.len()) {
        return Ok(());
    }
    let schema = options.schema_name();
    let begin = format!(
        "BEGIN;
         SELECT pg_advisory_xact_lock(hashtextextended('duet schema {schema}', 0));
         CREATE SCHEMA IF NOT EXISTS \"{schema}\""
    );
    let migrated = async {
        client.batch_execute(&begin).await.map_err(|error| explain(options, error))?;
        // Another instance may have done it meanwhile.
        let from = version(client, options).await?.unwrap_or(0);
        for (number, step) in MIGRATIONS.iter().enumerate().skip(from) {
            tracing::info!(schema, version = number + 1, "migrating the store");
            client.batch_execute(step).await.map_err(|error| explain(options, error))?;
        }
        let end = format!("UPDATE format SET version = {}; COMMIT", MIGRATIONS.len());
        client.batch_execute(&end).await.map_err(|error| explain(options, error))
    };
    let migrated = migrated.await;
    if migrated.is_err() {
        // Else the connection would stay in the failed transaction. Should this fail too, the connection is given up.
        let _ = client.batch_execute("ROLLBACK").await;
    }
    migrated
}

/// Checks that the schema of a store that is only read is there, and of this very version. Where it is not yet, whoever
/// writes it may make it at any time: who reads tries again.
pub(super) async fn check(client: &Client, options: &PostgresOptions) -> Result<(), Failure> {
    let (schema, place) = (options.schema_name(), options.place());
    match version(client, options).await? {
        Some(version) if version == MIGRATIONS.len() => Ok(()),
        Some(version) => Err(Failure::retryable(format!(
            "the schema {schema} at {place} has format {version}, older than this program's {}: let the service that owns it start once",
            MIGRATIONS.len()
        ))),
        None => Err(Failure::retryable(format!(
            "there is no store in the schema {schema} at {place}: no service has stored anything there"
        ))),
    }
}

/// The version of the schema; `None` where there is none. A newer one than this program knows is an error.
async fn version(client: &Client, options: &PostgresOptions) -> Result<Option<usize>, Failure> {
    let failed = |error| explain(options, error);
    let schema = options.schema_name();
    let found = client
        .query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&format!("\"{schema}\".format")])
        .await
        .map_err(failed)?;
    if !found.get::<_, bool>(0) {
        return Ok(None);
    }
    let version = client.query_one("SELECT version FROM format", &[]).await.map_err(failed)?;
    match usize::try_from(version.get::<_, i32>(0)) {
        Ok(version) if version <= MIGRATIONS.len() => Ok(Some(version)),
        _ => Err(Failure::terminal(format!(
            "the schema {schema} at {} has a newer format than this program's {}: use the newer program, or another schema",
            options.place(),
            MIGRATIONS.len()
        ))),
    }
}

/// The name of the schema, which whoever set it may have got wrong.
pub(super) fn checked_name(options: &PostgresOptions) -> Result<&str, Failure> {
    let name = options.schema_name();
    if names::is_name(name) {
        return Ok(name);
    }
    Err(Failure::terminal(format!("{name:?} cannot be the name of a schema: use {}", names::NAMES)))
}
