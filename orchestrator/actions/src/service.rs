//! What all actions use.

use std::sync::Arc;

use api::{ErrorKind, Failure};
use executions::{Answer, Catalogue, Histories, OpenExecutions, Pollers, Promised, Request, Waiters};
use participant::{AskError, Clock, Millis, Requests};
use store::{Read, Store};
use uuid::Uuid;

use crate::arn::Scope;
use crate::deletions::Deletions;
use crate::failures::declared;
use crate::kms::KmsKeys;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::owned::Owned;

/// What all actions use. Clones share it.
#[derive(Clone)]
pub struct Service {
    home: Scope,
    store: Arc<dyn Store>,
    overlay: Option<Arc<dyn Read>>,
    owned: Option<Arc<Owned>>,
    requests: Requests<Request, Answer>,
    catalogue: Catalogue,
    clock: Arc<dyn Clock>,
    histories: Histories,
    waiters: Waiters,
    pollers: Pollers,
    deletions: Deletions,
    metrics: Option<Metrics>,
    limits: Limits,
    open: OpenExecutions,
    kms_keys: KmsKeys,
}

impl Service {
    /// Over the store of the participant that is asked with `requests`, which shares `catalogue`. `home` is where machines are made
    /// unless the request says otherwise.
    #[must_use]
    pub fn new(
        home: Scope,
        store: Arc<dyn Store>,
        requests: Requests<Request, Answer>,
        catalogue: Catalogue,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            home,
            store,
            overlay: None,
            owned: None,
            requests,
            catalogue,
            clock,
            histories: Histories::default(),
            waiters: Waiters::default(),
            pollers: Pollers::default(),
            deletions: Deletions::default(),
            metrics: None,
            limits: Limits::default(),
            open: OpenExecutions::default(),
            kms_keys: KmsKeys::default(),
        }
    }

    /// With those that the participant tells of ends ([`executions::Executor::with_waiters`]): without, nobody hears of the end of an
    /// execution that does not end at once.
    #[must_use]
    pub fn with_waiters(self, waiters: Waiters) -> Self {
        Self { waiters, ..self }
    }

    /// With those that the participant tells of tasks of activities ([`executions::Executor::with_pollers`]): without, who asks for tasks sees
    /// them a second late.
    #[must_use]
    pub fn with_pollers(self, pollers: Pollers) -> Self {
        Self { pollers, ..self }
    }

    /// Counting the calls that come by HTTP.
    #[must_use]
    pub fn with_metrics(self, metrics: Metrics) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    /// With a machine that something else has executions of: `reader` shows these as if they stood in the store, and all else that does.
    /// The machine itself is in the registry ([`registry::machines`]).
    #[must_use]
    pub fn with_owned(self, owned: Owned, reader: Arc<dyn Read>) -> Self {
        Self { owned: Some(Arc::new(owned)), overlay: Some(reader), ..self }
    }

    /// With other limits than AWS's.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With the number of executions that are open, which the participant counts ([`executions::Executor::with_open`]): without, any number may
    /// be.
    #[must_use]
    pub fn with_open(self, open: OpenExecutions) -> Self {
        Self { open, ..self }
    }

    /// With these keys alone to encrypt with.
    #[must_use]
    pub fn with_kms_keys(self, kms_keys: KmsKeys) -> Self {
        Self { kms_keys, ..self }
    }

    /// The same for a request that was signed for that region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        let home = Scope::of(region, &self.home.account);
        Self { home, ..self.clone() }
    }

    pub(crate) fn home(&self) -> &Scope {
        &self.home
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn reader(&self) -> &dyn Read {
        self.overlay.as_deref().unwrap_or_else(|| self.store.reader())
    }

    pub(crate) fn owned(&self) -> Option<&Owned> {
        self.owned.as_deref()
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub(crate) fn waiters(&self) -> &Waiters {
        &self.waiters
    }

    pub(crate) fn pollers(&self) -> &Pollers {
        &self.pollers
    }

    pub(crate) fn metrics(&self) -> Option<&Metrics> {
        self.metrics.as_ref()
    }

    pub(crate) fn deletions(&self) -> &Deletions {
        &self.deletions
    }

    pub(crate) fn histories(&self) -> &Histories {
        &self.histories
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Room for another open execution, to be held until it is one.
    ///
    /// # Errors
    /// `ExecutionLimitExceeded`.
    pub(crate) fn room(&self) -> Result<Promised, Failure> {
        self.open.promise(self.limits.open_executions).ok_or_else(|| {
            let message = "The maximum number of running executions has been reached. Running executions must end or be stopped before a new \
                           execution can be started.";
            declared(ErrorKind::ExecutionLimitExceeded, message)
        })
    }

    pub(crate) fn kms_keys(&self) -> &KmsKeys {
        &self.kms_keys
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// A name that nothing has yet.
    pub(crate) fn fresh_id(&self) -> Uuid {
        Uuid::new_v4()
    }

    pub(crate) async fn ask(&self, key: String, request: Request) -> Result<Answer, AskError> {
        self.requests.ask(key, request).await
    }
}
