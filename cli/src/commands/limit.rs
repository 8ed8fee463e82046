//! `duet limit`: what store, broker and the Step Functions API give at best, the measures that figures of throughput are stated against.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bench::compare::{CompareError, JsonFile};
use bench::limit::{self, LimitError};
use bench::limit_report::{LimitReport, NamedLimit};
use bench::report::{BrokerLimit, Yardstick};
use bench::workflow::{self, WorkflowError, WorkflowLimit};
use clap::Args;
use daemon::{ConfigError, Shutdown};
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
    /// Measures the Step Functions API on the store, too: durable executions over HTTP, by 16 clients and by one alone.
    #[arg(long)]
    workflow: bool,
    /// With --workflow: how long each of its three parts is measured, in seconds.
    #[arg(long, value_name = "N", default_value_t = 3, requires = "workflow")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Writes the result as JSON, too (see bench/REPORT.md).
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
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
            workflow: self.workflow.then(|| Duration::from_secs(self.seconds.into())),
            json: self.json.clone(),
        })
    }
}

/// What `duet limit` measures.
#[derive(Clone, Debug, PartialEq)]
struct LimitSettings {
    buses: Vec<BusPlace>,
    store: StoreChoice,
    body_bytes: usize,
    /// How long each part of the Step Functions API is measured, if it is.
    workflow: Option<Duration>,
    json: Option<PathBuf>,
}

/// Why something has no limit that could be told.
#[derive(Debug, thiserror::Error)]
enum Unmeasured {
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error("the Step Functions API cannot be measured")]
    Workflow(#[from] WorkflowError),
    #[error(transparent)]
    Json(#[from] CompareError),
}

/// Measures and prints. After Ctrl-C the store or the broker that is being measured is measured to its end, some seconds at the most, so that
/// nothing of it stays on a disk or a broker; the Step Functions API ends at once. Then it returns exit code 130, without a file of results.
pub(crate) fn main(args: &LimitArgs) -> ExitCode {
    let settings = match args.settings() {
        Ok(settings) => settings,
        Err(error) => return exit_with(&error, Code::Usage),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Unmeasured::Limit(LimitError::System(error)));
    let measured = runtime.and_then(|runtime| runtime.block_on(measure(&settings)));
    measured.unwrap_or_else(|error| exit(&error))
}

async fn measure(settings: &LimitSettings) -> Result<ExitCode, Unmeasured> {
    let interrupt = daemon::on_signals().map_err(LimitError::System)?;
    let json = settings.json.as_deref().map(JsonFile::open).transpose()?;
    let mut report = LimitReport::new();
    let mut progress = Progress::on_a_terminal();
    report.yardstick = store(settings, &mut progress).await?;
    for bus in &settings.buses {
        if !interrupt.is_requested() {
            report.brokers.extend(broker(bus, settings.body_bytes, &mut progress).await?);
        }
    }
    if let Some(each) = settings.workflow.filter(|_| !interrupt.is_requested()) {
        report.workflow = api(settings, each, &interrupt, &mut progress).await?;
        if let Some(measured) = &report.workflow {
            terminal::print(&render_workflow(measured, report.yardstick));
        }
    }
    if interrupt.is_requested() {
        return Ok(Code::Interrupted.into());
    }
    if let Some(json) = json {
        json.write(&report)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl LimitSettings {
    /// The folder that files of the store are in for the time being.
    fn dir(&self) -> PathBuf {
        match &self.store {
            StoreChoice::Sqlite(Some(dir)) => dir.clone(),
            StoreChoice::Sqlite(None) | StoreChoice::Postgres(_) => std::env::temp_dir(),
        }
    }
}

async fn store(settings: &LimitSettings, progress: &mut Progress) -> Result<Option<Yardstick>, LimitError> {
    let dir = settings.dir();
    progress.begin(&format!("rows on the disk under {}", dir.display()));
    let counted = Arc::<AtomicU64>::default();
    let yardstick =
        limit::yardstick(&settings.store, dir.clone(), DURATION, Durability::Power, Arc::clone(&counted));
    let yardstick = shown(progress, &counted, yardstick).await;
    progress.clear();
    let yardstick = yardstick?;
    match yardstick {
        Some(measured) => terminal::print(&render_store(&dir, measured)),
        None => terminal::print(
            "There is no yardstick for PostgreSQL: that of --store sqlite says what the disk gives.\n",
        ),
    }
    Ok(yardstick)
}

async fn broker(
    bus: &BusPlace,
    body_bytes: usize,
    progress: &mut Progress,
) -> Result<Option<NamedLimit>, LimitError> {
    let failed = |source| LimitError::Broker { name: bus.name.clone(), url: bus.url.to_string(), source };
    progress.begin(&format!("messages through {} at {}", bus.name, bus.url));
    let counted = Arc::<AtomicU64>::default();
    let limit = limit::broker(bus, body_bytes, DURATION, Arc::clone(&counted));
    let limit = shown(progress, &counted, limit).await;
    progress.clear();
    let limit = limit.map_err(failed)?;
    Ok(limit.map(|limit| {
        terminal::print(&render_broker(bus, limit));
        NamedLimit { name: bus.name.clone(), address: bus.url.to_string(), limit }
    }))
}

async fn api(
    settings: &LimitSettings,
    each: Duration,
    interrupt: &Shutdown,
    progress: &mut Progress,
) -> Result<Option<WorkflowLimit>, WorkflowError> {
    workflow::measure(&settings.store, &settings.dir(), each, interrupt, progress).await
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

fn render_workflow(measured: &WorkflowLimit, yardstick: Option<Yardstick>) -> String {
    let WorkflowLimit { store, durability, connections, standard, express, alone, .. } = measured;
    let store = if store == "sqlite" { "SQLite" } else { "PostgreSQL" };
    let ms = |part: &workflow::Part| {
        format!("p50 {} ms, p99 {} ms", significant(part.p50_ms), significant(part.p99_ms))
    };
    let per_s = |part: &workflow::Part| grouped(part.executions_per_s as u64);
    let of_y = yardstick.map_or_else(String::new, |yardstick| {
        format!(": Y/{}", significant(yardstick.rows_per_s / standard.executions_per_s))
    });
    format!(
        "The Step Functions API on {store}, answers survive {durability}, five Pass states, clients on this machine:\n\
         {:>12}  executions/s started and described over {connections} connections{of_y}; {}\n\
         {:>12}  Express executions/s over {connections} connections (StartSyncExecution); {}\n\
         {:>12}  executions/s started and described by one client alone; {}\n\
         All {} executions that were started had succeeded when they were described, and are in the store.\n",
        per_s(standard),
        ms(standard),
        per_s(express),
        ms(express),
        per_s(alone),
        ms(alone),
        grouped(measured.started),
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
    fn the_api_is_shown_with_its_share_of_the_yardstick() {
        let part = |executions_per_s| workflow::Part {
            executions: 9_000,
            executions_per_s,
            p50_ms: 3.456,
            p99_ms: 12.34,
        };
        let measured = WorkflowLimit {
            store: "sqlite".to_owned(),
            durability: Durability::Power,
            connections: 16,
            standard: part(4_000.0),
            express: part(6_000.0),
            alone: part(700.0),
            started: 18_000,
            described: 18_000,
            kept: 18_000,
        };
        let yardstick = Yardstick { rows_per_s: 120_000.0, commit_us_p50: 90.0, commit_us_p99: 900.0 };
        let shown = render_workflow(&measured, Some(yardstick));
        for part in [
            "on SQLite, answers survive power",
            "4,000  executions/s started and described over 16 connections: Y/30.0; p50 3.46 ms, p99 12.3 ms",
            "6,000  Express executions/s",
            "700  executions/s started and described by one client alone",
            "All 18,000 executions",
        ] {
            assert!(shown.contains(part), "{part} is missing from\n{shown}");
        }
        let shown = render_workflow(&measured, None);
        assert!(shown.contains("over 16 connections; p50"), "{shown}");
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
        let settings_of_api = settings(&["--workflow", "--seconds", "2"]).unwrap();
        assert_eq!(settings_of_api.workflow, Some(Duration::from_secs(2)));
        assert!(Flags::try_parse_from(["limit", "--seconds", "2"]).is_err());
        let error = settings(&["--bus", "memory"]).unwrap_err().to_string();
        assert!(error.starts_with("--bus: found memory, expected rabbitmq, kafka"), "{error}");
    }
}
