//! A function that is a program: its input on standard input, its output on standard output. It fails when its exit status is not 0; the
//! last lines of its standard error are told, unless it says an error on standard output.
//!
//! What it has started is ended when it is done, or when nobody waits for it any more: the whole process group.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::group::{Group, lead};
use crate::output::{ANSWER_BYTES_MAX, Failed, read};

/// The variable of the environment that tells a program which call it is.
const CALL_ID: &str = "DUET_CALL_ID";
/// Last lines of standard error that are told.
const LINES_TOLD: usize = 5;
/// Most of standard error that is kept, in bytes.
const ERRORS_BYTES_MAX: usize = 64 * 1024;
/// How long what a program has said is read after its group was ended: somebody outside the group may hold its output open.
const REST_READ: Duration = Duration::from_secs(1);

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    program: String,
    arguments: Vec<String>,
}

/// What a program has said.
#[derive(Default)]
struct Said {
    output: Vec<u8>,
    errors: Vec<u8>,
}

/// It said more than it may.
pub(crate) struct TooLarge;

impl Command {
    /// The program of that path; or, if there is none, the first word as the program and the others as its arguments. `None` if that is
    /// a path where nothing is.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if Path::new(text).is_file() {
            return Some(Self { program: text.to_owned(), arguments: Vec::new() });
        }
        let mut words = text.split_whitespace().map(str::to_owned);
        let program = words.next()?;
        // A name without a slash is looked for in PATH, when it is called.
        (!program.contains('/') || Path::new(&program).is_file())
            .then(|| Self { program, arguments: words.collect() })
    }

    /// The program, as it is started: with the environment of this process but for what that was told itself, and pipes to all that it says.
    pub(crate) fn prepared(&self) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.program);
        command.args(&self.arguments).kill_on_drop(true);
        // Passwords of servers are among it, and no business of a function.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("DUET_") || name.starts_with("OTEL_")) {
                command.env_remove(name);
            }
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        lead(&mut command);
        command
    }

    /// Why it did not start.
    pub(crate) fn unstartable(&self, why: &std::io::Error) -> Failed {
        Failed::lambda("Runtime.InvalidEntrypoint", &format!("Error: {}: {why}", self.program))
    }

    /// The program's path, or its name.
    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    /// What it answers; `id` tells this call from others, and is the same when it is made again.
    pub(crate) async fn run(&self, given: &str, id: Option<&str>) -> Result<Value, Failed> {
        let mut command = self.prepared();
        if let Some(id) = id {
            command.env(CALL_ID, id);
        }
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(|why| self.unstartable(&why))?;
        // Dropped before the child is: whoever gives up this future ends the group while the program still has its number.
        let mut group = Group::of(&child);
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin {
                // A program need not read what it is given.
                let _ = stdin.write_all(given.as_bytes()).await;
            }
            Ok(())
        };
        let mut said = Said::default();
        let all_read = {
            let talk = async {
                tokio::try_join!(write, output(stdout, &mut said.output), errors(stderr, &mut said.errors))
            };
            tokio::pin!(talk);
            let ended = group.leader_ends();
            tokio::pin!(ended);
            let all_read = tokio::select! {
                all_read = &mut talk => {
                    // It has closed its output: that is not its end, which is awaited, unless it said too much.
                    if all_read.is_ok() {
                        ended.await;
                    }
                    Some(all_read)
                }
                () = &mut ended => None,
            };
            group.end();
            match all_read {
                Some(all_read) => Some(all_read),
                None => tokio::time::timeout(REST_READ, talk).await.ok(),
            }
        };
        let status = child.wait().await.map_err(|why| self.unstartable(&why))?;
        match all_read {
            Some(Err(TooLarge)) => Err(Failed::too_large()),
            _ if status.success() => read(&said.output, &self.program),
            _ => Err(failed(status, &said)),
        }
    }
}

fn failed(status: ExitStatus, said: &Said) -> Failed {
    if let Ok(output) = serde_json::from_slice::<Value>(&said.output) {
        if let Some(failed) = Failed::of(&output) {
            return failed;
        }
        if output.get("errorMessage").is_some() {
            return Failed::nameless(&output);
        }
    }
    exited(status, &said.errors)
}

/// It has ended with that status, after saying so on standard error.
pub(crate) fn exited(status: ExitStatus, errors: &[u8]) -> Failed {
    let errors = String::from_utf8_lossy(errors);
    let lines: Vec<_> = errors.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(LINES_TOLD)..].join("\n");
    let separator = if last.is_empty() { "" } else { "\n" };
    // As Lambda says it: `exit status 1`, `signal: killed`.
    let status = status.to_string().replacen("exit status: ", "exit status ", 1);
    Failed::lambda(
        "Runtime.ExitError",
        &format!("Error: Runtime exited with error: {status}{separator}{last}"),
    )
}

/// Reads what a program answers, until that is too much.
async fn output(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) -> Result<(), TooLarge> {
    let mut buffer = vec![0; 8192];
    let Some(mut pipe) = pipe else { return Ok(()) };
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > ANSWER_BYTES_MAX {
            return Err(TooLarge);
        }
    }
    Ok(())
}

/// Reads all that a program complains of, and keeps the end.
pub(crate) async fn errors(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) -> Result<(), TooLarge> {
    let mut buffer = vec![0; 8192];
    let Some(mut pipe) = pipe else { return Ok(()) };
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > 2 * ERRORS_BYTES_MAX {
            kept.drain(..kept.len() - ERRORS_BYTES_MAX);
        }
    }
    Ok(())
}
