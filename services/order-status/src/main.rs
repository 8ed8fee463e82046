//! The order-status service as a program.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use daemon::{Args, Binary, ConfigError, Daemon, DaemonError, Defaults, Environment, probability};
use external::{Fate, Gateway, Rates};
use order_status::{GatewayCaller, NAME, OrderStatus, PaymentGateway, Settings, http, topics};
use participant::{Metrics, Participant, SystemClock};
use styles::TracedCaller;

/// Takes the payment and moves the order on until it is delivered.
///
/// Works on messages from the bus, in both styles, and answers GET /orders/{id}. Also serves /metrics, /healthz and
/// /readyz. The payment gateway is a simulated one: what it does to an order follows from the seed, the rates and
/// the order's id. Logs go to standard error; standard output gets one line of JSON that names the HTTP address.
#[derive(Debug, Parser)]
#[command(name = NAME, version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    host: Args,
    #[command(flatten)]
    gateway: GatewayFlags,
    #[command(flatten)]
    durations: DurationFlags,
}

/// The simulated payment gateway.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Simulated payment gateway")]
struct GatewayFlags {
    /// Where the gateway's decisions come from; the same in all services of one system.
    #[arg(long, value_name = "N", env = "DUET_SEED", default_value_t = 0)]
    seed: u64,
    /// How long the gateway takes for an answer, in milliseconds.
    #[arg(long, value_name = "MS", env = "DUET_GATEWAY_LATENCY_MS", default_value_t = 0)]
    gateway_latency_ms: u32,
    /// How long an answer is waited for before it counts as lost, in milliseconds.
    #[arg(long, value_name = "MS", env = "DUET_GATEWAY_TIMEOUT_MS", default_value_t = 2_000)]
    gateway_timeout_ms: u32,
    /// How often a payment is declined, from 0 to 1.
    #[arg(long, value_name = "RATE", env = "DUET_DECLINE_RATE", value_parser = probability)]
    #[arg(default_value_t = Rates::default().decline)]
    decline_rate: f64,
    /// How often a call of the gateway gets no answer, from 0 to 1; in half of these the gateway has acted.
    #[arg(long, value_name = "RATE", env = "DUET_GATEWAY_FAULT_RATE", value_parser = probability)]
    #[arg(default_value_t = Rates::default().gateway_fault)]
    gateway_fault_rate: f64,
    /// The file in which the gateway writes down every movement of money, made if there is none.
    #[arg(long, value_name = "FILE", env = "DUET_LEDGER", default_value = "gateway.ledger")]
    ledger: PathBuf,
}

/// How long things take in the choreography; in the orchestration the workflow says so.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Durations (choreography)")]
struct DurationFlags {
    /// How long the kitchen takes, in milliseconds.
    #[arg(long, value_name = "MS", env = "DUET_PREPARATION_MS", default_value_t = 0)]
    preparation_ms: u32,
    /// How long until a courier has taken a prepared order, in milliseconds.
    #[arg(long, value_name = "MS", env = "DUET_DISPATCH_MS", default_value_t = 0)]
    dispatch_ms: u32,
    /// How long the courier is on the way, in milliseconds.
    #[arg(long, value_name = "MS", env = "DUET_DELIVERY_MS", default_value_t = 0)]
    delivery_ms: u32,
}

const EXAMPLES: &str = "\
Examples:
  order-status                                    # bus at tcp://127.0.0.1:7070, store in order-status.db
  order-status --gateway-latency-ms 20 --decline-rate 0.05 --gateway-fault-rate 0.01 --seed 7
  order-status --preparation-ms 600000 --delivery-ms 900000 --store sqlite:/var/lib/duet/status.db
  curl http://127.0.0.1:8082/orders/o-1

Every flag can also be set in the environment: DUET_ and its name, e.g. DUET_STORE for --store.
Exit codes: 0 ended as asked, 1 failed, 64 a flag is wrong, 130 interrupted twice.";

/// The flags, checked.
struct Checked {
    handler: Settings,
    fate: Fate,
    latency: Duration,
    timeout: Duration,
    ledger: PathBuf,
}

impl Binary for Cli {
    const NAME: &'static str = NAME;
    const DEFAULTS: Defaults = Defaults { listen: "127.0.0.1:8082", store: "sqlite:order-status.db" };
    type Settings = Checked;

    fn host(&self) -> &Args {
        &self.host
    }

    fn settings(&self) -> Result<Checked, ConfigError> {
        let GatewayFlags { gateway_latency_ms: latency_ms, gateway_timeout_ms: timeout_ms, .. } =
            self.gateway;
        if latency_ms >= timeout_ms {
            let expected = format!("more than --gateway-latency-ms, which is {latency_ms}");
            return Err(ConfigError::new("--gateway-timeout-ms", timeout_ms, expected));
        }
        Ok(Checked {
            handler: Settings {
                preparation_ms: self.durations.preparation_ms,
                dispatch_ms: self.durations.dispatch_ms,
                delivery_ms: self.durations.delivery_ms,
                ..Settings::default()
            },
            fate: Fate {
                seed: self.gateway.seed,
                rates: Rates {
                    decline: self.gateway.decline_rate,
                    gateway_fault: self.gateway.gateway_fault_rate,
                    ..Rates::default()
                },
            },
            latency: Duration::from_millis(latency_ms.into()),
            timeout: Duration::from_millis(timeout_ms.into()),
            ledger: self.gateway.ledger.clone(),
        })
    }

    async fn daemon(settings: Checked, environment: &Environment) -> Result<Daemon, DaemonError> {
        let Environment { bus, store, registry, options, tracer } = environment.clone();
        let gateway = Gateway::open(settings.fate, settings.latency, &settings.ledger)
            .map_err(|source| DaemonError::File { flag: "--ledger", path: settings.ledger, source })?;
        let gateway: Arc<dyn PaymentGateway> = Arc::new(gateway);
        let calls = Arc::new(GatewayCaller::new(gateway, settings.timeout));
        let calls = Arc::new(TracedCaller::new(calls, tracer));
        let (requests, asked) = participant::requests();
        let router = http::router(store.clone(), requests);
        let handler = OrderStatus { settings: settings.handler };
        let participant = Participant::new(NAME, topics(), handler, calls, store, bus, Arc::new(SystemClock))
            .with_options(options)
            .with_requests(asked)
            .with_metrics(Metrics::register(NAME, &registry)?);
        Ok(Daemon::new(participant, router))
    }
}

fn main() -> ExitCode {
    daemon::main::<Cli>()
}
