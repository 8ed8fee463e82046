//! `duet down`: ends what `duet up` started.

use std::process::ExitCode;

use clap::Args;
use operate::up::down::{Down, down};
use operate::up::folder::Folder;
use operate::up::settings::DirArgs;
use operate::up::{UpError, on_one_thread};
use telemetry::exit_with;

/// Flags of `duet down`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DownArgs {
    #[command(flatten)]
    dir: DirArgs,
}

/// Ends everything in the folder, and says what that was.
pub(crate) fn main(args: &DownArgs) -> ExitCode {
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit_with(&error, error.code()),
    }
}

fn run(args: &DownArgs) -> Result<(), UpError> {
    let folder = Folder::new(args.dir.absolute().map_err(UpError::System)?);
    let say = |line: &str| terminal::print(&format!("{line}\n"));
    let Down { ended, left_behind } = on_one_thread(down(&folder, say))?;
    let mut lines: Vec<_> = ended.iter().map(ToString::to_string).collect();
    let left = |left| format!("{left}, which a supervisor that was killed had left behind");
    lines.extend(left_behind.iter().map(left));
    if lines.is_empty() {
        lines.push(format!("nothing runs in {}", folder.path().display()));
    }
    terminal::print(&(lines.join("\n") + "\n"));
    Ok(())
}
