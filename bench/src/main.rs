//! The `duet` command.

use std::error::Error;
use std::process::ExitCode;

use bench::cli::{Cli, Command, CompareArgs, store_dir};
use bench::{audit, bus_command, cell, compare, limit, simulate};
use clap::Parser;
use host::ConfigError;
use telemetry::{Code, LogOptions, exit, exit_with};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe leaves nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Code::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    if let Err(error) = telemetry::init(&logs(&cli.command)) {
        return exit_with(&error, Code::Usage);
    }
    match cli.command {
        None => run_compare(&cli.compare),
        Some(Command::Compare(args)) => run_compare(&args),
        Some(Command::Simulate(args)) => simulate::main(&args),
        Some(Command::Limit(args)) => match store_dir(&args.store) {
            Ok(dir) => ended(limit::main(dir).map(|()| ExitCode::SUCCESS)),
            Err(error) => wrong(&error),
        },
        Some(Command::Audit(args)) => ended(audit::main(&args.dir)),
        Some(Command::Bus(args)) => ended(bus_command::main(args.listen)),
        Some(Command::Cell) => {
            cell::main();
            ExitCode::SUCCESS
        }
    }
}

/// Warnings and errors only, unless `DUET_LOG` says otherwise: the result is on standard output. That the bus
/// lives in this process is part of the result, too. A simulation's troubles are its purpose.
fn logs(command: &Option<Command>) -> LogOptions {
    let quiet = match command {
        Some(Command::Simulate(_)) => "off",
        _ => "warn,host::connect=error",
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

fn ended<E: Error>(result: Result<ExitCode, E>) -> ExitCode {
    result.unwrap_or_else(|error| exit(&error))
}
