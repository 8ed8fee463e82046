//! The folder of a running system: who has it, and what runs in it.
//!
//! | file | what |
//! | --- | --- |
//! | `lock` | locked by the supervisor for as long as it lives, however that ends |
//! | `state.json` | what runs, written anew at every change: see [`State`] |
//! | `control.sock` | takes requests: see [`super::control`] |
//! | `logs/NAME.log` | what each process writes |
//! | `NAME.db`, `gateway.ledger` | stores, where they are files, and the simulated gateway's ledger |

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::mark;
use super::state::State;
use crate::processes::logs::Log;

/// How often, and how long apart, the lock is tried: whoever only looks whether it is taken has it for a moment.
const LOCK_TRIES: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(50);
/// Who may do what: its owner everything, nobody else anything.
const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;
/// The bits that let others write.
const OTHERS_WRITE: u32 = 0o022;
/// The longest path that a socket may have on any system.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// The folder of a system: who has it, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// The folder, or something in it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: choose another folder with --dir", path.display())]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub struct FolderError {
    pub path: PathBuf,
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

    /// Makes it, with the folder of its logs, where it is not there. Nobody else may look into what is made here, nor into
    /// what an earlier supervisor made.
    ///
    /// # Errors
    /// It cannot be made, or others could write in it.
    pub fn make(&self) -> Result<(), FolderError> {
        let made = |path: &Path| {
            let made = std::fs::DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(path);
            made.map_err(|source| FolderError { path: path.to_owned(), source })
        };
        made(&self.0)?;
        self.check_whose()?;
        if self.path_of("lock").exists() {
            let kept = std::fs::set_permissions(&self.0, Permissions::from_mode(PRIVATE_FOLDER));
            kept.map_err(|source| FolderError { path: self.0.clone(), source })?;
        }
        made(&self.logs())
    }

    /// What stands in the folder says which processes to end, so nobody else may have written it.
    fn check_whose(&self) -> Result<(), FolderError> {
        let path = self.0.clone();
        let refused = |why: String| io::Error::new(io::ErrorKind::PermissionDenied, why);
        let checked = match std::fs::metadata(&path) {
            Ok(folder) if folder.uid() != rustix::process::geteuid().as_raw() => {
                Err(refused(format!("it belongs to another user (id {}), and not to this one", folder.uid())))
            }
            Ok(folder) if folder.mode() & OTHERS_WRITE != 0 => Err(refused(format!(
                "other users may write in it (its mode is {:o}): chmod go-w takes that from them",
                folder.mode() & 0o7777
            ))),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        checked.map_err(|source| FolderError { path, source })
    }

    /// Whether the process supervises this folder's system, as the kernel shows it.
    #[must_use]
    pub fn is_supervisor(&self, pid: u32) -> bool {
        mark::holds(&self.path_of("lock"), pid)
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
        self.check_whose()?;
        let path = self.path_of("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(PRIVATE_FILE);
        let file = options.open(&path).map_err(|source| FolderError { path: path.clone(), source })?;
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
        self.check_whose()?;
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
        let written = write_new(&new, &text).and_then(|()| std::fs::rename(&new, &path));
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

/// Writes a file that was not there before: what has its name, a symbolic link say, is taken away and not followed.
fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(path)?.write_all(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::kernel::Identity;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o777
    }

    fn state(folder: &Folder) -> State {
        State { boot: None, ..State::new(folder.socket(), Identity::of(std::process::id())) }
    }

    #[test]
    fn a_folder_is_private_also_one_of_an_earlier_version() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().join("x"));
        folder.make().unwrap();
        assert_eq!((mode(folder.path()), mode(&folder.logs())), (0o700, 0o700));
        let _lock = folder.lock().unwrap().unwrap();
        folder.write_state(&state(&folder)).unwrap();
        for name in ["lock", "state.json"] {
            assert_eq!(mode(&folder.path_of(name)), 0o600, "{name}");
        }
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        folder.make().unwrap();
        assert_eq!(mode(folder.path()), 0o700);
    }

    #[test]
    fn a_folder_in_which_others_may_write_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().to_owned());
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        let results = [folder.make(), folder.lock().map(drop), folder.read_state().map(drop)];
        for error in results.map(Result::unwrap_err) {
            let why = error.source.to_string();
            assert!(why.starts_with("other users may write in it (its mode is 777): chmod"), "{why}");
        }
    }

    #[test]
    fn what_runs_is_not_written_through_a_symbolic_link() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().to_owned());
        let victim = dir.path().join("victim");
        std::fs::write(&victim, "as it was").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path_of("state.json.new")).unwrap();
        folder.write_state(&state(&folder)).unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "as it was");
        assert_eq!(folder.read_state().unwrap(), Some(state(&folder)));
        assert!(!folder.path_of("state.json").is_symlink());
    }

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
