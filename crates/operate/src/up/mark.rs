//! How a process proves that it belongs to the system of a folder. `state.json` only claims so: whoever wrote it could name any
//! process of the same user, and `duet down` would end it. What is asked here is the kernel. Where there is no
//! `/proc`, nothing is proven.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

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
    let expected = [VARIABLE.as_bytes(), b"=", of(folder).as_bytes()].concat();
    let environment = fs::read(format!("/proc/{pid}/environ"));
    environment.is_ok_and(|all| all.split(|&byte| byte == 0).any(|variable| variable == expected))
}

/// Whether the process has the file `lock` open, as only a supervisor has for longer than a moment.
#[must_use]
pub fn holds(lock: &Path, pid: u32) -> bool {
    let identity = |path: PathBuf| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let Some(expected) = identity(lock.to_owned()) else { return false };
    let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    open.flatten().any(|entry| identity(entry.path()) == Some(expected))
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
