//! The command lines as their user meets them: help, mistakes, places that cannot be used, and the way to end.

use std::path::{Path, PathBuf};

use contract::groups::PARTICIPANTS;
use rustix::process::Signal;
use tests::files;
use tests::process::{Ended, Process, command, run};
use tests::programs;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const SHARED_FLAGS: &[&str] = &[
    "--bus",
    "--bus-file",
    "--store",
    "--store-file",
    "--listen",
    "--http-allowed-hosts",
    "--batch-max",
    "--unsettled-max",
    "--calls-max",
    "--http-connections-max",
    "--http-body-bytes-max",
    "--http-timeout-ms",
    "--log",
    "--log-format",
    "DUET_STORE",
    "Exit codes",
];

/// What the help of each program has to name besides.
fn own_flags(name: &str) -> &'static [&'static str] {
    match name {
        "duet" => &[
            "compare",
            "limit",
            "audit",
            "bus",
            "simulate",
            "--orders",
            "--speed",
            "--skip-bad",
            "--count",
            "--seed",
            "--invalid-rate",
            "--rate",
            "--decline-rate",
            "--gateway-fault-rate",
            "--restaurant-decline-rate",
            "--restaurant-silence-rate",
            "--bus",
            "--store",
            "--rabbitmq-url",
            "--kafka-url",
            "--postgres-url",
            "--durability",
            "--unequal",
            "--processes",
            "--json",
            "--keep",
            "Exit codes",
        ],
        order_status::NAME => &[
            "--seed",
            "--gateway-latency-ms",
            "--gateway-timeout-ms",
            "--decline-rate",
            "--gateway-fault-rate",
            "--ledger",
            "--preparation-ms",
            "--dispatch-ms",
            "--delivery-ms",
        ],
        notifications::NAME => &[
            "--seed",
            "--restaurant-latency-ms",
            "--restaurant-decline-rate",
            "--restaurant-silence-rate",
            "--restaurant-timeout-ms",
        ],
        order_flow::NAME => {
            &["--workflow", "--restaurant-timeout-s", "--preparation-s", "--dispatch-s", "--delivery-s"]
        }
        _ => &["curl"],
    }
}

#[tokio::test]
async fn help_names_every_flag_and_fits_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    for name in programs::ALL {
        let help = run(folder.path(), name, &["--help"]).await;
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{name}");
        let shared = if name == "duet" { &[] } else { SHARED_FLAGS };
        for flag in shared.iter().chain(own_flags(name)) {
            assert!(help.stdout.contains(flag), "{name} --help does not name {flag}:\n{}", help.stdout);
        }
        let widest = help.stdout.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(widest.chars().count() <= 120, "{name} --help: {widest}");
        let version = run(folder.path(), name, &["--version"]).await;
        assert_eq!(
            (version.code, version.stdout),
            (Some(0), format!("{name} {}\n", env!("CARGO_PKG_VERSION")))
        );
    }
}

#[tokio::test]
async fn every_command_of_duet_has_its_own_help() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["compare", "limit", "audit", "bus", "simulate"] {
        let help = run(folder.path(), "duet", &[command, "--help"]).await;
        assert_eq!(help.code, Some(0), "{}", help.stderr);
        assert!(help.stdout.contains(&format!("Usage: duet {command}")), "{}", help.stdout);
    }
}

#[tokio::test]
async fn a_mistake_ends_with_64_says_what_would_be_right_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in programs::ALL {
        for (args, said) in [
            (
                ["--stor", "x"],
                "unexpected argument '--stor' found\n\n  tip: a similar argument exists: '--store'",
            ),
            (["--bus", "nats://user:secret@host"], "--bus: found nats://***@host, expected amqp://"),
            (["--bus", "carrier-pigeon"], "--bus: found ***, expected "),
            (["--bus", "kafka://user:secret@host:port"], "--bus: found kafka://***@***, expected "),
            (["--store", "mysql://user:secret@host"], "--store: found mysql://***@host, expected sqlite"),
            (["--store", "drawer"], "--store: found ***, expected sqlite"),
        ] {
            let ended = run(folder.path(), name, &args).await;
            assert_eq!(
                (ended.code, ended.stdout.as_str()),
                (Some(64), ""),
                "{name} {args:?}: {}",
                ended.stderr
            );
            assert!(ended.stderr.starts_with(&format!("error: {said}")), "{name} {args:?}: {}", ended.stderr);
            assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
        }
    }
    for (name, args, said) in [
        ("duet", ["bus", "--listen=nowhere"], "invalid value 'nowhere' for '--listen <ADDR:PORT>'"),
        (
            order_history::NAME,
            ["--bus", "tcp://host:0"],
            "expected tcp://HOST:PORT, with a port from 1 to 65535",
        ),
        (order_history::NAME, ["--batch-max", "0"], "0 is not in 1..=10000"),
        (order_status::NAME, ["--decline-rate", "2"], "a probability from 0 to 1 is needed"),
        (order_status::NAME, ["--gateway-latency-ms", "9999"], "expected more than --gateway-latency-ms"),
        (notifications::NAME, ["--restaurant-silence-rate", "1"], "expected at most 1 together with"),
        (
            order_flow::NAME,
            ["--workflow", "nowhere.json"],
            "--workflow: found nowhere.json, expected a readable file",
        ),
    ] {
        let ended = run(folder.path(), name, &args).await;
        assert_eq!(ended.code, Some(64), "{name} {args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{name} {args:?}: {}", ended.stderr);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a mistake leaves files behind");
}

#[tokio::test]
async fn a_workflow_with_a_mistake_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let workflow = r#"{ "StartAt": "Nowhere", "States": { "Here": { "Type": "Succeed" } } }"#;
    std::fs::write(folder.path().join("w.json"), workflow).unwrap();
    let ended = run(folder.path(), order_flow::NAME, &["--workflow", "w.json"]).await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    for part in [
        "error: --workflow: found w.json, expected a workflow without mistakes:\n",
        "line 1, column 14, /StartAt: MISSING_TRANSITION_TARGET: Missing 'Next' target: Nowhere",
        "expected one of Here",
    ] {
        assert!(ended.stderr.contains(part), "{part:?} is missing from {}", ended.stderr);
    }
}

/// Which functions there are is no matter of the text: a definition that names another one is one, and its task fails when it
/// is called. Before, an orchestrator whose store had such a definition could not start.
#[tokio::test]
async fn a_workflow_that_calls_what_no_service_offers_is_warned_of_and_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let workflow = "{ \"StartAt\": \"Call\", \"States\": { \"Call\": { \"Type\": \"Task\", \"End\": true,\n  \
                    \"Resource\": \"arn:aws:lambda:us-east-1:000000000000:function:record-ordr\" } } }";
    std::fs::write(folder.path().join("w.json"), workflow).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let args = ["--workflow", "w.json", "--store", "memory:", "--listen", &address];
    let ended = run(folder.path(), order_flow::NAME, &args).await;
    // It gets as far as its port, which is taken.
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    for part in [
        "warning: --workflow: w.json: line 2, column 15, /States/Call/Resource: UNKNOWN_FUNCTION: there is no function 'record-ordr'",
        "did you mean 'record-order'? Known functions: authorise-payment, ",
    ] {
        assert!(ended.stderr.contains(part), "{part:?} is missing from {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_taken_port_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut commands = vec![("duet", vec!["bus", "--listen", &address])];
    commands.extend(PARTICIPANTS.map(|name| (name, vec!["--store", "memory:", "--listen", &address])));
    for (name, args) in commands {
        let ended = run(folder.path(), name, &args).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{name}: {}", ended.stderr);
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.starts_with("error: ") && last.contains(&address[..9]), "{name}: {last}");
        assert!(last.contains("taken") && last.contains("choose another with --listen"), "{name}: {last}");
    }
}

/// A folder in which this user may not write.
fn unwritable(within: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::geteuid().is_root() {
        // Permissions do not keep the superuser from writing; the kernel's own folder does.
        return "/sys".into();
    }
    let folder = within.join("read-only");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    folder
}

#[tokio::test]
async fn a_place_that_cannot_be_written_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let closed = unwritable(folder.path()).display().to_string();
    let store = |path: &str| format!("sqlite:{path}");
    let said = "cannot be written: give this user write permission on its folder, or choose another path";
    for name in PARTICIPANTS {
        for (store, said) in [
            (store(&format!("{closed}/orders.db")), said),
            (
                store("missing/orders.db"),
                "the folder missing does not exist: create it, or choose another path",
            ),
            (store("/dev/null/orders.db"), "/dev/null is not a folder: choose another path"),
        ] {
            let ended = run(folder.path(), name, &["--store", &store, "--listen", "127.0.0.1:0"]).await;
            assert_eq!(
                (ended.code, ended.stdout.as_str()),
                (Some(1), ""),
                "{name} {store}: {}",
                ended.stderr
            );
            assert!(ended.stderr.contains(said), "{name} {store}: {}", ended.stderr);
        }
    }
    for (flag, value) in [("--json", format!("{closed}/result.json")), ("--store", store(&closed))] {
        let ended = run(folder.path(), "duet", &[flag, &value]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{flag}: {}", ended.stderr);
        let said = format!("cannot be written: choose another place with {flag}");
        assert!(ended.stderr.contains(&said), "{flag}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_file_that_is_no_store_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.db");
    let letter = "Dear reader, this is a letter and no store. ".repeat(100);
    std::fs::write(&path, &letter).unwrap();
    for name in PARTICIPANTS {
        let ended =
            run(folder.path(), name, &["--store", "sqlite:letter.db", "--listen", "127.0.0.1:0"]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{name}: {}", ended.stderr);
        let said = "letter.db is not a SQLite file: choose another path, or move it away";
        assert!(ended.stderr.contains(said), "{name}: {}", ended.stderr);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
    }
}

#[tokio::test]
async fn a_store_in_use_is_refused_with_who_uses_it() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--store", "sqlite:orders.db", "--listen", "127.0.0.1:0"];
    let first = Process::start(folder.path(), order_history::NAME, &args).await;
    let mut readable = files::others_may_read(folder.path());
    // The log is this test's own.
    readable.retain(|path| path.extension().is_none_or(|extension| extension != "log"));
    assert_eq!(readable, Vec::<PathBuf>::new());
    let second = run(folder.path(), order_status::NAME, &args).await;
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    assert!(
        second.stderr.contains("is writing") && second.stderr.contains("stop it, or give"),
        "{}",
        second.stderr
    );
    assert_eq!(first.end(Signal::TERM).await, Some(0));
}

#[tokio::test]
async fn every_program_ends_with_0_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    for signal in [Signal::TERM, Signal::INT] {
        for name in PARTICIPANTS {
            // Nobody serves a bus there: one that is still waiting for its bus ends just as well.
            let args = [
                "--store",
                &format!("sqlite:{name}.db"),
                "--listen",
                "127.0.0.1:0",
                "--bus",
                "tcp://127.0.0.1:1",
            ];
            let process = Process::start(folder.path(), name, &args).await;
            assert_eq!(process.end(signal).await, Some(0), "{name}, {signal:?}");
        }
        let bus = Process::start(folder.path(), "duet", &["bus", "--listen", "127.0.0.1:0"]).await;
        assert_eq!(bus.end(signal).await, Some(0), "duet bus, {signal:?}");
    }
}

/// Clears the screen and rings, in both ways of writing it, and turns the direction of writing.
const TRICK: &str = "\u{1b}[2J\u{9b}2J\u{7}\u{202e}";

/// Nothing of it may steer the terminal that it is shown on.
fn assert_tame(what: &str, ended: &Ended, code: i32) {
    let shown = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(code), "{what}: {shown:?}");
    let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!shown.contains(steers), "{what}: {shown:?}");
}

#[tokio::test]
async fn nothing_from_outside_steers_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["switch", "--rate", TRICK][..],
        &["status", "--dir", TRICK],
        &["compare", "--bus", TRICK],
        &["compare", "--orders", TRICK],
        &[TRICK],
    ] {
        let ended = run(folder.path(), "duet", args).await;
        let code = if ["--dir", "--orders"].iter().any(|flag| args.contains(flag)) { 1 } else { 64 };
        assert_tame(&format!("{args:?}"), &ended, code);
    }
    for name in PARTICIPANTS {
        for variable in ["DUET_LISTEN", "DUET_LOG", "DUET_BUS", "DUET_HTTP_ALLOWED_HOSTS"] {
            let output = command(folder.path(), name, &[]).env(variable, TRICK).output().await.unwrap();
            let text = |bytes| String::from_utf8(bytes).unwrap();
            let (stdout, stderr) = (text(output.stdout), text(output.stderr));
            let ended = Ended { code: output.status.code(), stdout, stderr };
            assert_tame(&format!("{name} with {variable}"), &ended, 64);
            assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
        }
    }
    // Lines of a file, those which are no JSON and those which are.
    let order = format!(
        r#"{{"order_id":"{TRICK}","customer_id":"c","restaurant_id":"r","items":[],"currency":"EUR","total_minor":0}}"#
    );
    let file = format!("orders-{TRICK}.ndjson");
    std::fs::write(folder.path().join(&file), format!("{TRICK}\n{order}\n")).unwrap();
    let ended = run(folder.path(), "duet", &["compare", "--orders", &file]).await;
    assert_tame("a file of orders", &ended, 1);
    assert!(ended.stderr.contains("line 1: ") && ended.stderr.contains("2 bad lines"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_another_server_answers_does_not_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("{TRICK}={}", listener.local_addr().unwrap());
    let state = serde_json::json!({
        "style": "both", "rate_per_s": 1.0, "decline_rate": null, "sent": {}, "in_doubt": 0, "in_flight": {},
        "resting": false, "trouble": format!("the bus is away: {TRICK}"),
    });
    // As no serialiser of ours writes it: raw, where JSON allows it.
    let state = state.to_string().replace("\\u009b", "\u{9b}");
    let answering = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The question is of no interest, but to be read.
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{state}").as_bytes()).await;
        }
    });
    let ended = run(folder.path(), "duet", &["switch", "--load", &place]).await;
    answering.abort();
    assert_tame("the answer of a load", &ended, 0);
    assert!(
        ended.stdout.contains("nothing is sent: the bus is away: \\u{1b}[2J\\u{9b}2J"),
        "{}",
        ended.stdout
    );
}
