//! The `duet` command: takes its flags apart, does what they say and ends with an exit code.
//!
//! - [`command_line`]: what can be asked for;
//! - [`commands`]: each command in a file of its own; [`flags`]: what several of them share.

mod command_line;
mod commands;
mod flags;

use std::process::ExitCode;

use telemetry::{Code, LogOptions, exit, exit_with};

use command_line::{Cli, Command};
use commands::{
    audit, bus, cell, compare, control, dead_letters, down, launch, limit, load, probe, replay, scale,
    simulate, status, switch, up, workflow,
};

fn main() -> ExitCode {
    daemon::keep_files_private();
    let cli = match Cli::from_args(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return daemon::tell_of_flags(&error),
    };
    // A service says for itself what it logs.
    let is_service = match &cli.command {
        Some(Command::Load(_)) => true,
        Some(Command::Workflow(args)) => args.is_service(),
        _ => false,
    };
    if !is_service && let Err(error) = telemetry::init(&logs(cli.command.as_ref())) {
        return exit_with(&error, Code::Usage);
    }
    let code = run(cli);
    match terminal::unwritten() {
        Some(error) => exit(&Unwritten(error)),
        None => code,
    }
}

/// A result that stands nowhere is none.
#[derive(Debug, thiserror::Error)]
#[error("standard output cannot be written")]
struct Unwritten(#[source] &'static std::io::Error);

fn run(cli: Cli) -> ExitCode {
    match cli.command {
        None => compare::main(&cli.compare),
        Some(Command::Compare(args)) => compare::main(&args),
        Some(Command::Simulate(args)) => simulate::main(&args),
        Some(Command::Limit(args)) => limit::main(&args),
        Some(Command::Audit(args)) => audit::main(&args),
        Some(Command::Up(args)) => up::main(&args),
        Some(Command::Status(args)) => status::main(&args),
        Some(Command::Scale(args)) => scale::main(&args),
        Some(Command::Down(args)) => down::main(&args),
        Some(Command::DeadLetters(args)) => dead_letters::main(&args),
        Some(Command::Replay(args)) => replay::main(&args),
        Some(Command::Load(args)) => load::main(*args),
        Some(Command::Switch(args)) => switch::main(&args),
        Some(Command::Control(args)) => control::main(args),
        Some(Command::Probe(args)) => probe::main(&args),
        Some(Command::Bus(args)) => bus::main(&args),
        Some(Command::Workflow(args)) => workflow::main(&args),
        Some(Command::Cell) => cell::main(),
        Some(Command::Launch(args)) => launch::main(&args),
    }
}

/// Warnings and errors only, unless `DUET_LOG` says otherwise: the result is on standard output. That the bus
/// lives in this process is part of the result, too. A simulation's troubles are its purpose.
fn logs(command: Option<&Command>) -> LogOptions {
    let quiet = match command {
        Some(Command::Simulate(_)) => "off",
        // How often anything had to be tried again stands in the result.
        Some(Command::Cell) => {
            "warn,daemon::connect=error,bus=error,bus_kafka=error,bus_rabbitmq=error,\
             store::postgres=error,participant=error"
        }
        // Servers that are away are tried again and again; the error at the end says so once.
        _ => "warn,daemon::connect=error,bus_kafka=error,bus_rabbitmq=error,store::postgres=error",
    };
    let filter = std::env::var("DUET_LOG").unwrap_or_else(|_| quiet.to_owned());
    LogOptions { filter, ..LogOptions::default() }
}
