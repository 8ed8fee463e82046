//! The order-history service as a program.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use daemon::{Args, Binary, ConfigError, Daemon, DaemonError, Defaults, Environment};
use order_history::{NAME, OrderHistory, http, topics};
use participant::{Metrics, NoCalls, Participant, SystemClock};

/// Validates orders, keeps the customers' history and closes each order with its final status.
///
/// Takes orders over HTTP (POST /orders) and from the bus, in both styles, and answers GET /orders/{id} and GET
/// /customers/{id}/orders. Also serves /metrics, /healthz and /readyz. Logs go to standard error; standard output
/// gets one line of JSON that names the HTTP address.
#[derive(Debug, Parser)]
#[command(name = NAME, version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    host: Args,
}

const EXAMPLES: &str = "\
Examples:
  order-history                                   # bus at tcp://127.0.0.1:7070, store in order-history.db
  order-history --bus tcp://10.0.0.5:7070 --store sqlite:/var/lib/duet/history.db
  order-history --bus memory: --store memory: --listen 127.0.0.1:0       # to look around, alone
  curl -i -H 'Content-Type: application/json' -d @order.json 'http://127.0.0.1:8081/orders?style=orchestration'

Every flag can also be set in the environment: DUET_ and its name, e.g. DUET_STORE for --store.
Exit codes: 0 ended as asked, 1 failed, 64 a flag is wrong, 130 interrupted twice.";

impl Binary for Cli {
    const NAME: &'static str = NAME;
    const DEFAULTS: Defaults = Defaults { listen: "127.0.0.1:8081", store: "sqlite:order-history.db" };
    type Settings = ();

    fn host(&self) -> &Args {
        &self.host
    }

    fn settings(&self) -> Result<(), ConfigError> {
        Ok(())
    }

    async fn daemon((): (), environment: &Environment) -> Result<Daemon, DaemonError> {
        let Environment { bus, store, registry, options, tracer } = environment.clone();
        let (requests, asked) = participant::requests();
        let router = http::router(store.clone(), Arc::clone(&bus), requests, tracer);
        let (calls, clock) = (NoCalls::caller(), Arc::new(SystemClock));
        let participant = Participant::new(NAME, topics(), OrderHistory, calls, store, bus, clock)
            .with_options(options)
            .with_requests(asked)
            .with_metrics(Metrics::register(NAME, &registry)?);
        Ok(Daemon::new(participant, router))
    }
}

fn main() -> ExitCode {
    daemon::main::<Cli>()
}
