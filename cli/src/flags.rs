//! The command line: what can be asked for, and what is refused with what would be right.

use std::ffi::OsString;
use std::path::PathBuf;

use bench::limit;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use daemon::ConfigError;
use load::control::ControlArgs;
use load::service::{self, LoadArgs};
use load::switch::{LoadsArgs, SwitchArgs};
use operate::dead_letters::DeadLettersArgs;
use operate::probe::ProbeArgs;
use operate::processes::launch::LaunchArgs;
use operate::replay::ReplayArgs;
use operate::target::{self, PostgresUrl, Urls};
use operate::up::{DownArgs, ScaleArgs, StatusArgs, UpArgs};

pub(crate) use crate::commands::compare::{CompareArgs, Level};
use crate::commands::simulate::SimulateArgs;

/// One food-ordering system in two styles, choreography and orchestration: runs both, proves that no order is lost
/// or doubled, and compares them.
///
/// Without a command it is `duet compare`.
#[derive(Debug, Parser)]
#[command(name = "duet", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 clean; 1 violated, or it could not be done; 64 wrong flags; 130 interrupted."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of `duet compare`.
    #[command(flatten)]
    pub compare: CompareArgs,
}

impl Cli {
    /// Reads a command line.
    ///
    /// # Errors
    /// What is to be printed instead: what is wrong with it, or the help.
    pub fn from_args(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let command = Self::command().mut_subcommand("load", |load| {
            load.mut_arg("store", |arg| arg.default_value(service::DEFAULTS.store))
                .mut_arg("listen", |arg| arg.default_value(service::DEFAULTS.listen))
        });
        let matches = command.try_get_matches_from(args)?;
        let mut cli = Self::from_arg_matches(&matches)?;
        if let (Some(Command::Load(load)), Some((_, matches))) = (&mut cli.command, matches.subcommand()) {
            load.note_given(matches);
        }
        Ok(cli)
    }
}

/// What duet can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the same orders through both styles, audits both, and puts them side by side.
    Compare(Box<CompareArgs>),
    /// Runs the whole system on virtual time, with seeded faults and crashes, and audits every world.
    Simulate(SimulateArgs),
    /// Measures what store and broker give at best: the measures for figures of throughput.
    Limit(LimitArgs),
    /// The verdict: on the running system (see `load`), or on the files of an earlier run (see `compare --keep`).
    Audit(AuditArgs),
    /// Starts the services and the orchestrator as processes of their own, and keeps them running.
    Up(Box<UpArgs>),
    /// Shows what `up` started: what runs, whether it is ready, what it uses. Exit code 0 if all is ready.
    Status(StatusArgs),
    /// Changes how many instances of a service or of the orchestrator run.
    Scale(ScaleArgs),
    /// Ends what `up` started.
    Down(DownArgs),
    /// Messages that could not be handled: lists them, shows one, puts some back.
    DeadLetters(DeadLettersArgs),
    /// Sets orders going again of which the broker lost something: the services say again what they committed.
    Replay(ReplayArgs),
    /// Keeps a steady load on a running system, in either style or both, and audits every order.
    Load(Box<LoadArgs>),
    /// Changes the load on a running system at once: its style, its rate, how many payments are declined.
    Switch(SwitchArgs),
    /// Serves a page that shows the loads on a running system, and switches them.
    Control(ControlArgs),
    /// Asks a process of the system whether it is ready; exit code 0 if so.
    Probe(ProbeArgs),
    /// Serves the in-process bus over TCP, so that services of several processes can share it.
    Bus(BusArgs),
    /// One style of a comparison, told what to do on standard input.
    #[command(hide = true)]
    Cell,
    /// Becomes another program that ends with the process that starts it.
    #[command(hide = true)]
    Launch(LaunchArgs),
}

/// Flags of `duet limit`.
#[derive(Clone, Debug, Args)]
pub struct LimitArgs {
    /// The brokers to measure: rabbitmq, kafka, amqp://… or kafka://…; several with commas between.
    #[arg(long, value_name = "BUS,…")]
    pub bus: Option<String>,
    /// The store to measure: sqlite, in the system's temporary folder; sqlite:DIR; postgres or postgres://….
    #[arg(long, value_name = "STORE", default_value = "sqlite")]
    pub store: String,
    /// What confirmed messages must survive: kill (the broker's death) or power (a power cut, too).
    #[arg(long, value_name = "LEVEL", default_value = "power")]
    pub durability: Level,
    /// Size of each message's body, in bytes; the default is about that of this system's messages.
    #[arg(long, value_name = "N", default_value_t = limit::BODY_BYTES as u32)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub body_bytes: u32,
    /// Where the servers are.
    #[command(flatten)]
    pub urls: Urls,
}

impl LimitArgs {
    /// Checks what clap cannot.
    ///
    /// # Errors
    /// The first flag that cannot be used, with what would be right.
    pub fn settings(&self) -> Result<limit::Settings, ConfigError> {
        let list = self.bus.as_deref();
        let mut buses = list.map(|list| target::buses(list, &self.urls)).transpose()?.unwrap_or_default();
        for bus in &mut buses {
            if !bus.is_broker() {
                let expected = "rabbitmq, kafka, amqp://… or kafka://…: only a broker has a limit of its own";
                return Err(ConfigError::new("--bus", &bus.name, expected));
            }
            bus.durability = Some(self.durability.into());
        }
        Ok(limit::Settings {
            buses,
            store: target::store(&self.store, &self.urls.postgres)?,
            body_bytes: self.body_bytes as usize,
        })
    }
}

/// Flags of `duet audit`.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// The folder given to `duet compare --keep`; without it, the running system is asked.
    #[arg(conflicts_with_all = ["load", "bus", "within_s"])]
    pub dir: Option<PathBuf>,
    /// Where the stores of that folder's run are, if they were kept in PostgreSQL.
    #[command(flatten)]
    pub postgres: PostgresUrl,
    /// How long to wait until every order placed before now was judged, in seconds; those that are not by then make
    /// the verdict "not judged" (exit code 3), unless one is violated.
    #[arg(long, value_name = "S", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub within_s: u32,
    /// Which loads are asked.
    #[command(flatten)]
    pub loads: LoadsArgs,
}

/// Flags of `duet bus`.
#[derive(Clone, Debug, Args)]
pub struct BusArgs {
    /// Where to listen; port 0 takes a free one, which the line on standard output names. There is neither
    /// authentication nor encryption: keep to a loopback address.
    #[arg(long, value_name = "ADDR:PORT", env = "DUET_LISTEN", default_value = "127.0.0.1:7070")]
    pub listen: std::net::SocketAddr,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_load_knows_whether_its_bus_was_named() {
        for (flags, is_given) in [(&[][..], false), (&["--bus", "tcp://127.0.0.1:7070"][..], true)] {
            let args = ["duet", "load"].iter().chain(flags).map(OsString::from);
            let Some(Command::Load(load)) = Cli::from_args(args).unwrap().command else { panic!() };
            assert_eq!(load.bus_is_given(), is_given || std::env::var_os("DUET_BUS").is_some(), "{flags:?}");
        }
    }

    #[test]
    fn a_limit_is_measured_of_the_store_and_of_brokers_if_asked() {
        let settings = |flags: &[&str]| {
            let cli = Cli::try_parse_from(["duet", "limit"].iter().chain(flags)).unwrap();
            let Some(Command::Limit(args)) = cli.command else { panic!("{cli:?}") };
            args.settings()
        };
        assert_eq!(settings(&[]).unwrap().buses, []);
        let asked = settings(&["--bus", "kafka", "--durability", "kill", "--body-bytes", "100"]).unwrap();
        assert_eq!((asked.buses[0].name.as_str(), asked.body_bytes), ("kafka", 100));
        assert_eq!(asked.buses[0].durability, Some(durability::Durability::Kill));
        let error = settings(&["--bus", "memory"]).unwrap_err().to_string();
        assert!(error.starts_with("--bus: found memory, expected rabbitmq, kafka"), "{error}");
    }
}
