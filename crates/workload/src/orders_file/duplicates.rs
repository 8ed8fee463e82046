//! Finds ids that come twice in a stream of any length, in bounded memory.
//!
//! Each id is kept as a 128-bit hash with its line's number: two ids with one hash are not to be expected in any
//! file that fits on a disk. Up to [`BUFFERED_MAX`] of them are sorted in memory (24 bytes each); a longer stream
//! goes to temporary files in sorted runs, which are merged at the end. So a file of 100,000 orders takes 2.4 MB,
//! and one of any size 24 MB and as many on disk as its ids need.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};

use xxhash_rust::xxh3::xxh3_128;

use super::error::OrdersFileError;

/// How many ids are kept in memory.
pub(super) const BUFFERED_MAX: usize = 1_000_000;

/// An id's hash and where it stands; sorts by id, then by line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    hash: u128,
    line: u64,
}

impl Seen {
    fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(&self.hash.to_le_bytes());
        bytes[16..].copy_from_slice(&self.line.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: [u8; 24]) -> Self {
        let (mut hash, mut line) = ([0; 16], [0; 8]);
        hash.copy_from_slice(&bytes[..16]);
        line.copy_from_slice(&bytes[16..]);
        Self { hash: u128::from_le_bytes(hash), line: u64::from_le_bytes(line) }
    }
}

/// A line whose id stood before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    /// The line that repeats an id.
    pub(super) line: u64,
    /// The first line with that id.
    pub(super) first_line: u64,
}

/// The ids seen so far.
pub(super) struct Ids {
    buffered: Vec<Seen>,
    buffered_max: usize,
    runs: Vec<File>,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self::with_buffer(BUFFERED_MAX)
    }

    pub(super) fn with_buffer(buffered_max: usize) -> Self {
        Self { buffered: Vec::new(), buffered_max, runs: Vec::new() }
    }

    pub(super) fn add(&mut self, id: &str, line: u64) -> Result<(), OrdersFileError> {
        self.buffered.push(Seen { hash: xxh3_128(id.as_bytes()), line });
        if self.buffered.len() >= self.buffered_max {
            self.runs.push(spill(&mut self.buffered).map_err(OrdersFileError::Scratch)?);
        }
        Ok(())
    }

    /// The lines that repeat an id, by line; `None` when there are more than `limit`.
    pub(super) fn repeated(mut self, limit: usize) -> Result<Option<Vec<Repeat>>, OrdersFileError> {
        self.buffered.sort_unstable();
        let mut runs = vec![Run::Memory(self.buffered.into_iter())];
        runs.extend(self.runs.into_iter().map(|file| Run::File(BufReader::new(file))));
        merge(&mut runs, limit).map_err(OrdersFileError::Scratch)
    }
}

/// Writes a sorted run to a file that has no name and goes with its handle.
fn spill(buffered: &mut Vec<Seen>) -> std::io::Result<File> {
    buffered.sort_unstable();
    let mut file = BufWriter::new(tempfile::tempfile()?);
    for seen in buffered.drain(..) {
        file.write_all(&seen.to_bytes())?;
    }
    let mut file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

enum Run {
    Memory(std::vec::IntoIter<Seen>),
    File(BufReader<File>),
}

impl Run {
    fn next(&mut self) -> std::io::Result<Option<Seen>> {
        match self {
            Self::Memory(seen) => Ok(seen.next()),
            Self::File(file) => {
                let mut bytes = [0; 24];
                match file.read_exact(&mut bytes) {
                    Ok(()) => Ok(Some(Seen::from_bytes(bytes))),
                    Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

fn merge(runs: &mut [Run], limit: usize) -> std::io::Result<Option<Vec<Repeat>>> {
    let mut heads = std::collections::BTreeSet::new();
    for (index, run) in runs.iter_mut().enumerate() {
        heads.extend(run.next()?.map(|seen| (seen, index)));
    }
    let mut repeated = Vec::new();
    let mut first: Option<Seen> = None;
    while let Some((seen, index)) = heads.pop_first() {
        match first {
            Some(first) if first.hash == seen.hash => {
                if repeated.len() >= limit {
                    return Ok(None);
                }
                repeated.push(Repeat { line: seen.line, first_line: first.line });
            }
            _ => first = Some(seen),
        }
        heads.extend(runs[index].next()?.map(|seen| (seen, index)));
    }
    repeated.sort_unstable_by_key(|repeat| repeat.line);
    Ok(Some(repeated))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The repeats among these ids, one a line, with room for `buffered_max` in memory.
    fn repeats(ids: &[&str], buffered_max: usize) -> Vec<(u64, u64)> {
        let mut seen = Ids::with_buffer(buffered_max);
        for (line, id) in (1..).zip(ids) {
            seen.add(id, line).unwrap();
        }
        let found = seen.repeated(100).unwrap().unwrap();
        found.into_iter().map(|repeat| (repeat.line, repeat.first_line)).collect()
    }

    #[test]
    fn finds_what_comes_twice_whether_it_fits_in_memory_or_not() {
        let ids = ["a", "b", "a", "c", "d", "b", "a", "e"];
        for buffered_max in [1, 2, 3, 100] {
            assert_eq!(repeats(&ids, buffered_max), [(3, 1), (6, 2), (7, 1)], "{buffered_max} in memory");
        }
        assert_eq!(repeats(&["a", "b"], 1), []);
        assert_eq!(repeats(&[], 1), []);
    }

    #[test]
    fn gives_up_beyond_the_limit() {
        let mut seen = Ids::with_buffer(2);
        for line in 1..=5 {
            seen.add("a", line).unwrap();
        }
        assert_eq!(seen.repeated(3).unwrap(), None);
    }
}
