//! A function that is a program: its input on standard input, its output on standard output. It fails when its exit status is not 0; the
//! last lines of its standard error are the cause, unless it says an error on standard output.

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use super::output::{ANSWER_BYTES_MAX, Failed, read};

/// Last lines of standard error that are told.
const LINES_TOLD: usize = 5;
/// Most of standard error that is kept, in bytes.
const ERRORS_BYTES_MAX: usize = 64 * 1024;

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    program: String,
    arguments: Vec<String>,
}

impl Command {
    /// The program of that path; or, if there is none, the first word as the program and the others as its arguments. `None` if that is
    /// a path where nothing is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if Path::new(text).is_file() {
            return Some(Self { program: text.to_owned(), arguments: Vec::new() });
        }
        let mut words = text.split_whitespace().map(str::to_owned);
        let program = words.next()?;
        // A name without a slash is looked for in PATH, when it is called.
        (!program.contains('/') || Path::new(&program).is_file())
            .then(|| Self { program, arguments: words.collect() })
    }

    pub(super) async fn run(&self, given: &str) -> Result<Value, Failed> {
        let who = &self.program;
        let failed = |why: std::io::Error| Failed::new("Runtime.ExitError", format!("{who}: {why}"));
        let mut child = tokio::process::Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin {
                // A program need not read what it is given.
                let _ = stdin.write_all(given.as_bytes()).await;
            }
        };
        let ((), output, errors) =
            tokio::join!(write, beginning(stdout, ANSWER_BYTES_MAX + 1), end(stderr, ERRORS_BYTES_MAX));
        let status = child.wait().await.map_err(failed)?;
        if output.len() > ANSWER_BYTES_MAX {
            let cause = format!("{who} answered more than {ANSWER_BYTES_MAX} bytes");
            return Err(Failed::new("Function.ResponseSizeTooLarge", cause));
        }
        if status.success() { read(&output, who) } else { Err(self.exited(status, &output, &errors)) }
    }

    fn exited(&self, status: ExitStatus, output: &[u8], errors: &[u8]) -> Failed {
        if let Ok(output) = serde_json::from_slice(output)
            && let Some(failed) = Failed::of(&output)
        {
            return failed;
        }
        let errors = String::from_utf8_lossy(errors);
        let lines: Vec<_> = errors.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(LINES_TOLD)..].join("\n");
        let cause = if last.is_empty() { format!("{}: {status}", self.program) } else { last };
        Failed::new("Runtime.ExitError", cause)
    }
}

/// What can be read of it, up to so many bytes; all the rest is read, too, so that nobody waits to write.
async fn beginning(pipe: Option<impl AsyncRead + Unpin>, bytes_max: usize) -> Vec<u8> {
    let (mut kept, mut buffer) = (Vec::new(), vec![0; 8192]);
    let Some(mut pipe) = pipe else { return kept };
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        let room = bytes_max - kept.len();
        kept.extend_from_slice(&buffer[..count.min(room)]);
    }
    kept
}

/// The last so many bytes of what can be read of it, or a few more.
async fn end(pipe: Option<impl AsyncRead + Unpin>, bytes_max: usize) -> Vec<u8> {
    let (mut kept, mut buffer) = (Vec::new(), vec![0; 8192]);
    let Some(mut pipe) = pipe else { return kept };
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > 2 * bytes_max {
            kept.drain(..kept.len() - bytes_max);
        }
    }
    kept
}
