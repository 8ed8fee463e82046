//! Who may read what programs write.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Of what stands in the folder, however deep, whatever other users may read, write or enter; sorted.
///
/// # Panics
/// The folder cannot be read, or holds nothing.
#[must_use]
pub fn others_may_read(folder: &Path) -> Vec<PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!entries.is_empty(), "{} holds nothing", folder.display());
    let mut found = Vec::new();
    for path in entries {
        let Ok(file) = path.symlink_metadata() else { continue };
        if file.permissions().mode() & 0o077 != 0 {
            found.push(path.clone());
        }
        if file.is_dir() {
            found.extend(others_may_read(&path));
        }
    }
    found.sort();
    found
}
