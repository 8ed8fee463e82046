//! A user's own orders: one JSON order a line.
//!
//! The file is read twice, both times as a stream: first by [`check`], which reports every bad line and counts the
//! good ones, then by [`Orders`], which sends them. Neither holds more of it than one line and, for finding ids
//! that come twice, a bounded sort buffer (see `duplicates`).

mod duplicates;
mod error;
mod lines;

use std::fmt;
use std::path::{Path, PathBuf};

use contract::{FieldError, Millis, Order};
use serde::{Deserialize, Serialize};

use duplicates::Ids;
pub use error::{DUPLICATES_MAX, OrdersFileError};
use lines::{LINE_BYTES_MAX, Line, Lines};

/// How many bad lines are shown one by one; of the rest, only how many there are.
pub const SHOWN_MAX: usize = 100;
/// What is wrong with one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub number: u64,
    /// Which field, what it holds and what would be right.
    pub problem: FieldError,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, self.problem)
    }
}

/// What the first reading has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many orders can be sent.
    pub orders: u64,
    /// Lines that are none.
    pub bad_lines: u64,
    /// The first problems, by line; a line may have several.
    pub shown: Vec<BadLine>,
    /// The lines whose order id stood before, ascending.
    pub duplicates: Vec<u64>,
    /// When the first and the last good order were placed, where every one says so.
    pub span: Option<(Millis, Millis)>,
}

/// How the file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The arrival pattern is replayed: every order needs its time, and the lines must be in its order.
    pub in_time: bool,
}

/// Reads the whole file and finds everything that is wrong with it.
///
/// # Errors
/// It cannot be read to the end, or it repeats too many ids.
pub fn check(path: &Path, rules: Rules) -> Result<Checked, OrdersFileError> {
    let mut lines = Lines::open(path)?;
    let mut reader = Reader::new(rules);
    let mut ids = Ids::new();
    let mut checked = Checked::default();
    let mut times = Some(None);
    while let Some(line) = lines.next()? {
        match reader.read(&line) {
            Ok(None) => {}
            Ok(Some(order)) => {
                checked.orders += 1;
                times = widen(times, order.placed_at_millis());
                ids.add(&order.order_id, line.number)?;
            }
            Err(problems) => {
                checked.bad_lines += 1;
                let room = SHOWN_MAX.saturating_sub(checked.shown.len());
                let number = line.number;
                checked
                    .shown
                    .extend(problems.into_iter().take(room).map(|problem| BadLine { number, problem }));
            }
        }
    }
    checked.span = times.flatten();
    add_duplicates(&mut checked, ids, path)?;
    Ok(checked)
}

/// The first and last time so far; `None` once an order has said none.
#[allow(clippy::option_option, reason = "not known for all / none yet / from when to when")]
fn widen(
    times: Option<Option<(Millis, Millis)>>,
    placed_at: Option<Millis>,
) -> Option<Option<(Millis, Millis)>> {
    let at = placed_at?;
    Some(Some(times?.map_or((at, at), |(first, last)| (first.min(at), last.max(at)))))
}

fn add_duplicates(checked: &mut Checked, ids: Ids, path: &Path) -> Result<(), OrdersFileError> {
    let repeated =
        ids.repeated(DUPLICATES_MAX)?.ok_or_else(|| OrdersFileError::Duplicates(path.to_owned()))?;
    checked.orders -= repeated.len() as u64;
    checked.bad_lines += repeated.len() as u64;
    let shown = &repeated[..repeated.len().min(SHOWN_MAX)];
    for (repeat, value) in shown.iter().zip(ids_on(path, shown.iter().map(|repeat| repeat.line))?) {
        let expected = format!("an id that no other line has; line {} has it too", repeat.first_line);
        let problem = FieldError { field: "order_id".to_owned(), value, expected };
        checked.shown.push(BadLine { number: repeat.line, problem });
    }
    checked.shown.sort_by_key(|bad| bad.number);
    checked.shown.truncate(SHOWN_MAX);
    checked.duplicates = repeated.into_iter().map(|repeat| repeat.line).collect();
    Ok(())
}

/// The order ids on these lines (ascending), for the messages: ids are not kept, only their hashes.
fn ids_on(path: &Path, numbers: impl Iterator<Item = u64>) -> Result<Vec<String>, OrdersFileError> {
    let changed = || OrdersFileError::Changed(path.to_owned());
    let mut lines = Lines::open(path)?;
    let mut ids = Vec::new();
    for number in numbers {
        let id = loop {
            let line = lines.next()?.ok_or_else(changed)?;
            if line.number == number {
                break line
                    .bytes
                    .and_then(|bytes| Order::from_json(bytes).ok())
                    .ok_or_else(changed)?
                    .order_id;
            }
        };
        ids.push(format!("{id:?}"));
    }
    Ok(ids)
}

/// Turns lines into orders; both readings share it, so both find the same lines bad.
struct Reader {
    rules: Rules,
    last: Option<(Millis, u64)>,
}

impl Reader {
    fn new(rules: Rules) -> Self {
        Self { rules, last: None }
    }

    /// The order on the line; `None` where it is blank.
    fn read(&mut self, line: &Line<'_>) -> Result<Option<Order>, Vec<FieldError>> {
        let Some(bytes) = line.bytes else {
            return Err(vec![FieldError {
                field: ".".to_owned(),
                value: format!("a line of more than {LINE_BYTES_MAX} bytes"),
                expected: "one order as JSON on one line".to_owned(),
            }]);
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let order = Order::from_json(bytes).map_err(|mut problems| {
            // What is no JSON has no fields either: it is about the whole line.
            problems.iter_mut().filter(|problem| problem.field == "?").for_each(|p| p.field = ".".to_owned());
            problems
        })?;
        if self.rules.in_time {
            self.check_time(&order, line.number).map_err(|problem| vec![problem])?;
        }
        Ok(Some(order))
    }

    fn check_time(&mut self, order: &Order, number: u64) -> Result<(), FieldError> {
        let problem =
            |value: String, expected: String| FieldError { field: "placed_at".to_owned(), value, expected };
        let Some(at) = order.placed_at_millis() else {
            let expected = "an RFC 3339 time, as --speed replays when orders were placed";
            return Err(problem("nothing".to_owned(), expected.to_owned()));
        };
        if let Some((last, last_number)) = self.last
            && at < last
        {
            let last = contract::time::format(last);
            let expected =
                format!("not before line {last_number} ({last}): with --speed, lines are in order of time");
            return Err(problem(format!("{:?}", order.placed_at.as_deref().unwrap_or_default()), expected));
        }
        self.last = Some((at, number));
        Ok(())
    }
}

/// The good orders of a checked file, as a stream.
pub struct Orders {
    path: PathBuf,
    lines: Lines,
    reader: Reader,
    skip_bad: bool,
    duplicates: std::iter::Peekable<std::vec::IntoIter<u64>>,
}

impl Orders {
    /// Opens a file that [`check`] has read; `duplicates` are the lines that it found to repeat an id.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(
        path: &Path,
        rules: Rules,
        skip_bad: bool,
        duplicates: Vec<u64>,
    ) -> Result<Self, OrdersFileError> {
        Ok(Self {
            path: path.to_owned(),
            lines: Lines::open(path)?,
            reader: Reader::new(rules),
            skip_bad,
            duplicates: duplicates.into_iter().peekable(),
        })
    }

    /// The next good order; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read, or a line is bad that was not when it was checked.
    pub fn next_order(&mut self) -> Result<Option<Order>, OrdersFileError> {
        while let Some(line) = self.lines.next()? {
            let read = self.reader.read(&line);
            if self.duplicates.next_if_eq(&line.number).is_some() {
                continue;
            }
            match read {
                Ok(None) => {}
                Ok(Some(order)) => return Ok(Some(order)),
                Err(_) if self.skip_bad => {}
                Err(_) => return Err(OrdersFileError::Changed(self.path.clone())),
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
