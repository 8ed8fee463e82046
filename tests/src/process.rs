//! One of the binaries, running or run to its end.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use operate::processes::keeper::listening;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::{PATIENCE, http, programs};

/// How much of a program's log is shown when something goes wrong with it.
const LOG_LINES_SHOWN: usize = 30;

/// A running program; killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    /// Held open: whoever writes to a closed pipe hears of it.
    _output: Lines<BufReader<ChildStdout>>,
}

/// A program that has ended by itself.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// The program with nothing in its environment: what the test's own holds must not matter. Its files go to `folder`, its
/// output into pipes.
#[must_use]
pub fn command(folder: &Path, name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(programs::path(name));
    command.args(args).current_dir(folder).env_clear().env("TMPDIR", folder).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end.
///
/// # Panics
/// It does not come to one within [`PATIENCE`].
pub async fn run(folder: &Path, name: &str, args: &[&str]) -> Ended {
    let Ok(ended) = timeout(PATIENCE, command(folder, name, args).output()).await else {
        panic!("{name} {args:?} goes on and on");
    };
    let Output { status, stdout, stderr } = ended.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

impl Process {
    /// Starts the program and waits until it says where it listens. Its log goes to `NAME.log` in `folder`, behind what
    /// an earlier life has left there.
    ///
    /// # Panics
    /// It does not say so.
    pub async fn start(folder: &Path, name: &str, args: &[&str]) -> Self {
        Self::start_as(name, folder, name, args).await
    }

    /// Like [`start`](Self::start), for one of several that run the same program: its log goes to `INSTANCE.log`.
    ///
    /// # Panics
    /// It does not say where it listens.
    pub async fn start_as(instance: &str, folder: &Path, name: &str, args: &[&str]) -> Self {
        Self::start_in(&[], instance, folder, name, args).await
    }

    /// Like [`start_as`](Self::start_as), in this environment.
    ///
    /// # Panics
    /// It does not say where it listens.
    pub async fn start_in(
        environment: &[(&'static str, String)],
        instance: &str,
        folder: &Path,
        name: &str,
        args: &[&str],
    ) -> Self {
        let log = folder.join(format!("{instance}.log"));
        let file: File = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut command = command(folder, name, args);
        let mut child = command.envs(environment.iter().cloned()).stderr(file).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = timeout(PATIENCE, output.next_line()).await;
        let Ok(Ok(Some(line))) = first else {
            panic!("{name} {args:?} does not say where it listens, but {first:?}:\n{}", tail(&log));
        };
        let address =
            listening(&line).unwrap_or_else(|| panic!("{name} does not say where it listens, but {line}"));
        Self { name: instance.to_owned(), child, address, log, _output: output }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The end of its log.
    #[must_use]
    pub fn log(&self) -> String {
        format!("--- {}\n{}", self.name, tail(&self.log))
    }

    /// Sends SIGKILL, and does not wait for the end.
    ///
    /// # Panics
    /// It has ended before: there was nothing to kill.
    pub fn kill(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert_eq!(ended, None, "ended by itself:\n{}", self.log());
        self.child.start_kill().unwrap();
    }

    /// Waits until it has ended after [`kill`](Self::kill).
    ///
    /// # Panics
    /// It ends otherwise, or not at all.
    pub async fn killed(mut self) {
        let status = timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), None, "{} ended by itself: {status}", self.name);
    }

    /// Sends it a signal that does not end it.
    ///
    /// # Panics
    /// It has ended before.
    pub fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// Asks it to end with `signal`, and waits until it has. Returns its exit code.
    ///
    /// # Panics
    /// It does not end, or has ended before.
    pub async fn end(mut self, signal: Signal) -> Option<i32> {
        send(&self.child, signal);
        let Ok(ended) = timeout(PATIENCE, self.child.wait()).await else {
            panic!("{} does not end when asked to:\n{}", self.name, self.log());
        };
        ended.unwrap().code()
    }

    /// Whether its own checks say that it can work now, and what they say.
    pub async fn ready(&self) -> Result<(), String> {
        match http::get(self.address, "/readyz").await {
            Ok((200, _)) => Ok(()),
            Ok((_, reasons)) => Err(format!("{}: {reasons}", self.name)),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    /// The value of one of its metrics, all labels added up.
    ///
    /// # Panics
    /// It does not answer, or has no such metric.
    pub async fn metric(&self, metric: &str) -> u64 {
        let (status, text) = http::get(self.address, "/metrics").await.unwrap();
        assert_eq!(status, 200, "{text}");
        let values = text.lines().filter_map(|line| {
            let rest = line.strip_prefix(metric)?;
            rest.starts_with(['{', ' ']).then(|| rest.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        });
        let values: Vec<f64> = values.collect();
        assert!(!values.is_empty(), "{} has no metric {metric}:\n{text}", self.name);
        values.iter().sum::<f64>() as u64
    }
}

/// Sends the signal.
///
/// # Panics
/// The process has ended before.
pub fn send(child: &Child, signal: Signal) {
    let id = child.id().expect("a process that has ended hears no signal");
    kill_process(Pid::from_raw(id.try_into().unwrap()).unwrap(), signal).unwrap();
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
