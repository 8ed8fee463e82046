//! `duet dead-letters`: messages that could not be handled: which, why, what is in them, and back with them.
//!
//! - [`work`]: what is done, on any [`bus::Bus`];
//! - [`show`]: what is printed.
//!
//! A dead letter belongs to the group that could not handle it; the same message may be one in several groups.

pub mod show;
pub mod work;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError};
use clap::{Args, Subcommand};
use daemon::{BusAddress, ConfigError};
use participant::{Clock as _, SystemClock};
use telemetry::Code;

use crate::described::Described;
use crate::processes::Program;
use crate::target::{Url, Urls};
use crate::up::settings::{DirArgs, bus_url, namespace};
use work::{Listed, Redriven};

/// Flags of `duet dead-letters`.
#[derive(Clone, Debug, Args)]
pub struct DeadLettersArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: DeadLettersCommand,
}

/// What can be done about dead letters.
#[derive(Clone, Debug, Subcommand)]
pub enum DeadLettersCommand {
    /// Lists them, oldest first.
    List(ListArgs),
    /// Shows one with all that it says.
    Show(ShowArgs),
    /// Puts some back at the end of their group's queue, to be handled again.
    Redrive(RedriveArgs),
}

/// Where they are looked for.
#[derive(Clone, Debug, Args)]
pub struct PlaceArgs {
    /// The bus: rabbitmq, kafka, or a URL (amqp://, amqps://, kafka://, or tcp:// for `duet bus`).
    /// [default: that of the system which `duet up` runs in --dir]
    #[arg(long, value_name = "BUS", env = "DUET_BUS", hide_env_values = true)]
    pub bus: Option<String>,
    /// What `duet up` runs.
    #[command(flatten)]
    pub dir: DirArgs,
    /// What all names on the broker begin with [default: what `duet up` was told that runs in --dir on this bus].
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    pub namespace: Option<String>,
    /// How long to wait for the bus, in seconds.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub timeout_s: u32,
    /// Where servers are that are named by a word.
    #[command(flatten)]
    pub urls: Urls,
}

impl PlaceArgs {
    /// The bus named, or that of the system in the folder: a URL with a password is not kept there and has to be named.
    fn bus(&self) -> Result<String, ConfigError> {
        const EXPECTED: &str = "rabbitmq, kafka or a URL: nothing that duet up runs is found in";
        if let Some(bus) = &self.bus {
            return Ok(bus.clone());
        }
        let wrong = |expected: String| ConfigError::new("--bus", "nothing", expected);
        let folder = self.dir.dir.display();
        let Some(found) = Described::find_also_ended(&self.dir)? else {
            return Err(wrong(format!("{EXPECTED} {folder} (--dir)")));
        };
        found.bus(&self.urls).ok_or_else(|| {
            wrong(format!("rabbitmq, kafka or the URL: what {folder} runs is on {}", found.bus_shown()))
        })
    }
}

/// Flags of `duet dead-letters list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Only those of this consumer group [default: those of all four participants].
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    /// How many of each group, at the most.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Prints JSON, one object for each.
    #[arg(long)]
    pub json: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Flags of `duet dead-letters show`.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// The message's id; or the group and then the id.
    #[arg(value_names = ["GROUP", "ID"], num_args = 1..=2, required = true)]
    pub id: Vec<String>,
    /// The consumer group [default: whichever of the four participants' has it].
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Flags of `duet dead-letters redrive`.
#[derive(Clone, Debug, Args)]
pub struct RedriveArgs {
    /// The messages' ids; before them, as `list` shows it, the name of a participant whose group alone is meant.
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    pub ids: Vec<String>,
    /// The consumer group [default: each of the four participants' that has it].
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    /// All that the group has now.
    #[arg(long, requires = "group")]
    pub all: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Why nothing could be done about dead letters.
#[derive(Debug, thiserror::Error)]
pub enum DeadLettersError {
    /// A flag cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The bus does not answer.
    #[error("the bus {url} {}", match source.is_retryable() {
        true => format!("does not answer within {} s", within.as_secs()),
        false => "cannot be used".to_owned(),
    })]
    Connect {
        /// Where it is, without secrets.
        url: Url,
        /// How long it was waited for.
        within: Duration,
        /// What stood against it last.
        #[source]
        source: BusError,
    },
    /// The bus refuses.
    #[error("the dead letters of {group} cannot be {done}")]
    Bus {
        /// Whose.
        group: String,
        /// What was not done.
        done: &'static str,
        /// Why not.
        #[source]
        source: BusError,
    },
    /// There is no such message.
    #[error("there is no dead letter with the id {id} in {}", groups.join(", "))]
    None {
        /// Its id.
        id: String,
        /// Where it was looked for.
        groups: Vec<String>,
    },
    /// Nothing has declared any of the groups.
    #[error("the bus {url} has no group {}: a typing mistake, another bus, or another --namespace than the services'?", groups.join(" or "))]
    NoGroup {
        /// Where it is, without secrets.
        url: Url,
        /// What was looked for.
        groups: Vec<String>,
    },
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

impl DeadLettersError {
    /// The exit code it ends the program with.
    #[must_use]
    pub fn code(&self) -> Code {
        if matches!(self, Self::Config(_)) { Code::Usage } else { Code::Failure }
    }
}

/// Runs the command. Its exit code is 0 when everything that was asked for was found and done.
///
/// # Errors
/// The bus cannot be used, or there is no such message.
pub fn main(args: &DeadLettersArgs) -> Result<ExitCode, DeadLettersError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(DeadLettersError::Threads)?;
    runtime.block_on(async {
        match &args.command {
            DeadLettersCommand::List(args) => list(args).await,
            DeadLettersCommand::Show(args) => show_one(args).await,
            DeadLettersCommand::Redrive(args) => redrive(args).await,
        }
    })
}

/// The bus, and those that it has of the groups that are to be looked at: the one named, or those of the four participants.
async fn open(
    place: &PlaceArgs,
    named: Option<&str>,
) -> Result<(work::Patient, Vec<String>), DeadLettersError> {
    let groups = match named {
        Some(group) => vec![group.to_owned()],
        None => Program::PARTICIPANTS.map(|program| program.name().to_owned()).to_vec(),
    };
    let (bus, url) = connect(place).await?;
    let present = work::present(&bus, &groups).await?;
    if present.is_empty() { Err(DeadLettersError::NoGroup { url, groups }) } else { Ok((bus, present)) }
}

/// How much longer than the wait for the bus its last attempt may take, whose error says more than that time is up.
const LAST_ATTEMPT: Duration = Duration::from_secs(3);

/// Waits for the bus; nothing that is asked of it afterwards takes for ever, either.
async fn connect(place: &PlaceArgs) -> Result<(work::Patient, Url), DeadLettersError> {
    let bus = place.bus()?;
    let plain = bus_url(&bus, None, &place.urls)?;
    let described = Described::find(&place.dir)?.filter(|found| found.is_on(plain.expose()));
    let namespace = place.namespace.as_deref().or_else(|| described.as_ref().and_then(Described::namespace));
    let url = bus_url(&bus, namespace, &place.urls)?;
    let address = BusAddress::parse(url.expose())?;
    let within = Duration::from_secs(place.timeout_s.into());
    let connected: Result<Arc<dyn Bus>, BusError> =
        work::within(within + LAST_ATTEMPT, daemon::connect::bus_now(&address, within)).await;
    match connected {
        Ok(bus) => Ok((work::Patient::new(bus, within), url)),
        Err(source) => Err(DeadLettersError::Connect { url, within, source }),
    }
}

async fn list(args: &ListArgs) -> Result<ExitCode, DeadLettersError> {
    let (bus, groups) = open(&args.place, args.group.as_deref()).await?;
    let mut listed = Vec::new();
    for group in &groups {
        listed.push(work::list(&bus, group, args.limit as usize).await?);
    }
    if args.json {
        terminal::print_json(&show::json(&listed));
    } else {
        terminal::print(&show::table(&listed, SystemClock.now()));
    }
    Ok(ExitCode::SUCCESS)
}

async fn show_one(args: &ShowArgs) -> Result<ExitCode, DeadLettersError> {
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
        found.extend(work::find(&bus, group, id).await?);
    }
    if found.is_empty() {
        return Err(DeadLettersError::None { id: id.clone(), groups });
    }
    let shown: Vec<_> = found.iter().map(|letter| show::letter(letter, SystemClock.now())).collect();
    terminal::print(&shown.join("\n"));
    Ok(ExitCode::SUCCESS)
}

async fn redrive(args: &RedriveArgs) -> Result<ExitCode, DeadLettersError> {
    let (group, ids) = group_and_ids(args);
    let (bus, groups) = open(&args.place, group).await?;
    if args.all {
        let Listed { letters, total, group } = work::list(&bus, &groups[0], work::ALL_MAX).await?;
        let mut done = 0_usize;
        for letter in &letters {
            done += usize::from(
                work::redrive(&bus, &group, &letter.message.id).await.inspect_err(|_| told(done, &group))?,
            );
        }
        told(done, &group);
        let more = total.saturating_sub(letters.len() as u64);
        if more > 0 {
            terminal::print(&format!("{more} more are left: say it again\n"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut all_found = true;
    for id in ids {
        let redriven: Redriven = work::redrive_in(&bus, &groups, id).await?;
        all_found &= !redriven.groups.is_empty();
        terminal::print(&show::redriven(&redriven, &groups));
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
