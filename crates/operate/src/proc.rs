//! Linux's files about processes, as text; see proc(5). Where there is no `/proc`, nothing is known.

/// What `/proc/PID/stat` says.
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

impl Stat {
    /// The process that has this id now.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        Self::read(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn read(stat: &str) -> Option<Self> {
        // Places in the file, counted from the first field behind the command name, which is the third.
        const STATE: usize = 0;
        const PARENT: usize = 4 - 3;
        const USER: usize = 14 - 3;
        const BEGAN: usize = 22 - 3;
        // The command name is in parentheses and may hold spaces and parentheses itself.
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<_> = fields.split_ascii_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
        Some(Self {
            parent: u32::try_from(number(PARENT)?).ok()?,
            began_ticks: number(BEGAN)?,
            // Each is followed by the same in the system.
            cpu_ticks: number(USER)? + number(USER + 1)?,
            cpu_ticks_of_ended_children: number(USER + 2)? + number(USER + 3)?,
            ended: matches!(*fields.get(STATE)?, "Z" | "X"),
        })
    }
}

/// What `/proc/PID/status` says; `of` is a process's id, or `self`.
#[must_use]
pub fn status(of: impl std::fmt::Display) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{of}/status")).ok()
}

/// The amount behind `name` (`VmHWM:`) in such a file, in bytes; the file says it in KiB.
#[must_use]
pub fn bytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_says() {
        let line = "1742 (a) b (c)) S 1 1742 1742 0 -1 4194304 900 0 0 0 30 12 0 0 20 0 3 0 8054 1000 200";
        let stat = Stat::read(line).unwrap();
        assert_eq!((stat.began_ticks, stat.cpu_ticks, stat.ended), (8054, 42, false));
        assert!(Stat::read(&line.replace(" S ", " Z ")).unwrap().ended);
        assert!(Stat::read("1 (x) S").is_none());
        let stat = Stat::read("7 (a) b) S 3 7 7 0 -1 0 9 9 0 0 30 12 5 6 20 0 3 0 8054 1 2").unwrap();
        assert_eq!((stat.parent, stat.cpu_ticks, stat.cpu_ticks_of_ended_children), (3, 42, 11));
        assert_eq!(bytes("VmPeak:\t 9 kB\nVmHWM:\t  1234 kB\n", "VmHWM:"), Some(1234 * 1024));
        assert_eq!(bytes("", "VmHWM:"), None);
    }
}
