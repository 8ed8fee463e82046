//! The process group of a program: it and all that it started, unless they went away into a group of their own.

use tokio::process::{Child, Command};

/// For a thread that only waits.
#[cfg(unix)]
const STACK_BYTES: usize = 64 * 1024;

/// Has a program begin in a group of its own, so that all of it can be ended, and Ctrl-C is for this process.
pub(crate) fn lead(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// A process group; ended when this is dropped.
pub(crate) struct Group {
    /// The program that was started, until nothing of the group can be left. It must not be waited for before: its number would be free.
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

#[cfg(unix)]
impl Group {
    /// That of a program which leads it.
    pub(crate) fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self { leader: id.and_then(rustix::process::Pid::from_raw) }
    }

    /// Returns once the program has ended, whatever those that it started do. It is still to be waited for.
    pub(crate) fn leader_ends(&self) -> impl Future<Output = ()> + use<> {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let leader = self.leader;
        let wait = move || {
            let Some(leader) = leader else { return };
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            // That it cannot be waited for means that it has ended.
            while matches!(waitid(WaitId::Pid(leader), options), Err(rustix::io::Errno::INTR)) {}
        };
        async move {
            let (tell, told) = tokio::sync::oneshot::channel();
            // A thread of its own: there may be more programs than the runtime has threads to wait with.
            let thread = std::thread::Builder::new().name("function-ends".to_owned()).stack_size(STACK_BYTES);
            let waiting = thread.spawn(move || {
                wait();
                // Nobody may want to know any more.
                let _ = tell.send(());
            });
            let _ = match waiting {
                Ok(_) => told.await.is_ok(),
                Err(_) => tokio::task::spawn_blocking(wait).await.is_ok(),
            };
        }
    }

    /// Whether the program has ended. It is still to be waited for.
    pub(crate) fn has_ended(&self) -> bool {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let Some(leader) = self.leader else { return true };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        !matches!(waitid(WaitId::Pid(leader), options), Ok(None))
    }

    /// Ends all of it that is left.
    pub(crate) fn end(&mut self) {
        if let Some(leader) = self.leader.take() {
            // That there is nothing left is no error.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(not(unix))]
impl Group {
    pub(crate) fn of(_: &Child) -> Self {
        Self {}
    }

    /// There are no groups: the end of the program is seen by its pipes.
    pub(crate) fn leader_ends(&self) -> impl Future<Output = ()> + use<> {
        std::future::pending()
    }

    pub(crate) fn has_ended(&self) -> bool {
        false
    }

    pub(crate) fn end(&mut self) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}
