//! What is shown of a system, whoever supervises it.

use std::time::Duration;

use operate::processes::ProcessId;
use operate::processes::kernel::Identity;

use super::*;

/// This very process, which is the only one that surely runs.
fn me() -> Identity {
    Identity::of(std::process::id())
}

/// One that has ended long ago: its id is this one's, but it began at another time.
fn gone() -> Identity {
    Identity { began_ticks: Some(1), ..me() }
}

fn entry(id: ProcessId, process: Option<Identity>, doing: Doing, reason: Option<&str>) -> Entry {
    Entry {
        id,
        name: id.to_string(),
        process,
        doing,
        reason: reason.map(str::to_owned),
        address: Some("127.0.0.1:8082".parse().unwrap()),
        started_at_ms: 1_000_000,
        restarts: 2,
        last_exit: None,
        killed: false,
        log: "/x/order-status.log".into(),
    }
}

fn state(phase: Phase, processes: Vec<Entry>) -> State {
    State {
        bus: "memory, at tcp://127.0.0.1:7070".to_owned(),
        stores: "sqlite:/x".to_owned(),
        stop_s: 20,
        phase,
        processes,
        ..State::new("/x/control.sock".into(), me())
    }
}

fn shown(state: State, supervised: bool) -> (bool, String) {
    let used = Usage {
        cpu: Duration::from_millis(1234),
        resident_bytes: 42_000_000,
        resident_bytes_max: 50_000_000,
    };
    let status = status(state, supervised, 1_065_000, |_| Some(used));
    (status.ready, table(&status, Terminal::PLAIN))
}

const STATUS: ProcessId = ProcessId::first(Program::OrderStatus);
const SECOND: ProcessId = ProcessId { program: Program::OrderStatus, instance: 2 };

#[cfg(target_os = "linux")]
#[test]
fn a_row_says_all_there_is_to_know() {
    let (ready, table) =
        shown(state(Phase::Running, vec![entry(STATUS, Some(me()), Doing::Ready, None)]), true);
    assert!(ready);
    let pid = me().pid;
    let expected = format!(
        "NAME          INSTANCE  PID{pad}  STATE  UPTIME  RESTARTS  CPU    MEMORY   ADDRESS\n\
         order-status  1         {pid}  ready  1 min   2         1.2 s  42.0 MB  http://127.0.0.1:8082\n\
         bus memory, at tcp://127.0.0.1:7070, stores sqlite:/x, supervised by process {pid}\n",
        pad = " ".repeat(pid.to_string().len() - 3),
    );
    assert_eq!(table, expected);
}

#[cfg(target_os = "linux")]
#[test]
fn one_that_waits_is_shown_with_its_reason_and_not_everything_is_ready() {
    let waiting = entry(SECOND, Some(me()), Doing::Waiting, Some("bus: connection refused"));
    let processes = vec![entry(STATUS, Some(me()), Doing::Ready, None), waiting];
    let (ready, table) = shown(state(Phase::Running, processes), true);
    assert!(!ready);
    assert!(table.contains("\norder-status-2: bus: connection refused\n"), "{table}");
}

#[test]
fn a_process_that_is_gone_uses_nothing() {
    let restarting = entry(STATUS, None, Doing::Restarting, Some("was killed by signal 9"));
    let (ready, table) = shown(state(Phase::Running, vec![restarting]), true);
    assert!(!ready);
    assert!(table.contains("order-status  1         -    restarting  -       2         -    -"), "{table}");
}

#[test]
fn a_supervisor_that_was_killed_is_recognised() {
    let processes = vec![entry(STATUS, Some(gone()), Doing::Ready, None)];
    let (ready, table) = shown(state(Phase::Running, processes), false);
    assert!(!ready);
    assert!(table.contains("stopped"), "{table}");
    assert!(table.ends_with("was killed; nothing runs any more: duet down clears up\n"), "{table}");

    let (ready, table) = shown(state(Phase::Stopped, Vec::new()), false);
    assert!(!ready && table.ends_with("nothing runs: duet up starts it\n"), "{table}");
}

#[cfg(target_os = "linux")]
#[test]
fn orphans_are_shown_as_what_they_are() {
    let processes = vec![entry(STATUS, Some(me()), Doing::Ready, None)];
    let (ready, table) = shown(state(Phase::Running, processes), false);
    assert!(!ready, "nobody keeps it running");
    assert!(table.contains("was killed; one process still runs without it: duet down clears up"), "{table}");
}

#[test]
fn durations_read_well() {
    assert_eq!([5.9, 61.0, 12_000.0, 190_000.0].map(uptime), ["5 s", "1 min", "3 h 20 min", "2 d 4 h"]);
}
