//! `duet dead-letters redrive`: puts some back at the end of their group's queue.

use std::process::ExitCode;

use clap::Args;
use operate::dead_letters::{self, ALL_MAX, DeadLettersError, Listed, Redriven};
use operate::processes::Program;
use telemetry::Code;
use terminal::Progress;

use super::place::{PlaceArgs, open};
use super::shown;

/// Flags of `duet dead-letters redrive`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RedriveArgs {
    /// The messages' ids; before them, as `list` shows it, the name of a participant whose group alone is meant.
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// The consumer group [default: each of the four participants' that has it].
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// All that the group has now.
    #[arg(long, requires = "group")]
    all: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Puts them back. Exit code 0 when all of them were found.
pub(super) async fn redrive(args: &RedriveArgs) -> Result<ExitCode, DeadLettersError> {
    let (group, ids) = group_and_ids(args);
    let (bus, groups) = open(&args.place, group).await?;
    if args.all {
        let Listed { letters, total, group } = dead_letters::list(&bus, &groups[0], ALL_MAX).await?;
        let (mut done, mut progress) = (0_usize, Progress::on_a_terminal());
        progress.begin(&format!("back into the queue of {group}"));
        let mut failed = Ok(());
        for (seen, letter) in (1..).zip(&letters) {
            match dead_letters::redrive(&bus, &group, &letter.message.id).await {
                Ok(was_there) => done += usize::from(was_there),
                Err(error) => {
                    failed = Err(error);
                    break;
                }
            }
            progress.at(seen, Some(letters.len() as u64));
        }
        drop(progress);
        told(done, &group);
        failed?;
        let more = total.saturating_sub(letters.len() as u64);
        if more > 0 {
            terminal::print(&format!("{more} more are left: say it again\n"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut all_found = true;
    for id in ids {
        let redriven: Redriven = dead_letters::redrive_in(&bus, &groups, id).await?;
        all_found &= !redriven.groups.is_empty();
        terminal::print(&shown::redriven(&redriven, &groups));
    }
    Ok(if all_found { ExitCode::SUCCESS } else { Code::Failure.into() })
}

/// The group named, by the flag or before the ids, and the ids.
fn group_and_ids(args: &RedriveArgs) -> (Option<&str>, &[String]) {
    match (&args.group, args.ids.as_slice()) {
        (None, [first, ids @ ..]) if !ids.is_empty() && first.parse::<Program>().is_ok() => {
            (Some(first), ids)
        }
        (group, ids) => (group.as_deref(), ids),
    }
}

fn told(done: usize, group: &str) {
    terminal::print(&format!(
        "{} put back into the queue of {group}\n",
        terminal::counted(done as u64, "dead letter")
    ));
}
