//! A function that is a program for Lambda, unchanged: it fetches its invocations from the Lambda runtime API. A program takes one at a time, and
//! is kept for the next.

mod desk;

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::body::Bytes;
use serde_json::Value;
use tokio::io::AsyncRead;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use self::desk::{Desk, Handed, Invocation};
use crate::command::{Command, errors, exited};
use crate::group::Group;
use crate::output::{Failed, read_result};

/// How long a program that has nothing to do is kept. It is ended when the next call comes after that, or with the server.
const IDLE_MAX: Duration = Duration::from_secs(600);
/// Where functions are at home that are nowhere in AWS.
const HOME: &str = "arn:aws:lambda:us-east-1:123456789012:function";

/// The programs of one function.
pub(crate) struct Runtime {
    name: String,
    command: Command,
    idle: Mutex<Vec<(Worker, Instant)>>,
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("name", &self.name)
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}

/// A program that runs. When this is dropped, it is ended with all that it has started.
struct Worker {
    invocations: mpsc::Sender<Invocation>,
    desk: Arc<Desk>,
    // Before the child: the group must end while the program has its number.
    group: Group,
    child: Child,
    /// Whether the program has ended.
    ended: watch::Receiver<bool>,
    errors: JoinHandle<Vec<u8>>,
    serving: JoinSet<()>,
}

/// What an invocation came to.
enum Came {
    Answered(Handed),
    /// The program has ended.
    Ended,
}

impl Runtime {
    pub(crate) fn new(name: &str, command: Command) -> Self {
        Self { name: name.to_owned(), command, idle: Mutex::default() }
    }

    /// What it answers within `patience`, of which the program is told; `id` tells this call from others. Whoever drops this ends the program that is
    /// at work.
    pub(crate) async fn ask(
        &self,
        given: &str,
        id: Option<&str>,
        patience: Duration,
    ) -> Result<Value, Failed> {
        let deadline_ms = (since_1970() + patience).as_millis();
        let id = id.unwrap_or("call");
        // The header of a request has no room for everything that may be in an id.
        let id: String = id.chars().map(|c| if c.is_ascii_graphic() && c != '/' { c } else { '-' }).collect();
        loop {
            let reused = self.take();
            let is_reused = reused.is_some();
            let mut worker = match reused {
                Some(worker) => worker,
                None => self.start().await.map_err(|why| self.command.unstartable(&why))?,
            };
            let (answer, answered) = oneshot::channel();
            let arn = format!("{HOME}:{}", self.name);
            let (id, event) = (id.clone(), given.to_owned());
            let invocation = Invocation { id, event, deadline_ms, arn, answer };
            // There is room: it takes one at a time.
            let _ = worker.invocations.send(invocation).await;
            match worker.comes_to(answered).await {
                Came::Answered(handed) => {
                    self.put(worker);
                    return meaning(handed, self.command.program());
                }
                // It ended before it heard of this one.
                Came::Ended if is_reused && !worker.has_taken() => {}
                Came::Ended => return Err(worker.failure().await),
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(Worker, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that has nothing to do; those that have had nothing to do for long end.
    fn take(&self) -> Option<Worker> {
        let mut idle = self.idle();
        idle.retain(|(worker, since)| since.elapsed() < IDLE_MAX && !worker.group.has_ended());
        idle.pop().map(|(worker, _)| worker)
    }

    fn put(&self, worker: Worker) {
        self.idle().push((worker, Instant::now()));
    }

    async fn start(&self) -> std::io::Result<Worker> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut command = self.command.prepared();
        command.env("AWS_LAMBDA_RUNTIME_API", address.to_string());
        let folder =
            Path::new(self.command.program()).parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::path::absolute(folder.unwrap_or(Path::new(".")))?;
        for (name, value) in [
            ("AWS_LAMBDA_FUNCTION_NAME", &*self.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", self.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "duet"),
        ] {
            command.env(name, value);
        }
        // Who starts the server may know better.
        for (name, value) in
            [("LAMBDA_TASK_ROOT", folder.as_os_str()), ("_HANDLER", "function.handler".as_ref())]
        {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        let mut child = command.stdin(Stdio::null()).spawn()?;
        let group = Group::of(&child);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (invocations, receiver) = mpsc::channel(1);
        let desk = Arc::new(Desk::new(address, receiver));
        let mut serving = JoinSet::new();
        serving.spawn(Arc::clone(&desk).serve(listener));
        serving.spawn(async move { drop(last_of(stdout).await) });
        let ends = group.leader_ends();
        let (ending, ended) = watch::channel(false);
        serving.spawn(async move {
            ends.await;
            ending.send_replace(true);
        });
        Ok(Worker { invocations, desk, group, child, ended, errors: tokio::spawn(last_of(stderr)), serving })
    }
}

impl Worker {
    async fn comes_to(&mut self, answered: oneshot::Receiver<Handed>) -> Came {
        let ended = self.ended.wait_for(|ended| *ended);
        tokio::select! {
            biased;
            Ok(handed) = answered => Came::Answered(handed),
            _ = ended => Came::Ended,
        }
    }

    /// Whether the program has fetched the last of its invocations.
    fn has_taken(&self) -> bool {
        self.invocations.capacity() > 0
    }

    /// Why it has ended.
    async fn failure(mut self) -> Failed {
        self.group.end();
        self.serving.abort_all();
        let status = self.child.wait().await;
        if let Some(said) = self.desk.init_error() {
            return error(&said);
        }
        // Whoever left the group may hold it open.
        let errors = tokio::time::timeout(REST_READ, &mut self.errors).await;
        let errors = errors.ok().and_then(Result::ok).unwrap_or_default();
        match status {
            Ok(status) => exited(status, &errors),
            Err(why) => Failed::lambda("Runtime.ExitError", &format!("Error: Runtime exited: {why}")),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.errors.abort();
    }
}

/// A program compares its deadline with the clock that it reads itself.
#[allow(
    clippy::disallowed_methods,
    reason = "nothing is decided by it: it is told to a program of this machine"
)]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// How long what a program has said is read after its group was ended.
const REST_READ: Duration = Duration::from_secs(1);

async fn last_of(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    // Nothing is too much: only the end is kept.
    let _ = errors(pipe, &mut kept).await;
    kept
}

fn meaning(handed: Handed, who: &str) -> Result<Value, Failed> {
    match handed {
        Handed::Response(body) => read_result(&body, who),
        Handed::Error(body) => Err(error(&body)),
        Handed::TooLarge => Err(Failed::too_large()),
    }
}

fn error(said: &Bytes) -> Failed {
    let output = serde_json::from_slice(said)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(said).into_owned()));
    Failed::of(&output).unwrap_or_else(|| Failed::nameless(&output))
}
