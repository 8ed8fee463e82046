//! The verdict on the files of an earlier run, which `duet compare --keep` has left in a folder.

use std::path::Path;

use contract::Style;

pub use crate::cell::{Audited, CellError, audit_folder};

/// The folders of cells: each is named after its style, or after its bus and style.
#[must_use]
pub fn cells(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = folders.filter_map(|folder| folder.file_name().into_string().ok()).collect();
    names.retain(|name| {
        let bare = |style: Style| name.strip_suffix(style.as_str());
        Style::ALL.into_iter().filter_map(bare).any(|rest| rest.is_empty() || rest.ends_with('-'))
    });
    names.sort_unstable();
    names
}
