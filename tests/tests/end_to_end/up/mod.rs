//! `duet up`, `status`, `scale` and `down`, as their user meets them: the real processes, killed and started again.

mod planned;
mod workflows;

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use contract::groups::PARTICIPANTS;
use daemon::{BusAddress, StoreAddress, connect};
use operate::processes::kernel::Identity;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tests::process::{self, Process};
use tests::programs;
use tests::{PATIENCE, files, http, until};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use workload::generate::Generator;

/// An outside world that never fails, whatever the order.
const CALM: [(&str, &str); 4] = [
    ("DUET_DECLINE_RATE", "0"),
    ("DUET_GATEWAY_FAULT_RATE", "0"),
    ("DUET_RESTAURANT_DECLINE_RATE", "0"),
    ("DUET_RESTAURANT_SILENCE_RATE", "0"),
];

/// A folder in which `duet up` may run; what runs there is ended, and the folder removed, when this is dropped.
struct Place(TempDir);

/// What one of the commands said.
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut down = std::process::Command::new(programs::path("duet"));
        let ended = down.arg("down").current_dir(self.0.path()).output();
        if !std::thread::panicking() {
            assert!(ended.unwrap().status.success(), "what runs cannot be ended");
        }
    }
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = process::command(self.path(), "duet", args);
        command.envs(CALM);
        command
    }

    async fn duet(&self, args: &[&str]) -> Said {
        let Ok(ended) = timeout(PATIENCE, self.command(args).output()).await else {
            panic!("duet {args:?} goes on and on");
        };
        let Output { status, stdout, stderr } = ended.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Runs it, and has its standard output if it did what was asked.
    async fn done(&self, args: &[&str]) -> String {
        let said = self.duet(args).await;
        assert_eq!(said.code, Some(0), "duet {args:?}: {}{}", said.stdout, said.stderr);
        said.stdout
    }

    async fn status(&self) -> Value {
        serde_json::from_str(&self.duet(&["status", "--json"]).await.stdout).unwrap()
    }

    /// What `status` says about the process of that name.
    async fn process(&self, name: &str) -> Value {
        let status = self.status().await;
        let found = status["processes"].as_array().unwrap().iter().find(|process| process["name"] == name);
        found.unwrap_or_else(|| panic!("there is no {name}: {status}")).clone()
    }

    async fn pid(&self, name: &str) -> Pid {
        pid(&self.process(name).await["pid"])
    }

    async fn supervisor(&self) -> Pid {
        pid(&self.status().await["supervisor_pid"])
    }

    async fn until_ready(&self) {
        until("everything to be ready", async || {
            let said = self.duet(&["status"]).await;
            if said.code == Some(0) { Ok(()) } else { Err(said.stdout + &self.log()) }
        })
        .await;
    }

    /// The end of the supervisor's log.
    fn log(&self) -> String {
        std::fs::read_to_string(self.path().join(".duet/logs/supervisor.log")).unwrap_or_default()
    }

    /// Places an order and waits until it is delivered.
    async fn order(&self, n: u64, style: &str) {
        let history: SocketAddr =
            self.process(order_history::NAME).await["address"].as_str().unwrap().parse().unwrap();
        let order = Generator::new(1, 0.0).order(n);
        let json = serde_json::to_string(&order).unwrap();
        until("an order to be delivered", async || {
            let placed = http::post(history, &format!("/orders?style={style}"), &json).await;
            let Ok((200 | 202, _)) = placed else { return Err(format!("{placed:?}")) };
            let shown = http::get(history, &format!("/orders/{}", order.order_id)).await;
            let (_, answer) = shown.map_err(|error| error.to_string())?;
            if answer.contains("\"delivered\"") { Ok(()) } else { Err(answer) }
        })
        .await;
    }
}

fn pid(value: &Value) -> Pid {
    Pid::from_raw(value.as_i64().unwrap_or_else(|| panic!("no process id: {value}")).try_into().unwrap())
        .unwrap()
}

fn is_gone(pid: Pid) -> bool {
    // A process that has ended and whose parent has not heard of it is there, but ended.
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    test_kill_process(pid).is_err() || stat.contains(") Z ")
}

async fn until_gone(pids: &[Pid]) {
    until("processes to end", async || {
        let left: Vec<_> = pids.iter().filter(|pid| !is_gone(**pid)).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?} are there")) }
    })
    .await;
}

#[tokio::test]
async fn a_killed_service_is_started_again_and_orders_go_through() {
    let place = Place::new();
    let up = place.done(&["up", "--detach"]).await;
    for name in PARTICIPANTS {
        assert!(up.contains(&format!("{name} is ready: http://127.0.0.1:")), "{up}");
    }
    let table = place.done(&["status"]).await;
    assert_eq!(table.matches("  ready  ").count(), 5, "{table}");
    place.order(0, "choreography").await;
    let folder = place.path().join(".duet");
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(files::others_may_read(&folder), Vec::<PathBuf>::new());

    let before = place.pid(order_status::NAME).await;
    kill_process(before, Signal::KILL).unwrap();
    until("the crash to be noticed", async || {
        let restarts = place.process(order_status::NAME).await["restarts"].clone();
        if restarts == 1 { Ok(()) } else { Err(format!("{restarts} restarts")) }
    })
    .await;
    place.until_ready().await;
    assert_ne!(place.pid(order_status::NAME).await, before);
    assert_eq!(place.process(order_status::NAME).await["last_exit"]["signal"], 9);
    assert!(
        place.log().contains("order-status was killed by signal 9; starting it again in "),
        "{}",
        place.log()
    );
    place.order(1, "orchestration").await;

    let again = place.duet(&["up"]).await;
    assert_eq!(again.code, Some(1));
    assert!(
        again.stderr.contains("is taken by a running system (supervised by process "),
        "{}",
        again.stderr
    );
    let scaled = place.duet(&["scale", "order-status=2"]).await;
    assert_eq!(scaled.code, Some(64));
    assert!(
        scaled.stderr.contains("a SQLite file has one writer; instances can share --store postgres"),
        "{}",
        scaled.stderr
    );
    assert_eq!(
        place.done(&["scale", "order-status=1"]).await,
        "order-status=1: order-status has 1 already\n"
    );

    let letters = place.done(&["dead-letters", "list"]).await;
    assert_eq!(
        letters.matches(": 0 dead letters").count(),
        4,
        "it finds the bus of what runs here: {letters}"
    );
    let pids = [place.supervisor().await, place.pid("bus").await, place.pid(order_flow::NAME).await];
    let down = place.done(&["down"]).await;
    assert_eq!(down.matches("stopped ").count(), 5, "{down}");
    assert!(pids.into_iter().all(is_gone));
    let status = place.duet(&["status"]).await;
    assert_eq!(status.code, Some(1));
    assert!(status.stdout.contains("nothing runs: duet up starts it"), "{}", status.stdout);
    assert!(place.done(&["down"]).await.starts_with("nothing runs in "));
}

/// The lines that a process prints, until one of them is found.
async fn read_until(
    lines: &mut tokio::io::Lines<impl tokio::io::AsyncBufRead + Unpin>,
    part: &str,
) -> Vec<String> {
    let mut read = Vec::new();
    while let Ok(Ok(Some(line))) = timeout(PATIENCE, lines.next_line()).await {
        read.push(line);
        if read.last().unwrap().contains(part) {
            return read;
        }
    }
    panic!("{part:?} does not come, but {read:#?}");
}

fn interrupt(child: &Child) {
    process::send(child, Signal::INT);
}

#[tokio::test]
async fn in_the_foreground_it_tells_what_happens_and_ctrl_c_ends_everything() {
    let place = Place::new();
    // Nobody serves a bus there yet.
    let first = Process::start(place.path(), "duet", &["bus", "--listen", "127.0.0.1:0"]).await;
    let address = first.address().to_string();
    assert_eq!(first.end(Signal::TERM).await, Some(0));
    let mut up = place.command(&["up", "--bus", &format!("tcp://{address}")]).spawn().unwrap();
    let mut lines = BufReader::new(up.stdout.take().unwrap()).lines();
    let told = read_until(&mut lines, " waits: ").await;
    assert!(told.last().unwrap().contains("the bus is unavailable"), "{told:?}");
    let waiting = place.duet(&["status"]).await;
    assert_eq!(waiting.code, Some(1));
    assert!(
        waiting.stdout.contains("  waiting  ") && waiting.stdout.contains("the bus is unavailable"),
        "{}",
        waiting.stdout
    );

    let mut bus = Process::start(place.path(), "duet", &["bus", "--listen", &address]).await;
    read_until(&mut lines, "everything is ready, after ").await;
    place.order(0, "choreography").await;
    bus.kill();
    bus.killed().await;
    read_until(&mut lines, " is not ready: ").await;

    let pids = [place.pid(order_history::NAME).await, place.pid(notifications::NAME).await];
    interrupt(&up);
    let told = read_until(&mut lines, "everything has ended").await;
    assert!(told.iter().any(|line| line.ends_with("order-history has ended")), "{told:?}");
    assert_eq!(timeout(PATIENCE, up.wait()).await.unwrap().unwrap().code(), Some(0));
    assert!(pids.into_iter().all(is_gone));
}

#[tokio::test]
async fn a_supervisor_that_is_killed_takes_its_processes_along_and_is_cleared_up_after() {
    let place = Place::new();
    place.done(&["up", "--detach"]).await;
    place.order(0, "orchestration").await;
    let mut pids = vec![place.supervisor().await, place.pid("bus").await];
    for name in PARTICIPANTS {
        pids.push(place.pid(name).await);
    }
    kill_process(pids[0], Signal::KILL).unwrap();
    until_gone(&pids).await;
    let status = place.duet(&["status"]).await;
    assert_eq!(status.code, Some(1));
    assert!(
        status.stdout.contains("was killed; nothing runs any more: duet down clears up"),
        "{}",
        status.stdout
    );
    let scaled = place.duet(&["scale", "order-status=1"]).await;
    assert!(scaled.code == Some(1) && scaled.stderr.contains("nothing runs in "), "{}", scaled.stderr);

    // What was stored is there, and it goes on.
    place.done(&["up", "--detach"]).await;
    place.order(0, "orchestration").await;
    place.order(1, "choreography").await;
    place.done(&["down"]).await;
}

#[tokio::test]
async fn down_ends_no_process_that_only_the_file_calls_the_systems() {
    let place = Place::new();
    place.done(&["up", "--detach"]).await;
    let state = place.path().join(".duet/state.json");
    let left = std::fs::read_to_string(&state).unwrap();
    let mut known: Value = serde_json::from_str(&left).unwrap();
    let entry =
        known["processes"].as_array_mut().unwrap().iter_mut().find(|process| process["name"] == "bus");
    let mut entry = entry.unwrap().take();
    // The system's own process is proven to be so, by what the kernel says of it.
    let pid = entry["process"]["pid"].as_u64().unwrap();
    let environment = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    let folder = std::fs::canonicalize(place.path().join(".duet")).unwrap();
    let mark = format!("DUET_SYSTEM={}", folder.display());
    assert!(environment.split('\0').any(|variable| variable == mark), "{environment}");
    place.done(&["down"]).await;

    let mut stranger = Command::new("sleep").arg("1000").kill_on_drop(true).spawn().unwrap();
    let identity = Identity::of(stranger.id().unwrap());
    entry["process"] = serde_json::to_value(identity).unwrap();
    known["processes"] = Value::Array(vec![entry]);
    known["supervisor"] = serde_json::to_value(identity).unwrap();
    std::fs::write(&state, known.to_string()).unwrap();
    let down = place.duet(&["down"]).await;
    assert_eq!(down.code, Some(0), "{}", down.stderr);
    assert!(
        down.stderr.contains("left alone: nothing proves that this system started it"),
        "{}",
        down.stderr
    );
    assert_eq!(stranger.try_wait().unwrap(), None, "it still runs");
}

#[tokio::test]
async fn what_cannot_come_up_fails_with_the_reason_and_leaves_nothing_running() {
    let place = Place::new();
    for args in [&["up", "--", "--nonsense"][..], &["up", "--detach", "--", "--nonsense"]] {
        let said = place.duet(args).await;
        assert_eq!(said.code, Some(64), "{}{}", said.stdout, said.stderr);
        let reason = "ended with exit code 64: unexpected argument '--nonsense' found";
        assert!(said.stderr.contains(reason), "{}", said.stderr);
        assert!(place.done(&["down"]).await.starts_with("nothing runs in "));
    }
    let said = place.duet(&["up", "--detach", "--wait-s", "5", "--bus", "tcp://127.0.0.1:1"]).await;
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.starts_with("error: not everything is ready after 5 s, so all of it was ended again: "),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("order-history: ") && said.stderr.contains("Connection refused"),
        "{}",
        said.stderr
    );
    assert!(place.done(&["down"]).await.starts_with("nothing runs in "));

    for (args, said) in [
        (
            &["up", "--instances", "order-status=3"][..],
            "expected 1 with --store sqlite: a SQLite file has one writer",
        ),
        (
            &["up", "--instances", "billing=2"],
            "`billing` is none of orchestrator, order-history, order-status, notifications",
        ),
        (&["up", "--bus", "amqp://u:secret@h?colour=red"], "--bus: found amqp://***@h?***, expected"),
        (&["up", "--", "--store", "x"], "--: found --store, expected flags that can be the same for all"),
        (&["scale", "order-status"], "NAME=N is needed"),
    ] {
        let ended = place.duet(args).await;
        assert_eq!(ended.code, Some(64), "{args:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(said) && !ended.stderr.contains("secret"),
            "{args:?}: {}",
            ended.stderr
        );
    }
}

#[tokio::test]
async fn missing_programs_are_named_with_the_command_that_builds_them() {
    let (place, alone) = (Place::new(), tempfile::tempdir().unwrap());
    let duet = alone.path().join("duet");
    std::fs::copy(programs::path("duet"), &duet).unwrap();
    let mut command = Command::new(&duet);
    let ended = command.arg("up").current_dir(place.path()).env_clear().output().await.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        said.contains("notifications, orchestrator, order-history, order-status are not beside `duet` in "),
        "{said}"
    );
    assert!(said.contains("cargo build --release --workspace"), "{said}");
}

/// What is on real servers in a namespace of its own; removed by [`Shared::remove`].
struct Shared {
    bus: String,
    store: String,
    namespace: String,
}

impl Shared {
    /// On these servers, where both answer.
    fn on(bus: testbed::Server, place: &Place) -> Option<Self> {
        let (bus, store) = (bus.for_test()?, testbed::POSTGRES.for_test()?);
        let name = place.path().file_name().unwrap().to_string_lossy().to_lowercase();
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        Some(Self { bus, store, namespace: format!("up_{name}") })
    }

    fn flags(&self) -> [&str; 6] {
        ["--bus", &self.bus, "--store", &self.store, "--namespace", &self.namespace]
    }

    async fn remove(&self) {
        let address = BusAddress::parse(&self.bus).unwrap().with_namespace(&self.namespace);
        let bus = connect::bus_now(&address, Duration::from_secs(10)).await.unwrap();
        let everybody = [&PARTICIPANTS[..], &["observer"]].concat();
        bus.remove(&everybody).await.unwrap();
        for name in everybody {
            let schema = format!("{}_{}", self.namespace, name.replace('-', "_"));
            let address = StoreAddress::parse(&self.store).unwrap().with_schema(&schema);
            connect::drop_schema(&address).await.unwrap();
        }
    }
}

async fn instances_come_and_go_on(server: testbed::Server) {
    let place = Place::new();
    let Some(shared) = Shared::on(server, &place) else { return };
    let flags = shared.flags();
    place.done(&[&["up", "--detach", "--instances", "order-status=2"], &flags[..]].concat()).await;
    let said = place.done(&["status"]).await;
    assert!(!said.contains("guest") && !said.contains("duet:duet"), "a password is shown: {said}");
    place.order(0, "choreography").await;
    place.order(1, "orchestration").await;

    let more = place.done(&["scale", "order-status=3", "orchestrator=2"]).await;
    let expected = "order-status=3: is ready: order-status-3\norchestrator=2: is ready: orchestrator-2\n";
    assert_eq!(more, expected);
    place.order(2, "choreography").await;
    kill_process(place.pid("order-status-2").await, Signal::KILL).unwrap();
    place.order(3, "orchestration").await;
    place.until_ready().await;

    let leaving = place.pid("order-status-3").await;
    assert_eq!(
        place.done(&["scale", "order-status=1"]).await,
        "order-status=1: ended: order-status-3, order-status-2\n"
    );
    assert!(is_gone(leaving));
    for n in 4..8 {
        place.order(n, if n % 2 == 0 { "choreography" } else { "orchestration" }).await;
    }
    // The namespace, and with it the schemas, as well as the ledger, are known from what is written down of the system.
    let letters = [&["dead-letters", "list", "--json"], &flags[..2]].concat();
    assert_eq!(place.done(&letters).await, "", "nothing was given up");
    let rate = ["--rate", "20", "--settle-s", "1", "--listen", "127.0.0.1:0"];
    let load =
        Process::start_as("load", place.path(), "duet", &[&["load"][..], &flags[..4], &rate].concat()).await;
    let at = load.address().to_string();
    until("a clean verdict", async || {
        let said = place.duet(&["audit", "--load", &at]).await;
        let is_clean = said.code == Some(0) && said.stdout.contains("VERDICT: clean.");
        if is_clean { Ok(()) } else { Err(said.stdout + &said.stderr) }
    })
    .await;
    assert_eq!(load.end(Signal::TERM).await, Some(0));
    place.done(&["down"]).await;
    shared.remove().await;
}

#[tokio::test]
async fn instances_come_and_go_on_rabbitmq_and_postgres() {
    instances_come_and_go_on(testbed::RABBITMQ).await;
}

#[tokio::test]
async fn instances_come_and_go_on_kafka_and_postgres() {
    instances_come_and_go_on(testbed::KAFKA).await;
}
