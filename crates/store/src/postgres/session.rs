//! One connection, set up: what it may do, its settings, its statements.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Row, Statement};

use super::error::{Failure, explain};
use super::options::PostgresOptions;
use super::{schema, tls};
use crate::Durability;

/// The oldest version of PostgreSQL that has what the schema needs.
const SERVER_VERSION_MIN: i32 = 130_000;
/// Beyond the server's own limit on a statement: it was given up only because no answer came.
const ANSWER_GRACE: Duration = Duration::from_secs(1);
/// Unanswered for this long, a connection counts as lost.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
const KEEPALIVE_RETRIES: u32 = 3;

/// How long another instance's look at whether this one lives may hold its lock: a short statement.
const LOOK_MAX: Duration = Duration::from_millis(250);
const LOOK_PAUSE: Duration = Duration::from_millis(10);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Loads and commits, as the instance of that id.
    Write {
        /// See [`super::PostgresStore`].
        instance: i64,
    },
    /// Reads beside a writer; makes the schema where there is none.
    Read,
    /// Reads what is there, and changes nothing.
    Audit,
}

/// The driver's half of a connection: has to be polled for anything to happen; ends with the connection.
pub(super) type Driver = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// A connection that works.
pub(super) struct Session {
    pub(super) client: Client,
    /// Where its driver runs.
    pub(super) runtime: runtime::Id,
    statements: Vec<Statement>,
    pub(super) durability: Durability,
    answer_timeout: Duration,
    broken: AtomicBool,
    broke: Notify,
}

/// A statement, prepared once per connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Query {
    // Of every connection.
    Get,
    Linked,
    Scan,
    ScanBack,
    Journal,
    JournalTail,
    Stats,
    GetMany,
    // Only of one that writes.
    Load,
    Find,
    Commit,
    ForgetAndCommit,
    Sweep,
    Due,
    NextDue,
    Adopt,
    Outbox,
    Probe,
}

const READS: [Query; 8] = [
    Query::Get,
    Query::Linked,
    Query::Scan,
    Query::ScanBack,
    Query::Journal,
    Query::JournalTail,
    Query::Stats,
    Query::GetMany,
];
const WRITES: [Query; 10] = [
    Query::Load,
    Query::Find,
    Query::Commit,
    Query::ForgetAndCommit,
    Query::Sweep,
    Query::Due,
    Query::NextDue,
    Query::Adopt,
    Query::Outbox,
    Query::Probe,
];

impl Query {
    const fn sql(self) -> &'static str {
        match self {
            Self::Get => "SELECT version, next_due, meta, state FROM entity WHERE key = $1",
            Self::GetMany => {
                "SELECT key, version, next_due, meta, state FROM entity WHERE key = ANY ($1)"
            }
            Self::Linked => {
                "SELECT link.entity, entity.key FROM link JOIN entity ON entity.id = link.entity
                 WHERE link.name = $1 AND link.value = $2 AND link.entity < $3
                 ORDER BY link.entity DESC LIMIT $4"
            }
            Self::Scan => {
                "SELECT id, key, version, next_due, meta, state FROM entity WHERE id > $1 ORDER BY id LIMIT $2"
            }
            Self::ScanBack => {
                "SELECT id, key, version, next_due, meta, state FROM entity WHERE id < $1 ORDER BY id DESC LIMIT $2"
            }
            Self::Journal => "SELECT data FROM journal_of($1, $2, $3)",
            // As `journal_of`, which walks to the beginning.
            Self::JournalTail => {
                "WITH RECURSIVE entry (place, n) AS (
                     SELECT journal, 1::bigint FROM entity WHERE key = $1 AND journal IS NOT NULL
                     UNION ALL
                     SELECT CASE WHEN before < 0 THEN ((place >> 28) << 28) - before - 1 ELSE before END, n + 1
                     FROM entry, LATERAL (
                         SELECT ('x' || encode(substring(j.data FROM (place & 8191)::integer + 1 FOR 8), 'hex'))::bit(64)::bigint AS before
                         FROM journal AS j WHERE j.id = place >> 28 AND j.part = ((place >> 13) & 32767)::integer
                     ) AS step
                     WHERE before <> 0 AND n < $2
                 )
                 SELECT substring(j.data FROM (place & 8191)::integer + 13 FOR
                     ('x' || encode(substring(j.data FROM (place & 8191)::integer + 9 FOR 4), 'hex'))::bit(32)::integer)
                 FROM entry JOIN journal AS j ON j.id = place >> 28 AND j.part = ((place >> 13) & 32767)::integer
                 ORDER BY n DESC"
            }
            Self::Stats => {
                "SELECT (SELECT count(*) FROM entity), (SELECT count(*) FROM outbox WHERE part = 0),
                        (SELECT count(*) FROM entity WHERE next_due IS NOT NULL)"
            }
            Self::Load => {
                "SELECT id, NULL, version, journal, next_due, meta, state FROM entity WHERE id = ANY ($1)
                 UNION ALL
                 SELECT id, key, version, journal, next_due, meta, state FROM entity WHERE key = ANY ($2)"
            }
            Self::Find => "SELECT key, id, version, journal FROM entity WHERE key = ANY ($1)",
            Self::Commit => {
                "SELECT apply($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)"
            }
            Self::ForgetAndCommit => {
                "SELECT forget_and_apply($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)"
            }
            Self::Sweep => "SELECT sweep()",
            Self::Due => "SELECT key FROM due($1, $2, $3, $4) ORDER BY next_due, id",
            Self::NextDue => "SELECT next_due($1, $2)",
            Self::Adopt => "SELECT id, part, blob FROM adopt($1, $2) ORDER BY id, part",
            Self::Outbox => {
                "SELECT id, part, blob FROM (
                     SELECT id FROM outbox WHERE owner = $1 AND id > $2 AND part = 0 ORDER BY id LIMIT $3
                 ) AS page JOIN outbox USING (id) ORDER BY id, part"
            }
            Self::Probe => "SELECT",
        }
    }
}

/// Connects, without anything set up.
pub(super) async fn connect(options: &PostgresOptions) -> Result<(Client, Driver), Failure> {
    let tls = tls::Tls::new(&options.tls).map_err(|error| Failure::terminal(error.to_string()))?;
    let mut config = Config::new();
    config
        .host(&options.host)
        .port(options.port)
        .user(&options.user)
        .dbname(&options.database)
        .application_name(format!("duet {}", options.schema_name()))
        .ssl_mode(tls::mode(&options.tls))
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES)
        .tcp_user_timeout(options.statement_timeout);
    if let Some(password) = &options.password {
        config.password(password);
    }
    let connecting = tokio::time::timeout(options.connect_timeout, config.connect(tls));
    match connecting.await {
        Ok(Ok((client, connection))) => Ok((client, Box::pin(connection))),
        Ok(Err(error)) => Err(explain(options, error)),
        Err(_) => Err(Failure::retryable(format!(
            "PostgreSQL at {} has not let us in within {} ms",
            options.place(),
            options.connect_timeout.as_millis()
        ))),
    }
}

/// Settings of every connection.
fn settings(options: &PostgresOptions) -> String {
    let (schema, timeout_ms) = (options.schema_name(), options.statement_timeout.as_millis());
    // The other end notices a client that is gone as soon as this one notices a server that is. Plans are made once and
    // for all: every statement goes by an index, however many rows the planner believes a table has. Compiling
    // statements that take less than a millisecond costs more than it saves.
    format!(
        "SET search_path = \"{schema}\";
         SET statement_timeout = {timeout_ms};
         SET tcp_keepalives_idle = {idle}; SET tcp_keepalives_interval = {interval};
         SET tcp_keepalives_count = {count}; SET tcp_user_timeout = {user_timeout_ms};
         SET client_min_messages = warning;
         SET default_transaction_isolation = 'read committed';
         SET jit = off;
         SET plan_cache_mode = force_generic_plan;
         SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off",
        idle = KEEPALIVE_IDLE.as_secs(),
        interval = KEEPALIVE_INTERVAL.as_secs(),
        count = KEEPALIVE_RETRIES,
        user_timeout_ms = timeout_ms,
    )
}

impl Session {
    /// Sets a fresh connection up for its role.
    pub(super) async fn set_up(
        client: Client,
        options: &PostgresOptions,
        role: Role,
    ) -> Result<Self, Failure> {
        let failed = |error| explain(options, error);
        client.batch_execute(&settings(options)).await.map_err(failed)?;
        let durability = ask_durability(&client, options).await?;
        match role {
            Role::Write { .. } | Role::Read => schema::prepare(&client, options).await?,
            Role::Audit => {
                schema::check(&client, options).await?;
                client.batch_execute("SET default_transaction_read_only = on").await.map_err(failed)?;
            }
        }
        if let Role::Write { instance } = role {
            take_identity(&client, instance).await.map_err(failed)?;
        }
        let statements = prepare(&client, role).await.map_err(failed)?;
        Ok(Self {
            client,
            runtime: runtime::Handle::current().id(),
            statements,
            durability,
            answer_timeout: options.statement_timeout + ANSWER_GRACE,
            broken: AtomicBool::new(false),
            broke: Notify::new(),
        })
    }

    /// Runs a statement, in bounded time. `options` are for the words of an error.
    pub(super) async fn query(
        &self,
        options: &PostgresOptions,
        query: Query,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, QueryError> {
        let Some(statement) = self.statements.get(query as usize) else {
            return Err(QueryError::Silent(Failure::terminal("this connection is for reading only")));
        };
        match tokio::time::timeout(self.answer_timeout, self.client.query(statement, params)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => Err(QueryError::Refused(error)),
            Err(_) => {
                // What becomes of the statement is not known: the next connection waits for this one's end.
                self.give_up();
                Err(QueryError::Silent(Failure::retryable(format!(
                    "PostgreSQL at {} has not answered for {} ms",
                    options.place(),
                    self.answer_timeout.as_millis()
                ))))
            }
        }
    }

    /// Has the connection closed.
    fn give_up(&self) {
        self.broken.store(true, Ordering::Release);
        self.broke.notify_one();
    }

    /// Completes once the connection was given up.
    pub(super) async fn given_up(&self) {
        while !self.broken.load(Ordering::Acquire) {
            self.broke.notified().await;
        }
    }
}

/// Why a statement gave no answer.
pub(super) enum QueryError {
    /// The server or the connection says so.
    Refused(tokio_postgres::Error),
    /// Nobody says anything, or nobody was asked.
    Silent(Failure),
}

impl QueryError {
    pub(super) fn explain(self, options: &PostgresOptions) -> Failure {
        match self {
            Self::Refused(error) => explain(options, error),
            Self::Silent(failure) => failure,
        }
    }
}

/// The statements of a role, at the places of their numbers.
async fn prepare(client: &Client, role: Role) -> Result<Vec<Statement>, tokio_postgres::Error> {
    let writes = match role {
        Role::Write { .. } => &WRITES[..],
        Role::Read | Role::Audit => &[],
    };
    let mut statements = Vec::with_capacity(READS.len() + writes.len());
    for query in READS.iter().chain(writes) {
        statements.push(client.prepare(query.sql()).await?);
    }
    Ok(statements)
}

/// What the server's settings make of a commit.
async fn ask_durability(client: &Client, options: &PostgresOptions) -> Result<Durability, Failure> {
    let sql = "SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
                      current_setting('fsync')::boolean, current_setting('full_page_writes')::boolean,
                      current_setting('synchronous_commit') <> 'off'";
    let row = client.query_one(sql, &[]).await.map_err(|error| explain(options, error))?;
    if row.get::<_, i32>(0) < SERVER_VERSION_MIN {
        return Err(Failure::terminal(format!(
            "PostgreSQL at {} is version {}: 13 or newer is needed",
            options.place(),
            row.get::<_, &str>(1)
        )));
    }
    let (flushes, whole_pages, waits) = (row.get::<_, bool>(2), row.get::<_, bool>(3), row.get::<_, bool>(4));
    Ok(match (flushes, whole_pages, waits) {
        (true, true, true) => Durability::Power,
        // In the operating system's cache when it is confirmed, or there only in part after a power cut.
        (_, _, true) => Durability::Kill,
        // In the server's own memory when it is confirmed.
        (_, _, false) => Durability::Process,
    })
}

/// Takes the lock by which the others see that this instance lives. A former connection of the same instance may linger at
/// the server: it is ended first, so that what it was doing is over (committed or not) when this returns. Another instance
/// that looks whether this one lives holds the lock, too, until its statement ends: it is waited for, and left alone.
async fn take_identity(client: &Client, instance: i64) -> Result<(), tokio_postgres::Error> {
    let end_former = "SELECT pg_terminate_backend(pid) FROM pg_locks
                      WHERE locktype = 'advisory' AND objsubid = 1 AND pid <> pg_backend_pid()
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                        AND classid::bigint = ($1::bigint >> 32) & 4294967295
                        AND objid::bigint = $1::bigint & 4294967295";
    let looked_at_until = Instant::now() + LOOK_MAX;
    loop {
        if client.query_one("SELECT pg_try_advisory_lock($1)", &[&instance]).await?.get(0) {
            return Ok(());
        }
        if Instant::now() >= looked_at_until {
            break;
        }
        sleep(LOOK_PAUSE).await;
    }
    client.query(end_former, &[&instance]).await?;
    client.query_one("SELECT pg_advisory_lock($1)", &[&instance]).await?;
    Ok(())
}
