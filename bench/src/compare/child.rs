//! The process of one cell, seen from outside.

use std::process::{ExitStatus, Stdio};

use daemon::Shutdown;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};

use super::error::CompareError;
use crate::cell::protocol::{Answer, Finished, Load, Request, Sent, Spec};

/// A cell's process; killed when this is dropped.
pub(super) struct Child {
    /// For progress: short.
    name: String,
    /// For errors: where it runs, too.
    whole_name: String,
    process: tokio::process::Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts this very program again as a cell, and waits until it runs.
    pub(super) async fn start(spec: &Spec) -> Result<Self, CompareError> {
        let program = std::env::current_exe().map_err(CompareError::Spawn)?;
        let mut command = Command::new(program);
        command.arg("cell").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        // Ctrl-C is for this process, which ends the cells in order.
        #[cfg(unix)]
        command.process_group(0);
        let mut process = command.spawn().map_err(CompareError::Spawn)?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(CompareError::Spawn(std::io::ErrorKind::BrokenPipe.into()));
        };
        let (name, whole_name) = names(spec);
        let mut child = Self { name, whole_name, process, input, output: BufReader::new(output).lines() };
        child.write(spec).await?;
        child.ready().await?;
        Ok(child)
    }

    /// What people call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    async fn ready(&mut self) -> Result<(), CompareError> {
        match self.answer().await? {
            Answer::Ready => Ok(()),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Has it finish what is in flight, and stop running.
    pub(super) async fn park(&mut self) -> Result<(), CompareError> {
        self.write(&Request::Park).await?;
        match self.answer().await? {
            Answer::Parked => Ok(()),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Has it run again.
    pub(super) async fn resume(&mut self) -> Result<(), CompareError> {
        self.write(&Request::Resume).await?;
        self.ready().await
    }

    /// Has it send orders; `progress` hears how many were sent so far. Ends early when `interrupt` says so.
    pub(super) async fn send(
        &mut self,
        load: Load,
        interrupt: &Shutdown,
        mut progress: impl FnMut(u64),
    ) -> Result<Sent, CompareError> {
        self.write(&Request::Send(load)).await?;
        let interrupted = interrupt.clone().requested();
        tokio::pin!(interrupted);
        let mut stopping = false;
        loop {
            let answer = tokio::select! {
                answer = self.answer() => answer?,
                () = &mut interrupted, if !stopping => {
                    stopping = true;
                    self.write(&Request::Stop).await?;
                    continue;
                }
            };
            match answer {
                Answer::Progress { sent } => progress(sent),
                Answer::Sent(sent) => return Ok(sent),
                other => return Err(self.unexpected(&other)),
            }
        }
    }

    /// Has it end, and returns its result.
    pub(super) async fn finish(mut self) -> Result<Finished, CompareError> {
        self.write(&Request::Finish).await?;
        match self.answer().await? {
            Answer::Finished(finished) => {
                // It has nothing left to do; its exit is waited for so that its folder can go.
                let _ = self.process.wait().await;
                Ok(*finished)
            }
            other => Err(self.unexpected(&other)),
        }
    }

    async fn write(&mut self, message: &impl serde::Serialize) -> Result<(), CompareError> {
        let mut line =
            serde_json::to_vec(message).expect("requests have only string keys and finite numbers");
        line.push(b'\n');
        if self.input.write_all(&line).await.is_ok() && self.input.flush().await.is_ok() {
            return Ok(());
        }
        // It has gone; why may stand in what it said last.
        match self.answer().await {
            Err(error) => Err(error),
            Ok(other) => Err(self.unexpected(&other)),
        }
    }

    /// The next thing that it says. Cancel-safe.
    async fn answer(&mut self) -> Result<Answer, CompareError> {
        let Ok(Some(line)) = self.output.next_line().await else {
            let status = self.process.wait().await.ok();
            return Err(CompareError::Died { cell: self.whole_name.clone(), how: describe(status) });
        };
        match serde_json::from_str(&line) {
            Ok(Answer::Failed { error }) => Err(self.failed(error)),
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.failed(format!("it said {line:?}: {error}"))),
        }
    }

    fn unexpected(&self, answer: &Answer) -> CompareError {
        self.failed(format!("it said {answer:?} out of turn"))
    }

    fn failed(&self, error: String) -> CompareError {
        CompareError::Cell { cell: self.whole_name.clone(), error }
    }
}

/// What a cell is called, in short and with where it runs.
fn names(spec: &Spec) -> (String, String) {
    let (style, bus) = (spec.style, &spec.bus);
    if !bus.is_broker() {
        return (style.to_string(), style.to_string());
    }
    (format!("{style} on {}", bus.name), format!("{style} on {} ({})", bus.name, bus.url))
}

fn describe(status: Option<ExitStatus>) -> String {
    #[cfg(unix)]
    if let Some(signal) = status.and_then(|status| std::os::unix::process::ExitStatusExt::signal(&status)) {
        let hint = if signal == 9 { " (out of memory?)" } else { "" };
        return format!("killed by signal {signal}{hint}");
    }
    status.map_or_else(|| "no exit status".to_owned(), |status| status.to_string())
}
