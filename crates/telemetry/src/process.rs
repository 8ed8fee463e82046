//! What the operating system says about this process, under the names that Prometheus clients agree on. Where there
//! is no `/proc`, the values read from it are left out.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge};
use rustix::time::{ClockId, clock_gettime};

pub(crate) struct Process {
    cpu_seconds: Counter,
    resident_bytes: Gauge,
    resident_max_bytes: Gauge,
    open_files: Gauge,
    start_seconds: Gauge,
}

impl Process {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let process = Self {
            cpu_seconds: Counter::new(
                "process_cpu_seconds_total",
                "User and system CPU time spent, in seconds.",
            )?,
            resident_bytes: Gauge::new("process_resident_memory_bytes", "Resident memory, in bytes.")?,
            resident_max_bytes: Gauge::new(
                "process_resident_memory_max_bytes",
                "The most resident memory so far, in bytes.",
            )?,
            open_files: Gauge::new("process_open_fds", "Open file descriptors.")?,
            start_seconds: Gauge::new(
                "process_start_time_seconds",
                "When the process started, in seconds since the Unix epoch.",
            )?,
        };
        process.start_seconds.set(start_seconds().unwrap_or_default());
        Ok(process)
    }

    fn refresh(&self) {
        let spent = clock_gettime(ClockId::ProcessCPUTime);
        let spent_seconds = spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9;
        // Collected by several callers at once, the clock may have been read in another order.
        self.cpu_seconds.inc_by((spent_seconds - self.cpu_seconds.get()).max(0.0));
        if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
            self.resident_bytes.set(status_bytes(&status, "VmRSS:").unwrap_or_default());
            self.resident_max_bytes.set(status_bytes(&status, "VmHWM:").unwrap_or_default());
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            // The directory itself is open while it is counted.
            self.open_files.set(files.count().saturating_sub(1) as f64);
        }
    }

    fn metrics(&self) -> [&dyn Collector; 5] {
        [
            &self.cpu_seconds,
            &self.resident_bytes,
            &self.resident_max_bytes,
            &self.open_files,
            &self.start_seconds,
        ]
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.metrics().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.refresh();
        self.metrics().into_iter().flat_map(Collector::collect).collect()
    }
}

/// A value of `/proc/self/status` (`VmRSS:     1234 kB`), in bytes.
fn status_bytes(status: &str, name: &str) -> Option<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// The boot time plus the ticks after which this process started.
fn start_seconds() -> Option<f64> {
    /// Its place in `/proc/PID/stat` (22), counted from the first field behind the command name (3).
    const START_TIME: usize = 22 - 3;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The command name is in parentheses and may hold spaces and parentheses itself.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: f64 = fields.split_ascii_whitespace().nth(START_TIME)?.parse().ok()?;
    let system = std::fs::read_to_string("/proc/stat").ok()?;
    let boot: f64 = system.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot + ticks / rustix::param::clock_ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(status_bytes(status, "VmRSS:"), Some(1024.0 * 1024.0));
        assert_eq!(status_bytes(status, "VmSwap:"), None);
    }

    #[test]
    fn the_process_spends_cpu_time_and_the_counter_follows() {
        let process = Process::new().unwrap();
        process.refresh();
        let before = process.cpu_seconds.get();
        let mut sum = 0_u64;
        while process.cpu_seconds.get() <= before {
            sum = std::hint::black_box(sum.wrapping_add(1));
            process.refresh();
        }
        assert!(process.cpu_seconds.get() > before);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_files_and_start_are_plausible() {
        let process = Process::new().unwrap();
        process.refresh();
        assert!(process.resident_bytes.get() > 100_000.0);
        assert!(process.resident_max_bytes.get() >= process.resident_bytes.get());
        assert!(process.open_files.get() >= 3.0);
        assert!(process.start_seconds.get() > 1.5e9);
    }
}
