//! The flags of `duet compare`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bench::compare::{CompareError, CompareSettings, OrdersFile};
use bench::report::Verdict;
use bench::{compare, measure, table};
use clap::Args;
use daemon::ConfigError;
use durability::Durability;
use external::Rates;
use operate::target::{self, Urls};
use telemetry::{Code, exit, exit_with, tell};
use terminal::Terminal;

use crate::flags::level::Level;

/// Share of orders that cannot be taken, unless told otherwise.
const INVALID_RATE: f64 = 0.01;
/// The highest rate that can be asked for.
const RATE_MAX_PER_S: f64 = 1_000_000.0;

/// Flags of `duet compare`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct CompareArgs {
    /// Replays your own orders, one JSON order a line, instead of generated ones (see examples/ORDERS.md).
    #[arg(long, value_name = "FILE.ndjson", help_heading = "Orders")]
    orders: Option<PathBuf>,
    /// With --orders: replays when they were placed, N times faster than real.
    #[arg(long, value_name = "N", help_heading = "Orders")]
    speed: Option<f64>,
    /// With --orders: leaves out bad lines instead of refusing the file.
    #[arg(long, help_heading = "Orders")]
    skip_bad: bool,
    /// Generated orders per cell, over all phases; brokers are not warmed until they settle then [default: as many as fit into a minute; on brokers half a minute a cell].
    #[arg(long, value_name = "N", help_heading = "Orders", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Seed of the orders and of the outside world: the same seed, the same orders and outcomes [default: 1].
    #[arg(long, value_name = "N", help_heading = "Orders")]
    pub(crate) seed: Option<u64>,
    /// Share of generated orders that cannot be taken, 0 to 1 [default: 0.01].
    #[arg(long, value_name = "P", help_heading = "Orders", value_parser = daemon::probability)]
    invalid_rate: Option<f64>,

    /// Orders/s of the paced phase, where latency is measured [default: 500, or half of what the slowest cell reached
    /// at saturation if that is less].
    #[arg(long, value_name = "N", help_heading = "Load")]
    rate: Option<f64>,
    /// Measures latency and CPU at 5, 10, 25, 50, 75 and 90 % of each cell's own saturation, too: some 80 s a bus.
    #[arg(long, help_heading = "Load")]
    curve: bool,
    /// Orders in flight while measuring orders/s at saturation.
    #[arg(long, value_name = "N", help_heading = "Load", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    window: u32,

    /// Share of payments that are declined, 0 to 1 [default: 0.02].
    #[arg(long, value_name = "P", help_heading = "Outside world", value_parser = daemon::probability)]
    decline_rate: Option<f64>,
    /// Share of calls that the payment gateway does not answer (in half of these it has acted), 0 to 1 [default: 0.01].
    #[arg(long, value_name = "P", help_heading = "Outside world", value_parser = daemon::probability)]
    gateway_fault_rate: Option<f64>,
    /// Share of orders that restaurants decline, 0 to 1 [default: 0.02].
    #[arg(long, value_name = "P", help_heading = "Outside world", value_parser = daemon::probability)]
    restaurant_decline_rate: Option<f64>,
    /// Share of orders that restaurants do not answer in time (half of these too late, half never), 0 to 1 [default: 0.01].
    #[arg(long, value_name = "P", help_heading = "Outside world", value_parser = daemon::probability)]
    restaurant_silence_rate: Option<f64>,

    /// The buses: memory (it lives as long as the process), rabbitmq, kafka, amqp://… or kafka://…; several with commas
    /// between are compared in one run.
    #[arg(long, value_name = "BUS,…", help_heading = "System", default_value = "memory")]
    bus: String,
    /// The store: sqlite, in a temporary folder; sqlite:DIR, in a temporary folder within DIR; postgres or postgres://…,
    /// in schemas of this run's own.
    #[arg(long, value_name = "STORE", help_heading = "System", default_value = "sqlite")]
    store: String,
    /// Where the servers are.
    #[command(flatten)]
    urls: Urls,
    /// What confirmed messages must survive: kill (the broker's death) or power (a power cut, too) [default: power
    /// where there are brokers].
    #[arg(long, value_name = "LEVEL", help_heading = "System")]
    durability: Option<Level>,
    /// Compares cells although their guarantees differ, and marks the result.
    #[arg(long, help_heading = "System")]
    unequal: bool,
    /// Runs services and orchestrator as processes of their own, and measures each.
    #[arg(long, help_heading = "System")]
    processes: bool,
    /// Worker threads of each cell's runtime [default: one per core].
    #[arg(long, value_name = "N", help_heading = "System", value_parser = clap::value_parser!(u32).range(1..=1024))]
    worker_threads: Option<u32>,
    /// How long to wait, in seconds, for orders that do not end, before they are called stuck.
    #[arg(long, value_name = "S", help_heading = "System", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3600))]
    drain_s: u32,

    /// Writes the result as JSON, too (see bench/REPORT.md).
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    json: Option<PathBuf>,
    /// Keeps the stores and ledgers in DIR (new or empty) for `duet audit DIR`.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    keep: Option<PathBuf>,
}

impl CompareArgs {
    /// Checks what clap cannot.
    ///
    /// # Errors
    /// The first flag that cannot be used, with what would be right.
    fn settings(&self) -> Result<CompareSettings, ConfigError> {
        self.refuse_contradictions()?;
        let mut buses = target::buses(&self.bus, &self.urls)?;
        let durability = self.durability.map(Durability::from);
        // What a broker is asked for unless it was said: the one level that all of them can give.
        for bus in buses.iter_mut().filter(|bus| bus.is_broker()) {
            bus.durability = durability.or(Some(Durability::Power));
        }
        Ok(CompareSettings {
            seed: self.seed.unwrap_or(1),
            orders: self.orders.as_ref().map(|path| OrdersFile {
                path: path.clone(),
                speed: self.speed,
                skip_bad: self.skip_bad,
            }),
            count: self.count,
            curve: self.curve,
            rate_per_s: positive("--rate", self.rate, RATE_MAX_PER_S)?,
            invalid_rate: self.invalid_rate.unwrap_or(INVALID_RATE),
            rates: self.rates()?,
            window: self.window as usize,
            worker_threads: self.worker_threads.map_or_else(measure::cores, |threads| threads as usize),
            drain: Duration::from_secs(self.drain_s.into()),
            buses,
            store: target::store(&self.store, &self.urls.postgres)?,
            durability,
            unequal: self.unequal,
            processes: self.processes,
            keep: self.keep.clone(),
            json: self.json.clone(),
        })
    }

    fn refuse_contradictions(&self) -> Result<(), ConfigError> {
        if self.orders.is_none() {
            if let Some(speed) = self.speed {
                return Err(ConfigError::new(
                    "--speed",
                    speed,
                    "--orders FILE with it: it replays that file's times",
                ));
            }
            if self.skip_bad {
                return Err(ConfigError::new("--skip-bad", "no --orders", "--orders FILE with it"));
            }
        } else {
            if let Some(count) = self.count {
                return Err(ConfigError::new(
                    "--count",
                    count,
                    "no --orders with it: a file is sent as a whole",
                ));
            }
            if let Some(rate) = self.invalid_rate {
                let expected = "no --orders with it: it shapes generated orders";
                return Err(ConfigError::new("--invalid-rate", rate, expected));
            }
            if self.curve {
                let expected = "no --orders with it: how many orders a curve takes depends on the machine";
                return Err(ConfigError::new("--curve", "--orders", expected));
            }
        }
        if let (Some(_), Some(rate)) = (self.speed, self.rate) {
            let expected = "either --rate (a fixed pace) or --speed (the file's own, faster)";
            return Err(ConfigError::new("--rate", rate, expected));
        }
        if self.keep.is_some() && self.store.starts_with("sqlite:") {
            let expected = "either --keep DIR or --store sqlite:DIR: both say where the files go";
            return Err(ConfigError::new("--store", &self.store, expected));
        }
        positive("--speed", self.speed, f64::MAX).map(drop)
    }

    fn rates(&self) -> Result<Rates, ConfigError> {
        let usual = Rates::default();
        let rates = Rates {
            decline: self.decline_rate.unwrap_or(usual.decline),
            gateway_fault: self.gateway_fault_rate.unwrap_or(usual.gateway_fault),
            restaurant_decline: self.restaurant_decline_rate.unwrap_or(usual.restaurant_decline),
            restaurant_silence: self.restaurant_silence_rate.unwrap_or(usual.restaurant_silence),
        };
        if rates.restaurant_decline + rates.restaurant_silence > 1.0 {
            let found = rates.restaurant_silence;
            let expected = format!(
                "at most {} beside --restaurant-decline-rate {}: a restaurant does one or the other",
                1.0 - rates.restaurant_decline,
                rates.restaurant_decline
            );
            return Err(ConfigError::new("--restaurant-silence-rate", found, expected));
        }
        Ok(rates)
    }
}

/// Compares, and shows the result. Exit code 0 when the verdict is clean, 1 when it is violated, 130 when the run was
/// interrupted and nothing is wrong with what it did.
pub(crate) fn main(args: &CompareArgs) -> ExitCode {
    let settings = match args.settings() {
        Ok(settings) => settings,
        Err(error) => return exit_with(&error, Code::Usage),
    };
    let report = match compare::run(&settings) {
        Ok(report) => report,
        Err(CompareError::Interrupted) => {
            tell(CompareError::Interrupted);
            return Code::Interrupted.into();
        }
        Err(error) => return exit(&error),
    };
    terminal::print_drawn(Terminal::stdout(), |terminal| table::render(&report, terminal));
    match report.verdict {
        Verdict::Violated => Code::Failure.into(),
        Verdict::Clean if report.partial => Code::Interrupted.into(),
        Verdict::Clean => ExitCode::SUCCESS,
    }
}

fn positive(flag: &'static str, number: Option<f64>, max: f64) -> Result<Option<f64>, ConfigError> {
    match number {
        Some(number) if !(number > 0.0 && number <= max && number.is_finite()) => {
            let most = if max < f64::MAX { format!(", at most {max}") } else { String::new() };
            Err(ConfigError::new(flag, number, format!("a number above 0{most}")))
        }
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use operate::target::StoreChoice;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        compare: CompareArgs,
    }

    fn settings(flags: &[&str]) -> Result<CompareSettings, String> {
        let flags = Flags::try_parse_from(["duet"].iter().chain(flags)).map_err(|error| error.to_string())?;
        flags.compare.settings().map_err(|error| error.to_string())
    }

    #[test]
    fn without_flags_it_compares_with_the_defaults() {
        let settings = settings(&[]).unwrap();
        assert_eq!((settings.rate_per_s, settings.seed, settings.count), (None, 1, None));
        assert_eq!((settings.buses[0].name.as_str(), settings.buses.len()), ("memory", 1));
        assert_eq!((settings.buses[0].durability, settings.durability), (None, None));
        assert_eq!(settings.store, StoreChoice::Sqlite(None));
        assert_eq!(settings.rates, Rates::default());
    }

    #[test]
    fn contradictions_are_refused_with_what_would_be_right() {
        for (flags, said) in [
            (&["--speed", "10"][..], "--speed: found 10, expected --orders FILE with it"),
            (&["--skip-bad"], "--skip-bad: found no --orders, expected --orders FILE with it"),
            (&["--orders", "f", "--count", "5"], "--count: found 5, expected no --orders with it"),
            (&["--orders", "f", "--invalid-rate", "0.5"], "--invalid-rate: found 0.5, expected no --orders"),
            (&["--orders", "f", "--curve"], "--curve: found --orders, expected no --orders with it"),
            (&["--orders", "f", "--speed", "2", "--rate", "5"], "--rate: found 5, expected either --rate"),
            (&["--orders", "f", "--speed", "0"], "--speed: found 0, expected a number above 0"),
            (&["--rate", "0"], "--rate: found 0, expected a number above 0, at most 1000000"),
            (&["--rate", "NaN"], "--rate: found NaN, expected a number above 0"),
            (
                &["--restaurant-silence-rate", "0.99"],
                "--restaurant-silence-rate: found 0.99, expected at most 0.98",
            ),
            (&["--bus", "pigeon"], "--bus: found ***, expected memory, rabbitmq, kafka"),
            (&["--store", "paper"], "--store: found ***, expected sqlite, sqlite:DIR, postgres or"),
            (&["--keep", "a", "--store", "sqlite:b"], "--store: found sqlite:b, expected either --keep DIR"),
        ] {
            let error = settings(flags).unwrap_err();
            assert!(error.starts_with(said), "{flags:?}: {error}");
        }
    }

    #[test]
    fn what_is_out_of_range_or_unknown_is_refused() {
        for (flags, said) in [
            (&["--decline-rate", "1.5"][..], "a probability from 0 to 1 is needed"),
            (&["--count", "0"], "0 is not in"),
            (&["--window", "0"], "0 is not in"),
            (&["--drain-s", "0"], "0 is not in"),
            (&["--durability", "process"], "invalid value 'process'"),
            (&["--colour"], "unexpected argument"),
        ] {
            let error = settings(flags).unwrap_err();
            assert!(error.contains(said), "{flags:?}: {error}");
        }
    }

    #[test]
    fn brokers_are_asked_for_the_level_that_all_of_them_can_give() {
        let asked = |flags: &[&str]| {
            let settings = settings(&[&["--bus", "memory,rabbitmq,kafka"][..], flags].concat()).unwrap();
            let levels: Vec<_> = settings.buses.iter().map(|bus| bus.durability).collect();
            (levels, settings.durability)
        };
        let (power, kill) = (Some(Durability::Power), Some(Durability::Kill));
        assert_eq!(asked(&[]), (vec![None, power, power], None));
        assert_eq!(asked(&["--durability", "kill"]), (vec![None, kill, kill], kill));
    }
}
