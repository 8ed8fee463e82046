//! One process, from its start to its end: what is seen of it, and signals to it.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};

use super::kernel::Identity;
use super::launch::{self, Launcher};
use super::logs::{LOG_BYTES_MAX, Log};
use super::probe;
use super::program::{ProcessId, Program, Programs};

/// How often a process is asked that has not been ready yet, that is not ready any more, and that is.
const PROBE_STARTING: Duration = Duration::from_millis(50);
const PROBE_WAITING: Duration = Duration::from_millis(250);
const PROBE_READY: Duration = Duration::from_millis(1000);
/// How often the length of a log is looked at.
const LOG_INTERVAL: Duration = Duration::from_millis(500);
/// Signals that wait to be sent.
const SIGNALS_MAX: usize = 8;

/// What a process is started with.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Which it is.
    pub id: ProcessId,
    /// What it is started with.
    pub args: Vec<OsString>,
    /// What its environment has beside, or in place of, this one's; `None` is taken out.
    pub env: Vec<(OsString, Option<OsString>)>,
}

/// Something seen of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It serves at that address.
    Listening(SocketAddr),
    /// It can do its work.
    Ready,
    /// It cannot, and says why.
    NotReady(String),
    /// It has ended; nothing is seen of it afterwards.
    Ended(Exit),
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it said last about why it ends.
    pub reason: Option<String>,
}

impl Exit {
    /// Whether it ended as it was asked to, or without anything left to do.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.code == Some(0)
    }

    fn new(status: &io::Result<ExitStatus>, reason: Option<String>) -> Self {
        let code = status.as_ref().ok().and_then(ExitStatus::code);
        #[cfg(unix)]
        let signal = status.as_ref().ok().and_then(std::os::unix::process::ExitStatusExt::signal);
        #[cfg(not(unix))]
        let signal = None;
        Self { code, signal, reason }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "ended with exit code {code}")?,
            (None, Some(9)) => f.write_str("was killed by signal 9")?,
            (None, Some(signal)) => write!(f, "was ended by signal {signal}")?,
            (None, None) => f.write_str("ended in an unknown way")?,
        }
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

/// Where what is seen of processes is sent.
pub type Watch = mpsc::Sender<(ProcessId, Seen)>;

/// Keeps one process. Dropping it kills the process.
#[derive(Debug)]
pub struct Keeper {
    /// The process, told from all others.
    pub identity: Identity,
    signals: mpsc::Sender<Signal>,
    task: JoinHandle<()>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Keeper {
    /// Starts a process. What is seen of it goes to `watch`; a watcher that does not take it stops the watching, not
    /// the process.
    ///
    /// # Errors
    /// It cannot be started, or its log cannot be written.
    pub async fn start(
        spec: &Spec,
        programs: &Programs,
        log: Log,
        launcher: &Launcher,
        watch: Watch,
    ) -> io::Result<Self> {
        let log_from = log.len();
        let mut child = launcher.spawn(command(spec, programs, log.open()?)).await?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let identity = Identity::of(child.id().unwrap_or_default());
        let (signals, received) = mpsc::channel(SIGNALS_MAX);
        let kept = Kept { id: spec.id, child, log, log_from, watch, signals: received, probing: None };
        let task = tokio::spawn(kept.run(BufReader::new(output).lines()));
        Ok(Self { identity, signals, task })
    }

    /// Sends a signal to the process; nothing happens when it has ended.
    pub fn signal(&self, signal: Signal) {
        // Full only when it was signalled many times within a moment: another one says nothing new.
        let _ = self.signals.try_send(signal);
    }
}

fn command(spec: &Spec, programs: &Programs, log: std::fs::File) -> Command {
    let (program, first) = programs.find(spec.id.program);
    let args = first.iter().map(OsString::from).chain(spec.args.iter().cloned());
    let mut command = launch::command(programs.duet(), program, args);
    for (name, value) in &spec.env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    command
}

struct Kept {
    id: ProcessId,
    child: Child,
    log: Log,
    log_from: u64,
    watch: Watch,
    signals: mpsc::Receiver<Signal>,
    probing: Option<Probing>,
}

impl Kept {
    async fn run(mut self, output: Lines<BufReader<ChildStdout>>) {
        let mut output = Some(output);
        let mut logs = tokio::time::interval(LOG_INTERVAL);
        let status = loop {
            tokio::select! {
                status = self.child.wait() => break status,
                line = next_line(&mut output) => self.said(&line).await,
                Some(signal) = self.signals.recv() => self.send(signal),
                seen = next_probe(&mut self.probing) => self.see(seen).await,
                _ = logs.tick() => self.turn_log_over().await,
            }
        };
        self.probing = None;
        let exit = Exit::new(&status, self.log.last_error(self.log_from));
        self.see(Seen::Ended(exit)).await;
    }

    /// Takes a line of standard output: into the log it goes, and the first one says where it listens.
    async fn said(&mut self, line: &str) {
        let logged = self.log.open().and_then(|mut log| writeln!(log, "{line}"));
        if let Err(error) = logged {
            tracing::warn!(process = %self.id, %error, "its log cannot be written");
        }
        let Some(address) = listening(line).filter(|_| self.probing.is_none()) else { return };
        self.see(Seen::Listening(address)).await;
        if self.id.program == Program::Bus {
            // It has no HTTP: once it listens it can do all it ever can.
            self.see(Seen::Ready).await;
        } else {
            self.probing = Some(Probing::start(address));
        }
    }

    async fn see(&self, seen: Seen) {
        let _ = self.watch.send((self.id, seen)).await;
    }

    fn send(&self, signal: Signal) {
        // An id only as long as it was not waited for: it cannot be another process' yet.
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(Err(error)) = pid.map(|pid| kill_process(pid, signal)) {
            tracing::warn!(process = %self.id, ?signal, %error, "it could not be signalled");
        }
    }

    async fn turn_log_over(&mut self) {
        if self.log.len() <= LOG_BYTES_MAX {
            return;
        }
        let log = self.log.clone();
        let turned = tokio::task::spawn_blocking(move || log.turn_over(LOG_BYTES_MAX)).await;
        if let Ok(Err(error)) = turned {
            tracing::warn!(process = %self.id, %error, "its log could not be copied before it was emptied");
        }
        self.log_from = 0;
    }
}

/// The next line of standard output; waits for ever when there will be none. Cancel-safe.
async fn next_line(output: &mut Option<Lines<BufReader<ChildStdout>>>) -> String {
    if let Some(lines) = output {
        if let Ok(Some(line)) = lines.next_line().await {
            return line;
        }
        *output = None;
    }
    std::future::pending().await
}

async fn next_probe(probing: &mut Option<Probing>) -> Seen {
    match probing {
        Some(Probing { seen, .. }) => match seen.recv().await {
            Some(seen) => seen,
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// Asks again and again whether the process is ready, and tells of every change.
struct Probing {
    seen: mpsc::Receiver<Seen>,
    task: AbortHandle,
}

impl Drop for Probing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Probing {
    fn start(address: SocketAddr) -> Self {
        let (changes, seen) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            let (mut last, mut pause) = (None, PROBE_STARTING);
            loop {
                let now = probe::ready(address).await;
                pause = match now {
                    Ok(()) => PROBE_READY,
                    Err(_) if pause == PROBE_STARTING => PROBE_STARTING,
                    Err(_) => PROBE_WAITING,
                };
                if last.as_ref() != Some(&now) {
                    let seen = now.clone().map_or_else(Seen::NotReady, |()| Seen::Ready);
                    if changes.send(seen).await.is_err() {
                        return;
                    }
                    last = Some(now);
                }
                tokio::time::sleep(pause).await;
            }
        });
        Self { seen, task: task.abort_handle() }
    }
}

/// The address in the line with which a program announces itself: a service's JSON, or the bus's words.
#[must_use]
pub fn listening(line: &str) -> Option<SocketAddr> {
    let json = serde_json::from_str::<Value>(line).ok();
    let address = match &json {
        Some(json) => json["listening"].as_str()?.strip_prefix("http://")?,
        None => line.strip_prefix("listening on ")?,
    };
    address.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_say_where_they_listen() {
        let address = Some("127.0.0.1:8081".parse().unwrap());
        assert_eq!(listening(r#"{"listening":"http://127.0.0.1:8081","service":"order-history"}"#), address);
        assert_eq!(listening("listening on 127.0.0.1:8081"), address);
        assert_eq!(listening("hello"), None);
        assert_eq!(listening("7"), None);
    }

    #[test]
    fn an_end_is_told_with_its_reason() {
        let exit = |code, signal, reason: Option<&str>| {
            Exit { code, signal, reason: reason.map(str::to_owned) }.to_string()
        };
        assert_eq!(exit(Some(1), None, Some("port 1 is taken")), "ended with exit code 1: port 1 is taken");
        assert_eq!(exit(None, Some(9), None), "was killed by signal 9");
        assert_eq!(exit(None, Some(15), None), "was ended by signal 15");
    }
}
