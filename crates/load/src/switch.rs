//! Asks running loads to be different, and for their verdicts.

use std::str::FromStr;
use std::time::Duration;

use daemon::client::{Answer, Request, ask, get};
use participant::Millis;
use serde::de::DeserializeOwned;
use telemetry::{Code, tell};
use tokio::time::{Instant, sleep};

use crate::http::LoadState;
use crate::plan::Change;
use crate::verdict::Report;

/// How long a load may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is asked whether every order was judged.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// A load, by the name of its bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// What it is called: its bus.
    pub name: String,
    /// Where it serves HTTP: `HOST:PORT`.
    pub place: String,
}

impl FromStr for Load {
    type Err = String;

    /// Reads `HOST:PORT`, which has the name `load`, or `BUS=HOST:PORT`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, place) = text.split_once('=').unwrap_or(("load", text));
        let place = place.strip_prefix("http://").unwrap_or(place).trim_end_matches('/');
        let has_port = place
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        if name.is_empty() || !has_port {
            return Err("expected HOST:PORT or BUS=HOST:PORT, e.g. kafka=127.0.0.1:8090".to_owned());
        }
        Ok(Self { name: name.to_owned(), place: place.to_owned() })
    }
}

/// Why a running system could not be asked.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
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
    Unreachable { name: String, reason: String },
    /// It does not do what it was asked.
    #[error("the load on {name} refuses: {reason}")]
    Refused { name: String, reason: String },
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

/// The loads of a running system, and which of them are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loads {
    /// All of them; one for each bus.
    pub all: Vec<Load>,
    /// The names of those that are meant; empty for all.
    pub chosen: Vec<String>,
}

impl Loads {
    fn chosen(&self) -> Result<Vec<&Load>, SwitchError> {
        let known = || self.all.iter().map(|load| load.name.clone()).collect();
        if let Some(found) = self.chosen.iter().find(|bus| self.all.iter().all(|load| load.name != **bus)) {
            return Err(SwitchError::UnknownBus { found: found.clone(), known: known() });
        }
        Ok(self
            .all
            .iter()
            .filter(|load| self.chosen.is_empty() || self.chosen.contains(&load.name))
            .collect())
    }

    /// Those of the chosen loads that answer. One that does not may not have been started; only when it was named, or when
    /// none answers, is that an error.
    ///
    /// # Errors
    /// A name is none of a load's, or a load does not answer that had to.
    pub async fn running(&self) -> Result<Vec<&Load>, SwitchError> {
        let (mut running, mut away) = (Vec::new(), None);
        for load in self.chosen()? {
            match get(&load.place, "/healthz", PATIENCE).await {
                Ok(_) => running.push(load),
                Err(reason) => {
                    let error = SwitchError::Unreachable { name: load.name.clone(), reason };
                    if !self.chosen.is_empty() {
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
        let Answer { status, body } =
            answered.map_err(|reason| SwitchError::Unreachable { name: name(), reason })?;
        if status != 200 {
            let detail = serde_json::from_str::<serde_json::Value>(&body).ok();
            let detail = detail.and_then(|problem| problem["detail"].as_str().map(str::to_owned));
            let reason = detail.unwrap_or_else(|| format!("it answered {}", status.as_u16()));
            return Err(SwitchError::Refused { name: name(), reason });
        }
        serde_json::from_str(&body).map_err(|error| SwitchError::Refused {
            name: name(),
            reason: format!("it answers what this version does not understand ({error})"),
        })
    }
}

impl Load {
    /// Changes what there is in `change`, if anything, and says how the load stands then.
    ///
    /// # Errors
    /// It cannot be reached, or refuses.
    pub async fn switch(&self, change: &Change) -> Result<LoadState, SwitchError> {
        let body = serde_json::to_string(change).unwrap_or_default();
        let request = match change.is_empty() {
            true => Request::get("/load"),
            false => Request::patch("/load", &body),
        };
        self.ask(request).await
    }

    /// Its verdict once every order placed before `then` was judged; at the deadline, that it ran out of time. `watch` sees every
    /// one until then.
    ///
    /// # Errors
    /// It cannot be reached, or refuses.
    pub async fn judged_to(
        &self,
        then: Millis,
        deadline: Instant,
        mut watch: impl FnMut(&Report),
    ) -> Result<Report, SwitchError> {
        loop {
            let report: Report = self.ask(Request::get("/verdict")).await?;
            watch(&report);
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
        let read = |text: &str| text.parse::<Load>();
        let named = |name: &str, place: &str| Ok(Load { name: name.into(), place: place.into() });
        assert_eq!(read("127.0.0.1:8090"), named("load", "127.0.0.1:8090"));
        assert_eq!(read("kafka=http://load-kafka:80/"), named("kafka", "load-kafka:80"));
        for wrong in ["", "kafka", "=h:1", "kafka=h", "kafka=:1", "kafka=h:x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_bus_is_refused_before_anything_is_changed() {
        let loads = Loads { all: vec!["kafka=h:1".parse().unwrap()], chosen: vec!["rabbit".into()] };
        let error = loads.chosen().unwrap_err();
        assert_eq!(error.to_string(), "--bus: found rabbit, expected one of --load's names: kafka");
        assert_eq!(Loads { chosen: vec!["kafka".into()], ..loads }.chosen().unwrap().len(), 1);
    }
}
