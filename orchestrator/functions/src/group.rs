//! The process group of a program: it and all that it started, unless they went away into a group of their own.

use tokio::process::{Child, Command};

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
            while matches!(waitid(WaitId::Pid(leader), options), Err(rustix::io::Errno::INTR)) {}
        };
        async move {
            // That it cannot be waited for means that it has ended.
            let _ = tokio::task::spawn_blocking(wait).await;
        }
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

    pub(crate) fn end(&mut self) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}
