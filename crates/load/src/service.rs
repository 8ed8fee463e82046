//! The load as a daemon: its flags, and what it is made of.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bus::Topic;
use clap::parser::ValueSource;
use clap::{ArgMatches, Parser};
use contract::{Style, topics};
use daemon::{Args, Binary, ConfigError, Daemon, DaemonError, Defaults, Environment};
use external::{Fate, LedgerTail, Rates};
use operate::service_stores::ServiceStores;
use operate::services::{self, Instance, Services};
use participant::{Clock, Metrics, NoCalls, Participant, SystemClock};
use tokio::sync::watch;

use crate::board::Board;
use crate::checker::{Checker, Patience};
use crate::hold_ups::HoldUps;
use crate::observer::{NAME, Observer};
use crate::orders::Orders;
use crate::plan::{self, Plan, StyleChoice};
use crate::reader::PatientReader;
use crate::sender::Sender;
use crate::sendings::{Former, Sendings};
use crate::system::{Places, SystemArgs};
use crate::verdict::Standing;

/// Flags of `duet load`.
#[derive(Debug, Parser)]
#[command(max_term_width = 100, after_help = EXAMPLES)]
pub struct LoadArgs {
    /// Bus, store and HTTP.
    #[command(flatten)]
    host: Args,
    /// What is sent.
    #[command(flatten)]
    plan: PlanArgs,
    /// What the verdict rests on.
    #[command(flatten)]
    audit: AuditArgs,
    /// Which system.
    #[command(flatten)]
    system: SystemArgs,
    /// Whether a flag or the environment names the bus; a default does not.
    #[arg(skip)]
    bus_is_given: bool,
    /// The same of the observer's store.
    #[arg(skip)]
    store_is_given: bool,
    /// What the services' schemas begin with, once that is known.
    #[arg(skip)]
    namespace: Option<String>,
    /// Who is asked whether it is ready, once that is known.
    #[arg(skip)]
    services: Services,
}

/// The plan to begin with.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Load (what `duet switch` changes while it runs)")]
struct PlanArgs {
    /// The style of the orders sent: choreography, orchestration, or both by turns.
    #[arg(long, value_name = "STYLE", env = "DUET_STYLE", default_value = "both")]
    style: StyleChoice,
    /// Orders sent in a second; 0 for none.
    #[arg(long, value_name = "N", env = "DUET_RATE", default_value_t = 20.0, value_parser = plan::rate)]
    rate: f64,
    /// The seed of the simulated outside world, the same as the services'.
    #[arg(long, value_name = "N", env = "DUET_SEED", default_value_t = 0)]
    seed: u64,
    /// How often payments are declined, as order-status was told.
    #[arg(long, value_name = "RATE", env = "DUET_DECLINE_RATE", value_parser = daemon::probability)]
    #[arg(default_value_t = Rates::default().decline)]
    decline_rate: f64,
    /// Orders that are sent altogether, at the most: then the load rests, so that a stack left alone does not fill the disk.
    #[arg(long, value_name = "N", env = "DUET_ORDERS_MAX", default_value_t = 1_000_000)]
    orders_max: u64,
}

/// Where the services' stores and the gateway's ledger are, and how long orders may take.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Verdict")]
struct AuditArgs {
    /// The database (postgres://…) in which each service has its schema, or sqlite:DIR, the folder with a file for each
    /// [default: that of the system in --dir, or of --store].
    #[arg(long, value_name = "URL", env = "DUET_AUDIT_STORES", hide_env_values = true)]
    stores: Option<String>,
    /// The gateway's ledger, written by order-status [default: that of the system in --dir, or gateway.ledger].
    #[arg(long, value_name = "FILE", env = "DUET_LEDGER")]
    ledger: Option<PathBuf>,
    /// Where the services and the orchestrator serve HTTP, as NAME=HOST:PORT, an entry for each instance: as long as one of
    /// them is not ready, orders are held up, and not stuck [default: those of the system in --dir].
    #[arg(long = "services", value_name = "NAME=HOST:PORT,…", env = "DUET_SERVICES", value_delimiter = ',')]
    #[arg(value_parser = services::instance)]
    instances: Vec<Instance>,
    /// How long an order may take until it counts as stuck, in seconds: more than every time-out and retry of the flow. Time in
    /// which a service is not ready does not count.
    #[arg(long, value_name = "S", env = "DUET_STUCK_AFTER_S", default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    stuck_after_s: u32,
    /// How long after an order is closed everything else about it must be done, in seconds.
    #[arg(long, value_name = "S", env = "DUET_SETTLE_S", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3_600))]
    settle_s: u32,
}

const EXAMPLES: &str = "\
Examples:
  duet up --bus kafka --store postgres --dir /tmp/duet
  duet load --bus kafka://127.0.0.1:9192 --store postgres://duet:duet@127.0.0.1:5442/duet --dir /tmp/duet
  duet switch --style choreography --rate 50
  duet audit

Every flag can also be set in the environment. Exit codes: 0 ended as asked, 1 failed, 64 a flag is wrong.";

/// Where it listens and stores unless it is told otherwise.
pub const DEFAULTS: Defaults = Defaults { listen: "127.0.0.1:8090", store: "sqlite:observer.db" };

/// The flags, checked.
#[derive(Debug)]
pub struct Checked {
    plan: Plan,
    fate: Fate,
    orders_max: u64,
    stores: ServiceStores,
    ledger: PathBuf,
    patience: Patience,
    services: Services,
}

impl Binary for LoadArgs {
    const NAME: &'static str = NAME;
    const DEFAULTS: Defaults = DEFAULTS;
    type Settings = Checked;

    fn host(&self) -> &Args {
        &self.host
    }

    fn settings(&self) -> Result<Checked, ConfigError> {
        let PlanArgs { style, rate, seed, decline_rate, orders_max } = self.plan;
        let rates = Rates { decline: decline_rate, ..Rates::default() };
        let seconds = |s: u32| Duration::from_secs(s.into());
        Ok(Checked {
            plan: Plan { style, rate_per_s: rate, decline_rate: None },
            fate: Fate { seed, rates },
            orders_max,
            stores: ServiceStores::parse(
                self.audit.stores.as_deref(),
                self.host.config()?.store,
                self.namespace.clone(),
            )?,
            ledger: self.audit.ledger.clone().unwrap_or_else(|| "gateway.ledger".into()),
            patience: Patience {
                settle: seconds(self.audit.settle_s),
                stuck: seconds(self.audit.stuck_after_s),
            },
            services: self.services.clone(),
        })
    }

    async fn daemon(settings: Checked, environment: &Environment) -> Result<Daemon, DaemonError> {
        let Environment { bus, store, registry, options, tracer } = environment.clone();
        let Checked { plan, fate, orders_max, stores, ledger, patience, services } = settings;
        let board = Arc::new(Board::register(&registry)?);
        let clock = Arc::new(SystemClock);
        let (change, changes) = watch::channel(plan);
        board.planned(&change.borrow());
        let orders = Orders::new(fate, u64::try_from(clock.now()).unwrap_or(0));
        let standing = Standing::register(&registry)?;
        let hold_ups = HoldUps::watched_from(clock.now());
        let (observed, counts) = (Arc::clone(&store), Arc::clone(&board));
        let former = Former::new(orders.run());
        let sendings = Sendings::start(orders.run(), Arc::clone(&store));
        let checker =
            Checker::new(observed as _, counts, patience, standing.clone(), hold_ups.clone(), former);
        tokio::spawn(watch(services, hold_ups, standing.clone(), Arc::clone(&clock) as _));
        tokio::spawn(checker.run(
            witnesses::of(|name| Ok::<_, DaemonError>(Arc::new(PatientReader::new(stores.address(name)))))?,
            LedgerTail::new(ledger),
            Arc::clone(&clock) as _,
        ));
        let router = crate::http::router(crate::http::Api::new(
            change,
            fate.rates.decline,
            Arc::clone(&board),
            standing,
        ));
        let watched = Arc::clone(&bus);
        let participant = Participant::new(
            NAME,
            observed_topics(),
            Observer::new(Arc::clone(&board), fate).with_tracer(tracer),
            NoCalls::caller(),
            store,
            bus,
            clock,
        )
        .with_options(options)
        .with_metrics(Metrics::register(NAME, &registry)?);
        let sender = Sender::new(orders, watched, participant.subscription(), board, sendings, orders_max);
        tokio::spawn(sender.run(changes));
        Ok(Daemon::new(participant, router))
    }
}

/// Looks every second who is ready, for ever.
async fn watch(services: Services, hold_ups: HoldUps, standing: Standing, clock: Arc<dyn Clock>) {
    loop {
        let away = services.away().await;
        hold_ups.looked(clock.now(), away);
        standing.set_held_up(hold_ups.now());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Where orders enter the system and leave it, in both styles.
fn observed_topics() -> Vec<Topic> {
    Style::ALL.into_iter().flat_map(|style| [topics::placed(style), topics::closed(style)]).collect()
}

impl LoadArgs {
    /// Takes note of what was said and what is a default. `matches` is what it was made of.
    pub fn note_given(&mut self, matches: &ArgMatches) {
        let is_given = |name| !matches!(matches.value_source(name), None | Some(ValueSource::DefaultValue));
        self.bus_is_given = is_given("bus");
        self.store_is_given = is_given("store") || is_given("store_file");
    }

    /// Whether a flag or the environment names the bus.
    #[must_use]
    pub fn bus_is_given(&self) -> bool {
        self.bus_is_given
    }

    /// The same with what the flags leave open taken from the system that `duet up` runs.
    ///
    /// # Errors
    /// What they leave open cannot be found; says which flag would say it.
    pub fn completed(mut self) -> Result<Self, ConfigError> {
        let Args { bus, store, .. } = &self.host;
        let mut places = Places {
            bus: bus.clone(),
            bus_is_given: self.bus_is_given,
            store: store.clone(),
            store_is_given: self.store_is_given,
            stores: self.audit.stores.take(),
            ledger: self.audit.ledger.take(),
            namespace: None,
            services: match self.audit.instances.is_empty() {
                true => Services::Unknown,
                false => Services::Listed(std::mem::take(&mut self.audit.instances)),
            },
        };
        if self.host.bus_file.is_none() {
            self.system.complete(&mut places)?;
        }
        (self.host.bus, self.host.store) = (places.bus, places.store);
        (self.audit.stores, self.audit.ledger) = (places.stores, places.ledger);
        (self.namespace, self.services) = (places.namespace, places.services);
        Ok(self)
    }
}
