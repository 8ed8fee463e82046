//! Whether each order ended the same way in both styles.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::{CompareError, Files};
use crate::cell::OUTCOMES_FILE;
use crate::cell::protocol::Finished;

/// How many orders did not. The digests tell whether there are any; only then the files are read, and only then
/// does it take memory (some 60 bytes an order).
pub(super) fn differ(files: &Files, finished: &[Finished]) -> Result<u64, CompareError> {
    let [first, second] = finished else { return Ok(0) };
    if first.cell.outcomes_digest == second.cell.outcomes_digest {
        return Ok(0);
    }
    let first = files.cell(first.cell.style).join(OUTCOMES_FILE);
    let second = files.cell(second.cell.style).join(OUTCOMES_FILE);
    count(&first, &second)
}

/// The orders whose line is not the same in both files; one that is missing from either counts.
fn count(first: &Path, second: &Path) -> Result<u64, CompareError> {
    let mut rest = BTreeMap::new();
    each_line(first, |order, outcome| {
        rest.insert(order.to_owned(), outcome.to_owned());
    })?;
    let mut differ = 0;
    each_line(second, |order, outcome| {
        if rest.remove(order).as_deref() != Some(outcome) {
            differ += 1;
        }
    })?;
    Ok(differ + rest.len() as u64)
}

fn each_line(path: &Path, mut take: impl FnMut(&str, &str)) -> Result<(), CompareError> {
    let unreadable = |source| CompareError::Unreadable { path: path.to_owned(), source };
    for line in BufReader::new(File::open(path).map_err(unreadable)?).lines() {
        let line = line.map_err(unreadable)?;
        if let Some((order, outcome)) = line.split_once('\t') {
            take(order, outcome);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_ended_otherwise_or_in_one_style_only_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, lines: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, lines).unwrap();
            path
        };
        let first = write("a", "o-1\tdelivered\no-2\tcancelled\no-3\tdelivered\n");
        let second = write("b", "o-2\tdelivered\no-1\tdelivered\no-4\tdelivered\n");
        assert_eq!(count(&first, &second).unwrap(), 3);
        assert_eq!(count(&first, &first).unwrap(), 0);
    }
}
