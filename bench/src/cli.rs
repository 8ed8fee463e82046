//! The command line: what can be asked for, and what is refused with what would be right.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use host::ConfigError;
use outside::Rates;

use crate::compare::{OrdersFile, Settings};
use crate::measure;
use crate::simulate::SimulateArgs;

/// Orders/s of the paced phase, unless told otherwise.
const RATE_PER_S: f64 = 500.0;
/// Share of orders that cannot be taken, unless told otherwise.
const INVALID_RATE: f64 = 0.01;
/// The highest rate that can be asked for.
const RATE_MAX_PER_S: f64 = 1_000_000.0;

/// One food-ordering system in two styles, choreography and orchestration: runs both, proves that no order is lost
/// or doubled, and compares them.
///
/// Without a command it is `duet compare`.
#[derive(Debug, Parser)]
#[command(name = "duet", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 clean; 1 violated, or it could not be done; 64 wrong flags; 130 interrupted."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of `duet compare`.
    #[command(flatten)]
    pub compare: CompareArgs,
}

/// What duet can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the same orders through both styles, audits both, and puts them side by side.
    Compare(Box<CompareArgs>),
    /// Runs the whole system on virtual time, with seeded faults and crashes, and audits every world.
    Simulate(SimulateArgs),
    /// Measures what the store's disk gives at best: the yardstick for figures of throughput.
    Limit(LimitArgs),
    /// Audits the files of an earlier run once more (see `compare --keep`).
    Audit(AuditArgs),
    /// Serves the in-process bus over TCP, so that services of several processes can share it.
    Bus(BusArgs),
    /// One style of a comparison, told what to do on standard input.
    #[command(hide = true)]
    Cell,
}

/// Flags of `duet compare`.
#[derive(Clone, Debug, Default, Args)]
pub struct CompareArgs {
    /// Replays your own orders, one JSON order a line, instead of generated ones (see examples/ORDERS.md).
    #[arg(long, value_name = "FILE.ndjson", help_heading = "Orders")]
    pub orders: Option<PathBuf>,
    /// With --orders: replays when they were placed, N times faster than real.
    #[arg(long, value_name = "N", help_heading = "Orders")]
    pub speed: Option<f64>,
    /// With --orders: leaves out bad lines instead of refusing the file.
    #[arg(long, help_heading = "Orders")]
    pub skip_bad: bool,
    /// Generated orders per style [default: as many as fit into a minute].
    #[arg(long, value_name = "N", help_heading = "Orders", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Seed of the orders and of the outside world: the same seed, the same orders and outcomes [default: 1].
    #[arg(long, value_name = "N", help_heading = "Orders")]
    pub seed: Option<u64>,
    /// Share of generated orders that cannot be taken, 0 to 1 [default: 0.01].
    #[arg(long, value_name = "P", help_heading = "Orders", value_parser = host::probability)]
    pub invalid_rate: Option<f64>,

    /// Orders/s of the paced phase, where latency is measured [default: 500].
    #[arg(long, value_name = "N", help_heading = "Load")]
    pub rate: Option<f64>,
    /// Orders in flight while measuring orders/s at saturation.
    #[arg(long, value_name = "N", help_heading = "Load", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub window: u32,

    /// Share of payments that are declined, 0 to 1 [default: 0.02].
    #[arg(long, value_name = "P", help_heading = "Outside world", value_parser = host::probability)]
    pub decline_rate: Option<f64>,
    /// Share of calls that the payment gateway does not answer (in half of these it has acted), 0 to 1 [default: 0.01].
    #[arg(long, value_name = "P", help_heading = "Outside world", value_parser = host::probability)]
    pub gateway_fault_rate: Option<f64>,
    /// Share of orders that restaurants decline, 0 to 1 [default: 0.02].
    #[arg(long, value_name = "P", help_heading = "Outside world", value_parser = host::probability)]
    pub restaurant_decline_rate: Option<f64>,
    /// Share of orders that restaurants do not answer in time (half of these too late, half never), 0 to 1 [default: 0.01].
    #[arg(long, value_name = "P", help_heading = "Outside world", value_parser = host::probability)]
    pub restaurant_silence_rate: Option<f64>,

    /// The bus: memory (it lives as long as the process).
    #[arg(long, value_name = "BUS", help_heading = "System", default_value = "memory")]
    pub bus: String,
    /// The store: sqlite, in a temporary folder, or sqlite:DIR, in a temporary folder within DIR.
    #[arg(long, value_name = "STORE", help_heading = "System", default_value = "sqlite")]
    pub store: String,
    /// Worker threads of each style's runtime [default: one per core].
    #[arg(long, value_name = "N", help_heading = "System", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub worker_threads: Option<u32>,
    /// How long to wait, in seconds, for orders that do not end, before they are called stuck.
    #[arg(long, value_name = "S", help_heading = "System", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub drain_s: u32,

    /// Writes the result as JSON, too (see bench/REPORT.md).
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub json: Option<PathBuf>,
    /// Keeps the stores and ledgers in DIR (new or empty) for `duet audit DIR`.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub keep: Option<PathBuf>,
}

/// Flags of `duet limit`.
#[derive(Clone, Debug, Args)]
pub struct LimitArgs {
    /// The store: sqlite, in the system's temporary folder, or sqlite:DIR.
    #[arg(long, value_name = "STORE", default_value = "sqlite")]
    pub store: String,
}

/// Flags of `duet audit`.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// The folder given to `duet compare --keep`.
    pub dir: PathBuf,
}

/// Flags of `duet bus`.
#[derive(Clone, Debug, Args)]
pub struct BusArgs {
    /// Where to listen; port 0 takes a free one, which the line on standard output names. There is neither
    /// authentication nor encryption: keep to a loopback address.
    #[arg(long, value_name = "ADDR:PORT", env = "DUET_LISTEN", default_value = "127.0.0.1:7070")]
    pub listen: std::net::SocketAddr,
}

impl CompareArgs {
    /// Checks what clap cannot.
    ///
    /// # Errors
    /// The first flag that cannot be used, with what would be right.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        self.refuse_contradictions()?;
        if self.bus.trim_end_matches(':') != "memory" {
            return Err(ConfigError::new(
                "--bus",
                host::address::redact(&self.bus),
                "memory: this version embeds no other",
            ));
        }
        Ok(Settings {
            seed: self.seed.unwrap_or(1),
            orders: self.orders.as_ref().map(|path| OrdersFile {
                path: path.clone(),
                speed: self.speed,
                skip_bad: self.skip_bad,
            }),
            count: self.count,
            rate_per_s: positive("--rate", self.rate, RATE_MAX_PER_S)?.unwrap_or(RATE_PER_S),
            invalid_rate: self.invalid_rate.unwrap_or(INVALID_RATE),
            rates: self.rates()?,
            window: self.window as usize,
            worker_threads: self.worker_threads.map_or_else(measure::cores, |threads| threads as usize),
            drain: Duration::from_secs(self.drain_s.into()),
            store_dir: store_dir(&self.store)?,
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
        }
        if let (Some(_), Some(rate)) = (self.speed, self.rate) {
            let expected = "either --rate (a fixed pace) or --speed (the file's own, faster)";
            return Err(ConfigError::new("--rate", rate, expected));
        }
        if self.keep.is_some() && self.store.contains(':') {
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

fn positive(flag: &'static str, number: Option<f64>, max: f64) -> Result<Option<f64>, ConfigError> {
    match number {
        Some(number) if !(number > 0.0 && number <= max && number.is_finite()) => {
            let most = if max < f64::MAX { format!(", at most {max}") } else { String::new() };
            Err(ConfigError::new(flag, number, format!("a number above 0{most}")))
        }
        number => Ok(number),
    }
}

/// The folder in `sqlite:DIR`; `None` for `sqlite` alone.
///
/// # Errors
/// It is another store.
pub fn store_dir(store: &str) -> Result<Option<PathBuf>, ConfigError> {
    match store.split_once(':') {
        None if store == "sqlite" => Ok(None),
        Some(("sqlite", "")) => Ok(None),
        Some(("sqlite", dir)) => Ok(Some(PathBuf::from(dir))),
        _ => {
            let expected = "sqlite or sqlite:DIR: this version embeds no other";
            Err(ConfigError::new("--store", host::address::redact(store), expected))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn settings(flags: &[&str]) -> Result<Settings, String> {
        let cli = Cli::try_parse_from(["duet"].iter().chain(flags)).map_err(|error| error.to_string())?;
        cli.compare.settings().map_err(|error| error.to_string())
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_flags_it_compares_with_the_defaults() {
        let settings = settings(&[]).unwrap();
        assert_eq!((settings.rate_per_s, settings.seed, settings.count), (500.0, 1, None));
        assert_eq!(settings.rates, Rates::default());
        let named = Cli::try_parse_from(["duet", "compare", "--seed", "7"]).unwrap();
        assert!(matches!(named.command, Some(Command::Compare(args)) if args.seed == Some(7)));
    }

    #[test]
    fn contradictions_are_refused_with_what_would_be_right() {
        for (flags, said) in [
            (&["--speed", "10"][..], "--speed: found 10, expected --orders FILE with it"),
            (&["--skip-bad"], "--skip-bad: found no --orders, expected --orders FILE with it"),
            (&["--orders", "f", "--count", "5"], "--count: found 5, expected no --orders with it"),
            (&["--orders", "f", "--invalid-rate", "0.5"], "--invalid-rate: found 0.5, expected no --orders"),
            (&["--orders", "f", "--speed", "2", "--rate", "5"], "--rate: found 5, expected either --rate"),
            (&["--orders", "f", "--speed", "0"], "--speed: found 0, expected a number above 0"),
            (&["--rate", "0"], "--rate: found 0, expected a number above 0, at most 1000000"),
            (&["--rate", "NaN"], "--rate: found NaN, expected a number above 0"),
            (
                &["--restaurant-silence-rate", "0.99"],
                "--restaurant-silence-rate: found 0.99, expected at most 0.98",
            ),
            (&["--bus", "kafka"], "--bus: found kafka, expected memory"),
            (&["--store", "postgres"], "--store: found postgres, expected sqlite or sqlite:DIR"),
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
            (&["--colour"], "unexpected argument"),
            (&["compar"], "unrecognized subcommand"),
        ] {
            let error = settings(flags).unwrap_err();
            assert!(error.contains(said), "{flags:?}: {error}");
        }
    }
}
