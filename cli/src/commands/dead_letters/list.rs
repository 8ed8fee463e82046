//! `duet dead-letters list`: all of them, oldest first.

use std::process::ExitCode;

use clap::Args;
use operate::dead_letters::{self, DeadLettersError};
use participant::{Clock as _, SystemClock};

use super::place::{PlaceArgs, open};
use super::shown;

/// Flags of `duet dead-letters list`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those of this consumer group [default: those of all four participants].
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// How many of each group, at the most.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Prints JSON, one object for each.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) async fn list(args: &ListArgs) -> Result<ExitCode, DeadLettersError> {
    let (bus, groups) = open(&args.place, args.group.as_deref()).await?;
    let mut listed = Vec::new();
    for group in &groups {
        listed.push(dead_letters::list(&bus, group, args.limit as usize).await?);
    }
    if args.json {
        terminal::print_json(&shown::json(&listed));
    } else {
        terminal::print(&shown::table(&listed, SystemClock.now()));
    }
    Ok(ExitCode::SUCCESS)
}
