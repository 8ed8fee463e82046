//! The entries of an execution's journal: facts, and snapshots between them.

use std::io::{self, Write};

use engine::{DecodeError, Execution, JournalEntry};
use serde::Serialize;

/// What a snapshot begins with: no fact does.
const SNAPSHOT_MARK: u8 = b'S';

/// What the text of an input begins with: no fact does.
const INPUT_MARK: u8 = b'I';

/// An entry.
pub(crate) enum Record {
    Fact(JournalEntry),
    /// Where the execution stands after all entries before this one.
    Snapshot(Box<Execution>),
    /// What the execution was begun with, to the letter.
    Input(String),
}

/// An encoded execution as an entry.
pub(crate) fn of_snapshot(encoded: &[u8]) -> Vec<u8> {
    [&[SNAPSHOT_MARK], encoded].concat()
}

/// The text of an input as an entry.
pub(crate) fn of_input(text: &str) -> Vec<u8> {
    [&[INPUT_MARK], text.as_bytes()].concat()
}

/// Reads an entry.
pub(crate) fn read(entry: &[u8]) -> Result<Record, DecodeError> {
    match entry.split_first() {
        Some((&SNAPSHOT_MARK, snapshot)) => Ok(Record::Snapshot(Box::new(Execution::decode(snapshot)?))),
        Some((&INPUT_MARK, text)) => Ok(Record::Input(String::from_utf8_lossy(text).into_owned())),
        _ => Ok(Record::Fact(serde_json::from_slice(entry)?)),
    }
}

/// How many bytes it takes as JSON, unless that is more than `max`: then it is not looked at to its end.
pub(crate) fn size(value: &impl Serialize, max: u64) -> Option<u64> {
    struct Counted {
        bytes: u64,
        max: u64,
    }
    impl Write for Counted {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            self.bytes += buffer.len() as u64;
            if self.bytes > self.max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(buffer.len()) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counted = Counted { bytes: 0, max };
    serde_json::to_writer(&mut counted, value).is_ok().then_some(counted.bytes)
}
