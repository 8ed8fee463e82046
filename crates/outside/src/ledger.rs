//! Every movement of money, written down by the gateway before it answers.
//!
//! The ledger is what an auditor compares with what the services believe: it knows what really happened to the
//! money, also where the answer was lost.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// What a gateway can do with a customer's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Reserve it.
    Authorise,
    /// Take what was reserved.
    Capture,
    /// Give back what was reserved.
    Void,
}

impl Operation {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Authorise, Self::Capture, Self::Void];

    /// Its name in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorise => "authorise",
            Self::Capture => "capture",
            Self::Void => "void",
        }
    }
}

/// One thing that the gateway really did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// For which order.
    pub order_id: String,
    /// What.
    pub operation: Operation,
    /// With how much, in minor units. A void of an order that has nothing reserved moves nothing and stands here
    /// with 0, because it is final all the same.
    pub amount_minor: u64,
}

/// Where the gateway writes what it does.
pub trait Ledger: Send + Sync {
    /// Writes one entry at the end.
    ///
    /// # Errors
    /// The entry could not be written: it does not count, and what it tells of must not happen.
    fn append(&self, entry: &LedgerEntry) -> io::Result<()>;
}

/// A ledger in memory, for simulation. Clones share their entries. It grows with every entry.
#[derive(Clone, Debug, Default)]
pub struct MemoryLedger(Arc<Mutex<Vec<LedgerEntry>>>);

impl MemoryLedger {
    /// What has been written so far, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<LedgerEntry> {
        // A Vec is whole after any panic of a pusher.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Ledger for MemoryLedger {
    fn append(&self, entry: &LedgerEntry) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry.clone());
        Ok(())
    }
}

/// A ledger in a text file that one process writes at a time.
///
/// One line an entry, ended by a line feed: the operation (`authorise`, `capture` or `void`), the amount in minor
/// units and the order's id, one space between them:
///
/// ```text
/// authorise 1900 o-1
/// capture 1900 o-1
/// ```
///
/// Each entry is one `write` to a file opened for appending, so it survives the death of the process (not a
/// power cut). A last line without its line feed is an entry that was never acknowledged: readers skip it, and
/// [`FileLedger::open`] cuts it off.
#[derive(Debug)]
pub struct FileLedger(Mutex<Writer>);

#[derive(Debug)]
struct Writer {
    file: File,
    /// The length of all whole entries, in bytes.
    whole: u64,
    /// A failed write may have left part of an entry behind `whole`.
    torn: bool,
}

impl FileLedger {
    /// Opens the ledger for appending, making it where there is none.
    ///
    /// # Errors
    /// The file cannot be made, read or written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let whole = whole_lines(&mut file)?;
        file.set_len(whole)?;
        Ok(Self(Mutex::new(Writer { file, whole, torn: false })))
    }

    /// Reads a ledger from its beginning, entry by entry, without holding it in memory. The ledger may be in use.
    ///
    /// # Errors
    /// The file cannot be opened; the iterator yields an error for what cannot be read or is no entry.
    pub fn read(path: &Path) -> io::Result<LedgerEntries> {
        Ok(LedgerEntries { lines: BufReader::new(File::open(path)?), line: String::new(), number: 0 })
    }
}

impl Ledger for FileLedger {
    fn append(&self, entry: &LedgerEntry) -> io::Result<()> {
        if !contract::order::is_id(&entry.order_id) {
            let problem = format!("{:?} is no order id: it would break the ledger's lines", entry.order_id);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        let line = format!("{} {} {}\n", entry.operation.as_str(), entry.amount_minor, entry.order_id);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(line.as_bytes())
    }
}

impl Writer {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.whole)?;
            self.torn = false;
        }
        // Not `write_all`: a second write for the rest would make two of one entry.
        let written = self.file.write(line);
        if matches!(written, Ok(bytes) if bytes == line.len()) {
            self.whole += line.len() as u64;
            return Ok(());
        }
        self.torn = true;
        Err(written.err().unwrap_or_else(|| io::Error::from(io::ErrorKind::StorageFull)))
    }
}

/// The length of a file up to and with its last line feed.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    // A line is an operation, a number and an id of at most 64 bytes: far shorter than this.
    const TAIL_BYTES: u64 = 4096;
    let length = file.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    match tail.iter().rposition(|byte| *byte == b'\n') {
        Some(last) => Ok(start + last as u64 + 1),
        None if start == 0 => Ok(0),
        None => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "the file is not a ledger: its end has no lines"))
        }
    }
}

/// The entries of a file; see [`FileLedger::read`].
#[derive(Debug)]
pub struct LedgerEntries {
    lines: BufReader<File>,
    line: String,
    number: u64,
}

impl Iterator for LedgerEntries {
    type Item = io::Result<LedgerEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line.clear();
        self.number += 1;
        match self.lines.read_line(&mut self.line) {
            Ok(0) => None,
            Ok(_) => {
                let line = self.line.strip_suffix('\n')?;
                Some(parse(line).ok_or_else(|| {
                    let problem = format!("line {} of the ledger is no entry: {line:?}", self.number);
                    io::Error::new(io::ErrorKind::InvalidData, problem)
                }))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

fn parse(line: &str) -> Option<LedgerEntry> {
    let mut words = line.split(' ');
    let operation = words.next()?;
    let operation = Operation::ALL.into_iter().find(|known| known.as_str() == operation)?;
    let amount_minor = words.next()?.parse().ok()?;
    let order_id = words.next().filter(|id| contract::order::is_id(id))?.to_owned();
    words.next().is_none().then_some(LedgerEntry { order_id, operation, amount_minor })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(operation: Operation, order_id: &str) -> LedgerEntry {
        LedgerEntry { order_id: order_id.to_owned(), operation, amount_minor: 1900 }
    }

    fn read(path: &Path) -> Vec<LedgerEntry> {
        FileLedger::read(path).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn entries_survive_the_way_there_and_back_and_a_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let entries = Operation::ALL.map(|operation| entry(operation, "o-1"));
        for entry in &entries {
            FileLedger::open(&path).unwrap().append(entry).unwrap();
        }
        assert_eq!(read(&path), entries);
    }

    #[test]
    fn a_torn_last_line_is_skipped_and_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        std::fs::write(&path, "authorise 1900 o-1\ncapture 19").unwrap();
        assert_eq!(read(&path), [entry(Operation::Authorise, "o-1")]);
        FileLedger::open(&path).unwrap().append(&entry(Operation::Void, "o-1")).unwrap();
        assert_eq!(read(&path), [entry(Operation::Authorise, "o-1"), entry(Operation::Void, "o-1")]);
    }

    #[test]
    fn a_line_that_is_no_entry_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        for line in ["", "authorise", "steal 5 o-1", "void -5 o-1", "void 5 o 1", "void 5 o-1 x"] {
            std::fs::write(&path, format!("void 0 o-0\n{line}\n")).unwrap();
            let error = FileLedger::read(&path).unwrap().nth(1).unwrap().unwrap_err();
            assert!(error.to_string().starts_with("line 2 of the ledger is no entry"), "{error}");
        }
    }

    #[test]
    fn what_would_break_the_lines_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let ledger = FileLedger::open(&path).unwrap();
        assert!(ledger.append(&entry(Operation::Void, "o-1\ncapture 1 o-2")).is_err());
        assert_eq!(read(&path), []);
    }

    #[test]
    fn clones_of_a_memory_ledger_share_their_entries() {
        let ledger = MemoryLedger::default();
        ledger.clone().append(&entry(Operation::Void, "o-1")).unwrap();
        assert_eq!(ledger.entries(), [entry(Operation::Void, "o-1")]);
    }
}
