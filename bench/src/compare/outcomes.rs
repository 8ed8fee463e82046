//! Whether each order ended the same way in every cell that it was sent through.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::group::Done;
use super::servers::Servers;
use super::{CompareError, Files};
use crate::cell::OUTCOMES_FILE;

/// The files in which to look for orders that did not; none where the digests tell already that there are none.
pub(super) fn to_compare(files: &Files, cells: &[(Done, Servers)]) -> Vec<PathBuf> {
    let cells: Vec<_> = cells.iter().map(|(done, _)| &done.finished.cell).collect();
    let Some((first, others)) = cells.split_first() else { return Vec::new() };
    if others.iter().all(|other| other.outcomes_digest == first.outcomes_digest) {
        return Vec::new();
    }
    cells.iter().map(|cell| files.cell(cell.style, &cell.bus).join(OUTCOMES_FILE)).collect()
}

/// The orders that do not have the same line in all files that have one of them. Cells may have been sent a different
/// number of orders; that one has not ended is for the auditor to find. Takes memory: some 60 bytes an order.
pub(super) fn count(paths: &[PathBuf]) -> Result<u64, CompareError> {
    let mut known = BTreeMap::<String, String>::new();
    let mut differ = BTreeSet::new();
    for path in paths {
        each_line(path, |order, outcome| match known.get(order) {
            None => drop(known.insert(order.to_owned(), outcome.to_owned())),
            Some(before) if before != outcome => drop(differ.insert(order.to_owned())),
            Some(_) => {}
        })?;
    }
    Ok(differ.len() as u64)
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
    fn orders_that_ended_otherwise_somewhere_are_counted_once() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, lines: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, lines).unwrap();
            path
        };
        let first = write("a", "o-1\tdelivered\no-2\tcancelled\no-3\tdelivered\n");
        let second = write("b", "o-2\tdelivered\no-1\tdelivered\no-4\tdelivered\n");
        let third = write("c", "o-2\trejected\no-4\tcancelled\n");
        assert_eq!(count(&[first.clone(), first.clone()]).unwrap(), 0);
        assert_eq!(count(&[first.clone(), second.clone()]).unwrap(), 1, "o-3 and o-4 were in one cell only");
        assert_eq!(count(&[first, second, third]).unwrap(), 2);
    }
}
