//! The orchestrator as a program.

mod api;
mod routes;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use api::{Api, ApiFlags};
use clap::{Command, Parser};
use daemon::{Args, Binary, ConfigError, Daemon, DaemonError, Defaults, Environment};
use order_flow::{Conductor, Durations, NAME, topics};
use participant::{Backoff, Metrics, NoCalls, Participant, SystemClock};
use registry::{Definitions, StoredError};
use store::Store;

/// Drives the services through a durable state machine written in the Amazon States Language.
///
/// Starts one execution of its workflow for every order that is placed in the orchestration, sends the services
/// commands and decides what comes next. Serves POST /orders/{id}/replay, the AWS Step Functions API at / (orders' executions are those of its
/// state machine order), /metrics, /healthz and /readyz. Logs go to standard error; standard output gets one line of JSON that names the HTTP
/// address.
#[derive(Debug, Parser)]
#[command(name = NAME, version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    host: Args,
    #[command(flatten)]
    workflow: WorkflowFlags,
    #[command(flatten)]
    api: ApiFlags,
}

/// What new executions run.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Workflow (new executions; those under way keep theirs)")]
struct WorkflowFlags {
    /// The workflow, a file in the Amazon States Language [default: the built-in order workflow].
    #[arg(long, value_name = "FILE", env = "DUET_WORKFLOW")]
    workflow: Option<PathBuf>,
    /// How long a restaurant may take to answer, in seconds; then the order is cancelled.
    #[arg(long, value_name = "S", env = "DUET_RESTAURANT_TIMEOUT_S")]
    #[arg(default_value_t = Durations::default().restaurant_timeout_s)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    restaurant_timeout_s: u32,
    /// How long the kitchen takes, in seconds.
    #[arg(long, value_name = "S", env = "DUET_PREPARATION_S", default_value_t = 0)]
    preparation_s: u32,
    /// How long until a courier has taken a prepared order, in seconds.
    #[arg(long, value_name = "S", env = "DUET_DISPATCH_S", default_value_t = 0)]
    dispatch_s: u32,
    /// How long the courier is on the way, in seconds.
    #[arg(long, value_name = "S", env = "DUET_DELIVERY_S", default_value_t = 0)]
    delivery_s: u32,
}

const EXAMPLES: &str = "\
Examples:
  orchestrator                                    # bus at tcp://127.0.0.1:7070, store in orchestrator.db
  orchestrator --workflow order.asl.json --restaurant-timeout-s 5
  aws --endpoint-url http://127.0.0.1:8080 stepfunctions list-executions \\
    --state-machine-arn arn:aws:states:us-east-1:123456789012:stateMachine:order
  orchestrator --bus tcp://10.0.0.5:7070 --store sqlite:/var/lib/duet/orchestrator.db

Every flag can also be set in the environment: DUET_ and its name, e.g. DUET_STORE for --store.
Exit codes: 0 ended as asked, 1 failed, 64 a flag or the workflow is wrong, 130 interrupted twice.";

/// Waiting times while the store is not there.
const BACKOFF_BASE: Duration = Duration::from_millis(100);
const BACKOFF_CAP: Duration = Duration::from_secs(2);

/// The flags, checked.
struct Checked {
    definitions: Definitions,
    durations: Durations,
    api: api::Checked,
}

impl Binary for Cli {
    const NAME: &'static str = NAME;
    const DEFAULTS: Defaults = Defaults { listen: "127.0.0.1:8080", store: "sqlite:orchestrator.db" };
    type Settings = Checked;

    fn host(&self) -> &Args {
        &self.host
    }

    fn adapted(command: Command) -> Command {
        command.mut_arg("http_body_bytes_max", |arg| arg.default_value(workflows::BODY_BYTES_MAX))
    }

    fn settings(&self) -> Result<Checked, ConfigError> {
        let flags = &self.workflow;
        Ok(Checked {
            definitions: flags.workflow.as_deref().map_or_else(|| Ok(order_flow::definitions()), load)?,
            durations: Durations {
                restaurant_timeout_s: flags.restaurant_timeout_s,
                preparation_s: flags.preparation_s,
                dispatch_s: flags.dispatch_s,
                delivery_s: flags.delivery_s,
            },
            api: self.api.checked(self.host.listen, self.host.config()?.store)?,
        })
    }

    async fn daemon(settings: Checked, environment: &Environment) -> Result<Daemon, DaemonError> {
        let Environment { bus, store, registry, options, tracer } = environment.clone();
        let Checked { definitions, durations, api } = settings;
        let api = Api::open(api, &definitions, environment).await?;
        let metrics = Metrics::register(NAME, &registry)?;
        let counts = order_flow::metrics::Metrics::register(&registry)?;
        let kept = keep(definitions, Arc::clone(&store));
        let (requests, asked) = participant::requests();
        let known = Arc::<OnceLock<Arc<Definitions>>>::default();
        let router =
            routes::router(Arc::clone(&store) as _, Arc::clone(&known), requests).merge(api.router());
        let daemon = Daemon::prepared(router, kept, move |definitions, health| {
            let definitions = Arc::clone(known.get_or_init(|| Arc::new(definitions)));
            tokio::spawn(warn_of_unknown_functions(Arc::clone(&definitions), Arc::clone(&store)));
            let handler = Conductor::new(definitions, durations).with_metrics(counts).with_tracer(tracer);
            let (calls, clock) = (NoCalls::caller(), Arc::new(SystemClock));
            Participant::new(NAME, topics(), handler, calls, store, bus, clock)
                .with_options(options)
                .with_requests(asked)
                .with_metrics(metrics)
                .with_health(health)
        });
        Ok(api.with(daemon))
    }
}

/// Keeps the definitions in the store, and waits for a store that is not there yet.
async fn keep(mut definitions: Definitions, store: Arc<dyn Store>) -> Result<Definitions, DaemonError> {
    let mut backoff = Backoff::new(BACKOFF_BASE, BACKOFF_CAP, u64::from(std::process::id()));
    loop {
        match registry::keep_definitions(&mut definitions, &*store).await {
            Ok(()) => return Ok(definitions),
            Err(StoredError::Store(error)) if error.is_retryable() => {
                let delay = backoff.next_delay();
                tracing::warn!(%error, retry_in_ms = delay.as_millis(), "waiting for the store");
                tokio::time::sleep(delay).await;
            }
            Err(error) => return Err(DaemonError::Start(error.into())),
        }
    }
}

/// Says which definitions let executions fail that are under way. The one that new ones begin with is looked at when it is
/// [loaded](load).
async fn warn_of_unknown_functions(definitions: Arc<Definitions>, store: Arc<dyn Store>) {
    match order_flow::unknown_functions_in_use(&definitions, &*store).await {
        Ok(found) => {
            for (definition, warnings) in found {
                for warning in warnings {
                    tracing::warn!(definition, %warning, "executions that are under way will fail");
                }
            }
        }
        Err(error) => tracing::warn!(%error, "it cannot be said whether what executions call is offered"),
    }
}

fn load(path: &Path) -> Result<Definitions, ConfigError> {
    let wrong = |expected: String| ConfigError::new("--workflow", path.display(), expected);
    let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("a readable file ({error})")))?;
    let definitions = Definitions::load(&text)
        .map_err(|problems| wrong(format!("a workflow without mistakes:\n{problems}")))?;
    for warning in order_flow::unknown_functions(definitions.current()) {
        telemetry::tell(format_args!("warning: --workflow: {}: {warning}", path.display()));
    }
    Ok(definitions)
}

fn main() -> ExitCode {
    daemon::main::<Cli>()
}
