//! `duet scale NAME=N`: more or fewer instances of a program in a running system.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use operate::up::folder::Folder;
use operate::up::scale::scale;
use operate::up::settings::{DirArgs, Instances};
use operate::up::{UpError, on_one_thread};
use telemetry::exit_with;

/// Flags of `duet scale`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ScaleArgs {
    /// The program and how many instances it is to have, e.g. order-status=3.
    #[arg(value_name = "NAME=N", required = true)]
    instances: Vec<Instances>,
    /// How long to wait until new ones are ready and others have ended, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    wait_s: u32,
    #[command(flatten)]
    dir: DirArgs,
}

/// Scales, and waits until that is done.
pub(crate) fn main(args: &ScaleArgs) -> ExitCode {
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit_with(&error, error.code()),
    }
}

fn run(args: &ScaleArgs) -> Result<(), UpError> {
    let folder = Folder::new(args.dir.absolute().map_err(UpError::System)?);
    let within = Duration::from_secs(args.wait_s.into());
    on_one_thread(async {
        for wanted in &args.instances {
            let scaled = scale(&folder, *wanted, within).await?;
            terminal::print(&format!("{scaled}\n"));
        }
        Ok(())
    })
}
