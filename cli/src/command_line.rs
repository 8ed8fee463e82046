//! The command line: what can be asked for, and what is refused with what would be right.

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use load::service::{self, LoadArgs};
use operate::processes::launch::LaunchArgs;

use crate::commands::audit::AuditArgs;
use crate::commands::bus::BusArgs;
use crate::commands::compare::CompareArgs;
use crate::commands::control::ControlArgs;
use crate::commands::dead_letters::DeadLettersArgs;
use crate::commands::down::DownArgs;
use crate::commands::limit::LimitArgs;
use crate::commands::probe::ProbeArgs;
use crate::commands::replay::ReplayArgs;
use crate::commands::scale::ScaleArgs;
use crate::commands::simulate::SimulateArgs;
use crate::commands::status::StatusArgs;
use crate::commands::switch::SwitchArgs;
use crate::commands::up::UpArgs;
use crate::commands::workflow::WorkflowArgs;

/// One food-ordering system in two styles, choreography and orchestration: runs both, proves that no order is lost
/// or doubled, and compares them.
///
/// Without a command it is `duet compare`.
#[derive(Debug, Parser)]
#[command(name = "duet", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 clean; 1 violated, or it could not be done; 64 wrong flags; 130 interrupted."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The flags of `duet compare`.
    #[command(flatten)]
    pub(crate) compare: CompareArgs,
}

impl Cli {
    /// Reads a command line.
    ///
    /// # Errors
    /// What is to be printed instead: what is wrong with it, or the help.
    pub(crate) fn from_args(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let command = Self::command().mut_subcommand("load", |load| {
            load.mut_arg("store", |arg| arg.default_value(service::DEFAULTS.store))
                .mut_arg("listen", |arg| arg.default_value(service::DEFAULTS.listen))
        });
        let command = command.mut_subcommand("workflow", |workflow| {
            workflow.mut_subcommand("serve", workflows::with_defaults)
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
pub(crate) enum Command {
    /// Runs the same orders through both styles, audits both, and puts them side by side.
    Compare(Box<CompareArgs>),
    /// Runs the whole system on virtual time, with seeded faults and crashes, and audits every world.
    Simulate(SimulateArgs),
    /// Measures what store, broker and Step Functions API give at best: the measures for figures of throughput.
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
    /// Definitions in the Amazon States Language: checks, runs and tests them; serves the Step Functions API.
    Workflow(Box<WorkflowArgs>),
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
    fn without_a_command_it_compares() {
        let named = Cli::try_parse_from(["duet", "compare", "--seed", "7"]).unwrap();
        assert!(matches!(named.command, Some(Command::Compare(args)) if args.seed == Some(7)));
        let unnamed = Cli::try_parse_from(["duet", "--seed", "7"]).unwrap();
        assert!(unnamed.command.is_none() && unnamed.compare.seed == Some(7));
        let error = Cli::try_parse_from(["duet", "compar"]).unwrap_err().to_string();
        assert!(error.contains("unrecognized subcommand"), "{error}");
    }
}
