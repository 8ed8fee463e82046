//! How a program ends: one line for the error, one documented number for the caller.

use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;

use crate::output::tell;

/// Why a program ended, as its exit code. 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// 1: it could not do its work, or its work found something wrong.
    Failure,
    /// 64 (`EX_USAGE`): the flags, the environment or a file of settings are wrong; nothing was started.
    Usage,
    /// 130: it was interrupted (Ctrl-C) before it was done.
    Interrupted,
}

impl Code {
    /// The status that the process ends with.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::Failure => 1,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code.as_u8())
    }
}

/// The error and its causes in one line: `cannot open the store: caused by disk full`. Relies on each `Display`
/// leaving out its source.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _ = write!(line, ": caused by {error}");
        cause = error.source();
    }
    line
}

/// Prints `error: …` with all causes to standard error and gives [`Code::Failure`]. Call it once, in `main`.
#[must_use]
pub fn exit(error: &dyn Error) -> ExitCode {
    exit_with(error, Code::Failure)
}

/// Like [`exit`], with another exit code.
#[must_use]
pub fn exit_with(error: &dyn Error, code: Code) -> ExitCode {
    tell(format_args!("error: {}", chain(error)));
    code.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Disk;

    #[derive(Debug, thiserror::Error)]
    #[error("the log cannot be written")]
    struct Log(#[source] Disk);

    #[derive(Debug, thiserror::Error)]
    #[error("the store cannot be opened")]
    struct Open(#[source] Log);

    #[test]
    fn an_error_is_told_with_each_cause_once() {
        assert_eq!(
            chain(&Open(Log(Disk))),
            "the store cannot be opened: caused by the log cannot be written: caused by the disk is full"
        );
        assert_eq!(chain(&Disk), "the disk is full");
    }
}
