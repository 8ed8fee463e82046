//! The flags of `duet up` and its companions, and the settings made of them.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use daemon::address::redact;
use daemon::{BusAddress, ConfigError, StoreAddress};

use super::policy::Patience;
use crate::processes::program::UnknownProgram;
use crate::processes::{PlannedBus, ProcessId, Program};
use crate::target::{self, BusPlace, StoreChoice, StorePlace, Url, Urls};

/// Instances of a program, at the most.
pub const INSTANCES_MAX: u32 = 64;
/// The longest namespace, in bytes: with a participant's name it has to go into the name of a schema.
const NAMESPACE_BYTES_MAX: usize = 30;
/// What `duet up` sets for each process itself.
const PER_PROCESS: [&str; 5] = ["--bus", "--bus-file", "--store", "--store-file", "--listen"];

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

/// Flags of `duet up`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct UpArgs {
    /// The bus: memory (`duet bus` as a fifth process), rabbitmq, kafka, or a URL (amqp://, amqps://, kafka://, tcp://).
    // As the services do it: the environment may hold a password.
    #[arg(long, value_name = "BUS", env = "DUET_BUS", hide_env_values = true, default_value = "memory")]
    pub bus: String,
    /// The stores: sqlite (files in the folder), sqlite:DIR, postgres, or postgres://… (a schema for each service).
    #[arg(long, value_name = "STORE", default_value = "sqlite")]
    pub store: String,
    /// What all names on the broker and all schemas in the database begin with, so that several systems can share them.
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    pub namespace: Option<String>,
    /// Where servers are that are named by a word.
    #[command(flatten)]
    pub urls: Urls,
    /// The folder.
    #[command(flatten)]
    pub dir: DirArgs,
    /// Instances of a program, e.g. order-status=3; more than one of any needs --store postgres [default: 1 of each].
    #[arg(long, value_name = "NAME=N", value_delimiter = ',')]
    pub instances: Vec<Instances>,
    /// Returns once everything is ready, and leaves it running.
    #[arg(long)]
    pub detach: bool,
    /// With --detach: how long to wait for everything to be ready, in seconds; then all of it is ended again.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub wait_s: u32,
    /// How long a process may take to end when asked to, in seconds; then it is killed.
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub stop_s: u32,
    /// It is the one that goes on running for somebody who said --detach.
    #[arg(long, hide = true)]
    pub detached: bool,
    /// Further flags for each of the four programs, e.g. -- --log debug --batch-max 64.
    #[arg(last = true, value_name = "FLAGS")]
    pub extra: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  duet up                                   # without servers: memory bus, SQLite files in .duet
  duet up --bus rabbitmq --store postgres --instances order-status=3 --detach
  duet status; duet scale order-status=2; duet down
  DUET_DECLINE_RATE=0.05 DUET_SEED=7 duet up

Every flag of the services has a variable, DUET_ and its name, and reaches them from this command's
environment; DUET_BUS, DUET_STORE and DUET_LISTEN are set for each process. Passwords belong into
DUET_BUS, DUET_RABBITMQ_URL and the like: other users of the machine see a command's flags.

A process that crashes is started again, after a pause that grows up to 30 s. Ctrl-C ends everything.";

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
    /// Which.
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
pub struct Settings {
    /// The folder, absolute.
    pub dir: PathBuf,
    /// The bus.
    pub bus: PlannedBus,
    /// The stores.
    pub stores: Stores,
    /// What stands before names on a broker and those of schemas.
    pub namespace: Option<String>,
    /// How many instances of each participant.
    pub instances: BTreeMap<Program, u32>,
    /// Further flags for each of them.
    pub extra: Vec<String>,
    /// How long everything may take to be ready.
    pub ready_within: Duration,
    /// How patient the supervisor is.
    pub patience: Patience,
}

impl UpArgs {
    /// Checks what clap cannot.
    ///
    /// # Errors
    /// The first flag that cannot be used, with what would be right.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        let dir = self.dir.absolute().map_err(|error| {
            let expected = format!("a folder; the working folder cannot be told ({error})");
            ConfigError::new("--dir", self.dir.dir.display(), expected)
        })?;
        let stores = self.stores(&dir)?;
        let mut instances = BTreeMap::from(Program::PARTICIPANTS.map(|program| (program, 1)));
        for Instances { program, count } in &self.instances {
            if let Some(expected) = stores.refuses(*count) {
                return Err(ConfigError::new("--instances", format!("{program}={count}"), expected));
            }
            instances.insert(*program, *count);
        }
        let own =
            self.extra.iter().find(|flag| PER_PROCESS.contains(&flag.split('=').next().unwrap_or(flag)));
        if let Some(flag) = own {
            let expected = "flags that can be the same for all: this one is set for each process";
            let name = flag.split('=').next().unwrap_or(flag);
            return Err(ConfigError::new("--", name, expected));
        }
        Ok(Settings {
            dir,
            bus: self.planned_bus()?,
            stores,
            namespace: self.namespace.clone(),
            instances,
            extra: self.extra.clone(),
            ready_within: Duration::from_secs(self.wait_s.into()),
            patience: Patience {
                stop_within: Duration::from_secs(self.stop_s.into()),
                ..Patience::default()
            },
        })
    }

    fn planned_bus(&self) -> Result<PlannedBus, ConfigError> {
        if matches!(self.bus.as_str(), "memory" | "memory:") {
            return Ok(PlannedBus::Embedded);
        }
        let url = bus_url(&self.bus, self.namespace.as_deref(), &self.urls)?;
        Ok(PlannedBus::Url(url.expose().to_owned()))
    }

    fn stores(&self, dir: &Path) -> Result<Stores, ConfigError> {
        let url = match target::store(&self.store, &self.urls.postgres)? {
            StoreChoice::Sqlite(None) => return Ok(Stores::Sqlite(dir.to_owned())),
            StoreChoice::Sqlite(Some(other)) => {
                return Ok(Stores::Sqlite(std::path::absolute(&other).unwrap_or(other)));
            }
            StoreChoice::Postgres(url) => url,
        };
        match StoreAddress::parse(url.expose())? {
            StoreAddress::Postgres(options) if options.schema.is_some() => {
                let expected = "no ?schema= in it: each service gets a schema of its own; see --namespace";
                Err(ConfigError::new("--store", &url, expected))
            }
            _ => Ok(Stores::Postgres { url, namespace: self.namespace.clone() }),
        }
    }
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
        _ => 0,
    };
    SocketAddr::from(([127, 0, 0, 1], port))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        up: UpArgs,
    }

    fn settings(flags: &[&str]) -> Result<Settings, String> {
        let cli = Cli::try_parse_from(["up"].iter().chain(flags)).map_err(|error| error.to_string())?;
        cli.up.settings().map_err(|error| error.to_string())
    }

    #[test]
    fn without_flags_it_needs_no_server() {
        let settings = settings(&[]).unwrap();
        assert!(matches!(settings.bus, PlannedBus::Embedded));
        assert!(settings.dir.is_absolute() && settings.dir.ends_with(".duet"));
        let store = settings.stores.url(Program::OrderStatus);
        assert!(store.expose().ends_with("/.duet/order-status.db"), "{store}");
        assert_eq!(settings.instances.values().sum::<u32>(), 4);
    }

    #[test]
    fn brokers_and_databases_go_by_word_or_url() {
        let found =
            settings(&["--bus", "rabbitmq", "--store", "postgres", "--instances", "order-status=3"]).unwrap();
        let PlannedBus::Url(bus) = &found.bus else { panic!("{found:?}") };
        assert!(bus.starts_with("amqp://"), "{bus}");
        assert_eq!(found.instances[&Program::OrderStatus], 3);
        let flags = ["--bus", "kafka://a:1,b:2", "--store", "postgres://u:p@h/d", "--namespace", "trial"];
        let named = settings(&flags).unwrap();
        assert!(matches!(named.bus, PlannedBus::Url(url) if url == "kafka://a:1,b:2?namespace=trial"));
        let store = named.stores.url(Program::OrderStatus);
        assert_eq!(store.expose(), "postgres://u:p@h/d?schema=trial_order_status");
        let tcp = settings(&["--bus", "tcp://127.0.0.1:7071"]).unwrap();
        assert!(matches!(tcp.bus, PlannedBus::Url(url) if url == "tcp://127.0.0.1:7071"));
        let many =
            settings(&["--store", "postgres", "--instances", "orchestrator=2,notifications=4"]).unwrap();
        assert_eq!((many.instances[&Program::Orchestrator], many.instances[&Program::Notifications]), (2, 4));
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_would_be_right() {
        for (flags, said) in [
            (&["--bus", "carrier-pigeon"][..], "--bus: found ***, expected memory, rabbitmq, kafka"),
            (&["--bus", "nats://u:secret@h"], "--bus: found nats://***@h, expected amqp://"),
            (&["--store", "memory:"], "--store: found memory:, expected sqlite"),
            (
                &["--instances", "order-status=3"],
                "--instances: found order-status=3, expected 1 with --store sqlite: a SQLite file has one writer",
            ),
            (
                &["--instances", "billing=2"],
                "`billing` is none of orchestrator, order-history, order-status, not",
            ),
            (&["--instances", "bus=2"], "`bus` is none of"),
            (&["--instances", "order-status"], "NAME=N is needed, with N from 1 to 64"),
            (&["--instances", "order-status=0"], "NAME=N is needed"),
            (
                &["--", "--log", "debug", "--listen=127.0.0.1:1"],
                "--: found --listen, expected flags that can be",
            ),
            (&["--", "--store", "x"], "--: found --store"),
            (&["--namespace", "Trial"], "1 to 30 of a-z 0-9 _ are needed"),
            (&["--namespace", "pg_x"], "not pg_"),
            (&["--bus", "rabbitmq,kafka"], "--bus: found rabbitmq,kafka, expected memory, rabbitmq, kafka"),
            (&["--bus", "kafka://a:1,rabbitmq"], "--bus: found kafka://a:1,rabbitmq, expected memory"),
            (
                &["--store", "postgres://u:secret@h/d?schema=x"],
                "--store: found postgres://***@h/d?***, expected no ?schema= in it",
            ),
        ] {
            let error = settings(flags).unwrap_err();
            assert!(error.contains(said) && !error.contains("secret"), "{flags:?}: {error}");
        }
    }
}
