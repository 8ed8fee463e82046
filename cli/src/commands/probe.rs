//! `duet probe`: whether a process of the system is ready, for health checks in places without a shell.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use daemon::client;
use telemetry::exit;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Flags of `duet probe`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ProbeArgs {
    /// Where it listens: HOST:PORT.
    #[arg(value_name = "HOST:PORT")]
    place: String,
    /// What is asked for there.
    #[arg(long, value_name = "PATH", default_value = "/readyz")]
    path: String,
}

/// It is not ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    /// There was no answer, or another than 200.
    #[error("not ready: {0}")]
    NotReady(String),
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

/// Asks once. Exit code 0 when the answer is 200.
pub(crate) fn main(args: &ProbeArgs) -> ExitCode {
    match probe(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit(&error),
    }
}

fn probe(args: &ProbeArgs) -> Result<(), ProbeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answered =
        runtime.map_err(ProbeError::Threads)?.block_on(client::get(&args.place, &args.path, PATIENCE));
    match answered {
        Ok(answer) if answer.status == 200 => Ok(()),
        Ok(answer) => Err(ProbeError::NotReady(format!("{} {}", answer.status.as_u16(), answer.body.trim()))),
        Err(reason) => Err(ProbeError::NotReady(reason)),
    }
}
