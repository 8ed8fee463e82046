//! `duet dead-letters show`: one of them with all that it says.

use std::process::ExitCode;

use clap::Args;
use daemon::ConfigError;
use operate::dead_letters::{self, DeadLettersError};
use participant::{Clock as _, SystemClock};

use super::place::{PlaceArgs, open};
use super::shown;

/// Flags of `duet dead-letters show`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ShowArgs {
    /// The message's id; or the group and then the id.
    #[arg(value_names = ["GROUP", "ID"], num_args = 1..=2, required = true)]
    id: Vec<String>,
    /// The consumer group [default: whichever of the four participants' has it].
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Shows it; one of each group that has it.
pub(super) async fn show(args: &ShowArgs) -> Result<ExitCode, DeadLettersError> {
    let (group, id) = match (args.id.as_slice(), &args.group) {
        ([id], group) => (group.clone(), id),
        ([group, id], None) => (Some(group.clone()), id),
        ([first, ..], _) => {
            let expected = "the group once: either --group NAME ID or GROUP ID";
            return Err(ConfigError::new("--group", first, expected).into());
        }
        ([], _) => return Err(ConfigError::new("ID", "nothing", "the id of a message").into()),
    };
    let (bus, groups) = open(&args.place, group.as_deref()).await?;
    let mut found = Vec::new();
    for group in &groups {
        found.extend(dead_letters::find(&bus, group, id).await?);
    }
    if found.is_empty() {
        return Err(DeadLettersError::None { id: id.clone(), groups });
    }
    let shown: Vec<_> = found.iter().map(|letter| shown::letter(letter, SystemClock.now())).collect();
    terminal::print(&shown.join("\n"));
    Ok(ExitCode::SUCCESS)
}
