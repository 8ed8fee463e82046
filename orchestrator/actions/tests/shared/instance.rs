//! An instance of the API, in a process of its own.

use std::future::IntoFuture as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use actions::{Scope, Service, http};
use bus::memory::{MemoryBus, MemoryOptions};
use executions::{Catalogue, Errands, Executor, Pollers, Unconnected, Waiters, no_foreign};
use participant::{Participant, SystemClock};
use store::Store;
use store::postgres::{PostgresOptions, PostgresStore};
use tokio::net::TcpListener;

/// Tells the re-executed test binary in which schema its store is.
const SCHEMA: &str = "DUET_SHARED_SCHEMA";
const SAYS: &str = "listening on ";

pub(crate) struct Instance {
    process: Child,
    pub(crate) port: u16,
}

impl Instance {
    /// Starts one, and waits until it listens.
    pub(crate) fn start(schema: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "instance::instance_serves_until_killed", "--nocapture", "--test-threads=1"])
            .env(SCHEMA, schema)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let said = |line: String| line.split_once(SAYS).map(|(_, port)| port.trim().parse().unwrap());
        let port = lines.filter_map(said).next().expect("it listens");
        Self { process, port }
    }

    /// Ends it without a word: SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The process that is killed; as a test of its own it does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn instance_serves_until_killed() {
    let Some(schema) = std::env::var(SCHEMA).ok() else { return };
    let mut options = PostgresOptions::parse(&testbed::POSTGRES.url()).unwrap();
    options.schema = Some(schema);
    let store = PostgresStore::open(options);
    store.ready().await.unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let (requests, asked) = participant::requests();
    let (catalogue, clock) = (Catalogue::default(), Arc::new(SystemClock));
    let (waiters, pollers) = (Waiters::default(), Pollers::default());
    let errands = Errands::new(&requests, Arc::clone(&store), catalogue.clone(), no_foreign());
    let executor = Executor::new(catalogue.clone(), Unconnected)
        .with_waiters(waiters.clone())
        .with_pollers(pollers.clone());
    let bus = Arc::new(MemoryBus::new(MemoryOptions::default()));
    let participant = Participant::new(
        "workflows",
        Vec::new(),
        executor,
        Arc::new(errands),
        Arc::clone(&store),
        bus,
        Arc::<SystemClock>::clone(&clock),
    );
    tokio::spawn(participant.with_requests(asked).run(std::future::pending()));
    let service = Service::new(Scope::default(), store, requests, catalogue, clock)
        .with_waiters(waiters)
        .with_pollers(pollers);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{SAYS}{}", listener.local_addr().unwrap().port());
    axum::serve(listener, http::router(service)).into_future().await.unwrap();
}
