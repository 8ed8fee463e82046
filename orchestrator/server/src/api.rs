//! The Step Functions API beside the order flow: what it is served with, and the state machine `order` in it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actions::{Owned, Scope, home_key, http};
use axum::Router;
use daemon::{ConfigError, Daemon, DaemonError, Environment, StoreAddress, connect};
use order_flow::shown::{MACHINE, Shown};
use participant::{Backoff, Clock as _, SystemClock};
use registry::Definitions;
use registry::machines::{self, Change, Machine, Revision};
use serde_json::Map;
use store::{Millis, Read, Store, StoreError};
use uuid::Uuid;
use workflows::{ApiArgs, ApiSettings, Beside};

/// Waiting times while the store is not there.
const BACKOFF_BASE: Duration = Duration::from_millis(100);
const BACKOFF_CAP: Duration = Duration::from_secs(2);

/// What switches it off.
const NONE: &str = "none";
/// What clients are told where it would be open to everybody.
const REFUSED: &str = "The Step Functions API is not served here: this server listens for other machines, and was started without \
                       --aws-credentials FILE, so everybody could start, read and stop everything.";
/// What clients are told who would change something of the order flow.
const OWNED: &str = "the orchestrator runs this state machine, one execution for each order: an execution begins with the message order.placed, \
                     moves with what the services reply, and runs what --workflow says. It can be read, and not changed";

/// Whether the API is served, and on what.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "API")]
pub(crate) struct ApiFlags {
    /// The store of state machines and executions that are made through the Step Functions API, which is served at / of --listen; as --store
    /// takes it, or none: it is not served. By default beside --store: orchestrator-api.db, or the schema orchestrator_api.
    #[arg(long, value_name = "URL", env = "DUET_API_STORE", hide_env_values = true)]
    api_store: Option<String>,
    #[command(flatten)]
    api: ApiArgs,
}

/// The flags, checked.
pub(crate) enum Checked {
    /// It was not asked for.
    Off,
    /// Everybody could use it.
    Refused,
    /// It is served, with this store.
    Served(Box<ApiSettings>, StoreAddress),
}

impl ApiFlags {
    /// Checks them; `own` is the store of the order flow.
    pub(crate) fn checked(&self, listen: SocketAddr, own: StoreAddress) -> Result<Checked, ConfigError> {
        let address = match self.api_store.as_deref() {
            Some(NONE) => return Ok(Checked::Off),
            Some(url) => StoreAddress::parse_as("--api-store", url)?.for_service("orchestrator_api"),
            None => beside(own),
        };
        let settings = self.api.settings_beside(listen)?;
        Ok(settings.map_or(Checked::Refused, |settings| Checked::Served(Box::new(settings), address)))
    }
}

/// A store of its own beside the one of the order flow.
fn beside(own: StoreAddress) -> StoreAddress {
    match own.for_service(order_flow::NAME) {
        StoreAddress::Sqlite { path, durability } => {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let extension =
                path.extension().map_or_else(String::new, |it| format!(".{}", it.to_string_lossy()));
            StoreAddress::Sqlite { path: path.with_file_name(format!("{name}-api{extension}")), durability }
        }
        StoreAddress::Postgres(options) => {
            let schema = format!("{}_api", options.schema_name());
            StoreAddress::Postgres(options).with_schema(&schema)
        }
        StoreAddress::Memory => StoreAddress::Memory,
    }
}

/// The API as part of the daemon.
pub(crate) enum Api {
    Off,
    Refused,
    Served(Box<Beside>),
}

impl Api {
    /// Opens its store. The state machine `order`, with the current one of these definitions, is in it as soon as the store is there.
    pub(crate) async fn open(
        checked: Checked,
        definitions: &Definitions,
        environment: &Environment,
    ) -> Result<Self, DaemonError> {
        let (settings, address) = match checked {
            Checked::Off => return Ok(Self::Off),
            Checked::Refused => {
                tracing::info!(
                    "the Step Functions API is not served: it needs --aws-credentials, or --listen on loopback"
                );
                return Ok(Self::Refused);
            }
            Checked::Served(settings, address) => (*settings, address),
        };
        let store = connect::store(&address)?;
        let home = settings.home().clone();
        let base = Arc::clone(&store) as Arc<dyn Read>;
        let orders = Arc::clone(&environment.store) as Arc<dyn Read>;
        let shown = Shown::new(base, orders, home_key(&home.region, MACHINE, 1));
        let owned = Owned { scope: home.clone(), machine: MACHINE.to_owned(), why: OWNED.to_owned() };
        let order = Order::of(definitions, home);
        tokio::spawn(order.registered(Arc::clone(&store)));
        let served = Beside::new(settings, store, (owned, Arc::new(shown)), environment).await?;
        Ok(Self::Served(Box::new(served)))
    }

    pub(crate) fn router(&self) -> Router {
        match self {
            Self::Off => Router::new(),
            Self::Refused => http::refusing_router(REFUSED),
            Self::Served(served) => served.router(),
        }
    }

    /// The daemon with it.
    pub(crate) fn with(self, daemon: Daemon) -> Daemon {
        match self {
            Self::Off => daemon,
            Self::Refused => daemon.with_manners(workflows::MANNERS),
            Self::Served(served) => served.with(daemon),
        }
    }
}

/// The state machine `order`, as it is to stand in the registry.
struct Order {
    home: Scope,
    fingerprint: String,
    text: String,
}

impl Order {
    fn of(definitions: &Definitions, home: Scope) -> Self {
        let fingerprint = definitions.current().fingerprint().to_owned();
        let text = definitions.texts().find(|(known, _)| *known == fingerprint);
        let text = text.map(|(_, text)| text.to_owned()).unwrap_or_default();
        Self { home, fingerprint, text }
    }

    /// Has it in the registry. A store that is away is waited for: orders do not.
    async fn registered(self, store: Arc<dyn Store>) {
        let mut backoff = Backoff::new(BACKOFF_BASE, BACKOFF_CAP, u64::from(std::process::id()));
        while let Err(error) = self.register(&*store, SystemClock.now()).await {
            if !error.is_retryable() {
                let cause = telemetry::chain(&error);
                tracing::error!(%cause, "the Step Functions API has no state machine order");
                return;
            }
            let delay = backoff.next_delay();
            tracing::warn!(%error, retry_in_ms = delay.as_millis(), "waiting for the store of the Step Functions API");
            tokio::time::sleep(delay).await;
        }
    }

    async fn register(&self, store: &dyn Store, now: Millis) -> Result<(), StoreError> {
        machines::keep_definition(store, &self.fingerprint, &self.text).await?;
        let region = &*self.home.region;
        let decide = |machine| Ok::<_, StoreError>(self.made_of(machine, now));
        machines::change(store, region, &home_key(region, MACHINE, 1), decide).await
    }

    /// Another workflow is another revision; what others have added (tags) stays.
    fn made_of(&self, machine: Option<Machine>, now: Millis) -> Change<Machine, ()> {
        let revision = |id| Revision {
            id,
            fingerprint: self.fingerprint.clone(),
            role_arn: format!("arn:{}:iam::{}:role/orchestrator", self.home.partition, self.home.account),
            since_ms: now,
            configuration: Map::new(),
        };
        match machine {
            Some(machine) if !machine.deleted && machine.current.fingerprint == self.fingerprint => {
                Change::None(())
            }
            Some(mut machine) if !machine.deleted => {
                machine.current = revision(Some(Uuid::new_v4().to_string()));
                Change::Put(Box::new(machine), ())
            }
            machine => {
                let made = Machine {
                    generation: machine.map_or(0, |deleted| deleted.generation) + 1,
                    express: false,
                    created_ms: now,
                    deleted: false,
                    deleting: false,
                    made_with_version: None,
                    current: revision(None),
                    published: 0,
                    versions: Vec::new(),
                    aliased: 0,
                    aliases: Vec::new(),
                    tags: Vec::new(),
                };
                Change::Put(Box::new(made), ())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use store::memory::MemoryStore;

    use super::*;

    #[test]
    fn its_store_is_beside_that_of_the_order_flow() {
        for (own, expected) in [
            ("sqlite:/data/orchestrator.db", "sqlite:/data/orchestrator-api.db"),
            ("sqlite:orders?durability=kill", "sqlite:orders-api?durability=kill"),
            ("memory:", "memory:"),
        ] {
            assert_eq!(beside(StoreAddress::parse(own).unwrap()).to_string(), expected);
        }
        for (own, expected) in [
            ("postgres://u:p@h/d", "orchestrator_api"),
            ("postgres://u:p@h/d?schema=run_7_orchestrator", "run_7_orchestrator_api"),
        ] {
            let StoreAddress::Postgres(options) = beside(StoreAddress::parse(own).unwrap()) else { panic!() };
            assert_eq!(options.schema_name(), expected);
        }
    }

    #[tokio::test]
    async fn another_workflow_is_another_revision_of_the_same_machine() {
        let store = MemoryStore::new();
        let home = Scope::default();
        let key = home_key(&home.region, MACHINE, 1);
        let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
        let mut revisions = Vec::new();
        for (now, text) in [(1, text.to_owned()), (2, text.to_owned()), (3, text.replace("\"A\"", "\"B\""))] {
            let order = Order::of(&Definitions::load(&text).unwrap(), home.clone());
            order.register(&store, now).await.unwrap();
            let machine = machines::find(&store, &key).await.unwrap().unwrap();
            assert_eq!((machine.created_ms, machine.generation), (1, 1));
            let kept = machines::definition_text(&store, &machine.current.fingerprint).await.unwrap();
            assert_eq!(kept, Some(text));
            revisions.push((machine.current.since_ms, machine.current.id.is_some()));
        }
        assert_eq!(revisions, [(1, false), (1, false), (3, true)]);
    }
}
