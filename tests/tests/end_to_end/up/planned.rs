//! Processes that a program plans, starts and ends by itself, as `duet compare --processes` does.

use std::path::Path;
use std::time::Duration;

use operate::processes::{Member, Plan, PlannedBus, Processes, ProcessesError, Program, Programs};
use rustix::process::{Pid, Signal, kill_process};
use tests::{PATIENCE, http, programs, until};

/// A plan on the embedded bus and files in the folder.
fn plan(folder: &Path) -> Plan {
    let store = |program: Program| format!("sqlite:{}", folder.join(format!("{program}.db")).display());
    Plan {
        programs: Programs::in_folder(programs::path("duet").parent().unwrap().to_owned()),
        folder: folder.to_owned(),
        bus: PlannedBus::Embedded,
        members: Program::PARTICIPANTS.map(|program| Member::new(program, store(program))).to_vec(),
        ready_within: PATIENCE,
        stop_within: PATIENCE,
    }
}

#[tokio::test]
async fn a_planned_system_is_ready_when_it_is_there_and_says_when_a_process_has_died() {
    // So that all programs are built, and those of one build lie in one folder.
    let folder = tempfile::tempdir().unwrap();
    let mut processes = Processes::start(&plan(folder.path())).await.unwrap();
    assert!(processes.bus_url().starts_with("tcp://127.0.0.1:"));
    let pids = processes.pids();
    assert_eq!((pids.len(), processes.addresses().len(), processes.usage().len()), (5, 5, 5));
    processes.check().unwrap();
    for (id, address) in processes.addresses() {
        if id.program != Program::Bus {
            assert_eq!(http::get(address, "/readyz").await.unwrap().0, 200, "{id}");
        }
    }
    let (id, victim) = pids[3];
    kill_process(Pid::from_raw(victim.try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
    until("the death to be noticed", async || match processes.check() {
        Err(ProcessesError::Ended { id: dead, exit, .. }) if dead == id => {
            assert_eq!(exit.signal, Some(9));
            Ok(())
        }
        other => Err(format!("{other:?}")),
    })
    .await;
    let stopped = processes.stop().await;
    assert!(stopped.iter().all(|stopped| !stopped.killed), "{stopped:?}");
    let orderly = stopped.iter().filter(|stopped| stopped.exit.is_success()).count();
    assert_eq!((stopped.len(), orderly), (5, 4), "{stopped:?}");
}

#[tokio::test]
async fn a_planned_system_that_cannot_be_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = plan(folder.path());
    wrong.members[1].args = vec!["--nonsense".to_owned()];
    let error = Processes::start(&wrong).await.unwrap_err();
    assert!(matches!(error, ProcessesError::Ended { .. }), "{error}");
    assert!(
        error.to_string().starts_with("order-history ended with exit code 64: unexpected argument"),
        "{error}"
    );

    let mut waiting = plan(folder.path());
    waiting.bus = PlannedBus::Url("tcp://127.0.0.1:1".to_owned());
    waiting.ready_within = Duration::from_secs(5);
    let error = Processes::start(&waiting).await.unwrap_err();
    let ProcessesError::NotReady { reason, .. } = &error else { panic!("{error}") };
    assert!(reason.contains("the bus is unavailable"), "{reason}");
}
