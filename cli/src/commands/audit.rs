//! `duet audit`: the verdict on the running system, or on the files of an earlier run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use auditor::Finding;
use bench::audit::{CellError, audit_folder, cells};
use clap::Args;
use load::hold_ups::HoldUp;
use load::switch::{Loads, SwitchError};
use load::verdict::Report;
use operate::target::{PostgresUrl, Url};
use participant::{Clock as _, Millis, SystemClock};
use telemetry::{Code, exit, exit_with};
use terminal::Progress;
use tokio::time::Instant;

use crate::flags::loads::LoadsArgs;

/// Flags of `duet audit`.
#[derive(Clone, Debug, Args)]
pub(crate) struct AuditArgs {
    /// The folder given to `duet compare --keep`; without it, the running system is asked.
    #[arg(conflicts_with_all = ["load", "bus", "within_s"])]
    dir: Option<PathBuf>,
    /// Where the stores of that folder's run are, if they were kept in PostgreSQL.
    #[command(flatten)]
    postgres: PostgresUrl,
    /// How long to wait until every order placed before now was judged, in seconds; those that are not by then make
    /// the verdict "not judged" (exit code 3), unless one is violated.
    #[arg(long, value_name = "S", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    within_s: u32,
    /// Which loads are asked.
    #[command(flatten)]
    loads: LoadsArgs,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditCommandError {
    /// The folder holds no run.
    #[error("{} holds no run: give the folder that `duet compare --keep DIR` was given", .0.display())]
    NoRun(PathBuf),
    /// The files of a cell cannot be audited.
    #[error("the files of the cell {cell} cannot be audited")]
    Cell {
        cell: String,
        #[source]
        source: CellError,
    },
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

/// Runs the command. Exit code 0 when all verdicts are clean, 1 when one is violated, 3 when none is and one could not be
/// given.
pub(crate) fn main(args: &AuditArgs) -> ExitCode {
    match &args.dir {
        Some(dir) => of_files(dir, &args.postgres.url()).unwrap_or_else(|error| exit(&error)),
        None => {
            let within = Duration::from_secs(args.within_s.into());
            of_loads(&args.loads.loads(), within).unwrap_or_else(|error| exit_with(&error, error.code()))
        }
    }
}

/// Audits every cell found in `dir` and prints the verdicts. Stores that were kept in PostgreSQL are read at `postgres`.
fn of_files(dir: &Path, postgres: &Url) -> Result<ExitCode, AuditCommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(AuditCommandError::Threads)?;
    let found = cells(dir);
    if found.is_empty() {
        return Err(AuditCommandError::NoRun(dir.to_owned()));
    }
    let mut clean = true;
    let mut progress = Progress::on_a_terminal();
    for cell in found {
        progress.begin(&format!("orders in the files of {cell}"));
        let watch = |done, of| progress.at(done, Some(of));
        let audited = runtime.block_on(audit_folder(&dir.join(&cell), postgres, &watch));
        progress.clear();
        let verdict = match audited {
            Ok(audited) => audited.verdict,
            Err(source) => return Err(AuditCommandError::Cell { cell, source }),
        };
        clean &= verdict.is_clean();
        terminal::print(&format!("{cell}\n{verdict}\n\n"));
    }
    Ok(if clean { ExitCode::SUCCESS } else { Code::Failure.into() })
}

/// Waits until every order placed before now had the time to settle and was judged, then prints each load's verdict.
fn of_loads(loads: &Loads, within: Duration) -> Result<ExitCode, SwitchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(SwitchError::Threads)?.block_on(async {
        let (asked, deadline) = (SystemClock.now(), Instant::now() + within);
        let (mut findings, mut progress) = (Vec::new(), Progress::on_a_terminal());
        let running = loads.running().await?;
        let several = running.len() > 1;
        for load in running {
            progress.begin(&format!(
                "seconds of orders placed before now that the load on {} has judged",
                load.name
            ));
            let mut way = Way { from: None, to: asked };
            let judged = load
                .judged_to(asked, deadline, |report| {
                    if let Some((done, of)) = way.come(report.judged_to) {
                        progress.at(done, Some(of));
                    }
                })
                .await;
            progress.clear();
            let report = judged?;
            findings.push(report.verdict.verdict);
            terminal::print(&audited(several.then_some(&*load.name), &report));
        }
        Ok(exit_code(&findings))
    })
}

/// From the moment up to which every order was judged at first, to the one up to which all are to be.
struct Way {
    from: Option<Millis>,
    to: Millis,
}

impl Way {
    /// How much of it is done, and of how much, in seconds of the orders' time; `None` before anything was judged.
    fn come(&mut self, judged_to: Option<Millis>) -> Option<(u64, u64)> {
        let from = *self.from.get_or_insert(judged_to?);
        let seconds = |to: Millis| u64::try_from((to - from) / 1_000).unwrap_or_default();
        Some((seconds(judged_to?.min(self.to)), seconds(self.to)))
    }
}

/// A load's verdict, with its name where there are several, whom orders wait for, and how many the verdict is not about.
fn audited(name: Option<&str>, report: &Report) -> String {
    let mut text = name.map(|name| format!("{name}\n")).unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = write!(text, "{}\n\n", report.verdict);
    for HoldUp { by, why, .. } in &report.held_up {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "held up by {by}: {why}");
    }
    for (style, took) in &report.behind {
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "behind with the {style}: orders take {} s, and wait their turn", took / 1_000);
    }
    if report.never_came > 0 {
        let orders = terminal::counted(report.never_came, "order");
        let _ = writeln!(
            text,
            "{orders} that an earlier life of the load had begun to send never came: that the bus confirmed them had not been \
             written down, so they are not taken for lost"
        );
    }
    text + &format!("{} more orders are under way or have just ended\n\n", report.waiting)
}

/// What `duet audit` ends with when no load is violated and one could not be judged.
const NOT_JUDGED: u8 = 3;

fn exit_code(findings: &[Finding]) -> ExitCode {
    match () {
        () if findings.contains(&Finding::Violated) => Code::Failure.into(),
        () if findings.contains(&Finding::NotJudged) => ExitCode::from(NOT_JUDGED),
        () => ExitCode::SUCCESS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_judged_before_it_was_asked_for_is_no_progress() {
        let mut way = Way { from: None, to: 30_000 };
        assert_eq!(way.come(None), None);
        assert_eq!(way.come(Some(10_000)), Some((0, 20)));
        assert_eq!(way.come(Some(25_400)), Some((15, 20)));
        assert_eq!(way.come(Some(31_000)), Some((20, 20)));
        assert_eq!(Way { from: None, to: 30_000 }.come(Some(40_000)), Some((0, 0)));
    }
}
