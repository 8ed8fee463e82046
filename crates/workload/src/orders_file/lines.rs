//! A file's lines as a stream, each of bounded length.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::error::{LINE_READ_BYTES_MAX, OrdersFileError};

/// The longest line that is read. An order within the contract's limits has at most a tenth of it.
pub(super) const LINE_BYTES_MAX: usize = 1024 * 1024;

/// A line of the file, as it was read.
pub(super) struct Line<'a> {
    /// Its number, from 1.
    pub(super) number: u64,
    /// What stands on it; `None` when it is too long.
    pub(super) bytes: Option<&'a [u8]>,
}

/// The lines of a file.
pub(super) struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    line: Vec<u8>,
    number: u64,
    /// Something that is not blank was read.
    begun: bool,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, OrdersFileError> {
        let unreadable = |source| OrdersFileError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
        }
        Ok(Self {
            path: path.to_owned(),
            file: BufReader::new(file),
            line: Vec::new(),
            number: 0,
            begun: false,
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, OrdersFileError> {
        self.line.clear();
        let (mut fits, mut any, mut read) = (true, false, 0);
        loop {
            let unreadable = |source| OrdersFileError::Unreadable { path: self.path.clone(), source };
            let chunk = match self.file.fill_buf() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                chunk => chunk.map_err(unreadable)?,
            };
            if chunk.is_empty() {
                break;
            }
            any = true;
            let end = chunk.iter().position(|&byte| byte == b'\n');
            let text = &chunk[..end.unwrap_or(chunk.len())];
            read += text.len();
            if read > LINE_READ_BYTES_MAX {
                return Err(OrdersFileError::EndlessLine {
                    path: self.path.clone(),
                    number: self.number + 1,
                });
            }
            // What is too long is read past, not kept.
            fits = fits && self.line.len() + text.len() <= LINE_BYTES_MAX;
            if fits {
                self.line.extend_from_slice(text);
            }
            let first = without_mark(&self.line, self.number).trim_ascii_start().first();
            if !self.begun && first == Some(&b'[') {
                return Err(OrdersFileError::Array { path: self.path.clone(), number: self.number + 1 });
            }
            self.begun |= first.is_some();
            let used = end.map_or(chunk.len(), |end| end + 1);
            self.file.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        let bytes = without_mark(&self.line, self.number);
        self.number += 1;
        Ok(Some(Line { number: self.number, bytes: fits.then_some(bytes) }))
    }
}

/// The line without a byte order mark, with which some editors begin a file; so many lines stand before it.
fn without_mark(line: &[u8], lines_before: u64) -> &[u8] {
    let mark = "\u{feff}".as_bytes();
    if lines_before == 0 { line.strip_prefix(mark).unwrap_or(line) } else { line }
}
