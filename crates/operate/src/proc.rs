//! What the kernel says of processes, where it is Linux. Elsewhere nothing is known.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The process that started it, or that took it over.
    pub parent: u32,
    /// When it began, in clock ticks since the machine started.
    pub began_ticks: u64,
    /// CPU time, user and system, in clock ticks.
    pub cpu_ticks: u64,
    /// The same of its children: those that have ended and were waited for, and of theirs.
    pub cpu_ticks_of_ended_children: u64,
    /// It has ended, and only its exit status is still there for its parent.
    pub ended: bool,
}

/// The memory of a process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resident {
    /// What it has resident now.
    pub now: u64,
    /// The most that it had.
    pub most: u64,
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::{OsStr, OsString};
    use std::path::PathBuf;

    use procfs::net::TcpState;
    use procfs::process::{FDTarget, Process};
    use procfs::{CpuInfo, Current as _, Meminfo};

    use super::{Resident, Stat};

    fn process(pid: u32) -> Option<Process> {
        Process::new(i32::try_from(pid).ok()?).ok()
    }

    pub(super) fn stat(pid: u32) -> Option<Stat> {
        let stat = process(pid)?.stat().ok()?;
        Some(Stat {
            parent: u32::try_from(stat.ppid).ok()?,
            began_ticks: stat.starttime,
            cpu_ticks: stat.utime + stat.stime,
            cpu_ticks_of_ended_children: u64::try_from(stat.cutime + stat.cstime).ok()?,
            ended: matches!(stat.state, 'Z' | 'X'),
        })
    }

    pub(super) fn resident(pid: u32) -> Option<Resident> {
        let status = process(pid)?.status().ok()?;
        Some(Resident { now: status.vmrss? * 1024, most: status.vmhwm? * 1024 })
    }

    pub(super) fn pids() -> Vec<u32> {
        let processes = procfs::process::all_processes().into_iter().flatten().flatten();
        processes.filter_map(|process| u32::try_from(process.pid).ok()).collect()
    }

    pub(super) fn program(pid: u32) -> Option<String> {
        Some(process(pid)?.stat().ok()?.comm)
    }

    pub(super) fn variable(pid: u32, name: &OsStr) -> Option<OsString> {
        process(pid)?.environ().ok()?.remove(name)
    }

    fn open(pid: u32) -> impl Iterator<Item = FDTarget> {
        let files = process(pid).and_then(|process| process.fd().ok()).into_iter().flatten().flatten();
        files.map(|file| file.target)
    }

    pub(super) fn files(pid: u32) -> Vec<PathBuf> {
        let path = |target| match target {
            FDTarget::Path(path) => Some(path),
            _ => None,
        };
        open(pid).filter_map(path).collect()
    }

    pub(super) fn sockets(pid: u32) -> Vec<u64> {
        let inode = |target| match target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        };
        open(pid).filter_map(inode).collect()
    }

    pub(super) fn boot() -> Option<String> {
        procfs::sys::kernel::random::boot_id().ok()
    }

    pub(super) fn listening() -> Vec<(u16, u64)> {
        let tables = [procfs::net::tcp(), procfs::net::tcp6()];
        let rows = tables.into_iter().flatten().flatten();
        let listens = rows.filter(|row| row.state == TcpState::Listen);
        listens.map(|row| (row.local_address.port(), row.inode)).collect()
    }

    pub(super) fn cpu_model() -> Option<String> {
        Some(CpuInfo::current().ok()?.model_name(0)?.to_owned())
    }

    pub(super) fn memory_bytes() -> Option<u64> {
        Some(Meminfo::current().ok()?.mem_total)
    }
}

#[cfg(not(target_os = "linux"))]
mod linux {
    pub(super) fn stat(_: u32) -> Option<super::Stat> {
        None
    }

    pub(super) fn resident(_: u32) -> Option<super::Resident> {
        None
    }

    pub(super) fn pids() -> Vec<u32> {
        Vec::new()
    }

    pub(super) fn program(_: u32) -> Option<String> {
        None
    }

    pub(super) fn variable(_: u32, _: &std::ffi::OsStr) -> Option<std::ffi::OsString> {
        None
    }

    pub(super) fn files(_: u32) -> Vec<std::path::PathBuf> {
        Vec::new()
    }

    pub(super) fn sockets(_: u32) -> Vec<u64> {
        Vec::new()
    }

    pub(super) fn boot() -> Option<String> {
        None
    }

    pub(super) fn listening() -> Vec<(u16, u64)> {
        Vec::new()
    }

    pub(super) fn cpu_model() -> Option<String> {
        None
    }

    pub(super) fn memory_bytes() -> Option<u64> {
        None
    }
}

impl Stat {
    /// The process that has this id now.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        linux::stat(pid)
    }
}

impl Resident {
    /// That of the process that has this id now; `None` also for one that has ended.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        linux::resident(pid)
    }
}

/// All processes.
#[must_use]
pub fn pids() -> Vec<u32> {
    linux::pids()
}

/// The name of the program that a process runs, cut to 15 bytes as the kernel does.
#[must_use]
pub fn program(pid: u32) -> Option<String> {
    linux::program(pid)
}

/// What a variable said in the environment that a process was started with, as far as this user may see it.
#[must_use]
pub fn variable(pid: u32, name: impl AsRef<OsStr>) -> Option<OsString> {
    linux::variable(pid, name.as_ref())
}

/// The files that a process has open, by where they are now, as far as this user may see them.
#[must_use]
pub fn files(pid: u32) -> Vec<PathBuf> {
    linux::files(pid)
}

/// Names this start of the machine.
#[must_use]
pub fn boot() -> Option<String> {
    linux::boot()
}

/// The sockets that a process has open, by inode, as far as this user may see them.
#[must_use]
pub fn sockets(pid: u32) -> Vec<u64> {
    linux::sockets(pid)
}

/// The TCP sockets that listen on this machine: port and inode.
#[must_use]
pub fn listening() -> Vec<(u16, u64)> {
    linux::listening()
}

/// What the first processor calls itself.
#[must_use]
pub fn cpu_model() -> Option<String> {
    linux::cpu_model()
}

/// The machine's memory.
#[must_use]
pub fn memory_bytes() -> Option<u64> {
    linux::memory_bytes()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_until_its_parent_has_seen_its_end() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let pid = child.id();
        let stat = Stat::of(pid).unwrap();
        assert_eq!((stat.parent, stat.ended), (std::process::id(), false));
        let resident = Resident::of(pid).unwrap();
        assert!(0 < resident.now && resident.now <= resident.most, "{resident:?}");
        child.kill().unwrap();
        while !Stat::of(pid).unwrap().ended {}
        assert_eq!(Resident::of(pid), None);
        child.wait().unwrap();
        assert_eq!(Stat::of(pid), None);
    }

    #[test]
    fn the_machine_and_what_runs_on_it_are_known() {
        let pid = std::process::id();
        assert!(pids().contains(&pid));
        assert!(memory_bytes().unwrap() > Resident::of(pid).unwrap().now);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (_, inode) = listening().into_iter().find(|(listens, _)| *listens == port).unwrap();
        assert!(sockets(pid).contains(&inode));
        let calls = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let from = calls.local_addr().unwrap().port();
        assert!(listening().iter().all(|(listens, _)| *listens != from), "who calls does not listen");
        drop(listener);
        assert!(!sockets(pid).contains(&inode));
    }

    #[test]
    fn what_a_child_took_counts_once_its_end_was_seen() {
        let before = Stat::of(std::process::id()).unwrap().cpu_ticks_of_ended_children;
        let work = "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done";
        loop {
            assert!(std::process::Command::new("sh").args(["-c", work]).status().unwrap().success());
            if Stat::of(std::process::id()).unwrap().cpu_ticks_of_ended_children > before {
                break;
            }
        }
    }

    #[test]
    fn work_takes_cpu_time() {
        let before = Stat::of(std::process::id()).unwrap().cpu_ticks;
        while Stat::of(std::process::id()).unwrap().cpu_ticks <= before {}
    }
}
