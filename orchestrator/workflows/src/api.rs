//! The API with all that it rests on: the participant that runs executions, and what actions read and ask.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actions::{KmsKeys, Limits, Owned, Scope, Service, http};
use aws_calls::AwsCalls;
use axum::Router;
use axum::http::StatusCode;
use bus::Bus;
use bus::memory::{MemoryBus, MemoryOptions};
use daemon::{Daemon, DaemonError, Environment, Manners, Tell};
use executions::{Catalogue, Errands, Executor, Pollers, Retention, Waiters};
use functions::Functions;
use integrations::Callees;
use items::Folder;
use participant::{Metrics, Participant, SystemClock};
use store::{Read, Store};
use tokio::runtime::Handle;

use crate::access::Access;
use crate::connection_api::ConnectionApi;
use crate::event_log::Log;
use crate::http_args::HttpSettings;
use crate::open;
use crate::spans::Recorded;

/// The name of the participant, of its log, and of its schema in a database.
pub const NAME: &str = "workflows";

/// What the API is served with.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    pub(crate) home: Scope,
    pub(crate) access: Access,
    pub(crate) buckets: Option<PathBuf>,
    pub(crate) execution_logs: Option<PathBuf>,
    pub(crate) kms_keys: KmsKeys,
    /// How long executions are kept after their end; for ever without.
    pub(crate) keep: Option<Duration>,
    pub(crate) limits: Limits,
    /// What tasks can call.
    pub(crate) functions: Arc<Functions>,
    /// The same, of AWS.
    pub(crate) aws: Option<Arc<AwsCalls>>,
    /// The same, over HTTP with connections.
    pub(crate) http: Option<HttpSettings>,
}

/// What it rests on.
pub(crate) struct Ground {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) catalogue: Catalogue,
    pub(crate) clock: Arc<SystemClock>,
}

/// The API, ready to be served, and the participant behind it, ready to run.
pub(crate) struct Api {
    pub(crate) service: Service,
    /// The actions of connections, to be laid over what is served of it.
    pub(crate) connection_api: ConnectionApi,
    pub(crate) participant: Participant<Executor<Callees>>,
    /// What is to be ended last.
    pub(crate) event_log: Arc<Log>,
}

impl Ground {
    /// The API on it, counting and recording in that environment.
    ///
    /// # Errors
    /// There is a metric of a name that it needs, or no thread to be had; or the store does not answer.
    pub(crate) async fn api(
        self,
        settings: ApiSettings,
        environment: &Environment,
    ) -> Result<Api, DaemonError> {
        let Environment { registry, options, tracer, .. } = environment.clone();
        let Self { store, bus, catalogue, clock } = self;
        let connection_api = settings.connection_api(Arc::clone(&store), clock.clone());
        let ApiSettings {
            home,
            access: _,
            buckets,
            execution_logs,
            kms_keys,
            keep,
            limits,
            functions,
            aws,
            http,
        } = settings;
        let event_log = Arc::new(
            Log::start(execution_logs, &registry).map_err(|error| DaemonError::Start(Box::new(error)))?,
        );
        let open = open::watch(Arc::clone(&store), &registry).await?;
        let (requests, asked) = participant::requests();
        let (waiters, pollers) = (Waiters::default(), Pollers::default());
        let http = http.map(|http| Arc::new(http.tasks(Arc::clone(&store), &home.region)));
        let callees = Callees::new(functions).with_aws(aws).with_http(http);
        let caller = callees.caller(Handle::current());
        let mut errands = Errands::new(&requests, Arc::clone(&store), catalogue.clone(), caller)
            .with_event_log(event_log.clone());
        if let Some(folder) = buckets {
            errands = errands.with_buckets(Arc::new(Folder::new(folder)));
        }
        let mut executor = Executor::new(catalogue.clone(), callees)
            .with_waiters(waiters.clone())
            .with_pollers(pollers.clone())
            .with_metrics(executions::Metrics::register(&registry)?)
            .with_open(open.clone())
            .with_event_log(event_log.clone());
        if tracer.is_on() {
            executor = executor.with_spans(Arc::new(Recorded(tracer)));
        }
        let (errands, kept) = (Arc::new(errands), Arc::clone(&store));
        let retention = keep.map(|keep| Retention::new(Arc::clone(&kept), clock.clone(), keep));
        let participant = Participant::new(NAME, Vec::new(), executor, errands, kept, bus, clock.clone())
            .with_options(options)
            .with_requests(asked)
            .with_metrics(Metrics::register(NAME, &registry)?);
        let service = Service::new(home, store, requests, catalogue, clock)
            .with_waiters(waiters)
            .with_pollers(pollers)
            .with_kms_keys(kms_keys)
            .with_limits(limits)
            .with_open(open)
            .with_metrics(actions::Metrics::register(&registry)?);
        service.go_on_with_deletions();
        if let Some(retention) = retention {
            retention.spawn();
        }
        Ok(Api { service, connection_api, participant, event_log })
    }
}

/// As AWS's clients expect it: some requests wait, and whatever is refused is refused in AWS's shape.
pub const MANNERS: Manners = Manners {
    timeout: http::patience,
    tell: |headers| {
        let tell: Tell = |problem| {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            http::refusal(status, &problem.detail)
        };
        http::is_client(headers).then_some(tell)
    },
};

/// The API beside what another daemon serves, with a store of its own.
pub struct Beside {
    participant: Participant<Executor<Callees>>,
    router: Router,
    event_log: Arc<Log>,
}

impl Beside {
    /// With executions of its own in `store`, and those of a machine that the daemon itself has executions of, as `reader` shows them over
    /// that store. No messages start executions.
    ///
    /// # Errors
    /// There is a metric of a name that it needs, or no thread to be had; or the store does not answer.
    pub async fn new(
        settings: ApiSettings,
        store: Arc<dyn Store>,
        (owned, reader): (Owned, Arc<dyn Read>),
        environment: &Environment,
    ) -> Result<Self, DaemonError> {
        let keys = settings.access.keys().cloned();
        let ground = Ground {
            store,
            bus: Arc::new(MemoryBus::new(MemoryOptions::default())),
            catalogue: Catalogue::default(),
            clock: Arc::new(SystemClock),
        };
        let Api { service, connection_api, participant, event_log } =
            ground.api(settings, environment).await?;
        let router = connection_api.over(http::root_router(service.with_owned(owned, reader), keys));
        Ok(Self { participant, router, event_log })
    }

    /// What is to be served: at `/`, and nowhere else.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The daemon with it.
    #[must_use]
    pub fn with(self, daemon: Daemon) -> Daemon {
        let Self { participant, router: _, event_log } = self;
        let last = async move { event_log.end().await };
        daemon.with_companion(NAME, participant).with_manners(MANNERS).with_last(last)
    }
}

impl ApiSettings {
    /// Where machines are made unless a request says otherwise.
    #[must_use]
    pub fn home(&self) -> &Scope {
        &self.home
    }

    fn connection_api(&self, store: Arc<dyn Store>, clock: Arc<SystemClock>) -> ConnectionApi {
        let key = self.http.as_ref().map(HttpSettings::key);
        ConnectionApi { home: self.home.clone(), store, clock, key, keys: self.access.keys().cloned() }
    }
}
