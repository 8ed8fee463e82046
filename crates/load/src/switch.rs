//! `duet switch` and `duet audit` on a running system: ask its load to be different, and for its verdict.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use auditor::Finding;
use clap::Args;
use operate::http::{Answer, Request, ask, get};
use participant::{Clock as _, Millis, SystemClock};
use serde::de::DeserializeOwned;
use telemetry::{Code, tell};
use tokio::time::{Instant, sleep};

use crate::hold_ups::HoldUp;
use crate::http::LoadState;
use crate::plan::{self, Change, StyleChoice};
use crate::verdict::Report;

/// How long a load may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is asked whether every order was judged.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// The loads of the running system.
#[derive(Clone, Debug, Args)]
pub struct LoadsArgs {
    /// Where `duet load` listens; one for each bus, with its name: rabbitmq=HOST:PORT,kafka=HOST:PORT. A bare HOST:PORT
    /// has the name load.
    #[arg(long, value_name = "[BUS=]HOST:PORT", env = "DUET_LOADS", default_value = "127.0.0.1:8090")]
    #[arg(value_delimiter = ',', value_parser = load)]
    pub load: Vec<Load>,
    /// Only those on these buses, by the names that --load gives.
    #[arg(long, value_name = "BUS", value_delimiter = ',')]
    pub bus: Vec<String>,
}

/// A load, by the name of its bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The bus.
    pub name: String,
    /// `HOST:PORT`.
    pub place: String,
}

fn load(text: &str) -> Result<Load, String> {
    let (name, place) = text.split_once('=').unwrap_or(("load", text));
    let place = place.strip_prefix("http://").unwrap_or(place).trim_end_matches('/');
    let has_port =
        place.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if name.is_empty() || !has_port {
        return Err("expected HOST:PORT or BUS=HOST:PORT, e.g. kafka=127.0.0.1:8090".to_owned());
    }
    Ok(Load { name: name.to_owned(), place: place.to_owned() })
}

/// Flags of `duet switch`.
#[derive(Clone, Debug, Args)]
pub struct SwitchArgs {
    /// The style of the orders sent from now on: choreography, orchestration, or both by turns.
    #[arg(long, value_name = "STYLE")]
    pub style: Option<StyleChoice>,
    /// Orders sent in a second from now on; 0 for none.
    #[arg(long, value_name = "N", value_parser = plan::rate)]
    pub rate: Option<f64>,
    /// The share of orders whose payment is declined, from now on.
    #[arg(long, value_name = "RATE", value_parser = daemon::probability)]
    pub decline_rate: Option<f64>,
    /// Which.
    #[command(flatten)]
    pub loads: LoadsArgs,
}

/// Why a running system could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// There is no load of that name.
    #[error("--bus: found {found}, expected one of --load's names: {}", known.join(", "))]
    UnknownBus {
        /// What was asked for.
        found: String,
        /// What there is.
        known: Vec<String>,
    },
    /// It does not answer.
    #[error("the load on {name} cannot be reached (is `duet load` running?): {reason}")]
    Unreachable {
        /// The bus.
        name: String,
        /// Why not.
        reason: String,
    },
    /// It does not do what it was asked.
    #[error("the load on {name} refuses: {reason}")]
    Refused {
        /// The bus.
        name: String,
        /// Its words.
        reason: String,
    },
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

impl SwitchError {
    /// The exit code it ends the program with.
    #[must_use]
    pub fn code(&self) -> Code {
        if matches!(self, Self::UnknownBus { .. }) { Code::Usage } else { Code::Failure }
    }
}

impl LoadsArgs {
    fn chosen(&self) -> Result<Vec<&Load>, SwitchError> {
        let known = || self.load.iter().map(|load| load.name.clone()).collect();
        if let Some(found) = self.bus.iter().find(|bus| self.load.iter().all(|load| load.name != **bus)) {
            return Err(SwitchError::UnknownBus { found: found.clone(), known: known() });
        }
        Ok(self.load.iter().filter(|load| self.bus.is_empty() || self.bus.contains(&load.name)).collect())
    }

    /// Those of the chosen loads that answer. One that does not may not have been started; only when it was named, or when
    /// none answers, is that an error.
    async fn running(&self) -> Result<Vec<&Load>, SwitchError> {
        let (mut running, mut away) = (Vec::new(), None);
        for load in self.chosen()? {
            match get(&load.place, "/healthz", PATIENCE).await {
                Ok(_) => running.push(load),
                Err(reason) => {
                    let error = SwitchError::Unreachable { name: load.name.clone(), reason };
                    if !self.bus.is_empty() {
                        return Err(error);
                    }
                    tell(format_args!("left out: {error}"));
                    away = Some(error);
                }
            }
        }
        match away {
            Some(error) if running.is_empty() => Err(error),
            _ => Ok(running),
        }
    }
}

impl Load {
    async fn ask<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T, SwitchError> {
        let name = || self.name.clone();
        let answered = ask(&self.place, request, PATIENCE).await;
        let Answer { status, body, .. } =
            answered.map_err(|reason| SwitchError::Unreachable { name: name(), reason })?;
        if status != "200" {
            let detail = serde_json::from_str::<serde_json::Value>(&body).ok();
            let detail = detail.and_then(|problem| problem["detail"].as_str().map(str::to_owned));
            let reason = detail.unwrap_or_else(|| format!("it answered {status}"));
            return Err(SwitchError::Refused { name: name(), reason });
        }
        serde_json::from_str(&body).map_err(|error| SwitchError::Refused {
            name: name(),
            reason: format!("it answers what this version does not understand ({error})"),
        })
    }
}

fn block_on<T>(work: impl Future<Output = Result<T, SwitchError>>) -> Result<T, SwitchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(SwitchError::Threads)?.block_on(work)
}

/// `duet switch`: changes what is asked for, and shows how each load stands.
///
/// # Errors
/// A load cannot be reached or refuses; those before it have changed.
pub fn main(args: &SwitchArgs) -> Result<ExitCode, SwitchError> {
    let change = Change {
        style: args.style.map(|style| style.to_string()),
        rate_per_s: args.rate,
        decline_rate: args.decline_rate,
    };
    let body = serde_json::to_string(&change).unwrap_or_default();
    let request = || match change.is_empty() {
        true => Request::get("/load"),
        false => Request { method: "PATCH", path: "/load", body: &body },
    };
    block_on(async {
        for load in args.loads.running().await? {
            let state: LoadState = load.ask(request()).await?;
            terminal::print(&shown(&load.name, &state));
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// `kafka: both styles, 20 orders/s, 3 under way`.
fn shown(name: &str, state: &LoadState) -> String {
    let LoadState { plan, in_flight, trouble, resting, .. } = state;
    let style = match plan.style {
        StyleChoice::Both => "both styles by turns".to_owned(),
        one => one.to_string(),
    };
    let mut line = format!("{name}: {style}, {} orders/s", plan.rate_per_s);
    // Writing to a String cannot fail.
    if let Some(rate) = plan.decline_rate {
        let _ = write!(line, ", {} % of the payments declined", rate * 100.0);
    }
    let under_way: Vec<_> = in_flight.iter().map(|(style, count)| format!("{count} in {style}")).collect();
    let _ = write!(line, "; under way: {}", under_way.join(", "));
    if *resting {
        line.push_str("; it rests: it has sent all that --orders-max allows");
    }
    if let Some(trouble) = trouble {
        let _ = write!(line, "; nothing is sent: {trouble}");
    }
    line + "\n"
}

/// `duet audit` on a running system: waits until every order placed before now had the time to settle and was judged, then
/// prints each load's verdict. Exit code 0 when all are clean, 1 when one is violated, 3 when none is and one could not be judged.
///
/// # Errors
/// A load cannot be reached, or its orders are not judged in time.
pub fn audit(loads: &LoadsArgs, within: Duration) -> Result<ExitCode, SwitchError> {
    block_on(async {
        let (asked, deadline) = (SystemClock.now(), Instant::now() + within);
        let mut findings = Vec::new();
        let running = loads.running().await?;
        let several = running.len() > 1;
        for load in running {
            let report = load.judged_to(asked, deadline).await?;
            findings.push(report.verdict.verdict);
            terminal::print(&audited(several.then_some(&*load.name), &report));
        }
        Ok(exit_code(&findings))
    })
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

impl Load {
    async fn judged_to(&self, then: Millis, deadline: Instant) -> Result<Report, SwitchError> {
        loop {
            let report: Report = self.ask(Request::get("/verdict")).await?;
            if report.judged_to.is_some_and(|to| to >= then) && report.trouble.is_none() {
                return Ok(report);
            }
            if Instant::now() >= deadline {
                return Ok(report.out_of_time());
            }
            sleep(ASK_AGAIN).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_have_names_and_places() {
        let named = |name: &str, place: &str| Ok(Load { name: name.into(), place: place.into() });
        assert_eq!(load("127.0.0.1:8090"), named("load", "127.0.0.1:8090"));
        assert_eq!(load("kafka=http://load-kafka:80/"), named("kafka", "load-kafka:80"));
        for wrong in ["", "kafka", "=h:1", "kafka=h", "kafka=:1", "kafka=h:x"] {
            assert!(load(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_bus_is_refused_before_anything_is_changed() {
        let loads = LoadsArgs { load: vec![load("kafka=h:1").unwrap()], bus: vec!["rabbit".into()] };
        let error = loads.chosen().unwrap_err();
        assert_eq!(error.to_string(), "--bus: found rabbit, expected one of --load's names: kafka");
        assert_eq!(LoadsArgs { bus: vec!["kafka".into()], ..loads }.chosen().unwrap().len(), 1);
    }
}
