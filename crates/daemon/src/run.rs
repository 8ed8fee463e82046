//! The life of a daemon's process.

use std::future::Future;
use std::io;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use bus::{Bus, Layered};
use participant::{Handler, Health, HealthState, Options, Participant, ParticipantError, SystemClock};
use serde_json::json;
use store::Store;
use telemetry::{Readiness, ReadyMetric, Registry};
use tokio::sync::oneshot;
use traces::{Tracer, Traces};

use crate::figures::BusFigures;
use crate::hops::Hops;
use crate::monitor::{self, BusState};
use crate::{
    Args, BusAddress, Config, ConfigError, DaemonError, Defaults, Guarded, Manners, Shutdown, StoreAddress,
    connect, layers, on_signals, serve, shutdown,
};

/// A daemon's binary: its flags, and the daemon made of them.
pub trait Binary: clap::Parser {
    /// The daemon's name: of its consumer group, and in the log.
    const NAME: &'static str;
    /// Where it listens and keeps its store unless it is told otherwise.
    const DEFAULTS: Defaults;
    /// Whether it is of no use without other programs on its bus: who gives it one of its own is warned.
    const NEEDS_BUS: bool = true;
    /// Its own settings, checked.
    type Settings;

    /// The flags that all daemons share.
    fn host(&self) -> &Args;

    /// The command with its flags, where other defaults than [`DEFAULTS`](Self::DEFAULTS) are its own, too.
    #[must_use]
    fn adapted(command: clap::Command) -> clap::Command {
        command
    }

    /// Checks its own flags.
    ///
    /// # Errors
    /// One that cannot be used, with what would be right.
    fn settings(&self) -> Result<Self::Settings, ConfigError>;

    /// Makes the daemon. Nothing of it runs yet.
    ///
    /// # Errors
    /// What stands against it.
    fn daemon(
        settings: Self::Settings,
        environment: &Environment,
    ) -> impl Future<Output = Result<Daemon, DaemonError>> + Send;
}

/// What a daemon is given.
#[derive(Clone)]
pub struct Environment {
    /// The bus; it may not be connected yet.
    pub bus: Arc<dyn Bus>,
    /// The open store.
    pub store: Arc<dyn Store>,
    /// Where its metrics go.
    pub registry: Registry,
    /// Its participant's limits.
    pub options: Options,
    /// What records the orders' traces; the bus does so already.
    pub tracer: Tracer,
}

/// Gets what the participant returned when it has ended.
type Ended = oneshot::Receiver<Result<(), DaemonError>>;
type Start = Box<dyn FnOnce(Shutdown) -> io::Result<Ended> + Send>;

type Last = Pin<Box<dyn Future<Output = ()> + Send>>;
type Welcome = Box<dyn FnOnce(SocketAddr) -> String + Send>;

/// A daemon ready to run: its participant and its HTTP API.
pub struct Daemon {
    router: Router,
    manners: Manners,
    welcome: Option<Welcome>,
    last: Option<Last>,
    health: Health,
    /// What another participant is called, and how it is.
    companion: Option<(&'static str, Health)>,
    participant: Start,
}

impl Daemon {
    /// Of a participant and the daemon's own HTTP routes (the operational ones come on top).
    #[must_use]
    pub fn new<H: Handler>(participant: Participant<H>, router: Router) -> Self {
        Self::prepared(router, std::future::ready(Ok(())), move |(), health| participant.with_health(health))
    }

    /// Of a participant that can be made only once something is prepared, in the store say, which may take a while: HTTP is
    /// served meanwhile, and `/readyz` says that it is starting. `prepare` is dropped when the daemon is asked to end.
    #[must_use]
    pub fn prepared<H: Handler, T: Send + 'static>(
        router: Router,
        prepare: impl Future<Output = Result<T, DaemonError>> + Send + 'static,
        make: impl FnOnce(T, Health) -> Participant<H> + Send + 'static,
    ) -> Self {
        let health = Health::default();
        let shown = health.clone();
        let start = move |shutdown: Shutdown| {
            let (ended, receiver) = oneshot::channel();
            tokio::spawn(async move {
                let living = async {
                    let prepared = tokio::select! {
                        biased;
                        () = shutdown.clone().requested() => return Ok(()),
                        prepared = prepare => prepared?,
                    };
                    let participant = make(prepared, health).spawn(shutdown.requested());
                    let lived = participant.map_err(DaemonError::Runtime)?.await;
                    Ok(lived.map_err(|_| DaemonError::Panicked("the participant"))??)
                };
                // Whoever waits for it may have gone.
                let _ = ended.send(living.await);
            });
            Ok(receiver)
        };
        let manners = Manners::default();
        let participant = Box::new(start);
        Self { router, manners, welcome: None, last: None, health: shown, companion: None, participant }
    }

    /// With another participant beside its own, on a store of its own: they begin and end together, and the daemon is ready when both are.
    #[must_use]
    pub fn with_companion<H: Handler>(self, name: &'static str, companion: Participant<H>) -> Self {
        let health = Health::default();
        let shown = health.clone();
        let first = self.participant;
        let start = move |asked: Shutdown| {
            let (trigger, both) = shutdown();
            let mut first = first(both.clone())?;
            let mut second = companion.with_health(health).spawn(both.requested())?;
            let (ended, receiver) = oneshot::channel();
            tokio::spawn(async move {
                let mut of_first = None;
                let mut of_second = None;
                tokio::select! {
                    lived = &mut first => of_first = Some(participant_end(lived)),
                    lived = &mut second => of_second = Some(companion_end(name, lived)),
                    () = asked.requested() => {}
                }
                trigger.trigger();
                // Whichever ended first gives the reason.
                let reason = match (of_first, of_second) {
                    (Some(lived), _) => {
                        let _ = second.await;
                        lived
                    }
                    (None, Some(lived)) => {
                        let _ = first.await;
                        lived
                    }
                    (None, None) => {
                        let lived = participant_end(first.await);
                        lived.and(companion_end(name, second.await))
                    }
                };
                let _ = ended.send(reason);
            });
            Ok(receiver)
        };
        Self { participant: Box::new(start), companion: Some((name, shown)), ..self }
    }

    /// With an HTTP API that wants something otherwise.
    #[must_use]
    pub fn with_manners(self, manners: Manners) -> Self {
        Self { manners, ..self }
    }

    /// With something to do last, once participant and HTTP have ended, in bounded time.
    #[must_use]
    pub fn with_last(self, last: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { last: Some(Box::pin(last)), ..self }
    }

    /// With something to say, once HTTP is served at that address, to whoever started it at a terminal.
    #[must_use]
    pub fn with_welcome(self, welcome: impl FnOnce(SocketAddr) -> String + Send + 'static) -> Self {
        Self { welcome: Some(Box::new(welcome)), ..self }
    }
}

/// The whole `main` of a daemon's binary: see the crate's documentation.
#[must_use]
pub fn main<B: Binary>() -> ExitCode {
    let binary: B = match crate::args::parse_as(B::DEFAULTS, B::adapted, std::env::args_os()) {
        Ok(binary) => binary,
        Err(code) => return code,
    };
    match start(&binary) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => telemetry::exit_with(&error, error.code()),
    }
}

/// Runs the daemon until SIGTERM or SIGINT, on a runtime of its own. Checks its flags and begins the log first: for a
/// program of which the daemon is only a part; others call [`main`].
///
/// # Errors
/// What kept it from starting, or ended it.
pub fn start<B: Binary>(binary: &B) -> Result<(), DaemonError> {
    let config = binary.host().config()?;
    let settings = binary.settings()?;
    telemetry::init(&config.log)?;
    crate::keep_files_private();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(DaemonError::Runtime)?;
    runtime.block_on(async {
        let shutdown = on_signals().map_err(DaemonError::Runtime)?;
        run::<B>(&config, settings, shutdown).await
    })
}

/// Opens the store, binds the port, and runs the daemon until `shutdown`, or until one of its parts ends. Prints
/// one line of JSON to standard output when HTTP is being served: `{"listening":"http://ADDR:PORT","service":NAME}`.
///
/// # Errors
/// What kept it from starting, or ended it.
pub async fn run<B: Binary>(
    config: &Config,
    settings: B::Settings,
    shutdown: Shutdown,
) -> Result<(), DaemonError> {
    let store_address = config.store.clone().for_service(B::NAME);
    let store = connect::store(&store_address)?;
    let listener = serve::bind(config.listen).await?;
    let address = listener.local_addr().unwrap_or(config.listen);
    let registry = telemetry::registry();
    let tracer = match &config.traces {
        Some(settings) => Tracer::start(settings, B::NAME)?,
        None => Tracer::off(),
    };
    tracer.register(&registry)?;
    let hops = Hops::register(&registry, Arc::new(SystemClock), tracer.clone())?;
    let mut bus: Arc<dyn Bus> = Arc::new(Layered::new(connect::system_bus(&config.bus), hops));
    if tracer.is_on() {
        bus = Arc::new(Layered::new(bus, Traces::new(tracer.clone(), connect::messaging(&config.bus))));
    }
    let options = config.options.clone();
    let environment = Environment { bus, store, registry, options, tracer };
    let mut daemon = B::daemon(settings, &environment).await?;
    let welcome = daemon.welcome.take().filter(|_| std::io::stderr().is_terminal());
    let last = daemon.last.take();
    let parts = Parts::assemble(B::NAME, daemon, &environment, config)?;
    tracing::info!(service = B::NAME, bus = %config.bus, store = %store_address, http = %address, "starting");
    if B::NEEDS_BUS && matches!(config.bus, BusAddress::Memory) {
        tracing::warn!("the bus memory: lives in this process: no other program can reach it");
    }
    if matches!(config.store, StoreAddress::Memory) {
        tracing::warn!("the store memory: is gone when this process ends");
    }
    announce(B::NAME, address);
    if let Some(welcome) = welcome {
        telemetry::tell(welcome(address));
    }
    if let Some(traces) = &config.traces {
        let share = traces.sampler.ratio;
        tracing::info!(service = B::NAME, endpoint = traces.shown(), share, "exporting traces");
    }
    let ended = parts.run(listener, config, shutdown).await;
    if let Some(last) = last {
        last.await;
    }
    let tracer = environment.tracer;
    // It waits for the collector, and must not keep a thread of the runtime from its work meanwhile.
    let _ = tokio::task::spawn_blocking(move || tracer.finish()).await;
    ended?;
    tracing::info!(service = B::NAME, "ended as asked");
    Ok(())
}

fn announce(service: &str, address: SocketAddr) {
    let line = json!({ "service": service, "listening": format!("http://{address}") });
    // A closed standard output is no reason not to serve.
    let _ = writeln!(std::io::stdout(), "{line}");
}

struct Parts {
    routes: Guarded,
    participant: Start,
    monitor: Pin<Box<dyn Future<Output = ()> + Send>>,
    trigger: crate::Trigger,
    shutdown: Shutdown,
}

impl Parts {
    fn assemble(
        name: &'static str,
        daemon: Daemon,
        environment: &Environment,
        config: &Config,
    ) -> Result<Self, DaemonError> {
        let registry = &environment.registry;
        let (trigger, shutdown) = shutdown();
        registry.register(Box::new(BusFigures::of(Arc::clone(&environment.bus))?))?;
        let bus = BusState::new();
        let monitor =
            monitor::watch(Arc::clone(&environment.bus), name, bus.clone(), registry, shutdown.clone())?;
        let Daemon { router, manners, health, companion, participant, welcome: _, last: _ } = daemon;
        let leaving = shutdown.clone();
        let mut readiness = Readiness::new().with("participant", move || explain(&health.state()));
        if let Some((name, health)) = companion {
            readiness = readiness.with(name, move || explain(&health.state()));
        }
        let readiness = readiness
            .with("bus", move || bus.get())
            .with("shutdown", move || if leaving.is_requested() { Err("ending".to_owned()) } else { Ok(()) });
        registry.register(Box::new(ReadyMetric::new(readiness.clone())?))?;
        let router = router.merge(telemetry::router(registry.clone(), readiness));
        let Config { http, allowed_hosts, .. } = config;
        let routes =
            layers::wrap(router, http, allowed_hosts, manners, registry, environment.tracer.clone())?;
        Ok(Self { routes, participant, monitor: Box::pin(monitor), trigger, shutdown })
    }

    /// Runs all parts until one of them ends or `asked` completes; then ends the others too.
    async fn run(
        self,
        listener: tokio::net::TcpListener,
        config: &Config,
        asked: Shutdown,
    ) -> Result<(), DaemonError> {
        let mut participant = (self.participant)(self.shutdown.clone()).map_err(DaemonError::Runtime)?;
        let mut server =
            tokio::spawn(serve::serve(listener, self.routes, config.http.clone(), self.shutdown.clone()));
        let monitor = tokio::spawn(self.monitor);
        let ended = tokio::select! {
            ended = &mut participant => Some(participant_end(ended)),
            ended = &mut server => Some(ended.map_err(|_| DaemonError::Panicked("the HTTP server"))),
            () = asked.requested() => None,
        };
        self.trigger.trigger();
        // Whichever ended first gives the reason; the other may finish what it has in hand.
        let first = match ended {
            Some(ended) => ended,
            None => participant_end((&mut participant).await),
        };
        if !participant.is_terminated() {
            let _ = participant.await;
        }
        if !server.is_finished() {
            let _ = server.await;
        }
        monitor.abort();
        first
    }
}

fn participant_end(
    ended: Result<Result<(), DaemonError>, oneshot::error::RecvError>,
) -> Result<(), DaemonError> {
    ended.unwrap_or(Err(DaemonError::Panicked("the participant")))
}

fn companion_end(
    name: &'static str,
    ended: Result<Result<(), ParticipantError>, oneshot::error::RecvError>,
) -> Result<(), DaemonError> {
    Ok(ended.map_err(|_| DaemonError::Panicked(name))??)
}

fn explain(state: &HealthState) -> Result<(), String> {
    match state {
        HealthState::Ready => Ok(()),
        HealthState::Starting => Err("starting".to_owned()),
        HealthState::Waiting(reason) => Err(reason.clone()),
        HealthState::Stopped(None) => Err("stopped".to_owned()),
        HealthState::Stopped(Some(reason)) => Err(reason.clone()),
    }
}
