//! The folder of a running system: who has it, and what runs in it.
//!
//! | file | what |
//! | --- | --- |
//! | `lock` | locked by the supervisor for as long as it lives, however that ends |
//! | `state.json` | what runs, written anew at every change: see [`State`] |
//! | `control.sock` | takes requests: see [`super::control`] |
//! | `logs/NAME.log` | what each process writes |
//! | `NAME.db`, `gateway.ledger` | stores, where they are files, and the simulated gateway's ledger |

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::state::State;
use crate::processes::logs::Log;

/// How often, and how long apart, the lock is tried: whoever only looks whether it is taken has it for a moment.
const LOCK_TRIES: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(50);
/// The longest path that a socket may have on any system.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// The folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// The folder, or something in it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: choose another folder with --dir", path.display())]
pub struct FolderError {
    /// What.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: io::Error,
}

/// Held for as long as this process supervises the folder's system.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Folder {
    /// The folder at that absolute path, whether it is there or not.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of the logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// The log of a supervisor that runs by itself.
    #[must_use]
    pub fn supervisor_log(&self) -> Log {
        Log::new(&self.logs(), "supervisor")
    }

    /// Makes it, with the folder of its logs, where it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(&self) -> Result<(), FolderError> {
        let logs = self.logs();
        std::fs::create_dir_all(&logs).map_err(|source| FolderError { path: logs, source })
    }

    /// Takes the lock; `None` when another supervisor has it.
    ///
    /// # Errors
    /// It cannot be taken for another reason.
    pub fn lock(&self) -> Result<Option<Lock>, FolderError> {
        for _ in 0..LOCK_TRIES {
            if let Some(file) = self.try_lock(FlockOperation::NonBlockingLockExclusive)? {
                return Ok(Some(Lock { _file: file }));
            }
            std::thread::sleep(LOCK_PAUSE);
        }
        Ok(None)
    }

    /// Whether a supervisor lives here.
    ///
    /// # Errors
    /// That cannot be told.
    pub fn is_supervised(&self) -> Result<bool, FolderError> {
        if !self.path_of("lock").exists() {
            return Ok(false);
        }
        Ok(self.try_lock(FlockOperation::NonBlockingLockShared)?.is_none())
    }

    fn try_lock(&self, how: FlockOperation) -> Result<Option<File>, FolderError> {
        let path = self.path_of("lock");
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = opened.map_err(|source| FolderError { path: path.clone(), source })?;
        match flock(&file, how) {
            Ok(()) => Ok(Some(file)),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(FolderError { path, source: errno.into() }),
        }
    }

    /// What the last supervisor wrote; `None` when there was none.
    ///
    /// # Errors
    /// The file cannot be read, or is none of a supervisor.
    pub fn read_state(&self) -> Result<Option<State>, FolderError> {
        let path = self.path_of("state.json");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(FolderError { path, source }),
        };
        let state =
            serde_json::from_slice(&text).map_err(|error| FolderError { path, source: error.into() })?;
        Ok(Some(state))
    }

    /// Writes what runs now, as a whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_state(&self, state: &State) -> Result<(), FolderError> {
        let (path, new) = (self.path_of("state.json"), self.path_of("state.json.new"));
        let text = serde_json::to_vec_pretty(state).expect("a state has only string keys and finite numbers");
        let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &path));
        written.map_err(|source| FolderError { path, source })
    }

    /// Where requests are taken: in the folder, or, where its path is too long for a socket, in the system's folder
    /// for temporary files.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        let path = self.path_of("control.sock");
        if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
            return path;
        }
        let hash = xxhash_rust::xxh3::xxh3_64(path.as_os_str().as_encoded_bytes());
        std::env::temp_dir().join(format!("duet-{hash:016x}.sock"))
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_supervisor_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().join("not there yet"));
        assert!(!folder.is_supervised().unwrap());
        assert!(folder.read_state().unwrap().is_none());
        folder.make().unwrap();
        let lock = folder.lock().unwrap().unwrap();
        assert!(folder.is_supervised().unwrap());
        assert!(folder.lock().unwrap().is_none());
        drop(lock);
        assert!(!folder.is_supervised().unwrap());
        assert!(folder.lock().unwrap().is_some());
    }

    #[test]
    fn a_socket_has_a_path_that_is_short_enough() {
        let near = Folder::new("/tmp/x".into());
        assert_eq!(near.socket(), Path::new("/tmp/x/control.sock"));
        let far = |letter: &str| Folder::new(format!("/tmp/{}", letter.repeat(200)).into()).socket();
        assert!(far("a").as_os_str().len() <= SOCKET_PATH_BYTES_MAX + std::env::temp_dir().as_os_str().len());
        assert_ne!(far("a"), far("b"));
    }
}
