//! Standard error, to which lines can always be given: one that cannot be written (a full disk, a reader that has gone) is
//! dropped and counted, and told of as soon as one can be written again. What a program says about its work must not
//! end the work; `eprintln!` and a log that reports its own errors with it would.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::IntCounter;
use prometheus::core::Collector;

/// Lines for standard error that could not be written.
static STANDARD_ERROR: LazyLock<Dropped> = LazyLock::new(Dropped::new);

/// Says it on standard error, in a line of its own. Never fails. What comes from outside may be in it: control characters
/// are escaped, so that no text steers the terminal.
pub fn tell(text: impl Display) {
    let mut line = printable(&text.to_string());
    line.push('\n');
    STANDARD_ERROR.write(&mut io::stderr().lock(), line.as_bytes());
}

/// The text with its control characters escaped, but for line feeds and tabs.
#[must_use]
pub fn printable(text: &str) -> String {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) {
            // Writing to a String cannot fail.
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// What counts the lines that were dropped.
pub(crate) fn dropped_lines() -> Box<dyn Collector> {
    Box::new(STANDARD_ERROR.total.clone())
}

/// Where the log writes.
pub(crate) struct LogLines;

impl Write for LogLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        STANDARD_ERROR.write(&mut io::stderr().lock(), line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What could not be written.
struct Dropped {
    total: IntCounter,
    /// Of these, nobody was told yet.
    untold: AtomicU64,
}

impl Dropped {
    fn new() -> Self {
        let help = "Lines for standard error, the log's among them, that could not be written.";
        let total = IntCounter::new("duet_log_lines_dropped_total", help);
        Self { total: total.expect("the name and help text are valid constants"), untold: AtomicU64::new(0) }
    }

    /// Writes the line, or counts it. Before it comes how many were dropped.
    fn write(&self, out: &mut impl Write, line: &[u8]) {
        let untold = self.untold.load(Ordering::Relaxed);
        if untold > 0 {
            let told = writeln!(out, "{untold} lines could not be written here and were dropped");
            if told.is_ok() {
                self.untold.fetch_sub(untold, Ordering::Relaxed);
            }
        }
        if out.write_all(line).is_err() {
            self.total.inc();
            self.untold.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Disk {
        room: usize,
        written: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.room);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= taken;
            self.written.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_told_of_later() {
        let dropped = Dropped::new();
        let mut disk = Disk { room: 6, written: Vec::new() };
        for _ in 0..3 {
            dropped.write(&mut disk, b"line\n");
        }
        assert_eq!(dropped.total.get(), 2);
        disk.room = 1000;
        dropped.write(&mut disk, b"again\n");
        dropped.write(&mut disk, b"and again\n");
        let written = String::from_utf8(disk.written).unwrap();
        let expected = "line\nl2 lines could not be written here and were dropped\nagain\nand again\n";
        assert_eq!(written, expected, "the second line was begun");
        assert_eq!(dropped.total.get(), 2);
    }

    #[test]
    fn nothing_that_is_told_steers_the_terminal() {
        assert_eq!(printable("a\u{1b}[31m\0\u{9b}ü\tb\nc\r"), "a\\u{1b}[31m\\u{0}\\u{9b}ü\tb\nc\\r");
    }
}
