//! One writing process a file.
//!
//! Two processes that write one file would be correct (versions conflict, SQLite locks), but slow and surprising:
//! each would publish what the other put into the outbox. So the second one is refused, by an advisory lock on a
//! file of its own next to the store. The kernel drops the lock with the process, however that ends. Locking the
//! store's own file instead would not do: closing any descriptor of it would drop SQLite's own locks.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::explain_io;
use crate::StoreError;

/// Held for as long as this process may write the store. The file stays behind: removing it would let a third
/// process lock a new one while a second still waits on the old.
#[derive(Debug)]
pub(super) struct WriterLock {
    _file: File,
}

/// The lock file of the store at `path`.
fn lock_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push("-lock");
    PathBuf::from(name)
}

impl WriterLock {
    /// Takes the lock, or says who has it. Does not wait.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let lock_path = lock_path(path);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&lock_path);
        let mut file = opened.map_err(|error| explain_io(&lock_path, error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(taken(path, &mut file)),
            Err(errno) => return Err(explain_io(&lock_path, errno.into())),
        }
        // Only to name the holder to the next one that asks: without it the lock holds just as well.
        let noted = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        if let Err(error) = noted {
            tracing::debug!(path = %lock_path.display(), %error, "the holder's process id is not noted in the lock file");
        }
        Ok(Self { _file: file })
    }
}

fn taken(path: &Path, lock_file: &mut File) -> StoreError {
    let mut holder = String::new();
    let read = lock_file.rewind().and_then(|()| lock_file.read_to_string(&mut holder));
    let who = match read {
        Ok(_) if !holder.is_empty() => format!("process {holder}"),
        _ => "another process".to_owned(),
    };
    let reason = format!(
        "{who} is writing {} already: stop it, or give this one a file of its own; several instances of one service need PostgreSQL (to read only, open it read-only)",
        path.display()
    );
    StoreError::Unavailable { reason, source: None }
}
