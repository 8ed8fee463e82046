//! `duet audit DIR`: the verdict on the files of an earlier run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contract::Style;
use operate::target::Url;
use telemetry::Code;

use crate::cell::{CellError, audit_folder};

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum AuditCommandError {
    /// The folder holds no run.
    #[error("{} holds no run: give the folder that `duet compare --keep DIR` was given", .0.display())]
    NoRun(PathBuf),
    /// The files of a cell cannot be audited.
    #[error("the files of the cell {cell} cannot be audited")]
    Cell {
        /// Which.
        cell: String,
        /// Why not.
        #[source]
        source: CellError,
    },
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

/// Audits every cell found in `dir` and prints the verdicts. Stores that were kept in PostgreSQL are read at `postgres`.
/// Returns the exit code: 0 when all are clean.
///
/// # Errors
/// There is nothing to audit, or it cannot be read.
pub fn main(dir: &Path, postgres: &Url) -> Result<ExitCode, AuditCommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(AuditCommandError::Threads)?;
    let found = cells(dir);
    if found.is_empty() {
        return Err(AuditCommandError::NoRun(dir.to_owned()));
    }
    let mut clean = true;
    for cell in found {
        let audited = runtime.block_on(audit_folder(&dir.join(&cell), postgres));
        let verdict = match audited {
            Ok(audited) => audited.verdict,
            Err(source) => return Err(AuditCommandError::Cell { cell, source }),
        };
        clean &= verdict.is_clean();
        terminal::print(&format!("{cell}\n{verdict}\n\n"));
    }
    Ok(if clean { ExitCode::SUCCESS } else { Code::Failure.into() })
}

/// The folders of cells: each is named after its style, or after its bus and style.
fn cells(dir: &Path) -> Vec<String> {
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
