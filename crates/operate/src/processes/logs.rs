//! A process' log: everything that it writes, in a file that does not grow without end.
//!
//! The process writes to the file itself, so that nothing stands between it and its log, and a supervisor that dies
//! takes no log with it. A file that has grown too long is copied to `NAME.log.1` and emptied; the process, which
//! only ever appends, goes on at its beginning.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// A log longer than this is turned over, in bytes; so a process keeps about twice as much at the most.
pub const LOG_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// How much of a log's end is looked at for what to show.
const TAIL_BYTES: u64 = 16 * 1024;

/// The log of one process.
#[derive(Clone, Debug)]
pub struct Log {
    path: PathBuf,
}

impl Log {
    /// The log of the process of that name in the folder `logs`.
    #[must_use]
    pub fn new(logs: &Path, name: &str) -> Self {
        Self { path: logs.join(format!("{name}.log")) }
    }

    /// The log in that file.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for appending, made where there is none.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn open(&self) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).open(&self.path)
    }

    /// How long it is, in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Turns it over when it is longer than `bytes_max`; says whether it did. Blocks. What is written between the copy
    /// and the emptying is lost; the copy therefore goes on until nothing more comes.
    ///
    /// # Errors
    /// The copy cannot be written; the log is emptied nevertheless, so that it stays bounded.
    pub fn turn_over(&self, bytes_max: u64) -> io::Result<bool> {
        if self.len() <= bytes_max {
            return Ok(false);
        }
        let mut file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        let mut before = self.path.clone().into_os_string();
        before.push(".1");
        // No more than twice as much, should the process write faster than this copies.
        let copied = File::create(before)
            .and_then(|mut copy| io::copy(&mut (&mut file).take(bytes_max.saturating_mul(2)), &mut copy));
        file.set_len(0)?;
        copied.map(|_| true)
    }

    /// The last lines written since the log was `from` bytes long, at most `lines_max`.
    #[must_use]
    pub fn tail(&self, from: u64, lines_max: usize) -> Vec<String> {
        let Ok(text) = self.end(from) else { return Vec::new() };
        let lines: Vec<_> = text.lines().collect();
        let shown = &lines[lines.len().saturating_sub(lines_max)..];
        shown.iter().map(|&line| line.to_owned()).collect()
    }

    /// What the process said last about why it ends (the line `error: …`), written since the log was `from` bytes long.
    #[must_use]
    pub fn last_error(&self, from: u64) -> Option<String> {
        let text = self.end(from).ok()?;
        text.lines().rev().find_map(|line| line.strip_prefix("error: ")).map(str::to_owned)
    }

    fn end(&self, from: u64) -> io::Result<String> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        // Shorter than before: it was turned over meanwhile, and all of it is new.
        let from = if from > length { 0 } else { from };
        file.seek(SeekFrom::Start(from.max(length.saturating_sub(TAIL_BYTES))))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_log_is_turned_over_under_the_hands_of_its_writer() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(folder.path(), "order-status");
        let mut writer = log.open().unwrap();
        writeln!(writer, "first").unwrap();
        assert!(!log.turn_over(100).unwrap(), "short enough");
        assert!(log.turn_over(5).unwrap() && log.is_empty());
        writeln!(writer, "next").unwrap();
        assert_eq!(log.tail(6, 10), ["next"]);
        let before = std::fs::read_to_string(folder.path().join("order-status.log.1")).unwrap();
        assert_eq!(before, "first\n");
    }

    #[test]
    fn the_reason_of_an_end_is_found_among_the_lines_of_this_life() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(folder.path(), "x");
        assert_eq!((log.last_error(0), log.tail(0, 3)), (None, vec![]));
        std::fs::write(log.path(), "error: the port is taken\n").unwrap();
        let from = log.len();
        assert_eq!(log.last_error(from), None);
        writeln!(log.open().unwrap(), "INFO starting\nerror: the disk is full\nbye").unwrap();
        assert_eq!(log.last_error(from).as_deref(), Some("the disk is full"));
        assert_eq!(log.tail(from, 2), ["error: the disk is full", "bye"]);
    }
}
