//! Executions that are carried out, and the API over them, with nothing connected to their tasks.

use std::sync::Arc;

use actions::{Scope, Service};
use bus::memory::{MemoryBus, MemoryOptions};
use executions::{Answer, Catalogue, Errands, Executor, Pollers, Request, Unconnected, Waiters, no_foreign};
use participant::{Clock, Participant, Requests, requests};
use store::Store;

/// A participant that runs, as far as a service shares something with it.
pub(crate) struct Carried {
    clock: Arc<dyn Clock>,
    catalogue: Catalogue,
    pub(crate) requests: Requests<Request, Answer>,
    waiters: Waiters,
    pollers: Pollers,
}

impl Carried {
    /// Executions of that store, by that clock.
    pub(crate) fn out(store: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let (catalogue, waiters, pollers) = (Catalogue::default(), Waiters::default(), Pollers::default());
        let (asking, asked) = requests();
        let errands = Errands::new(&asking, Arc::clone(store), catalogue.clone(), no_foreign());
        let executor = Executor::new(catalogue.clone(), Unconnected)
            .with_waiters(waiters.clone())
            .with_pollers(pollers.clone());
        let participant = Participant::new(
            "executions",
            Vec::new(),
            executor,
            Arc::new(errands),
            Arc::clone(store),
            Arc::new(MemoryBus::new(MemoryOptions::default())),
            Arc::clone(&clock),
        );
        tokio::spawn(participant.with_requests(asked).run(std::future::pending()));
        Self { clock, catalogue, requests: asking, waiters, pollers }
    }

    /// The API over that store, which asks by those requests.
    pub(crate) fn service(&self, store: Arc<dyn Store>, requests: Requests<Request, Answer>) -> Service {
        let (catalogue, clock) = (self.catalogue.clone(), Arc::clone(&self.clock));
        Service::new(Scope::default(), store, requests, catalogue, clock)
            .with_waiters(self.waiters.clone())
            .with_pollers(self.pollers.clone())
    }

    /// Where workers wait for tasks.
    #[allow(dead_code, reason = "not every test looks there")]
    pub(crate) fn pollers(&self) -> Pollers {
        self.pollers.clone()
    }
}
