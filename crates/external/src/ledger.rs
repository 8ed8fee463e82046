//! Every movement of money, written down by the gateway before it answers.
//!
//! The ledger is what an auditor compares with what the services believe: it knows what really happened to the
//! money, also where the answer was lost.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
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
    /// What was done with the money.
    pub operation: Operation,
    /// With how much, in minor units. A void of an order that has nothing reserved moves nothing and stands here
    /// with 0, because it is final all the same.
    pub amount_minor: u64,
}

/// What a gateway makes of the entries that others have written since it looked last, oldest first: the entry to write, if
/// any.
pub type Decide<'a> = &'a mut dyn FnMut(Vec<LedgerEntry>) -> Option<LedgerEntry>;

/// Where the gateway writes what it does.
pub trait Ledger: Send + Sync {
    /// Lets `decide` look at what other gateways have written and say what to write at the end. Nobody else writes in
    /// between, so that gateways on one ledger never both do a thing.
    ///
    /// # Errors
    /// The ledger could not be read, and `decide` was not asked; or the entry could not be written: it does not count,
    /// and what it tells of must not happen.
    fn write(&self, decide: Decide<'_>) -> io::Result<()>;
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
    /// A ledger in memory has one gateway.
    fn write(&self, decide: Decide<'_>) -> io::Result<()> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.extend(decide(Vec::new()));
        Ok(())
    }
}

/// A ledger in a text file, which several processes of one machine may write.
///
/// One line an entry, ended by a line feed: the operation (`authorise`, `capture` or `void`), the amount in minor
/// units and the order's id, one space between them:
///
/// ```text
/// authorise 1900 o-1
/// capture 1900 o-1
/// ```
///
/// A writer locks the file (`flock`), reads what others have written since it did so last, decides, and appends its entry
/// with one `write`; so an entry survives the death of the process (not a power cut), and two writers never do the same
/// thing. A last line without its line feed is an entry that was never acknowledged: readers skip it, and the next
/// writer cuts it off.
#[derive(Debug)]
pub struct FileLedger {
    /// The same open file as the writer's: the lock belongs to that.
    lock: File,
    writer: Mutex<Writer>,
}

/// How long a writer waits for another one, which normally needs some microseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_micros(50);

#[derive(Debug)]
struct Writer {
    file: File,
    /// Up to here the entries are known: the length of as many whole ones, in bytes.
    known: u64,
    /// A line on its way in or out.
    line: String,
}

impl FileLedger {
    /// Opens the ledger for appending, making it where there is none, and tells `learn` of every entry in it, oldest
    /// first.
    ///
    /// # Errors
    /// The file cannot be made, read or written, or is no ledger.
    pub fn open(path: &Path, mut learn: impl FnMut(&LedgerEntry)) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let mut writer = Writer { file, known: 0, line: String::new() };
        let lock = writer.file.try_clone()?;
        let locked = Lock::take(&lock)?;
        writer.catch_up(&mut |entry| learn(&entry))?;
        drop(locked);
        Ok(Self { lock, writer: Mutex::new(writer) })
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
    fn write(&self, decide: Decide<'_>) -> io::Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let locked = Lock::take(&self.lock)?;
        let mut others = Vec::new();
        writer.catch_up(&mut |entry| others.push(entry))?;
        let written = decide(others).map_or(Ok(()), |entry| writer.append(&entry));
        drop(locked);
        written
    }
}

/// Holds off other writers until it is dropped. The kernel drops it with the process, however that ends.
struct Lock<'a>(&'a File);

impl<'a> Lock<'a> {
    fn take(file: &'a File) -> io::Result<Self> {
        let mut waited = Duration::ZERO;
        loop {
            match flock(file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self(file)),
                Err(Errno::WOULDBLOCK) if waited < LOCK_PATIENCE => {
                    std::thread::sleep(LOCK_PAUSE);
                    waited += LOCK_PAUSE;
                }
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // Should this fail, the lock goes with the file.
        let _ = flock(self.0, FlockOperation::Unlock);
    }
}

impl Writer {
    /// Reads the entries behind those that are known, and cuts off a torn last line: whoever wrote it has died, because
    /// the lock is ours.
    fn catch_up(&mut self, learn: &mut dyn FnMut(LedgerEntry)) -> io::Result<()> {
        // The cheapest way to ask for the length.
        let length = self.file.seek(SeekFrom::End(0))?;
        if length == self.known {
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(self.known))?;
        let mut lines = BufReader::new(&self.file);
        loop {
            self.line.clear();
            let bytes = lines.read_line(&mut self.line)? as u64;
            let Some(line) = self.line.strip_suffix('\n') else { break };
            let entry = parse(line).ok_or_else(|| {
                let problem = format!("at byte {} of the ledger there is no entry: {line:?}", self.known);
                io::Error::new(io::ErrorKind::InvalidData, problem)
            })?;
            self.known += bytes;
            learn(entry);
        }
        if self.known < length { self.file.set_len(self.known) } else { Ok(()) }
    }

    /// What a failed write leaves is cut off by the next one.
    fn append(&mut self, entry: &LedgerEntry) -> io::Result<()> {
        if !contract::order::is_id(&entry.order_id) {
            let problem = format!("{:?} is no order id: it would break the ledger's lines", entry.order_id);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        self.line.clear();
        let LedgerEntry { order_id, operation, amount_minor } = entry;
        // Writing to a string does not fail.
        let _ = writeln!(self.line, "{} {amount_minor} {order_id}", operation.as_str());
        // Not `write_all`: a second write for the rest would make two of one entry.
        let written = (&self.file).write(self.line.as_bytes())?;
        if written < self.line.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.known += written as u64;
        Ok(())
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

pub(crate) fn parse(line: &str) -> Option<LedgerEntry> {
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

    fn open(path: &Path) -> FileLedger {
        FileLedger::open(path, |_| ()).unwrap()
    }

    fn append(ledger: &dyn Ledger, entry: &LedgerEntry) -> io::Result<()> {
        ledger.write(&mut |_| Some(entry.clone()))
    }

    #[test]
    fn entries_survive_the_way_there_and_back_and_a_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let entries = Operation::ALL.map(|operation| entry(operation, "o-1"));
        for entry in &entries {
            append(&open(&path), entry).unwrap();
        }
        assert_eq!(read(&path), entries);
    }

    #[test]
    fn a_torn_last_line_is_skipped_and_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        std::fs::write(&path, "authorise 1900 o-1\ncapture 19").unwrap();
        assert_eq!(read(&path), [entry(Operation::Authorise, "o-1")]);
        append(&open(&path), &entry(Operation::Void, "o-1")).unwrap();
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
            let error = FileLedger::open(&path, |_| ()).unwrap_err();
            assert!(error.to_string().starts_with("at byte 11 of the ledger there is no entry"), "{error}");
        }
    }

    #[test]
    fn what_would_break_the_lines_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        assert!(append(&open(&path), &entry(Operation::Void, "o-1\ncapture 1 o-2")).is_err());
        assert_eq!(read(&path), []);
    }

    #[test]
    fn clones_of_a_memory_ledger_share_their_entries() {
        let ledger = MemoryLedger::default();
        append(&ledger.clone(), &entry(Operation::Void, "o-1")).unwrap();
        assert_eq!(ledger.entries(), [entry(Operation::Void, "o-1")]);
    }

    #[test]
    fn a_writer_learns_what_the_others_wrote_and_repairs_what_one_left_torn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let (one, two) = (open(&path), open(&path));
        append(&one, &entry(Operation::Authorise, "o-1")).unwrap();
        append(&one, &entry(Operation::Capture, "o-1")).unwrap();
        // A writer that dies in the middle of a line.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"void 19").unwrap();
        let mut learned = Vec::new();
        two.write(&mut |others| {
            learned = others;
            Some(entry(Operation::Authorise, "o-2"))
        })
        .unwrap();
        let first = [entry(Operation::Authorise, "o-1"), entry(Operation::Capture, "o-1")];
        assert_eq!(learned, first);
        one.write(&mut |others| {
            learned = others;
            None
        })
        .unwrap();
        assert_eq!(learned, [entry(Operation::Authorise, "o-2")], "its own entries it knows");
        assert_eq!(read(&path), [&first[..], &learned].concat());
    }
}
