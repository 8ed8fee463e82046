//! `duet limit`: what store and broker give at best, the measures that figures of throughput are stated against.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bench::limit::{self, LimitError};
use bench::report::{BrokerLimit, Yardstick};
use clap::Args;
use daemon::ConfigError;
use durability::Durability;
use operate::target::{self, BusPlace, StoreChoice, Urls};
use store::sqlite::{ROW_BYTES, ROWS_PER_TRANSACTION};
use telemetry::{Code, exit, exit_with};
use terminal::{Progress, grouped, significant};

use crate::flags::level::Level;

/// How long a store is measured, and each half of a broker's limit.
const DURATION: Duration = Duration::from_secs(3);

/// How often what was counted is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(100);

/// Flags of `duet limit`.
#[derive(Clone, Debug, Args)]
pub(crate) struct LimitArgs {
    /// The brokers to measure: rabbitmq, kafka, amqp://… or kafka://…; several with commas between.
    #[arg(long, value_name = "BUS,…")]
    bus: Option<String>,
    /// The store to measure: sqlite, in the system's temporary folder; sqlite:DIR; postgres or postgres://….
    #[arg(long, value_name = "STORE", default_value = "sqlite")]
    store: String,
    /// What confirmed messages must survive: kill (the broker's death) or power (a power cut, too).
    #[arg(long, value_name = "LEVEL", default_value = "power")]
    durability: Level,
    /// Size of each message's body, in bytes; the default is about that of this system's messages.
    #[arg(long, value_name = "N", default_value_t = limit::BODY_BYTES as u32)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    body_bytes: u32,
    /// Where the servers are.
    #[command(flatten)]
    urls: Urls,
}

impl LimitArgs {
    /// Checks what clap cannot.
    ///
    /// # Errors
    /// The first flag that cannot be used, with what would be right.
    fn settings(&self) -> Result<LimitSettings, ConfigError> {
        let list = self.bus.as_deref();
        let mut buses = list.map(|list| target::buses(list, &self.urls)).transpose()?.unwrap_or_default();
        for bus in &mut buses {
            if !bus.is_broker() {
                let expected = "rabbitmq, kafka, amqp://… or kafka://…: only a broker has a limit of its own";
                return Err(ConfigError::new("--bus", &bus.name, expected));
            }
            bus.durability = Some(self.durability.into());
        }
        Ok(LimitSettings {
            buses,
            store: target::store(&self.store, &self.urls.postgres)?,
            body_bytes: self.body_bytes as usize,
        })
    }
}

/// What `duet limit` measures.
#[derive(Clone, Debug, PartialEq)]
struct LimitSettings {
    buses: Vec<BusPlace>,
    store: StoreChoice,
    body_bytes: usize,
}

/// Measures and prints. After Ctrl-C what is being measured is measured to its end, some seconds at the most, so that
/// nothing of it stays on a disk or a broker; then it returns exit code 130.
pub(crate) fn main(args: &LimitArgs) -> ExitCode {
    let settings = match args.settings() {
        Ok(settings) => settings,
        Err(error) => return exit_with(&error, Code::Usage),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let measured =
        runtime.map_err(LimitError::System).and_then(|runtime| runtime.block_on(measure(&settings)));
    measured.unwrap_or_else(|error| exit(&error))
}

async fn measure(settings: &LimitSettings) -> Result<ExitCode, LimitError> {
    let interrupt = daemon::on_signals().map_err(LimitError::System)?;
    let dir = match &settings.store {
        StoreChoice::Sqlite(Some(dir)) => dir.clone(),
        StoreChoice::Sqlite(None) | StoreChoice::Postgres(_) => std::env::temp_dir(),
    };
    let mut progress = Progress::on_a_terminal();
    progress.begin(&format!("rows on the disk under {}", dir.display()));
    let counted = Arc::<AtomicU64>::default();
    let yardstick =
        limit::yardstick(&settings.store, dir.clone(), DURATION, Durability::Power, Arc::clone(&counted));
    let yardstick = shown(&progress, &counted, yardstick).await;
    progress.clear();
    match yardstick? {
        Some(measured) => terminal::print(&render_store(&dir, measured)),
        None => terminal::print(
            "There is no yardstick for PostgreSQL: that of --store sqlite says what the disk gives.\n",
        ),
    }
    for bus in &settings.buses {
        if interrupt.is_requested() {
            break;
        }
        let failed = |source| LimitError::Broker { name: bus.name.clone(), url: bus.url.to_string(), source };
        progress.begin(&format!("messages through {} at {}", bus.name, bus.url));
        let counted = Arc::<AtomicU64>::default();
        let limit = limit::broker(bus, settings.body_bytes, DURATION, Arc::clone(&counted));
        let limit = shown(&progress, &counted, limit).await;
        progress.clear();
        if let Some(measured) = limit.map_err(failed)? {
            terminal::print(&render_broker(bus, measured));
        }
    }
    Ok(if interrupt.is_requested() { Code::Interrupted.into() } else { ExitCode::SUCCESS })
}

/// What `measuring` comes to; meanwhile what it counts is shown.
async fn shown<T>(progress: &Progress, counted: &AtomicU64, measuring: impl Future<Output = T>) -> T {
    let mut measuring = pin!(measuring);
    let mut again = tokio::time::interval(SHOWN_EVERY);
    loop {
        tokio::select! {
            measured = &mut measuring => return measured,
            _ = again.tick() => match counted.load(Ordering::Relaxed) {
                // Not begun: a database may have to be waited for, or connections.
                0 => {}
                done => progress.at(done, None),
            },
        }
    }
}

fn render_store(dir: &Path, measured: Yardstick) -> String {
    let per_s = |number: f64| grouped(number as u64);
    let dir = dir.display();
    format!(
        "SQLite in {dir}, write-ahead log, synchronous=FULL, one thread:\n\
         {:>12}  durable rows/s of {ROW_BYTES} bytes, {ROWS_PER_TRANSACTION} a transaction: the yardstick Y\n\
         {:>12}  microseconds for a transaction of one such row, median\n\
         {:>12}  microseconds, 99th percentile\n\
         Put figures of different machines side by side in shares of it: Y/30 = {}, Y/50 = {} a second.\n",
        per_s(measured.rows_per_s),
        per_s(measured.commit_us_p50),
        per_s(measured.commit_us_p99),
        per_s(measured.rows_per_s / 30.0),
        per_s(measured.rows_per_s / 50.0),
    )
}

fn render_broker(bus: &BusPlace, measured: BrokerLimit) -> String {
    let level = bus.durability.map_or_else(String::new, |level| format!(", asked for {level}"));
    format!(
        "{} at {}{level}, one producer and one consumer, bodies of {} bytes:\n\
         {:>12}  messages/s confirmed, delivered and settled, batched and pipelined: the limit L\n\
         {:>12}  messages/s confirmed one at a time\n\
         {:>12}  milliseconds from sending a lone message to receiving it, median\n",
        bus.name,
        bus.url,
        grouped(measured.body_bytes as u64),
        grouped(measured.messages_per_s as u64),
        grouped(measured.one_at_a_time_per_s as u64),
        significant(measured.alone_ms_p50),
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use operate::target::Url;

    use super::*;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        limit: LimitArgs,
    }

    #[test]
    fn the_yardstick_is_shown_with_shares_of_it() {
        let measured = Yardstick { rows_per_s: 150_000.0, commit_us_p50: 90.4, commit_us_p99: 1234.0 };
        let shown = render_store(Path::new("/data"), measured);
        for part in ["SQLite in /data", "150,000  durable", "1,234  micro", "Y/30 = 5,000, Y/50 = 3,000"] {
            assert!(shown.contains(part), "{part} is missing from\n{shown}");
        }
    }

    #[test]
    fn a_brokers_limit_is_shown_without_its_password() {
        let bus = BusPlace {
            name: "rabbitmq".into(),
            url: Url::new("amqp://u:secret@h"),
            durability: Some(Durability::Power),
            ..BusPlace::memory()
        };
        let measured = BrokerLimit {
            body_bytes: 1024,
            messages_per_s: 16_500.4,
            one_at_a_time_per_s: 926.0,
            alone_ms_p50: 1.234,
        };
        let shown = render_broker(&bus, measured);
        for part in [
            "rabbitmq at amqp://***@h, asked for power",
            "1,024 bytes",
            "16,500  messages/s",
            "926  mess",
            "1.23  milli",
        ] {
            assert!(shown.contains(part), "{part} is missing from\n{shown}");
        }
    }

    #[test]
    fn a_limit_is_measured_of_the_store_and_of_brokers_if_asked() {
        let settings =
            |flags: &[&str]| Flags::try_parse_from(["limit"].iter().chain(flags)).unwrap().limit.settings();
        assert_eq!(settings(&[]).unwrap().buses, []);
        let asked = settings(&["--bus", "kafka", "--durability", "kill", "--body-bytes", "100"]).unwrap();
        assert_eq!((asked.buses[0].name.as_str(), asked.body_bytes), ("kafka", 100));
        assert_eq!(asked.buses[0].durability, Some(Durability::Kill));
        let error = settings(&["--bus", "memory"]).unwrap_err().to_string();
        assert!(error.starts_with("--bus: found memory, expected rabbitmq, kafka"), "{error}");
    }
}
