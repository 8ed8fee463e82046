//! `duet up`: starts the services and the orchestrator, and keeps them running.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use daemon::{ConfigError, StoreAddress};
use operate::processes::{PlannedBus, Program};
use operate::target::{self, StoreChoice, Urls};
use operate::up::policy::Patience;
use operate::up::settings::{DirArgs, Instances, Stores, UpSettings, bus_url, namespace};
use operate::up::{self, Seat};
use telemetry::{Code, exit_with};

/// What `duet up` sets for each process itself.
const PER_PROCESS: [&str; 5] = ["--bus", "--bus-file", "--store", "--store-file", "--listen"];

/// Flags of `duet up`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UpArgs {
    /// The bus: memory (`duet bus` as a fifth process), rabbitmq, kafka, or a URL (amqp://, amqps://, kafka://, tcp://).
    // As the services do it: the environment may hold a password.
    #[arg(long, value_name = "BUS", env = "DUET_BUS", hide_env_values = true, default_value = "memory")]
    bus: String,
    /// The stores: sqlite (files in the folder), sqlite:DIR, postgres, or postgres://… (a schema for each service).
    #[arg(long, value_name = "STORE", default_value = "sqlite")]
    store: String,
    /// What all names on the broker and all schemas in the database begin with, so that several systems can share them.
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    namespace: Option<String>,
    /// Where servers are that are named by a word.
    #[command(flatten)]
    urls: Urls,
    #[command(flatten)]
    dir: DirArgs,
    /// Instances of a program, e.g. order-status=3; more than one of any needs --store postgres [default: 1 of each].
    #[arg(long, value_name = "NAME=N", value_delimiter = ',')]
    instances: Vec<Instances>,
    /// Starts the Step Functions API, too (`duet workflow serve`), at http://127.0.0.1:8084 if that port is free.
    #[arg(long)]
    workflows: bool,
    /// Returns once everything is ready, and leaves it running.
    #[arg(long)]
    detach: bool,
    /// With --detach: how long to wait for everything to be ready, in seconds; then all of it is ended again.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    wait_s: u32,
    /// How long a process may take to end when asked to, in seconds; then it is killed.
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    stop_s: u32,
    /// It is the one that goes on running for somebody who said --detach.
    #[arg(long, hide = true)]
    detached: bool,
    /// Further flags for each of the programs but the bus, e.g. -- --log debug --batch-max 64.
    #[arg(last = true, value_name = "FLAGS")]
    extra: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  duet up                                   # without servers: memory bus, SQLite files in .duet
  duet up --bus rabbitmq --store postgres --instances order-status=3 --detach
  duet up --workflows                       # with the AWS Step Functions API at http://127.0.0.1:8084
  duet status; duet scale order-status=2; duet down
  DUET_DECLINE_RATE=0.05 DUET_SEED=7 duet up

Every flag of the services has a variable, DUET_ and its name, and reaches them from this command's
environment; DUET_BUS, DUET_STORE and DUET_LISTEN are set for each process. Passwords belong into
DUET_BUS, DUET_RABBITMQ_URL and the like: other users of the machine see a command's flags.

A process that crashes is started again, after a pause that grows up to 30 s. Ctrl-C ends everything.";

/// Runs the command.
pub(crate) fn main(args: &UpArgs) -> ExitCode {
    let seat = match (args.detach, args.detached) {
        (_, true) => Seat::OwnSession,
        (true, false) => Seat::Detached,
        (false, false) => Seat::Here,
    };
    let settings = match args.settings() {
        Ok(settings) => settings,
        Err(error) => return exit_with(&error, Code::Usage),
    };
    match up::main(settings, seat) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit_with(&error, error.code()),
    }
}

impl UpArgs {
    /// Checks what clap cannot.
    ///
    /// # Errors
    /// The first flag that cannot be used, with what would be right.
    fn settings(&self) -> Result<UpSettings, ConfigError> {
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
        if self.workflows {
            instances.insert(Program::Workflows, 1);
        }
        let own =
            self.extra.iter().find(|flag| PER_PROCESS.contains(&flag.split('=').next().unwrap_or(flag)));
        if let Some(flag) = own {
            let expected = "flags that can be the same for all: this one is set for each process";
            let name = flag.split('=').next().unwrap_or(flag);
            return Err(ConfigError::new("--", name, expected));
        }
        Ok(UpSettings {
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        up: UpArgs,
    }

    fn settings(flags: &[&str]) -> Result<UpSettings, String> {
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
    fn the_step_functions_api_is_one_more_program_with_a_store_of_its_own() {
        let found = settings(&["--workflows"]).unwrap();
        assert_eq!((found.instances.len(), found.instances[&Program::Workflows]), (5, 1));
        let store = found.stores.url(Program::Workflows);
        assert!(store.expose().ends_with("/.duet/workflows.db"), "{store}");
        let flags = ["--workflows", "--store", "postgres://u:p@h/d", "--namespace", "trial"];
        let store = settings(&flags).unwrap().stores.url(Program::Workflows);
        assert_eq!(store.expose(), "postgres://u:p@h/d?schema=trial_workflows");
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
