//! Reading a gateway's ledger on and on, while it is written.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::PathBuf;

use crate::LedgerEntry;
use crate::ledger::parse;

/// Reads a ledger from its beginning on, each entry once.
#[derive(Debug)]
pub struct LedgerTail {
    path: PathBuf,
    /// Up to here it was read, in bytes.
    read: u64,
}

impl LedgerTail {
    /// Of the file at that path, which need not be there yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), read: 0 }
    }

    /// The entries written since the last call, oldest first, at most `limit`; none where there is no file yet.
    ///
    /// # Errors
    /// The file cannot be read, has become shorter, or holds something that is no entry.
    pub fn read_on(&mut self, limit: usize) -> io::Result<Vec<LedgerEntry>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.read == 0 => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if file.metadata()?.len() < self.read {
            let problem = format!("the ledger is shorter than the {} bytes that it had", self.read);
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        file.seek(SeekFrom::Start(self.read))?;
        let mut lines = BufReader::new(file);
        let (mut entries, mut line) = (Vec::new(), String::new());
        while entries.len() < limit {
            line.clear();
            let bytes = lines.read_line(&mut line)? as u64;
            // A line without its end may still be under way.
            let Some(text) = line.strip_suffix('\n') else { break };
            let entry = parse(text).ok_or_else(|| {
                let problem = format!("at byte {} of the ledger there is no entry: {text:?}", self.read);
                io::Error::new(io::ErrorKind::InvalidData, problem)
            })?;
            self.read += bytes;
            entries.push(entry);
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn each_entry_is_read_once_and_half_a_line_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let mut tail = LedgerTail::new(&path);
        assert_eq!(tail.read_on(9).unwrap(), []);
        let mut file = File::create(&path).unwrap();
        file.write_all(b"authorise 1900 o-1\ncapture 1900 o-1\nvoid 19").unwrap();
        assert_eq!(tail.read_on(1).unwrap().len(), 1);
        assert_eq!(tail.read_on(9).unwrap()[0].order_id, "o-1");
        assert_eq!(tail.read_on(9).unwrap(), []);
        file.write_all(b"00 o-2\n").unwrap();
        assert_eq!(tail.read_on(9).unwrap()[0].amount_minor, 1900);
        file.write_all(b"steal 1 o-3\n").unwrap();
        assert!(tail.read_on(9).unwrap_err().to_string().contains("steal"));
        file.set_len(0).unwrap();
        assert!(tail.read_on(9).unwrap_err().to_string().contains("shorter"));
    }
}
