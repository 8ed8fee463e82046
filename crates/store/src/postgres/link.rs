//! A connection that is kept up: made behind the scenes, and made again for ever when it is lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::error::{Failure, explain};
use super::options::PostgresOptions;
use super::schema;
use super::session::{self, Query, QueryError, Role, Session};
use crate::StoreError;

const BACKOFF_BASE: Duration = Duration::from_millis(50);
const BACKOFF_CAP: Duration = Duration::from_secs(2);

/// How a connection is doing.
#[derive(Clone)]
enum State {
    /// The first attempt is under way.
    Connecting,
    Up(Arc<Session>),
    /// Tried again, after this.
    Down(Failure),
    /// Not tried again: this can only end the same way.
    Failed(Failure),
}

/// What a keeper says of its connection. A keeper whose number is not the last one has been replaced, and says nothing.
#[derive(Clone)]
struct Report {
    keeper: u64,
    state: State,
}

/// Keeps one connection. A connection that writes lives on the runtime of whoever needs it, so that its answers wake no
/// other thread: when another runtime than the first takes over, the connection is made anew there, once. Should its
/// runtime end, it moves, too.
pub(super) struct Link {
    options: Arc<PostgresOptions>,
    role: Role,
    reports: watch::Sender<Report>,
    keeper: Mutex<Keeper>,
}

#[derive(Default)]
struct Keeper {
    number: u64,
    task: Option<JoinHandle<()>>,
    has_moved: bool,
}

impl Link {
    /// Nothing is connected until it is needed, or [`Self::start`] is called.
    pub(super) fn new(options: Arc<PostgresOptions>, role: Role) -> Arc<Self> {
        let (reports, _) = watch::channel(Report { keeper: 0, state: State::Connecting });
        Arc::new(Self { options, role, reports, keeper: Mutex::default() })
    }

    pub(super) fn options(&self) -> &PostgresOptions {
        &self.options
    }

    /// Makes sure that somebody looks after the connection. Needs a runtime.
    pub(super) fn start(&self) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let is_kept = keeper.task.as_ref().is_some_and(|task| !task.is_finished());
        if !is_kept && !matches!(self.reports.borrow().state, State::Failed(_)) {
            self.replace(&mut keeper);
        }
    }

    fn replace(&self, keeper: &mut Keeper) {
        if let Some(former) = keeper.task.take() {
            former.abort();
        }
        keeper.number += 1;
        self.reports.send_replace(Report { keeper: keeper.number, state: State::Connecting });
        let keeping = keep(Arc::clone(&self.options), self.role, keeper.number, self.reports.clone());
        keeper.task = Some(tokio::spawn(keeping));
    }

    /// Has the connection made again here, if it is elsewhere, writes, nobody waits for it and it has not moved yet.
    fn move_here(&self, session: &Arc<Session>) -> bool {
        let is_elsewhere = Handle::try_current().is_ok_and(|here| here.id() != session.runtime);
        if !is_elsewhere || !matches!(self.role, Role::Write { .. }) {
            return false;
        }
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        // The keeper holds it, its report, and we.
        if keeper.has_moved || Arc::strong_count(session) > 3 {
            return false;
        }
        keeper.has_moved = true;
        self.replace(&mut keeper);
        true
    }

    /// The connection, once the first attempt is over.
    pub(super) async fn session(&self) -> Result<Arc<Session>, StoreError> {
        if let Some(session) = self.current()
            && !session.client.is_closed()
            && !self.move_here(&session)
        {
            return Ok(session);
        }
        self.start();
        let mut reports = self.reports.subscribe();
        // The sender is in our hands, so the only error cannot be.
        let _ = reports.wait_for(|report| !matches!(report.state, State::Connecting)).await;
        let state = reports.borrow().state.clone();
        match state {
            State::Up(session) => Ok(session),
            State::Down(failure) | State::Failed(failure) => Err(failure.into()),
            State::Connecting => Err(Failure::retryable("nobody has connected yet").into()),
        }
    }

    /// The connection, where there is one now.
    pub(super) fn current(&self) -> Option<Arc<Session>> {
        match &self.reports.borrow().state {
            State::Up(session) => Some(Arc::clone(session)),
            State::Connecting | State::Down(_) | State::Failed(_) => None,
        }
    }

    /// Runs a statement.
    pub(super) async fn query(
        &self,
        query: Query,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        self.try_query(query, params).await?.map_err(|error| error.explain(&self.options).into())
    }

    /// The same, for who wants to look at the server's error himself.
    pub(super) async fn try_query(
        &self,
        query: Query,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Result<Vec<Row>, QueryError>, StoreError> {
        let session = self.session().await?;
        Ok(session.query(&self.options, query, params).await)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = keeper.task.take() {
            task.abort();
        }
    }
}

/// Connects, and connects again; ends only with an error for good.
async fn keep(options: Arc<PostgresOptions>, role: Role, number: u64, reports: watch::Sender<Report>) {
    let report = |state| {
        reports.send_if_modified(|report| {
            let is_replaced = report.keeper != number;
            if !is_replaced {
                report.state = state;
            }
            !is_replaced
        });
    };
    let (place, schema) = (options.place(), options.schema_name());
    let mut attempts: u32 = 0;
    let mut was_up = false;
    loop {
        match attempt(&options, role).await {
            Ok((session, driver)) => {
                if attempts > 0 || was_up {
                    tracing::info!(%place, schema, "connected to PostgreSQL again");
                }
                (attempts, was_up) = (0, true);
                let session = Arc::new(session);
                report(State::Up(Arc::clone(&session)));
                let failure = tokio::select! {
                    ended = driver => lost(&options, ended),
                    () = session.given_up() => Failure::retryable(format!("PostgreSQL at {place} does not answer")),
                };
                tracing::warn!(%place, schema, reason = failure.reason, "lost PostgreSQL");
                report(State::Down(failure));
            }
            // A server that let us in before and now refuses us is being changed: it may let us in again.
            Err(failure) if failure.retryable || was_up => {
                if attempts == 0 {
                    let reason = &failure.reason;
                    tracing::warn!(%place, reason, "PostgreSQL is not there: trying again and again");
                }
                attempts = attempts.saturating_add(1);
                report(State::Down(failure.for_now()));
            }
            Err(failure) => {
                report(State::Failed(failure));
                return;
            }
        }
        tokio::time::sleep(backoff(attempts)).await;
    }
}

fn lost(options: &PostgresOptions, ended: Result<(), tokio_postgres::Error>) -> Failure {
    match ended {
        // It may be told why: a server that shuts down says so.
        Err(error) if error.code().is_some() => explain(options, error).for_now(),
        Err(error) => {
            Failure::retryable(format!("the connection to PostgreSQL at {} was lost", options.place()))
                .because(error)
        }
        Ok(()) => {
            Failure::retryable(format!("the connection to PostgreSQL at {} was closed", options.place()))
        }
    }
}

/// A connection set up, with the driver that has to go on running.
async fn attempt(options: &PostgresOptions, role: Role) -> Result<(Session, session::Driver), Failure> {
    schema::checked_name(options)?;
    let (client, mut driver) = session::connect(options).await?;
    let limit = options.connect_timeout + options.statement_timeout;
    let set_up = tokio::time::timeout(limit, Session::set_up(client, options, role));
    tokio::select! {
        biased;
        set_up = set_up => match set_up {
            Ok(session) => Ok((session?, driver)),
            Err(_) => Err(Failure::retryable(format!(
                "PostgreSQL at {} has not answered for {} ms",
                options.place(),
                limit.as_millis()
            ))),
        },
        ended = &mut driver => Err(lost(options, ended)),
    }
}

/// Doubles from attempt to attempt, up to a cap, between half and the whole of it at random: nobody replays a database.
fn backoff(attempts: u32) -> Duration {
    let whole = BACKOFF_BASE.saturating_mul(2_u32.saturating_pow(attempts)).min(BACKOFF_CAP);
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), attempts);
    whole.mul_f64(0.5 + f64::from((random >> 40) as u32) / f64::from(1_u32 << 25))
}
