//! `duet compare` and its files, as somebody meets them who only has the documentation.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use testbed::{KAFKA, POSTGRES, RABBITMQ};
use tests::process::{Ended, command, run, send};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const REPORT_MD: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/REPORT.md"));
const EXAMPLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/orders.ndjson"));

/// From Ctrl-C until a run has ended: what is in flight may still end, restaurants that never answer included.
const ENDS_WITHIN: Duration = Duration::from_secs(15);

/// From a signal until the check of an order file has ended, on a busy machine.
const CHECK_ENDS_WITHIN: Duration = Duration::from_secs(5);

/// How long cells on brokers may take, other tests running beside them.
const BROKERS_WITHIN: Duration = Duration::from_secs(240);

/// Runs a comparison that takes longer than other commands may.
async fn compare(folder: &Path, args: &[&str]) -> Ended {
    let args = [&["compare"], args].concat();
    let ended = timeout(BROKERS_WITHIN, command(folder, "duet", &args).output()).await;
    let ended = ended.expect("it goes on and on").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: ended.status.code(), stdout: text(ended.stdout), stderr: text(ended.stderr) }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The fields that the tables under this heading name in their first column.
fn documented(heading: &str) -> Vec<&'static str> {
    let section =
        REPORT_MD.split("\n#").find(|section| section.trim_start_matches(['#', ' ']).starts_with(heading));
    let rows = section.unwrap().lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    rows.flat_map(|names| names.split('`'))
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

#[tokio::test]
async fn a_short_comparison_is_clean_equal_in_both_styles_and_has_every_documented_field() {
    let folder = tempfile::tempdir().unwrap();
    let rates = ["--decline-rate=0.1", "--gateway-fault-rate=0.15", "--restaurant-decline-rate=0.1"];
    let more = ["--restaurant-silence-rate=0.05", "--invalid-rate=0.1", "--json=result.json"];
    let args = [&["compare", "--count=240", "--rate=400", "--seed=2"][..], &rates, &more].concat();
    let ended = run(folder.path(), "duet", &args).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.starts_with("VERDICT: clean\n"), "{}", ended.stdout);

    let report = read(&folder.path().join("result.json"));
    let expect = |value: &Value, heading: &str, least: usize| {
        let fields = documented(heading);
        assert!(fields.len() >= least, "REPORT.md names {fields:?} under {heading}");
        for field in fields {
            assert!(
                value.get(field).is_some(),
                "{field} stands in REPORT.md under {heading}, and not in {value}"
            );
        }
    };
    expect(&report, "The whole", 8);
    expect(&report["environment"], "`environment`", 9);
    expect(&report["environment"]["buses"][0], "`buses[]`", 8);
    expect(&report["environment"]["store"], "`store`", 5);
    expect(&report["environment"]["workload"], "`workload`", 9);
    assert_eq!((&report["verdict"], &report["partial"]), (&"clean".into(), &false.into()));
    assert_eq!((&report["violations"], &report["outcomes_differ"]), (&Value::Array(Vec::new()), &0.into()));

    let cells = report["cells"].as_array().unwrap();
    let styles: Vec<_> = cells.iter().map(|cell| cell["style"].as_str().unwrap()).collect();
    assert_eq!(styles, ["choreography", "orchestration"]);
    for cell in cells {
        expect(cell, "`cells[]`", 20);
        assert_eq!((&cell["orders"], &cell["unaccounted"]), (&240.into(), &0.into()));
        for outcome in ["delivered", "rejected", "cancelled"] {
            assert!(cell["outcomes"][outcome].as_u64().unwrap() > 0, "{outcome}: {cell}");
        }
        for (path, taken) in cell["paths"].as_object().unwrap() {
            // Whether an answer is late, and whether five tries in a row are lost, takes more orders than these.
            let rare = ["late_answers", "authorisations_given_up"].contains(&path.as_str());
            assert!(rare || taken.as_u64() != Some(0), "{path} was not taken: {cell}");
        }
        for milestone in ["confirmed", "out_for_delivery", "delivered", "rejected", "cancelled"] {
            let told = &cell["paths"]["customer_notices"][milestone];
            assert!(told.as_u64().unwrap() > 0, "{milestone}: {cell}");
        }
    }
    for equal in ["outcomes", "outcomes_digest", "orders"] {
        assert_eq!(cells[0][equal], cells[1][equal], "{equal}");
    }
}

#[tokio::test]
async fn a_file_with_bad_lines_is_refused_with_each_of_them_and_sent_without_them_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines: Vec<String> = EXAMPLE.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replace("\"currency\"", "\"curency\"");
    lines[4] = "this is no order".to_owned();
    let first_id = serde_json::from_str::<Value>(&lines[0]).unwrap()["order_id"].as_str().unwrap().to_owned();
    lines.push(lines[0].clone());
    std::fs::write(folder.path().join("mine.ndjson"), lines.join("\n")).unwrap();

    let refused = run(folder.path(), "duet", &["--orders", "mine.ndjson", "--json", "result.json"]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{}", refused.stderr);
    for said in [
        "mine.ndjson: line 2: ",
        "curency",
        "mine.ndjson: line 5: ",
        &format!(
            "line 37: order_id: found \"{first_id}\", expected an id that no other line has; line 1 has it too"
        ),
        "3 lines bad",
        "nothing was sent",
        "--skip-bad",
    ] {
        assert!(refused.stderr.contains(said), "{said:?} is missing from {}", refused.stderr);
    }
    assert!(!folder.path().join("result.json").exists());

    let args = ["--orders", "mine.ndjson", "--skip-bad", "--json", "result.json", "--rate", "400"];
    let sent = run(folder.path(), "duet", &args).await;
    assert_eq!(sent.code, Some(0), "{}{}", sent.stdout, sent.stderr);
    let report = read(&folder.path().join("result.json"));
    assert_eq!(report["environment"]["workload"]["bad_lines_skipped"], 3);
    for cell in report["cells"].as_array().unwrap() {
        assert_eq!(cell["orders"], 34, "{cell}");
    }
}

#[tokio::test]
async fn ctrl_c_ends_a_run_within_seconds_and_its_result_is_marked_as_partial() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["compare", "--count", "1000000", "--json", "result.json"];
    let mut child = command(folder.path(), "duet", &args).spawn().unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap()).lines();
    let interrupted = async {
        while let Some(line) = progress.next_line().await.unwrap() {
            if line.contains("as fast as it goes") {
                send(&child, Signal::INT);
                return;
            }
        }
        panic!("the run ended before orders were sent as fast as they go");
    };
    timeout(tests::PATIENCE, interrupted).await.unwrap();
    // It must never wait for somebody to read what it says.
    let reading = tokio::spawn(async move { while let Ok(Some(_)) = progress.next_line().await {} });
    let ended = timeout(ENDS_WITHIN, child.wait_with_output()).await.expect("it does not end").unwrap();
    reading.await.unwrap();
    let shown = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{shown}");
    assert!(shown.starts_with("VERDICT: clean (PARTIAL"), "{shown}");
    let report = read(&folder.path().join("result.json"));
    assert_eq!((&report["partial"], &report["verdict"]), (&true.into(), &"clean".into()));
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["result.json"], "temporary files are left behind");
}

/// While the user's orders are checked nothing is under way: whatever the file is, the first signal is enough.
#[tokio::test]
async fn a_signal_ends_the_check_of_an_order_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.ndjson");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    // Lines without end, and a pipe from which no line ever comes.
    let mut writer = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    std::io::Write::write_all(&mut writer, b"\n").unwrap();
    for (orders, signal) in [("/dev/urandom", Signal::INT), ("pipe.ndjson", Signal::TERM)] {
        let args = ["compare", "--orders", orders, "--json", "result.json"];
        let child = command(folder.path(), "duet", &args).spawn().unwrap();
        let id = child.id().unwrap();
        let reads = async {
            while !is_open_in(id, orders) {
                tokio::task::yield_now().await;
            }
        };
        timeout(tests::PATIENCE, reads).await.expect("it reads the file");
        send(&child, signal);
        let ended = timeout(CHECK_ENDS_WITHIN, child.wait_with_output()).await.expect("it goes on").unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(
            (ended.status.code(), said.as_str()),
            (Some(130), "interrupted before anything was sent\n")
        );
    }
    assert!(!folder.path().join("result.json").exists());
}

/// Whether the process has a file of that name open.
fn is_open_in(process: u32, name: &str) -> bool {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    open.filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .any(|file| file.ends_with(name) || file == Path::new(name))
}

/// What both brokers are compared by: few orders, and all kinds of them.
const FEW: &[&str] = &["--count=160", "--seed=3", "--rate=40", "--invalid-rate=0.05", "--json=result.json"];

#[tokio::test]
async fn both_styles_on_both_brokers_are_one_result_and_leave_nothing_behind() {
    let (Some(rabbitmq), Some(kafka)) = (RABBITMQ.for_test(), KAFKA.for_test()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let buses = format!("{rabbitmq},{kafka}");
    let ended = compare(folder.path(), &[&["--bus", &buses], FEW].concat()).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.starts_with("VERDICT: clean\nAll 640 orders"), "{}", ended.stdout);
    assert!(ended.stdout.lines().all(|line| line.chars().count() <= 100), "{}", ended.stdout);
    assert!(!ended.stderr.contains("left behind"), "{}", ended.stderr);

    let report = read(&folder.path().join("result.json"));
    assert_eq!((&report["partial"], &report["outcomes_differ"]), (&false.into(), &0.into()));
    assert_eq!(report["unequal"], Value::Array(Vec::new()));
    let buses = report["environment"]["buses"].as_array().unwrap();
    for (bus, product) in buses.iter().zip(["RabbitMQ", "Apache Kafka"]) {
        assert!(bus["product"].as_str().unwrap().starts_with(product), "{bus}");
        // A message that was confirmed on either survives a power cut: that is asked for unless something else is.
        assert_eq!(bus["durability"], "power", "{bus}");
        assert!(!bus["address"].as_str().unwrap().contains("guest:guest"), "{bus}");
        assert!(bus["limit"]["messages_per_s"].as_f64().unwrap() > 0.0, "{bus}");
    }
    let cells = report["cells"].as_array().unwrap();
    let which: Vec<_> =
        cells.iter().map(|cell| (cell["bus"].as_str().unwrap(), cell["style"].as_str().unwrap())).collect();
    let expected = [
        ("rabbitmq", "choreography"),
        ("rabbitmq", "orchestration"),
        ("kafka", "choreography"),
        ("kafka", "orchestration"),
    ];
    assert_eq!(which, expected);
    for cell in cells {
        assert_eq!((&cell["orders"], &cell["unaccounted"]), (&160.into(), &0.into()), "{cell}");
        assert_eq!(cell["outcomes_digest"], cells[0]["outcomes_digest"]);
        for measured in ["orders_per_s", "broker_messages_per_s", "limit_share", "limit_per_order"] {
            assert!(cell[measured].as_f64().unwrap() > 0.0, "{measured} of {cell}");
        }
        assert_eq!(cell["processes"][0]["role"], "broker", "{cell}");
    }
}

#[tokio::test]
async fn stores_in_postgres_are_kept_on_request_and_audited_again() {
    let Some(url) = POSTGRES.for_test() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ended = compare(folder.path(), &[&["--store", &url, "--keep", "kept"], FEW].concat()).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let report = read(&folder.path().join("result.json"));
    assert!(
        report["environment"]["store"]["product"].as_str().unwrap().starts_with("PostgreSQL"),
        "{report}"
    );
    for cell in report["cells"].as_array().unwrap() {
        assert_eq!(
            (&cell["store"], &cell["store_durability"]),
            (&"postgres".into(), &"power".into()),
            "{cell}"
        );
    }
    let audited = run(folder.path(), "duet", &["audit", "kept", "--postgres-url", &url]).await;
    assert_eq!(audited.code, Some(0), "{}{}", audited.stdout, audited.stderr);
    assert_eq!(audited.stdout.matches("VERDICT: clean").count(), 2, "{}", audited.stdout);

    let prefixes: Vec<_> = ended.stderr.lines().filter_map(|line| line.strip_suffix("_*")).collect();
    assert_eq!(prefixes.len(), 2, "it does not say which schemas are kept:\n{}", ended.stderr);
    for prefix in prefixes {
        let prefix = prefix.rsplit(' ').next().unwrap();
        for participant in contract::groups::PARTICIPANTS {
            let schema = format!("{prefix}_{}", participant.replace('-', "_"));
            let address = daemon::StoreAddress::parse(&url).unwrap().with_schema(&schema);
            daemon::connect::drop_schema(&address).await.unwrap();
        }
    }
}

#[tokio::test]
async fn services_as_processes_are_measured_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let ended = compare(folder.path(), &[&["--processes"], FEW].concat()).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let report = read(&folder.path().join("result.json"));
    assert_eq!(report["environment"]["processes"], true);
    for cell in report["cells"].as_array().unwrap() {
        let processes = cell["processes"].as_array().unwrap();
        let names: Vec<_> = processes.iter().map(|process| process["name"].as_str().unwrap()).collect();
        let services = ["order-history", "order-status", "notifications", "orchestrator"];
        assert_eq!(names, [&services[..], &["bus", "load generator"]].concat(), "{cell}");
        for process in processes {
            assert!(process["peak_rss_bytes"].as_u64().unwrap() > 1_000_000, "{process}");
            assert!(process["cpu_s_per_1000_orders"].is_number(), "{process}");
        }
        // Counted by the services themselves, and the same as if they were counted on the way.
        let per_order = cell["deliveries_per_order"].as_f64().unwrap();
        let expected = if cell["style"] == "choreography" { 7.0..8.5 } else { 16.0..19.0 };
        assert!(expected.contains(&per_order), "{per_order} deliveries per order: {cell}");
    }
}

#[tokio::test]
async fn cells_that_could_not_be_compared_are_refused_or_marked() {
    let Some(kafka) = KAFKA.for_test() else { return };
    let folder = tempfile::tempdir().unwrap();
    let buses = format!("memory,{kafka}");
    let refused = compare(folder.path(), &[&["--bus", &buses], FEW].concat()).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{}", refused.stderr);
    for said in [
        "nothing was sent: the cells' guarantees differ",
        "durability: memory gives process, kafka gives power",
        "equal with: a run of its own for memory",
        "--unequal",
    ] {
        assert!(refused.stderr.contains(said), "{said:?} is missing from {}", refused.stderr);
    }
    let marked = compare(folder.path(), &[&["--bus", &buses, "--unequal"], FEW].concat()).await;
    assert_eq!(marked.code, Some(0), "{}{}", marked.stdout, marked.stderr);
    assert!(marked.stdout.contains("\nNOT EQUAL: "), "{}", marked.stdout);
    let report = read(&folder.path().join("result.json"));
    assert_eq!(report["unequal"].as_array().unwrap().len(), 1);
    assert_eq!(report["environment"]["bus_durability"], "process", "the weakest of both");
}

#[tokio::test]
async fn a_level_that_a_broker_does_not_have_is_refused() {
    let Some(rabbitmq) = RABBITMQ.for_test() else { return };
    let folder = tempfile::tempdir().unwrap();
    let refused = compare(folder.path(), &["--bus", &rabbitmq, "--durability", "kill"]).await;
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    let said = "durability: rabbitmq gives power; --durability asks for kill";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
}

/// Passes connections on to a server, until it is dropped: then the server seems to have died.
struct Passage {
    port: u16,
    task: tokio::task::JoinHandle<()>,
}

impl Passage {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let server = server.clone();
                connections.spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    tokio::io::copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        Self { port, task }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        // Its connections end with it.
        self.task.abort();
    }
}

#[tokio::test]
async fn a_broker_that_dies_in_the_middle_of_a_run_fails_it_soon_with_what_is_left_behind() {
    let Some(url) = RABBITMQ.for_test() else { return };
    let (before, rest) = url.split_once('@').unwrap();
    let (place, vhost) = rest.split_once('/').unwrap();
    let passage = Passage::to(place.to_owned()).await;
    let folder = tempfile::tempdir().unwrap();
    let bus = format!("{before}@127.0.0.1:{}/{vhost}", passage.port);
    let args = ["compare", "--bus", &bus, "--count=100000", "--drain-s=3"];
    let mut child = command(folder.path(), "duet", &args).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut passage = Some(passage);
    let mut left = Vec::new();
    let mut error = String::new();
    let ended = async {
        while let Some(line) = said.next_line().await.unwrap() {
            if line.contains("as fast as it goes") {
                passage.take();
            }
            left.extend(line.strip_prefix("left behind: ").map(str::to_owned));
            error = line;
        }
        child.wait().await.unwrap()
    };
    let status = timeout(BROKERS_WITHIN, ended).await.expect("it goes on and on");
    assert_eq!(status.code(), Some(1), "{error}");
    assert!(
        error.starts_with("error: the ") && error.contains(" on rabbitmq (amqp://***@127.0.0.1:"),
        "{error}"
    );
    assert!(error.contains(" cannot go on: the bus cannot be used: caused by "), "{error}");
    assert_eq!(left.len(), 2, "the names of what stays on the broker: {left:?}");
    let groups = [&contract::groups::PARTICIPANTS[..], &["observer"]].concat();
    for name in left {
        let namespace = name.split('*').next().unwrap();
        assert!(namespace.starts_with("duet-compare-"), "{name}");
        let address = daemon::BusAddress::parse(&url).unwrap().with_namespace(namespace);
        let bus = daemon::connect::bus_now(&address, Duration::from_secs(10)).await.unwrap();
        bus.remove(&groups).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_is_down_fails_the_run_soon_and_says_how_to_start_it() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens on port 1.
    for (args, place, server) in [
        (
            ["--bus=rabbitmq", "--rabbitmq-url=amqp://guest:secret@127.0.0.1:1"],
            "amqp://***@127.0.0.1:1",
            "rabbitmq",
        ),
        (["--bus=kafka", "--kafka-url=kafka://127.0.0.1:1"], "kafka://127.0.0.1:1", "kafka"),
        (
            ["--store=postgres", "--postgres-url=postgres://duet:secret@127.0.0.1:1/duet"],
            "postgres://***@127.0.0.1:1/duet",
            "postgres",
        ),
    ] {
        let ended = run(folder.path(), "duet", &[&["compare"], &args[..]].concat()).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{args:?}: {}", ended.stderr);
        for said in [
            format!(" at {place} cannot be used"),
            format!("scripts/brokers up {server}"),
            "-url or DUET_".to_owned(),
        ] {
            assert!(ended.stderr.contains(&said), "{said:?} is missing from {}", ended.stderr);
        }
        assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it leaves files behind");
}
