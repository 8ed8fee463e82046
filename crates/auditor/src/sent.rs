//! What was sent: one line of JSON per order, written by the load generator while it sends.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use contract::{Order, Style};
use serde::{Deserialize, Serialize};

use crate::source::{Rows, Source};

/// What the auditor needs to know of an order that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentOrder {
    /// The order that was sent.
    pub order_id: String,
    /// The style in which it was sent.
    pub style: Style,
    /// Who ordered.
    pub customer_id: String,
    /// Who was to cook.
    pub restaurant_id: String,
    /// What the customer agreed to pay, in minor units.
    pub total_minor: u64,
    /// Whether it can be taken; one that cannot must be rejected.
    pub valid: bool,
}

impl SentOrder {
    /// What to remember of `order`, sent in `style`.
    #[must_use]
    pub fn new(order: &Order, style: Style) -> Self {
        Self {
            order_id: order.order_id.clone(),
            style,
            customer_id: order.customer_id.clone(),
            restaurant_id: order.restaurant_id.clone(),
            total_minor: order.total_minor,
            valid: order.rejections().is_empty(),
        }
    }
}

/// Writes a file of sent orders, one line each.
#[derive(Debug)]
pub struct SentWriter {
    file: BufWriter<File>,
}

impl SentWriter {
    /// Creates the file, replacing what was there.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(File::create(path)?) })
    }

    /// Adds one order. It reaches the file with [`finish`](Self::finish) at the latest.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, order: &SentOrder) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, order)?;
        self.file.write_all(b"\n")
    }

    /// Writes out what is buffered, and closes the file. It is not flushed to the disk itself: the list of what was
    /// sent is of use only to the process that sent it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file of sent orders, to be read as often as needed without holding it in memory.
#[derive(Clone, Debug)]
pub struct SentLedger {
    path: PathBuf,
}

impl SentLedger {
    /// The file at `path`; it is opened when it is read.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

/// A line of the file that is not a sent order.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of {} is not a sent order", path.display())]
pub struct BadLine {
    /// The file it stands in.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    #[source]
    pub source: serde_json::Error,
}

impl Source<SentOrder> for SentLedger {
    fn read(&self) -> io::Result<Rows<'_, SentOrder>> {
        let lines = Lines {
            file: BufReader::with_capacity(READ_BYTES, File::open(&self.path)?),
            path: &self.path,
            buffer: Vec::new(),
            line: 0,
        };
        Ok(Box::new(lines))
    }
}

const READ_BYTES: usize = 64 * 1024;

struct Lines<'a> {
    file: BufReader<File>,
    path: &'a Path,
    /// Kept from line to line, so that reading allocates nothing but the orders.
    buffer: Vec<u8>,
    line: u64,
}

impl Iterator for Lines<'_> {
    type Item = io::Result<SentOrder>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.buffer.clear();
            match self.file.read_until(b'\n', &mut self.buffer) {
                Err(error) => return Some(Err(error)),
                Ok(0) => return None,
                Ok(_) => self.line += 1,
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Some(serde_json::from_slice(&self.buffer).map_err(|source| {
                    let bad = BadLine { path: self.path.to_owned(), line: self.line, source };
                    io::Error::new(io::ErrorKind::InvalidData, bad)
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str, quantity: u32) -> Order {
        let mut order = Order::sample(id);
        order.items[0].quantity = quantity;
        order
    }

    #[test]
    fn what_was_written_is_read_as_often_as_needed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sent.ndjson");
        let sent = [
            SentOrder::new(&order("o-1", 2), Style::Choreography),
            SentOrder::new(&order("o-2", 3), Style::Orchestration),
        ];
        assert_eq!((sent[0].valid, sent[1].valid), (true, false));
        let mut writer = SentWriter::create(&path).unwrap();
        for order in &sent {
            writer.write(order).unwrap();
        }
        writer.finish().unwrap();
        let ledger = SentLedger::new(&path);
        for _ in 0..2 {
            let read: Vec<_> = ledger.read().unwrap().map(Result::unwrap).collect();
            assert_eq!(read, sent);
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sent.ndjson");
        std::fs::write(&path, "\n{}\n").unwrap();
        let error = SentLedger::new(&path).read().unwrap().next().unwrap().unwrap_err();
        assert!(error.to_string().starts_with("line 2 of "), "{error}");
    }
}
