//! `duet audit DIR`: the verdict on the files of an earlier run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contract::Style;
use telemetry::Code;

use crate::cell::{CellError, audit_folder};
use crate::text;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum AuditCommandError {
    /// The folder holds no run.
    #[error("{} holds no run: give the folder that `duet compare --keep DIR` was given", .0.display())]
    NoRun(PathBuf),
    /// The files of a style cannot be audited.
    #[error("the files of the {style} cannot be audited")]
    Cell {
        /// Which.
        style: Style,
        /// Why not.
        #[source]
        source: CellError,
    },
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

/// Audits every style found in `dir` and prints the verdicts. Returns the exit code: 0 when all are clean.
///
/// # Errors
/// There is nothing to audit, or it cannot be read.
pub fn main(dir: &Path) -> Result<ExitCode, AuditCommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(AuditCommandError::Threads)?;
    let found: Vec<_> = Style::ALL.into_iter().filter(|style| dir.join(style.as_str()).is_dir()).collect();
    if found.is_empty() {
        return Err(AuditCommandError::NoRun(dir.to_owned()));
    }
    let mut clean = true;
    for style in found {
        let audited = runtime.block_on(audit_folder(&dir.join(style.as_str())));
        let verdict = audited.map_err(|source| AuditCommandError::Cell { style, source })?.verdict;
        clean &= verdict.is_clean();
        text::print(&format!("{style}\n{verdict}\n\n"));
    }
    Ok(if clean { ExitCode::SUCCESS } else { Code::Failure.into() })
}
