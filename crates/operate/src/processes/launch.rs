//! Starts processes that end when the one that started them does, however that ends.
//!
//! A process can ask the kernel for a signal at its parent's death, but only for itself. So `duet` is started first,
//! by its hidden command `launch`: it asks for SIGTERM, and then becomes the program. The kernel means the *thread*
//! that started the process, so all of them are started by one thread that lives as long as its [`Launcher`].

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use tokio::process::{Child, Command};
use tokio::sync::oneshot;

/// The thread that starts processes. When it is dropped, those that still run are asked to end.
#[derive(Debug)]
pub struct Launcher {
    requests: std::sync::mpsc::Sender<Request>,
}

struct Request {
    command: Command,
    answer: oneshot::Sender<io::Result<Child>>,
}

impl Launcher {
    /// Starts the thread. Needs a runtime.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn new() -> io::Result<Self> {
        let (requests, received) = std::sync::mpsc::channel::<Request>();
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new().name("launcher".to_owned()).spawn(move || {
            let _inside = runtime.enter();
            for Request { mut command, answer } in received {
                // Who no longer waits for it drops the child, which kills it.
                let _ = answer.send(command.spawn());
            }
        })?;
        Ok(Self { requests })
    }

    /// Starts a process; it is killed when the child is dropped.
    pub(super) async fn spawn(&self, mut command: Command) -> io::Result<Child> {
        command.kill_on_drop(true);
        let (answer, answered) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts processes has ended");
        self.requests.send(Request { command, answer }).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// The command that becomes `program` with `args`, by way of `duet`.
pub(super) fn command(duet: PathBuf, program: PathBuf, args: impl IntoIterator<Item = OsString>) -> Command {
    let mut command = if cfg!(target_os = "linux") {
        let mut command = Command::new(duet);
        command.args(["launch", "--parent", &std::process::id().to_string()]).arg(program).arg("--");
        command
    } else {
        Command::new(program)
    };
    command.args(args);
    // Ctrl-C is for the one who started it, who ends the others in order.
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// Flags of the hidden command `duet launch`.
#[derive(Clone, Debug, clap::Args)]
pub struct LaunchArgs {
    /// The process that starts it.
    #[arg(long)]
    parent: u32,
    /// What to become.
    program: PathBuf,
    /// Its arguments.
    #[arg(last = true)]
    args: Vec<OsString>,
}

/// Becomes the program; returns only what stands against it.
#[must_use]
pub fn main(args: &LaunchArgs) -> LaunchError {
    let failed = |source| LaunchError { program: args.program.clone(), source };
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        if let Err(errno) = set_parent_process_death_signal(Some(Signal::TERM)) {
            return failed(errno.into());
        }
        // It may have died before it was asked about.
        let parent = getppid().map_or(0, |parent| parent.as_raw_nonzero().get());
        if u32::try_from(parent) != Ok(args.parent) {
            return failed(io::Error::other("whoever started it is gone"));
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        failed(std::process::Command::new(&args.program).args(&args.args).exec())
    }
    #[cfg(not(unix))]
    failed(io::ErrorKind::Unsupported.into())
}

/// A program could not be started.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be started", program.display())]
pub struct LaunchError {
    program: PathBuf,
    #[source]
    source: io::Error,
}
