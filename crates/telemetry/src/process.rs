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
        #[cfg(target_os = "linux")]
        process.start_seconds.set(start_seconds().unwrap_or_default());
        Ok(process)
    }

    fn refresh(&self) {
        let spent = clock_gettime(ClockId::ProcessCPUTime);
        let spent_seconds = spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9;
        // Collected by several callers at once, the clock may have been read in another order.
        self.cpu_seconds.inc_by((spent_seconds - self.cpu_seconds.get()).max(0.0));
        #[cfg(target_os = "linux")]
        if let Ok(status) = procfs::process::Process::myself().and_then(|process| process.status()) {
            let bytes = |kibibytes: Option<u64>| kibibytes.unwrap_or_default() as f64 * 1024.0;
            self.resident_bytes.set(bytes(status.vmrss));
            self.resident_max_bytes.set(bytes(status.vmhwm));
        }
        // Not procfs, which has more or fewer files open while it counts, as the kernel has it.
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

/// The boot time plus the ticks after which this process started.
#[cfg(target_os = "linux")]
fn start_seconds() -> procfs::ProcResult<f64> {
    let ticks = procfs::process::Process::myself()?.stat()?.starttime as f64;
    Ok(procfs::boot_time_secs()? as f64 + ticks / procfs::ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

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
