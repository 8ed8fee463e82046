//! How a process proves that it belongs to the system of a folder. `state.json` only claims so: whoever wrote it could name any
//! process of the same user, and `duet down` would end it. What is asked here is the kernel. Where there is no
//! `/proc`, nothing is proven.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::proc;

/// The variable that a supervisor puts into the environment of each process that it starts. A process' environment is what
/// it was started with, and no other user's process can change it.
pub const VARIABLE: &str = "DUET_SYSTEM";

/// What the variable says: the folder, by the same name however it was spelled.
#[must_use]
pub fn of(folder: &Path) -> OsString {
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()).into()
}

/// Whether the process was started by a supervisor of the folder.
#[must_use]
pub fn belongs_to(folder: &Path, pid: u32) -> bool {
    proc::variable(pid, VARIABLE) == Some(of(folder))
}

/// Whether the process has the file `lock` open, as only a supervisor has for longer than a moment.
#[must_use]
pub fn holds(lock: &Path, pid: u32) -> bool {
    let identity = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let Some(expected) = identity(lock) else { return false };
    proc::files(pid).iter().any(|path| identity(path) == Some(expected))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_the_file_open_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join("lock");
        assert!(!holds(&lock, std::process::id()), "there is none");
        let open = fs::File::create(&lock).unwrap();
        assert!(holds(&lock, std::process::id()));
        drop(open);
        assert!(!holds(&lock, std::process::id()));
    }
}
