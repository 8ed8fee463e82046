//! `duet replay`: sets orders going again of which the broker lost something that it had confirmed.
//!
//! Nobody publishes such a message again: whoever sent it has forgotten it. So each service is asked to say again what its state of
//! the order implies ([`daemon::replay`]). It may be asked at any time and as often as one likes: whoever hears it again does what he
//! has not done yet. [`stuck`] finds the orders that may need it.

pub mod stuck;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use contract::order::{ID_BYTES_MAX, is_id};
use daemon::replay::Replayed;
use daemon::{ConfigError, HostError};
use telemetry::Code;

use crate::described::Described;
use crate::http::{Answer, Request, ask};
use crate::processes::Program;
use crate::services::{self, Instance, Services, ready};
use crate::target::PostgresUrl;
use crate::up::settings::{DirArgs, namespace};
use crate::witnesses::ServiceStores;

/// How long a service may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of a service's reason that are shown.
const REASON_SHOWN: usize = 200;

/// Flags of `duet replay`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// The orders' ids.
    #[arg(value_name = "ORDER", required_unless_present = "stuck", conflicts_with = "stuck")]
    pub orders: Vec<String>,
    /// Every order of which the services' stores say that something is missing and nothing has come for a while.
    #[arg(long)]
    pub stuck: bool,
    /// With --stuck: how long nothing has come, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub after_s: u32,
    /// What `duet up` runs.
    #[command(flatten)]
    pub dir: DirArgs,
    /// Where the services and the orchestrator serve HTTP, as NAME=HOST:PORT [default: those of the system in --dir].
    #[arg(long, value_name = "NAME=HOST:PORT,…", env = "DUET_SERVICES", value_delimiter = ',')]
    #[arg(value_parser = services::instance)]
    pub services: Vec<Instance>,
    /// With --stuck: the database (postgres://…) in which each service has its schema, or sqlite:DIR, the folder with a file for
    /// each [default: that of the system in --dir].
    #[arg(long, value_name = "URL", env = "DUET_AUDIT_STORES", hide_env_values = true)]
    pub stores: Option<String>,
    /// What the schemas begin with [default: what `duet up` was told that runs in --dir].
    #[arg(long, value_name = "NAME", env = "DUET_NAMESPACE", value_parser = namespace)]
    pub namespace: Option<String>,
    /// Where the database is whose password is not written down in --dir.
    #[command(flatten)]
    pub postgres: PostgresUrl,
}

const EXAMPLES: &str = "\
Examples:
  duet replay o-17 o-23                           # the system of duet up in .duet
  duet replay --stuck
  duet replay --stuck --services order-history=h:8081,order-status=s:8082,notifications=n:8083,orchestrator=o:8080 \\
              --stores postgres://duet:duet@127.0.0.1:5442/duet

Exit codes: 0 every order was replayed; 1 one was not, or a service is not ready; 64 a flag is wrong.";

/// Why nothing was replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A flag cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A service cannot be asked.
    #[error("{program} is not ready, and nothing was replayed: {reason}")]
    NotReady {
        /// Which.
        program: Program,
        /// What it says.
        reason: String,
    },
    /// The stores cannot be opened.
    #[error(transparent)]
    Open(#[from] HostError),
    /// The stores cannot be read.
    #[error(transparent)]
    Stuck(#[from] stuck::StuckError),
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

impl ReplayError {
    /// The exit code it ends the program with.
    #[must_use]
    pub fn code(&self) -> Code {
        if matches!(self, Self::Config(_)) { Code::Usage } else { Code::Failure }
    }
}

/// Runs the command. Its exit code is 0 when every order was replayed by whoever knows it.
///
/// # Errors
/// Nothing was done; says why.
pub fn main(args: &ReplayArgs) -> Result<ExitCode, ReplayError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(ReplayError::Threads)?.block_on(replay(args))
}

async fn replay(args: &ReplayArgs) -> Result<ExitCode, ReplayError> {
    for id in &args.orders {
        if !is_id(id) {
            let expected = format!("an order's id: 1 to {ID_BYTES_MAX} of A-Z a-z 0-9 . _ -");
            return Err(ConfigError::new("ORDER", format!("{id:?}"), expected).into());
        }
    }
    let found = Described::find(&args.dir)?;
    let places = places(args, found.as_ref())?;
    let mut asked = Vec::new();
    for (program, places) in places {
        match ready(&places).await {
            Ok(place) => asked.push((program, place.clone())),
            Err(reason) => return Err(ReplayError::NotReady { program, reason }),
        }
    }
    let orders = if args.stuck {
        let witnesses = stores(args, found.as_ref())?.witnesses()?;
        stuck::find(&witnesses, Duration::from_secs(args.after_s.into())).await?
    } else {
        let mut known = BTreeSet::new();
        args.orders.iter().filter(|id| known.insert(*id)).cloned().collect()
    };
    let (mut messages, mut whole) = (0, true);
    for order_id in &orders {
        let said = Said::of(order_id, &asked).await;
        terminal::print(&format!("{order_id}: {}\n", said.shown()));
        messages += said.messages();
        whole &= said.is_whole();
    }
    let orders = terminal::counted(orders.len() as u64, "order");
    terminal::print(&format!(
        "{orders} replayed, {} said again\n",
        terminal::counted(messages as u64, "message")
    ));
    Ok(if whole { ExitCode::SUCCESS } else { Code::Failure.into() })
}

/// Where each of the four participants is.
fn places(args: &ReplayArgs, found: Option<&Described>) -> Result<Vec<(Program, Vec<String>)>, ConfigError> {
    let listed = !args.services.is_empty();
    let services = match found {
        _ if listed => Services::Listed(args.services.clone()),
        Some(found) => Services::System(found.dir().to_owned()),
        None => {
            let folder = args.dir.dir.display();
            let expected =
                format!("NAME=HOST:PORT,…: nothing that duet up runs is found in {folder} (--dir)");
            return Err(ConfigError::new("--services", "nothing", expected));
        }
    };
    let mut known = services.known()?;
    let of = |program: Program| match known.remove(&program) {
        Some(places) => Ok((program, places)),
        None => {
            let expected = format!("a place of {program} as well");
            let found: Vec<_> = args.services.iter().map(|one| one.program.name()).collect();
            Err(ConfigError::new("--services", found.join(", "), expected))
        }
    };
    // The order's own history first: with it everything begins.
    [Program::OrderHistory, Program::OrderStatus, Program::Notifications, Program::Orchestrator]
        .into_iter()
        .map(of)
        .collect()
}

/// Where the stores are: as said, or those of the system.
fn stores(args: &ReplayArgs, found: Option<&Described>) -> Result<ServiceStores, ConfigError> {
    let nothing = |expected: &str| ConfigError::new("--stores", "nothing", expected);
    let given = match (&args.stores, found) {
        (Some(given), _) => given.clone(),
        (None, Some(found)) => found.stores(&args.postgres).ok_or_else(|| {
            nothing(&format!("the URL of {}: passwords are not kept in --dir", found.stores_shown()))
        })?,
        (None, None) => return Err(nothing("sqlite:DIR or postgres://…")),
    };
    let namespace = args.namespace.as_deref().or_else(|| found.and_then(Described::namespace));
    ServiceStores::parse(Some(&given), daemon::StoreAddress::Memory, namespace.map(str::to_owned))
}

/// What the participants said of one order.
struct Said(Vec<(Program, Result<Option<usize>, String>)>);

impl Said {
    async fn of(order_id: &str, asked: &[(Program, String)]) -> Self {
        let mut said = Vec::with_capacity(asked.len());
        for (program, place) in asked {
            said.push((*program, ask_one(place, order_id).await));
        }
        Self(said)
    }

    fn messages(&self) -> usize {
        self.0.iter().filter_map(|(_, said)| said.as_ref().ok().copied().flatten()).sum()
    }

    fn is_known(&self) -> bool {
        self.0.iter().any(|(_, said)| !matches!(said, Ok(None)))
    }

    /// Whether everybody who knows the order has said what there is to say.
    fn is_whole(&self) -> bool {
        self.is_known() && self.0.iter().all(|(_, said)| said.is_ok())
    }

    fn shown(&self) -> String {
        if !self.is_known() {
            return "no service knows it, so nothing can be said again: place it again".to_owned();
        }
        let mut text = String::new();
        for (program, said) in &self.0 {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = match said {
                Ok(Some(messages)) => write!(text, "{comma}{program} {messages}"),
                Ok(None) => write!(text, "{comma}{program} does not know it"),
                Err(reason) => write!(text, "{comma}{program} FAILED ({reason})"),
            };
        }
        text
    }
}

/// How many messages it said again; `None` where it does not know the order.
async fn ask_one(place: &str, order_id: &str) -> Result<Option<usize>, String> {
    let path = format!("/orders/{order_id}/replay");
    let answer = ask(place, Request { method: "POST", path: &path, body: "" }, PATIENCE).await?;
    match answer.status.as_str() {
        "200" => match serde_json::from_str::<Replayed>(&answer.body) {
            Ok(replayed) => Ok(Some(replayed.messages)),
            Err(_) => Err(answer.odd(&path)),
        },
        "404" if is_problem(&answer) => Ok(None),
        _ => Err(reason(&answer).unwrap_or_else(|| answer.odd(&path))),
    }
}

/// Whether it answers so because of what it was asked; an older version does not know the path.
fn is_problem(answer: &Answer) -> bool {
    reason(answer).is_some_and(|reason| reason.starts_with("nothing is known of an order"))
}

fn reason(answer: &Answer) -> Option<String> {
    let problem: serde_json::Value = serde_json::from_str(&answer.body).ok()?;
    let detail = problem["detail"].as_str()?;
    Some(detail.chars().filter(|c| !c.is_control()).take(REASON_SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_shown_by_service() {
        let said =
            |history, status| Said(vec![(Program::OrderHistory, history), (Program::OrderStatus, status)]);
        let all = said(Ok(Some(2)), Ok(None));
        assert_eq!(all.shown(), "order-history 2, order-status does not know it");
        assert_eq!((all.messages(), all.is_whole()), (2, true));
        let failed = said(Ok(Some(2)), Err("held up".into()));
        assert_eq!(failed.shown(), "order-history 2, order-status FAILED (held up)");
        assert!(!failed.is_whole());
        let unknown = said(Ok(None), Ok(None));
        assert!(unknown.shown().starts_with("no service knows it") && !unknown.is_whole());
    }
}
