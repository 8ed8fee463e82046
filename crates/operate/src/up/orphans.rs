//! Processes that outlived their supervisor: it was killed, and could not end them.

use std::fmt;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::UpError;
use super::folder::Folder;
use super::mark;
use super::state::{Doing, Phase};
use crate::processes::ProcessId;
use crate::processes::kernel::Identity;

/// How often it is looked whether a process has ended that is not a child of this one.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long the kernel may take to end what was killed.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// A process that was ended; shown as a sentence without its full stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What it ran.
    pub id: ProcessId,
    /// Its process id.
    pub pid: u32,
    /// It did not end when it was asked to, and was killed.
    pub killed: bool,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.killed { "killed" } else { "stopped" };
        write!(f, "{how} {} (process {})", self.id, self.pid)
    }
}

/// Ends what the folder's last supervisor left behind: asks, waits for as long as `within`, and kills. Only for whoever
/// has the folder's lock, or knows that nobody has. A process that only has the id of one of them, or that only `state.json`
/// says to be one of them, is left alone.
///
/// # Errors
/// The folder cannot be used, or something does not end even when it is killed.
pub async fn end(folder: &Folder, within: Duration) -> Result<Vec<Ended>, UpError> {
    let Some(mut state) = folder.read_state()? else { return Ok(Vec::new()) };
    let (orphans, strangers): (Vec<_>, Vec<_>) =
        state.alive().into_iter().partition(|(_, process)| mark::belongs_to(folder.path(), process.pid));
    for (id, process) in strangers {
        let pid = process.pid;
        tracing::warn!(process = %id, pid, "left alone: nothing proves that this system started it");
    }
    let signal =
        |signal| orphans.iter().filter(|(_, process)| process.signal(signal)).copied().collect::<Vec<_>>();
    signal(Signal::TERM);
    until_gone(&orphans, within).await;
    let killed = signal(Signal::KILL);
    if let Some((id, process)) = until_gone(&orphans, KILLED_WITHIN).await {
        let what = format!("{id} (process {})", process.pid);
        return Err(UpError::NotEnded { what, within: within + KILLED_WITHIN });
    }
    if state.phase != Phase::Stopped {
        state.phase = Phase::Stopped;
        for entry in &mut state.processes {
            (entry.doing, entry.reason, entry.process) = (Doing::Stopped, None, None);
        }
        folder.write_state(&state)?;
    }
    let ended = |&(id, process): &(ProcessId, Identity)| Ended {
        id,
        pid: process.pid,
        killed: killed.iter().any(|(other, _)| *other == id),
    };
    Ok(orphans.iter().map(ended).collect())
}

/// Waits until none of them runs; returns one that still does after `within`.
async fn until_gone(processes: &[(ProcessId, Identity)], within: Duration) -> Option<(ProcessId, Identity)> {
    let deadline = Instant::now() + within;
    loop {
        let alive = processes.iter().copied().find(|(_, process)| process.is_alive())?;
        if Instant::now() >= deadline {
            return Some(alive);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;
    use crate::processes::Program;
    use crate::up::state::{Entry, State};

    const WITHIN: Duration = Duration::from_millis(300);

    /// A process of that folder's system, that says when it has begun.
    fn shell(dir: &tempfile::TempDir, script: &str) -> Child {
        begin(Command::new("sh").env(mark::VARIABLE, mark::of(dir.path())), script)
    }

    fn begin(command: &mut Command, script: &str) -> Child {
        use std::io::Read as _;
        let script = format!("{script} echo; while :; do sleep 0.05; done");
        let mut child = command.args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        child
    }

    fn entry(program: Program, process: Identity) -> Entry {
        Entry {
            id: ProcessId::first(program),
            name: program.to_string(),
            process: Some(process),
            doing: Doing::Ready,
            reason: None,
            address: None,
            started_at_ms: 0,
            restarts: 0,
            last_exit: None,
            killed: false,
            log: "x.log".into(),
        }
    }

    /// A folder whose supervisor was killed and left these behind.
    fn folder(dir: &tempfile::TempDir, processes: Vec<Entry>) -> Folder {
        let folder = Folder::new(dir.path().to_owned());
        let supervisor = Identity { pid: 1, began_ticks: Some(0) };
        let state = State { processes, ..State::new(folder.socket(), supervisor) };
        folder.write_state(&state).unwrap();
        folder
    }

    #[tokio::test]
    async fn what_was_left_behind_is_ended_and_what_does_not_listen_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let (mut willing, mut deaf) = (shell(&dir, ""), shell(&dir, "trap '' TERM;"));
        let (history, status) = (Program::OrderHistory, Program::OrderStatus);
        let left = vec![entry(history, Identity::of(willing.id())), entry(status, Identity::of(deaf.id()))];
        let folder = folder(&dir, left);
        let ended = end(&folder, WITHIN).await.unwrap();
        let told: Vec<_> = ended.iter().map(ToString::to_string).collect();
        let expected = [
            format!("stopped order-history (process {})", willing.id()),
            format!("killed order-status (process {})", deaf.id()),
        ];
        assert_eq!(told, expected);
        assert!(!willing.wait().unwrap().success() && !deaf.wait().unwrap().success());
        let state = folder.read_state().unwrap().unwrap();
        assert_eq!((state.phase, state.processes[0].process), (Phase::Stopped, None));
        assert_eq!(end(&folder, WITHIN).await.unwrap(), [], "there is nothing more to do");
    }

    #[tokio::test]
    async fn a_stranger_that_has_got_the_same_id_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut stranger = shell(&dir, "");
        let other = Identity { began_ticks: Some(1), ..Identity::of(stranger.id()) };
        let folder = folder(&dir, vec![entry(Program::OrderStatus, other)]);
        assert_eq!(end(&folder, WITHIN).await.unwrap(), []);
        assert_eq!(stranger.try_wait().unwrap(), None, "it still runs");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }

    #[tokio::test]
    async fn a_process_that_only_the_file_names_is_left_alone() {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let unmarked = begin(Command::new("sh").env_remove(mark::VARIABLE), "");
        for mut stranger in [unmarked, shell(&elsewhere, "")] {
            let forged = folder(&dir, vec![entry(Program::OrderStatus, Identity::of(stranger.id()))]);
            assert_eq!(end(&forged, WITHIN).await.unwrap(), []);
            assert_eq!(stranger.try_wait().unwrap(), None, "it still runs");
            stranger.kill().unwrap();
            stranger.wait().unwrap();
        }
    }

    #[tokio::test]
    async fn after_a_restart_of_the_machine_there_is_nothing_left() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(&dir, vec![entry(Program::OrderStatus, Identity::of(std::process::id()))]);
        let state = folder.read_state().unwrap().unwrap();
        folder.write_state(&State { boot: Some("another".to_owned()), ..state }).unwrap();
        assert_eq!(end(&folder, WITHIN).await.unwrap(), []);
    }
}
