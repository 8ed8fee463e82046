//! `duet replay`: sets orders going again of which the broker lost something that it had confirmed.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use contract::order::{ID_BYTES_MAX, is_id};
use daemon::{ConfigError, DaemonError};
use operate::described::Described;
use operate::processes::Program;
use operate::replay::{Said, stuck};
use operate::service_stores::ServiceStores;
use operate::services::{self, Instance, Services, ready};
use operate::target::PostgresUrl;
use operate::up::settings::{DirArgs, namespace};
use telemetry::{Code, exit_with};

/// Flags of `duet replay`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReplayArgs {
    /// The orders' ids.
    #[arg(value_name = "ORDER", required_unless_present = "stuck", conflicts_with = "stuck")]
    orders: Vec<String>,
    /// Every order of which the services' stores say that something is missing and nothing has come for a while.
    #[arg(long)]
    stuck: bool,
    /// With --stuck: how long nothing has come, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    after_s: u32,
    /// What `duet up` runs.
    #[command(flatten)]
    dir: DirArgs,
    /// Where the services and the orchestrator serve HTTP, as NAME=HOST:PORT [default: those of the system in --dir].
    #[arg(long, value_name = "NAME=HOST:PORT,…", env = "DUET_SERVICES", value_delimiter = ',')]
    #[arg(value_parser = services::instance)]
    services: Vec<Instance>,
    /// With --stuck: the database (postgres://…) in which each service has its schema, or sqlite:DIR, the folder with a file for
    /// each [default: that of the system in --dir].
    #[arg(long, value_name = "URL", env = "DUET_AUDIT_STORES", hide_env_values = true)]
    stores: Option<String>,
    /// What the schemas begin with [default: what `duet up` was told that runs in --dir].
    #[arg(long, value_name = "NAME", env = "DUET_NAMESPACE", value_parser = namespace)]
    namespace: Option<String>,
    /// Where the database is whose password is not written down in --dir.
    #[command(flatten)]
    postgres: PostgresUrl,
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
pub(crate) enum ReplayError {
    /// A flag cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A service cannot be asked.
    #[error("{program} is not ready, and nothing was replayed: {reason}")]
    NotReady {
        program: Program,
        /// What it says.
        reason: String,
    },
    /// The stores cannot be opened.
    #[error(transparent)]
    Open(#[from] DaemonError),
    /// The stores cannot be read.
    #[error(transparent)]
    Stuck(#[from] stuck::StuckError),
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

impl ReplayError {
    /// The exit code it ends the program with.
    fn code(&self) -> Code {
        if matches!(self, Self::Config(_)) { Code::Usage } else { Code::Failure }
    }
}

/// Runs the command. Its exit code is 0 when every order was replayed by whoever knows it.
pub(crate) fn main(args: &ReplayArgs) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let replayed = runtime.map_err(ReplayError::Threads).and_then(|runtime| runtime.block_on(replay(args)));
    replayed.unwrap_or_else(|error| exit_with(&error, error.code()))
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
        (None, Some(found)) => found.stores(&args.postgres).ok_or_else(|| nothing(&found.stores_wanted()))?,
        (None, None) => return Err(nothing("sqlite:DIR or postgres://…")),
    };
    let namespace = args.namespace.as_deref().or_else(|| found.and_then(Described::namespace));
    ServiceStores::parse(Some(&given), daemon::StoreAddress::Memory, namespace.map(str::to_owned))
}
