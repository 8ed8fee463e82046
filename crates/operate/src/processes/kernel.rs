//! What the kernel says about a process: when it began (which, with its id, tells it from any other) and what it
//! uses. Where there is no `/proc`, nothing is known.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::proc::{Resident, Stat};

/// A process, told from every other that may get the same id later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its id; later processes may get the same.
    pub pid: u32,
    /// When it began, in clock ticks since the machine started; `None` where the system does not say.
    pub began_ticks: Option<u64>,
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time, user and system.
    pub cpu: Duration,
    /// Memory it has resident now, in bytes.
    pub resident_bytes: u64,
    /// The most memory it had resident, in bytes.
    pub resident_bytes_max: u64,
}

impl Identity {
    /// The process that has this id now.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        Self { pid, began_ticks: Stat::of(pid).map(|stat| stat.began_ticks) }
    }

    /// Whether this very process still runs. Where the system does not say when processes began, it is taken for gone:
    /// better to leave it alone than to stop a stranger.
    #[must_use]
    pub fn is_alive(self) -> bool {
        let now = Stat::of(self.pid);
        self.began_ticks.is_some()
            && now.is_some_and(|now| !now.ended && Some(now.began_ticks) == self.began_ticks)
    }

    /// Sends the signal if this very process still runs; says whether it did.
    #[must_use]
    pub fn signal(self, signal: Signal) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        self.is_alive() && pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
    }
}

/// What the process with that id has used; `None` when there is none, or the system does not say.
#[must_use]
pub fn usage(pid: u32) -> Option<Usage> {
    let stat = Stat::of(pid)?;
    let resident = Resident::of(pid)?;
    Some(Usage {
        cpu: Duration::from_secs_f64(stat.cpu_ticks as f64 / rustix::param::clock_ticks_per_second() as f64),
        resident_bytes: resident.now,
        resident_bytes_max: resident.most,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_stranger_with_the_same_id_is_not_signalled() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let it = Identity::of(child.id());
        let stranger = Identity { began_ticks: it.began_ticks.map(|ticks| ticks - 1), ..it };
        assert!(it.is_alive() && !stranger.is_alive());
        assert!(!stranger.signal(Signal::KILL));
        assert!(usage(child.id()).unwrap().resident_bytes > 0);
        assert!(it.signal(Signal::KILL));
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.wait().unwrap()), Some(9));
        assert!(!it.is_alive() && !it.signal(Signal::KILL));
    }
}
