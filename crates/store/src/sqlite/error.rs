//! What SQLite's errors mean to whoever runs the program, and what to do about each.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::StoreError;

/// A store error from SQLite's, naming the file and what to do.
pub(super) fn explain(path: &Path, error: rusqlite::Error) -> StoreError {
    let file = path.display();
    let (retryable, reason) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            (true, format!("the disk holding {file} is full: free some space; nothing was lost"))
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            true,
            format!(
                "another process keeps {file} locked: close what has it open (a SQLite shell, a backup?)"
            ),
        ),
        Some(ErrorCode::SystemIoFailure) => {
            (true, format!("the disk holding {file} reports an error: look at the system's log"))
        }
        Some(ErrorCode::OutOfMemory) => (true, format!("no memory left to work on {file}")),
        Some(ErrorCode::NotADatabase) => {
            (false, format!("{file} is not a SQLite file: choose another path, or move it away"))
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            (false, format!("{file} is damaged: restore it from a backup, or move it away to start empty"))
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => (
            false,
            format!(
                "{file} cannot be opened for writing: give this user write permission on it and on its folder"
            ),
        ),
        _ => (false, format!("SQLite refuses to work on {file}")),
    };
    let source: Option<Box<dyn std::error::Error + Send + Sync>> = Some(Box::new(error));
    if retryable {
        StoreError::Unavailable { reason, source }
    } else {
        StoreError::Unusable { reason, source }
    }
}

/// [`StoreError::Unusable`] without a cause behind it.
pub(super) fn unusable(reason: String) -> StoreError {
    StoreError::Unusable { reason, source: None }
}

/// What an I/O error at `path` means while a store is being opened.
pub(super) fn explain_io(path: &Path, error: std::io::Error) -> StoreError {
    use std::io::ErrorKind;
    let file = path.display();
    let reason = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            format!(
                "{file} cannot be written: give this user write permission on its folder, or choose another path"
            )
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            let reason = format!("the disk holding {file} is full: free some space; nothing was lost");
            return StoreError::Unavailable { reason, source: Some(Box::new(error)) };
        }
        _ => format!("{file} cannot be opened"),
    };
    StoreError::Unusable { reason, source: Some(Box::new(error)) }
}
