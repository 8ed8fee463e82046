//! What this process and its servers use, and where it runs.

pub mod server;

use std::time::Duration;

use operate::proc::{self, Resident};
use rustix::time::{ClockId, clock_gettime};

use crate::report::Machine;

/// CPU time of this process so far, user and system.
#[must_use]
pub fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

/// CPU time of the calling thread so far.
#[must_use]
pub fn thread_cpu() -> Duration {
    cpu(ClockId::ThreadCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The most memory this process has had resident, in bytes; `None` where the system does not say (no `/proc`).
#[must_use]
pub fn peak_rss_bytes() -> Option<u64> {
    peak_rss_bytes_of(std::process::id())
}

/// The same of another process.
fn peak_rss_bytes_of(pid: u32) -> Option<u64> {
    Some(Resident::of(pid)?.most)
}

/// The compiler's profile of this program. Figures of a debug build mean nothing.
#[must_use]
pub const fn profile() -> &'static str {
    if cfg!(debug_assertions) { "debug" } else { "release" }
}

/// The machine and its operating system.
#[must_use]
pub fn machine() -> Machine {
    let uname = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    Machine {
        cores: cores(),
        cpu: proc::cpu_model().unwrap_or_else(|| text(uname.machine())),
        memory_bytes: proc::memory_bytes(),
        system: format!("{} {}", text(uname.sysname()), text(uname.release())),
    }
}

/// Whether what is written to `dir` stays in memory (a RAM disk), so that no flush makes it survive a power cut;
/// `false` where the system does not say.
#[must_use]
pub fn is_ram_disk(dir: &std::path::Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        const TMPFS: u64 = 0x0102_1994;
        const RAMFS: u64 = 0x8584_58f6;
        rustix::fs::statfs(dir).is_ok_and(|fs| [TMPFS, RAMFS].contains(&(fs.f_type as u64)))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = dir;
        false
    }
}

/// How many cores this process may use.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_grows_with_work() {
        let before = (process_cpu(), thread_cpu());
        let mut sum = 0_u64;
        while thread_cpu() - before.1 < Duration::from_millis(2) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(process_cpu() > before.0);
        assert!(machine().cores >= 1);
    }
}
