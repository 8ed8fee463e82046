//! `duet simulate`: many seeded worlds, or one of them step by step.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use clap::Args;
use simulation::{Outcome, Scenario, Summary, run_seeds, simulate};
use terminal::{Progress, grouped};

/// Flags of `duet simulate`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SimulateArgs {
    /// How many worlds to simulate.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    seeds: u64,
    /// The first world's seed.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=u64::MAX / 2))]
    from: u64,
    /// Replays one world and tells everything that happened in it.
    #[arg(long, value_name = "N", conflicts_with_all = ["seeds", "from"])]
    replay: Option<u64>,
    /// Orders in each world, half of them in each style.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    orders: u16,
}

/// Runs the command.
pub(crate) fn main(args: &SimulateArgs) -> ExitCode {
    let scenario = |seed| Scenario { orders: args.orders.into(), ..Scenario::new(seed) };
    if let Some(seed) = args.replay {
        return replay(seed, &scenario(seed));
    }
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_interrupt(Arc::clone(&stop));
    let (done, mut progress) = (AtomicU64::new(0), Progress::on_a_terminal());
    progress.begin("worlds");
    let count = |_| progress.at(done.fetch_add(1, Ordering::Relaxed) + 1, Some(args.seeds));
    let summary = run_seeds(args.from..args.from + args.seeds, scenario, count, &stop);
    drop(progress);
    conclude(&summary, args, &scenario)
}

fn conclude(summary: &Summary, args: &SimulateArgs, scenario: &impl Fn(u64) -> Scenario) -> ExitCode {
    let worlds = grouped(summary.worlds);
    let what = format!(
        "{worlds} worlds, {} orders in each: {} faults, {} of them crashes",
        args.orders,
        grouped(summary.faults),
        grouped(summary.crashes)
    );
    if let Some((seed, _)) = summary.failed.first() {
        let _ = replay(*seed, &scenario(*seed));
        say(format_args!("\nVERDICT: violated in {} of {what}", grouped(summary.failures)));
        say(format_args!("replay any of them with: duet simulate --orders {} --replay SEED", args.orders));
        let seeds: Vec<_> = summary.failed.iter().map(|(seed, _)| seed.to_string()).collect();
        say(format_args!("seeds: {}", seeds.join(" ")));
        return telemetry::Code::Failure.into();
    }
    if summary.worlds < args.seeds {
        say(format_args!("VERDICT: clean so far, interrupted after {what}"));
        return telemetry::Code::Interrupted.into();
    }
    say(format_args!("VERDICT: clean\n{what}; every order is accounted for in every one."));
    ExitCode::SUCCESS
}

fn replay(seed: u64, scenario: &Scenario) -> ExitCode {
    let world = simulate(&Scenario { traced: true, ..*scenario });
    for line in &world.trace {
        say(format_args!("{line}"));
    }
    say(format_args!("\nseed {seed}: {} faults, {} crashes", world.faults, world.crashes));
    say(format_args!("{}", world.outcome));
    match &world.outcome {
        Outcome::Judged(verdict) if verdict.is_clean() => ExitCode::SUCCESS,
        Outcome::Judged(_) | Outcome::Broken(_) => telemetry::Code::Failure.into(),
    }
}

/// The first Ctrl-C lets the worlds at hand end; a second one ends the program.
fn stop_on_interrupt(stop: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        for _ in 0..2 {
            if runtime.block_on(tokio::signal::ctrl_c()).is_err() {
                return;
            }
            if stop.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        }
    });
}

/// Prints a line.
fn say(line: std::fmt::Arguments<'_>) {
    terminal::print(&format!("{line}\n"));
}
