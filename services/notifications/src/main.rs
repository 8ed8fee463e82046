//! The notifications service as a program.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use daemon::{Args, Binary, ConfigError, Daemon, DaemonError, Defaults, Environment, probability};
use external::{Fate, Rates};
use notifications::{NAME, Notifications, OfferCaller, Settings, SimulatedRestaurants, http, topics};
use participant::{Metrics, Participant, SystemClock};
use styles::TracedCaller;

/// Obtains the restaurant's answer and tells customers and restaurants what they must know.
///
/// Works on messages from the bus, in both styles, and answers GET /orders/{id}/notifications, GET
/// /customers/{id}/notifications and GET /restaurants/{id}/notifications. Also serves /metrics, /healthz and /readyz.
/// The restaurants are simulated ones: what they answer follows from the seed, the rates and the order's id. Logs go
/// to standard error; standard output gets one line of JSON that names the HTTP address.
#[derive(Debug, Parser)]
#[command(name = NAME, version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    host: Args,
    #[command(flatten)]
    restaurants: RestaurantFlags,
}

/// The simulated restaurants.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Simulated restaurants")]
struct RestaurantFlags {
    /// Where the restaurants' decisions come from; the same in all services of one system.
    #[arg(long, value_name = "N", env = "DUET_SEED", default_value_t = 0)]
    seed: u64,
    /// How long a restaurant takes to decide, in milliseconds.
    #[arg(long, value_name = "MS", env = "DUET_RESTAURANT_LATENCY_MS", default_value_t = 0)]
    restaurant_latency_ms: u32,
    /// How often a restaurant declines an order, from 0 to 1.
    #[arg(long, value_name = "RATE", env = "DUET_RESTAURANT_DECLINE_RATE", value_parser = probability)]
    #[arg(default_value_t = Rates::default().restaurant_decline)]
    restaurant_decline_rate: f64,
    /// How often a restaurant does not answer in time (in half of these, too late; else never), from 0 to 1.
    #[arg(long, value_name = "RATE", env = "DUET_RESTAURANT_SILENCE_RATE", value_parser = probability)]
    #[arg(default_value_t = Rates::default().restaurant_silence)]
    restaurant_silence_rate: f64,
    /// How long a restaurant may take to answer in the choreography, in milliseconds; then the order is
    /// cancelled. In the orchestration the workflow says so.
    #[arg(long, value_name = "MS", env = "DUET_RESTAURANT_TIMEOUT_MS")]
    #[arg(default_value_t = Settings::default().restaurant_timeout_ms)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    restaurant_timeout_ms: u32,
}

const EXAMPLES: &str = "\
Examples:
  notifications                                   # bus at tcp://127.0.0.1:7070, store in notifications.db
  notifications --restaurant-silence-rate 0.05 --restaurant-timeout-ms 2000 --seed 7
  notifications --bus tcp://10.0.0.5:7070 --store sqlite:/var/lib/duet/notifications.db
  curl http://127.0.0.1:8083/customers/c-1/notifications

Every flag can also be set in the environment: DUET_ and its name, e.g. DUET_STORE for --store.
Exit codes: 0 ended as asked, 1 failed, 64 a flag is wrong, 130 interrupted twice.";

/// The flags, checked.
struct Checked {
    handler: Settings,
    restaurants: SimulatedRestaurants,
}

impl Binary for Cli {
    const NAME: &'static str = NAME;
    const DEFAULTS: Defaults = Defaults { listen: "127.0.0.1:8083", store: "sqlite:notifications.db" };
    type Settings = Checked;

    fn host(&self) -> &Args {
        &self.host
    }

    fn settings(&self) -> Result<Checked, ConfigError> {
        let flags = &self.restaurants;
        let (decline, silence) = (flags.restaurant_decline_rate, flags.restaurant_silence_rate);
        if decline + silence > 1.0 {
            let expected = format!("at most 1 together with --restaurant-decline-rate, which is {decline}");
            return Err(ConfigError::new("--restaurant-silence-rate", silence, expected));
        }
        let rates = Rates { restaurant_decline: decline, restaurant_silence: silence, ..Rates::default() };
        Ok(Checked {
            handler: Settings { restaurant_timeout_ms: flags.restaurant_timeout_ms },
            restaurants: SimulatedRestaurants {
                fate: Fate { seed: flags.seed, rates },
                latency: Duration::from_millis(flags.restaurant_latency_ms.into()),
                late: Duration::from_millis(flags.restaurant_timeout_ms.into()) * 3 / 2,
            },
        })
    }

    async fn daemon(settings: Checked, environment: &Environment) -> Result<Daemon, DaemonError> {
        let Environment { bus, store, registry, options, tracer } = environment.clone();
        // A restaurant's answer after the order's time-out is late, but it is an answer: the line is held longer.
        let patience = Duration::from_millis(settings.handler.restaurant_timeout_ms.into()) * 2;
        let calls = Arc::new(OfferCaller::new(Arc::new(settings.restaurants), patience));
        let calls = Arc::new(TracedCaller::new(calls, tracer));
        let (requests, asked) = participant::requests();
        let router = http::router(store.clone(), requests);
        let handler = Notifications { settings: settings.handler };
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
