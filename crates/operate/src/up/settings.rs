//! What `duet up` and its companions are told.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use daemon::address::redact;
use daemon::{BusAddress, ConfigError};

use super::policy::Patience;
use crate::processes::program::UnknownProgram;
use crate::processes::{PlannedBus, ProcessId, Program};
use crate::target::{self, BusPlace, StorePlace, Url, Urls};

/// Instances of a program, at the most.
pub const INSTANCES_MAX: u32 = 64;
/// The longest namespace, in bytes: with a participant's name it has to go into the name of a schema.
const NAMESPACE_BYTES_MAX: usize = 30;
/// The folder that `up`, `status`, `scale` and `down` agree on.
#[derive(Clone, Debug, Args)]
pub struct DirArgs {
    /// The folder of a running system: state, logs, SQLite files.
    #[arg(long, value_name = "DIR", default_value = ".duet")]
    pub dir: PathBuf,
}

impl DirArgs {
    /// The folder, wherever this process may go.
    ///
    /// # Errors
    /// The working folder cannot be told.
    pub fn absolute(&self) -> io::Result<PathBuf> {
        std::path::absolute(&self.dir)
    }
}

/// Reads a name that can be the beginning of one on any broker and in any database.
///
/// # Errors
/// It cannot; says what is needed.
pub fn namespace(name: &str) -> Result<String, String> {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let begins_well = name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.starts_with("pg_");
    if begins_well && name.bytes().all(fine) && name.len() <= NAMESPACE_BYTES_MAX {
        return Ok(name.to_owned());
    }
    Err(format!("1 to {NAMESPACE_BYTES_MAX} of a-z 0-9 _ are needed, the first a letter, not pg_"))
}

/// How many instances of a program, as in `order-status=3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instances {
    /// Of which program.
    pub program: Program,
    /// How many; from 1 to [`INSTANCES_MAX`].
    pub count: u32,
}

/// The text names no number of instances of a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoInstances {
    /// It names no program.
    #[error(transparent)]
    Name(#[from] UnknownProgram),
    /// It is none at all, or names a number that cannot be.
    #[error("NAME=N is needed, with N from 1 to {INSTANCES_MAX}, e.g. order-status=3")]
    Form,
}

impl FromStr for Instances {
    type Err = NoInstances;

    fn from_str(text: &str) -> Result<Self, NoInstances> {
        let (name, count) = text.split_once('=').unwrap_or((text, ""));
        let program = name.parse()?;
        let count = count.parse().ok().filter(|count| (1..=INSTANCES_MAX).contains(count));
        Ok(Self { program, count: count.ok_or(NoInstances::Form)? })
    }
}

/// Where the participants keep what they know.
#[derive(Clone, Debug)]
pub enum Stores {
    /// A file each in this folder, named after them.
    Sqlite(PathBuf),
    /// A schema each in a database.
    Postgres {
        /// Where it is.
        url: Url,
        /// What the schemas' names begin with, where it is not the participants' names alone.
        namespace: Option<String>,
    },
}

impl Stores {
    /// The URL of a participant's store.
    #[must_use]
    pub fn url(&self, program: Program) -> Url {
        match self {
            Self::Sqlite(dir) => Url::new(format!("sqlite:{}", dir.join(format!("{program}.db")).display())),
            Self::Postgres { url, namespace: None } => url.clone(),
            Self::Postgres { url, namespace: Some(namespace) } => {
                let place = StorePlace::Postgres { url: url.clone(), prefix: namespace.clone() };
                Url::new(place.url(Path::new(""), program.name()))
            }
        }
    }

    /// Why a program cannot have that many instances on these stores; `None` when it can.
    #[must_use]
    pub fn refuses(&self, count: u32) -> Option<&'static str> {
        let alone = matches!(self, Self::Sqlite(_)) && count > 1;
        alone.then_some(
            "1 with --store sqlite: a SQLite file has one writer; instances can share --store postgres",
        )
    }
}

impl std::fmt::Display for Stores {
    /// Without secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(dir) => write!(f, "sqlite:{}", dir.display()),
            Self::Postgres { url, .. } => url.fmt(f),
        }
    }
}

/// What `duet up` was asked for, checked.
#[derive(Clone, Debug)]
pub struct UpSettings {
    /// The folder, absolute.
    pub dir: PathBuf,
    /// What the processes are connected by.
    pub bus: PlannedBus,
    /// Where the participants keep what they know.
    pub stores: Stores,
    /// What stands before names on a broker and those of schemas.
    pub namespace: Option<String>,
    /// How many instances of each program beside the bus.
    pub instances: BTreeMap<Program, u32>,
    /// Further flags for each of them.
    pub extra: Vec<String>,
    /// How long everything may take to be ready.
    pub ready_within: Duration,
    /// How patient the supervisor is.
    pub patience: Patience,
}

/// The URL of a bus that another process can reach: by a word (`rabbitmq`, `kafka`) or as it is; in that namespace,
/// where it has any.
///
/// # Errors
/// It is none; says what would be right, without secrets.
pub fn bus_url(word: &str, namespace: Option<&str>, urls: &Urls) -> Result<Url, ConfigError> {
    if word.starts_with("tcp://") {
        BusAddress::parse(word)?;
        return Ok(Url::new(word));
    }
    // Commas are for lists of buses, which this is none of.
    let known = word.contains("://") || ["rabbitmq", "kafka"].contains(&word);
    let found = if known { target::buses(word, urls)? } else { Vec::new() };
    let [place] = found.as_slice() else { return Err(ConfigError::new("--bus", redact(word), BUSES)) };
    let place = BusPlace { namespace: namespace.map(str::to_owned), ..place.clone() };
    Ok(Url::new(place.whole_url().unwrap_or_default()))
}

const BUSES: &str =
    "memory, rabbitmq, kafka, amqp://USER:PASSWORD@HOST/VHOST, kafka://HOST:PORT or tcp://HOST:PORT";

/// Where a process listens if that port is free: the services' own defaults for their first instances.
#[must_use]
pub fn usual_port(id: ProcessId) -> SocketAddr {
    let port = match (id.program, id.instance) {
        (Program::Bus, 1) => 7070,
        (Program::Orchestrator, 1) => 8080,
        (Program::OrderHistory, 1) => 8081,
        (Program::OrderStatus, 1) => 8082,
        (Program::Notifications, 1) => 8083,
        (Program::Workflows, 1) => 8084,
        _ => 0,
    };
    SocketAddr::from(([127, 0, 0, 1], port))
}
