//! The `duet` command.

mod commands;
mod flags;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use bench::{audit, cell, compare, limit};
use daemon::ConfigError;
use load::control;
use load::switch::{self, SwitchError};
use operate::up::UpError;
use operate::{dead_letters, probe, processes, replay, up};
use telemetry::{Code, LogOptions, exit, exit_with};

use commands::{bus, simulate};
use flags::{Cli, Command, CompareArgs};

fn main() -> ExitCode {
    daemon::keep_files_private();
    let cli = match Cli::from_args(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return daemon::tell_of_flags(&error),
    };
    // A service says for itself what it logs.
    let is_service = matches!(cli.command, Some(Command::Load(_)));
    if !is_service && let Err(error) = telemetry::init(&logs(&cli.command)) {
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
        None => run_compare(&cli.compare),
        Some(Command::Compare(args)) => run_compare(&args),
        Some(Command::Simulate(args)) => simulate::main(&args),
        Some(Command::Limit(args)) => match args.settings() {
            Ok(settings) => ended(limit::main(&settings)),
            Err(error) => wrong(&error),
        },
        Some(Command::Audit(args)) => match &args.dir {
            Some(dir) => ended(audit::main(dir, &args.postgres.url())),
            None => switched(switch::audit(&args.loads, Duration::from_secs(args.within_s.into()))),
        },
        Some(Command::Switch(args)) => switched(switch::main(&args)),
        Some(Command::Up(args)) => up_ended(up::main(&args)),
        Some(Command::Status(args)) => up_ended(up::status(&args)),
        Some(Command::Scale(args)) => up_ended(up::scale(&args)),
        Some(Command::Down(args)) => up_ended(up::down(&args)),
        Some(Command::DeadLetters(args)) => {
            dead_letters::main(&args).unwrap_or_else(|error| exit_with(&error, error.code()))
        }
        Some(Command::Replay(args)) => {
            replay::main(&args).unwrap_or_else(|error| exit_with(&error, error.code()))
        }
        Some(Command::Control(args)) => ended(control::main(&args)),
        Some(Command::Probe(args)) => ended(probe::main(&args)),
        Some(Command::Load(args)) => load::service::main(*args),
        Some(Command::Bus(args)) => ended(bus::main(args.listen)),
        Some(Command::Cell) => {
            cell::main();
            ExitCode::SUCCESS
        }
        Some(Command::Launch(args)) => exit(&processes::launch::main(&args)),
    }
}

/// Warnings and errors only, unless `DUET_LOG` says otherwise: the result is on standard output. That the bus
/// lives in this process is part of the result, too. A simulation's troubles are its purpose.
fn logs(command: &Option<Command>) -> LogOptions {
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

fn run_compare(args: &CompareArgs) -> ExitCode {
    match args.settings() {
        Ok(settings) => ended(compare::main(&settings)),
        Err(error) => wrong(&error),
    }
}

fn wrong(error: &ConfigError) -> ExitCode {
    exit_with(error, Code::Usage)
}

fn switched(result: Result<ExitCode, SwitchError>) -> ExitCode {
    result.unwrap_or_else(|error| exit_with(&error, error.code()))
}

fn up_ended(result: Result<ExitCode, UpError>) -> ExitCode {
    result.unwrap_or_else(|error| exit_with(&error, error.code()))
}

fn ended<E: Error>(result: Result<ExitCode, E>) -> ExitCode {
    result.unwrap_or_else(|error| exit(&error))
}
