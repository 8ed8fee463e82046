//! The project's own Prometheus configuration, rules and dashboards, on a real Prometheus that scrapes the real processes on real
//! brokers under load: every query of every panel and rule is asked, and has to have an answer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use contract::groups::PARTICIPANTS;
use rustix::process::Signal;
use serde_json::Value;
use testbed::{KAFKA, RABBITMQ, REQUIRE};
use tests::collector::Collector;
use tests::process::Process;
use tests::system::{BusKind, Setup, System};
use tests::{http, until, workflows};
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// Rates look back a minute, and something rare (a payment given back) has to have happened twice.
const ANSWERS_WITHIN: Duration = Duration::from_secs(150);
/// Share of the orders that are traced.
const TRACED: f64 = 0.1;
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Where RabbitMQ tells of itself, as `scripts/brokers env` says.
const RABBITMQ_METRICS: &str = "DUET_RABBITMQ_METRICS_URL";
const RABBITMQ_METRICS_DEFAULT: &str = "http://127.0.0.1:15692/metrics";

/// The folder of the project's Prometheus configuration.
fn configuration() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboards/prometheus")
}

/// Whether the program is installed; else it is said that the calling test did not run.
fn is_installed(program: &str) -> bool {
    let there = std::process::Command::new(program).arg("--version").output().is_ok();
    let required = std::env::var(REQUIRE).is_ok_and(|value| !value.is_empty() && value != "0");
    assert!(
        there || !required,
        "there is no {program}, and {REQUIRE} is set: install Debian's package prometheus"
    );
    if !there {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        eprintln!("NOT RUN: {test}: there is no {program} (Debian's package prometheus)");
    }
    there
}

/// A system under load on one broker.
struct Loaded {
    system: System,
    load: Process,
    bus: &'static str,
}

impl Loaded {
    async fn start(bus: &'static str, url: String, collector: &Collector) -> Self {
        let mut environment = collector.environment();
        environment.push(("OTEL_TRACES_SAMPLER", "parentbased_traceidratio".to_owned()));
        environment.push(("OTEL_TRACES_SAMPLER_ARG", TRACED.to_string()));
        let bus_kind = BusKind::Broker(url);
        let system =
            System::start(Setup { bus: bus_kind, environment: environment.clone(), ..Setup::default() })
                .await;
        let services: Vec<_> = PARTICIPANTS
            .iter()
            .map(|name| format!("{name}={}", system.participant(name).address()))
            .collect();
        let own = system.stores().url("observer");
        let stores = format!("sqlite:{}", system.folder().display());
        let flags = [
            "load",
            "--bus",
            system.bus_url(),
            "--store",
            &own,
            "--stores",
            &stores,
            "--services",
            &services.join(","),
            "--listen",
            "127.0.0.1:0",
            "--seed",
            "7",
            "--decline-rate",
            "0.05",
            "--rate",
            "20",
        ];
        let load = Process::start_in(&environment, "load", system.folder(), "duet", &flags).await;
        Self { system, load, bus }
    }

    /// Its processes, as Prometheus is told of them.
    fn targets(&self) -> String {
        let services = PARTICIPANTS.into_iter().map(|name| (name, self.system.participant(name).address()));
        let all = services.chain([("load", self.load.address())]);
        let line = |(service, address)| {
            format!("- targets: [\"{address}\"]\n  labels: {{ bus: {}, service: {service} }}\n", self.bus)
        };
        all.map(line).collect()
    }

    async fn stop(self) {
        assert_eq!(self.load.end(Signal::TERM).await, Some(0));
        self.system.stop().await;
    }
}

/// A running Prometheus, killed when this is dropped.
struct Prometheus {
    _process: Child,
    address: SocketAddr,
}

impl Prometheus {
    /// On the project's own configuration, but for where it is and where the targets are; with these features.
    async fn start(folder: &Path, features: &str, targets: &str, rabbitmq: &str, api: &Process) -> Self {
        let here = folder.join(features);
        std::fs::create_dir_all(here.join("targets")).unwrap();
        for file in ["prometheus.yml", "rules.yml"] {
            let text = std::fs::read_to_string(configuration().join(file)).unwrap();
            let text = understood(&text);
            std::fs::write(here.join(file), text.replace("/etc/prometheus", here.to_str().unwrap())).unwrap();
        }
        std::fs::write(here.join("targets/duet.yml"), targets).unwrap();
        let place = rabbitmq.trim_start_matches("http://").trim_end_matches("/metrics");
        let its = format!("- targets: [\"{place}\"]\n  labels: {{ bus: rabbitmq, service: rabbitmq }}\n");
        std::fs::write(here.join("targets/rabbitmq.yml"), its).unwrap();
        let its = format!("- targets: [\"{}\"]\n  labels: {{ service: workflows }}\n", api.address());
        std::fs::write(here.join("targets/workflows.yml"), its).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let log = std::fs::File::create(here.join("prometheus.log")).unwrap();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", here.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", here.join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg(format!("--enable-feature={features}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let ready = async || match http::get(address, "/-/ready").await {
            Ok((200, _)) => Ok(()),
            other => Err(format!("{other:?}")),
        };
        until("Prometheus to be ready", ready).await;
        Self { _process: process, address }
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = http::get(self.address, path).await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str::<Value>(&body).unwrap()["data"].take()
    }

    /// Whether there is an answer to the query, and one that is a number.
    async fn answers(&self, query: &str) -> bool {
        let data = self.get(&format!("/api/v1/query?query={}", encoded(query))).await;
        let found = data["result"].as_array().unwrap();
        found.iter().any(|series| series["value"][1] != "NaN")
    }
}

/// The configuration without what the installed Prometheus does not know yet; the stack's own does (version 2.45).
fn understood(text: &str) -> String {
    const CLASSIC_TOO: &str = "scrape_classic_histograms";
    let told = std::process::Command::new("prometheus").arg("--version").output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let version = told.split_once("version 2.").unwrap_or_else(|| panic!("another major version: {told}")).1;
    let minor: u32 = version.split('.').next().unwrap().parse().unwrap();
    let is_known = |line: &&str| minor >= 45 || !line.trim_start().starts_with(CLASSIC_TOO);
    text.lines().filter(is_known).map(|line| format!("{line}\n")).collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Every query of every panel, as Grafana asks it with all buses.
fn queries() -> Vec<String> {
    let mut queries = Vec::new();
    for board in dashboards::all() {
        for query in board.panels().flat_map(dashboards::panel::Panel::queries) {
            queries.push(query.replace("$bus", "rabbitmq|kafka").replace("$__rate_interval", "1m"));
        }
    }
    queries.sort();
    queries.dedup();
    queries
}

/// Whether it has no answer as long as nothing is wrong.
fn is_of_trouble(query: &str) -> bool {
    query.contains("duet_audit_held_up") && query.contains("> 0")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_of_every_panel_and_rule_has_an_answer() {
    let (Some(rabbitmq), Some(kafka)) = (RABBITMQ.for_test(), KAFKA.for_test()) else { return };
    if !is_installed("prometheus") {
        return;
    }
    let collector = Collector::start().await;
    let mut systems = [
        Loaded::start("rabbitmq", rabbitmq, &collector).await,
        Loaded::start("kafka", kafka, &collector).await,
    ];
    let targets: String = systems.iter().map(Loaded::targets).collect();
    let folder = tempfile::tempdir().unwrap();
    let flags = ["workflow", "serve", "--listen", "127.0.0.1:0", "--store", "memory:"];
    let api = Process::start_as("workflows", folder.path(), "duet", &flags).await;
    let asked = tokio::spawn(ask_for_executions(api.address()));
    let metrics = std::env::var(RABBITMQ_METRICS).unwrap_or_else(|_| RABBITMQ_METRICS_DEFAULT.to_owned());
    // Without native histograms: every panel has to work without them.
    let prometheus = Prometheus::start(folder.path(), "exemplar-storage", &targets, &metrics, &api).await;
    let native = Prometheus::start(folder.path(), "native-histograms", &targets, &metrics, &api).await;

    // So that there is a share of declined payments to show.
    let change = r#"{"decline_rate": 0.1}"#;
    let changed = http::ask(systems[0].load.address(), "PATCH /load", &[], change).await.unwrap();
    assert_eq!(changed.0, 200, "{}", changed.1);

    let begun = Instant::now();
    let (of_trouble, mut silent): (Vec<_>, Vec<_>) =
        queries().into_iter().partition(|one| is_of_trouble(one));
    assert_eq!(of_trouble.len(), 1, "{of_trouble:?}");
    assert!(silent.len() > 50, "{silent:?}");
    loop {
        let mut still = Vec::new();
        for query in silent {
            if !prometheus.answers(&query).await {
                still.push(query);
            }
        }
        silent = still;
        if silent.is_empty() || begun.elapsed() > ANSWERS_WITHIN {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert!(silent.is_empty(), "nothing answers\n{}", silent.join("\n"));

    let rules = prometheus.get("/api/v1/rules").await;
    let rules =
        rules["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
    let mut seen = 0;
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule:#}");
        seen += 1;
        if rule["type"] == "recording" {
            // Some are marks, which are there for a moment.
            let recorded = format!("last_over_time({}[10m])", rule["name"].as_str().unwrap());
            assert!(prometheus.answers(&recorded).await, "{rule:#}");
        } else {
            assert_eq!(rule["state"], "inactive", "nothing is wrong here: {rule:#}");
        }
    }
    assert!(seen > 10, "{seen} rules");
    for target in prometheus.get("/api/v1/targets").await["activeTargets"].as_array().unwrap() {
        let own = target["labels"]["job"] == "prometheus";
        assert!(own || target["health"] == "up", "{target:#}");
    }
    every_latency_leads_to_a_trace(&prometheus, &collector).await;
    native_histograms_are_finer(&prometheus, &native).await;
    every_metric_is_documented(&systems, &api).await;
    faults_are_marked(&prometheus, &mut systems, &of_trouble).await;
    drop((prometheus, native));
    asked.abort();
    assert_eq!(api.end(Signal::TERM).await, Some(0));
    for system in systems {
        system.stop().await;
    }
}

/// Starts executions of both types for as long as it lives, and asks for what there is not.
async fn ask_for_executions(api: SocketAddr) {
    let pass = serde_json::json!({"P": {"Type": "Pass", "End": true}});
    let mut arns = Vec::new();
    for machine_type in ["STANDARD", "EXPRESS"] {
        arns.push(workflows::make(api, machine_type, machine_type, &pass, "ALL").await);
    }
    loop {
        for arn in &arns {
            workflows::done(api, "StartExecution", &serde_json::json!({"stateMachineArn": arn})).await;
            let missing = serde_json::json!({"executionArn": format!("{arn}:none")});
            let (status, _) = workflows::ask(api, "DescribeExecution", &missing).await.unwrap();
            assert_eq!(status, 400);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What the latency panels mark is a trace, and one that the collector has.
async fn every_latency_leads_to_a_trace(prometheus: &Prometheus, collector: &Collector) {
    let boards = dashboards::all();
    let panels = boards.iter().flat_map(dashboards::board::Board::panels);
    let queries: BTreeSet<&str> = panels.flat_map(dashboards::panel::Panel::exemplar_queries).collect();
    assert!(queries.len() >= 3, "{queries:?}");
    for query in queries {
        let query = query.replace("$bus", "rabbitmq|kafka").replace("$__rate_interval", "1m");
        let found = async || {
            let known = collector.traces();
            let path = format!("/api/v1/query_exemplars?start=0&end=9999999999&query={}", encoded(&query));
            let answer = prometheus.get(&path).await;
            let series = answer.as_array().unwrap().iter();
            let mut exemplars = series.flat_map(|series| series["exemplars"].as_array().unwrap());
            let is_known = |exemplar: &Value| {
                known.contains_key(exemplar["labels"]["trace_id"].as_str().unwrap_or_default())
            };
            if exemplars.any(is_known) { Ok(()) } else { Err(format!("{answer}")) }
        };
        until(&format!("an exemplar of {query}"), found).await;
    }
}

/// What marks events in the panels has an answer above zero when there is one, and only then: Grafana marks nothing else.
/// What tells of trouble has one then, too.
async fn faults_are_marked(prometheus: &Prometheus, systems: &mut [Loaded], of_trouble: &[String]) {
    let queries: Vec<String> = dashboards::board::annotation_queries()
        .iter()
        .map(|query| query.replace("$bus", "rabbitmq|kafka"))
        .collect();
    let marks = async |query: &String| -> usize {
        let data = prometheus.get(&format!("/api/v1/query?query={}", encoded(query))).await;
        let above = |series: &&Value| series["value"][1].as_str().unwrap().parse::<f64>().unwrap() > 0.0;
        data["result"].as_array().unwrap().iter().filter(above).count()
    };
    let fault = queries.iter().find(|query| query.contains("duet:fault_spell")).unwrap();
    let restart = queries.iter().find(|query| query.contains("process_start_time")).unwrap();
    for query in &queries {
        // Spells that are less than a minute apart are one, so each is marked for a minute more.
        let begun = Instant::now();
        while marks(query).await > 0 {
            assert!(begun.elapsed() < ANSWERS_WITHIN, "something happened all the time: {query}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    systems[0].system.kill(&[order_status::NAME]).await;
    let marked = async || if marks(fault).await > 0 { Ok(()) } else { Err("no mark".to_owned()) };
    until("a mark of the fault", marked).await;
    assert_eq!(marks(restart).await, 0);
    for query in of_trouble {
        let answered =
            async || if prometheus.answers(query).await { Ok(()) } else { Err("nothing".to_owned()) };
        until(&format!("an answer, now that something is wrong: {query}"), answered).await;
    }
}

/// With native histograms a percentile is answered from them, and is about what the classic ones say.
async fn native_histograms_are_finer(classic: &Prometheus, native: &Prometheus) {
    let quantile = |histogram: &str, by: &str| {
        let of = "outcome=\"delivered\", style=\"choreography\", bus=\"rabbitmq\"";
        format!("histogram_quantile(0.5, sum {by} (rate({histogram}{{{of}}}[1m])))")
    };
    let ask = async |prometheus: &Prometheus, query: &str| -> f64 {
        let data = prometheus.get(&format!("/api/v1/query?query={}", encoded(query))).await;
        data["result"][0]["value"][1].as_str().unwrap_or("NaN").parse().unwrap()
    };
    assert!(ask(classic, &quantile("duet_order_seconds", "")).await.is_nan(), "it has none");
    let answer = async || match ask(native, &quantile("duet_order_seconds", "")).await {
        nothing if nothing.is_nan() => Err(native.get("/api/v1/targets").await.to_string()),
        _ => Ok(()),
    };
    until("a percentile of native histograms", answer).await;
    let fine = ask(native, &quantile("duet_order_seconds", "")).await;
    let coarse = ask(classic, &quantile("duet_order_seconds_bucket", "by (le)")).await;
    assert!(fine > coarse / 2.0 && fine < coarse * 2.0, "{fine} of native buckets, {coarse} of classic ones");
}

/// A metric: its name, its type, and its labels.
type Metric = (String, String, BTreeSet<String>);

/// What the processes serve is what `docs/METRICS.md` says, and no more.
async fn every_metric_is_documented(systems: &[Loaded], api: &Process) {
    let mut served = BTreeMap::<String, Metric>::new();
    let of_systems = systems.iter().flat_map(|system| system.system.participants().chain([&system.load]));
    for process in of_systems.chain([api]) {
        let (_, text) = http::get(process.address(), "/metrics").await.unwrap();
        for (name, kind, labels) in metrics_in(&text) {
            let known = served.entry(name.clone()).or_insert((name, kind, BTreeSet::new()));
            known.2.extend(labels);
        }
    }
    let served: BTreeSet<Metric> = served.into_values().collect();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/METRICS.md");
    let document = std::fs::read_to_string(document).unwrap();
    let rows = document.lines().filter(|line| line.starts_with("| `"));
    let documented = rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(|cell| cell.trim().replace('`', "")).collect();
        let labels = cells[3].split(", ").filter(|label| !label.is_empty()).map(str::to_owned).collect();
        (cells[1].clone(), cells[2].clone(), labels)
    });
    let documented: BTreeSet<Metric> = documented.collect();
    let undocumented: Vec<_> = served.difference(&documented).collect();
    let unserved: Vec<_> = documented.difference(&served).collect();
    assert!(
        undocumented.is_empty() && unserved.is_empty(),
        "docs/METRICS.md lacks {undocumented:#?}, and has but should not have {unserved:#?}"
    );
}

/// The metrics in Prometheus' text format.
fn metrics_in(text: &str) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            metrics.push((name.to_owned(), kind.to_owned(), BTreeSet::new()));
        } else if let (Some((_, labels)), false) = (line.split_once('{'), line.starts_with('#')) {
            let (labels, _) = labels.split_once('}').unwrap();
            let names = labels.split("\",").filter_map(|label| label.split_once('='));
            let names = names.map(|(name, _)| name.to_owned()).filter(|name| name != "le");
            metrics.last_mut().unwrap().2.extend(names);
        }
    }
    metrics
}

#[test]
fn rules_and_configuration_are_sound() {
    if !is_installed("promtool") {
        return;
    }
    for args in [&["check", "rules", "rules.yml"][..], &["test", "rules", "rules.test.yml"]] {
        let ended =
            std::process::Command::new("promtool").args(args).current_dir(configuration()).output().unwrap();
        let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
        assert!(ended.status.success(), "promtool {args:?}: {said}");
    }
}
