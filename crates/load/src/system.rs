//! Which system a load works on: that which `duet up` runs, as it is written down, unless flags say otherwise.

use std::path::PathBuf;

use daemon::ConfigError;
use daemon::address::redact;
use operate::described::Described;
use operate::services::Services;
use operate::target::{Urls, with_option};
use operate::up::settings::{DirArgs, bus_url, namespace};
use telemetry::tell;

use crate::observer::NAME;

/// The observer's store in the folder of a system.
const STORE_FILE: &str = "observer.db";

/// Flags that say which system the load works on.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "System")]
pub struct SystemArgs {
    /// What `duet up` runs.
    #[command(flatten)]
    dir: DirArgs,
    /// What all names on the broker and those of the schemas begin with [default: what `duet up` was told that runs in
    /// --dir on this bus].
    #[arg(long, value_name = "NAME", env = "DUET_NAMESPACE", value_parser = namespace)]
    namespace: Option<String>,
    /// Where servers are that are named by a word, or whose passwords are not written down in --dir.
    #[command(flatten)]
    urls: Urls,
}

/// Where everything is, as far as flags say it; then whatever they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The URL of the bus, or the word for it.
    pub bus: String,
    /// Whether a flag or the environment names the bus; otherwise it is only where `duet bus` listens by default.
    pub bus_is_given: bool,
    /// The observer's store.
    pub store: String,
    /// Whether a flag or the environment names it; otherwise it is beside the system's own, where there is one.
    pub store_is_given: bool,
    /// The services' stores.
    pub stores: Option<String>,
    /// The gateway's ledger.
    pub ledger: Option<PathBuf>,
    /// What the services' schemas begin with.
    pub namespace: Option<String>,
    /// The services themselves.
    pub services: Services,
}

impl SystemArgs {
    /// Adds what flags leave open.
    ///
    /// # Errors
    /// What they leave open is written down without its password.
    pub fn complete(&self, places: &mut Places) -> Result<(), ConfigError> {
        if ["rabbitmq", "kafka"].contains(&places.bus.as_str()) {
            places.bus = bus_url(&places.bus, None, &self.urls)?.expose().to_owned();
        }
        let found = Described::find(&self.dir)?;
        let found = found.filter(|found| {
            let is_it = !places.bus_is_given || found.is_on(&places.bus);
            if !is_it {
                tell(format_args!(
                    "what runs in {} is on {}, not on --bus {}: nothing is taken from there",
                    found.dir().display(),
                    found.bus_shown(),
                    redact(&places.bus)
                ));
            }
            is_it
        });
        if let Some(found) = &found {
            complete_from(found, &self.urls, places)?;
            if places.services == Services::Unknown {
                places.services = Services::System(found.dir().to_owned());
            }
        }
        let described = found.as_ref().and_then(Described::namespace);
        places.namespace = self.namespace.clone().or_else(|| described.map(str::to_owned));
        if let Some(namespace) = &places.namespace {
            if !places.bus.starts_with("tcp:") && !places.bus.starts_with("memory:") {
                places.bus = with_option(&places.bus, "namespace", namespace);
            }
            if places.store.starts_with("postgres") {
                places.store = with_option(&places.store, "schema", &format!("{namespace}_{}", NAME));
            }
        }
        Ok(())
    }
}

fn complete_from(found: &Described, urls: &Urls, places: &mut Places) -> Result<(), ConfigError> {
    if !found.is_on(&places.bus) {
        let bus = found.bus(urls);
        places.bus = bus.ok_or_else(|| ConfigError::new("--bus", "nothing", found.bus_wanted()))?;
    }
    places.ledger.get_or_insert_with(|| found.ledger());
    if !places.store_is_given {
        places.store = format!("sqlite:{}", found.dir().join(STORE_FILE).display());
    }
    if places.stores.is_none() {
        places.stores = found.stores(&urls.postgres);
        if places.stores.is_none() && !places.store.starts_with("postgres") {
            let shown = redact(&places.store);
            return Err(ConfigError::new("--stores or --store", shown, found.stores_wanted()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use operate::processes::kernel::Identity;
    use operate::up::folder::Folder;
    use operate::up::state::State;

    const KAFKA: &str = "kafka://127.0.0.1:9192";
    const DEFAULT: &str = "tcp://127.0.0.1:7070";

    #[test]
    fn a_server_whose_password_is_not_written_down_is_the_one_that_is_known_at_its_place() {
        let found = completed_beside("amqp://***@127.0.0.1:5682/%2f", DEFAULT, false).unwrap();
        assert_eq!(found.bus, "amqp://guest:guest@127.0.0.1:5682/%2f?namespace=ns");
        assert_eq!(
            completed("kafka", true).unwrap().bus,
            format!("{KAFKA}?namespace=ns"),
            "a word is enough"
        );
        for written in ["amqp://***@elsewhere:5682/%2f", "kafka://elsewhere:9192?***"] {
            let error = completed_beside(written, DEFAULT, false).unwrap_err().to_string();
            assert!(error.contains("--bus") && error.contains(written), "{error}");
        }
    }

    /// What is found for that bus beside a system on Kafka.
    fn completed(bus: &str, bus_is_given: bool) -> Result<Places, ConfigError> {
        completed_beside(KAFKA, bus, bus_is_given)
    }

    /// What is found for that bus beside a system whose bus is written down like that.
    fn completed_beside(written: &str, bus: &str, bus_is_given: bool) -> Result<Places, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().join("x"));
        folder.make().unwrap();
        let state = State::new(folder.socket(), Identity::of(std::process::id()));
        folder.write_state(&State { bus: written.into(), namespace: Some("ns".into()), ..state }).unwrap();
        let mut places = Places {
            bus: bus.into(),
            bus_is_given,
            store: "memory:".into(),
            store_is_given: false,
            stores: None,
            ledger: None,
            namespace: None,
            services: Services::Unknown,
        };
        let dir = DirArgs { dir: folder.path().to_owned() };
        SystemArgs { dir, namespace: None, urls: Urls::default() }.complete(&mut places).map(|()| places)
    }

    #[test]
    fn a_bus_that_is_given_is_the_one_also_where_it_is_the_default() {
        let unnamed = completed(DEFAULT, false).unwrap();
        assert_eq!(
            unnamed.bus,
            format!("{KAFKA}?namespace=ns"),
            "nobody named it, so it is that of the system"
        );
        let given = completed(DEFAULT, true).unwrap();
        assert_eq!((given.bus.as_str(), given.ledger, given.namespace), (DEFAULT, None, None));
        assert_eq!(given.services, Services::Unknown, "those of the other system are not asked");
        let same = completed(KAFKA, true).unwrap();
        assert_eq!((same.bus, same.namespace), (format!("{KAFKA}?namespace=ns"), Some("ns".to_owned())));
        assert!(same.ledger.is_some());
        assert!(
            same.store.starts_with("sqlite:/") && same.store.ends_with("/x/observer.db"),
            "{}",
            same.store
        );
        assert_eq!(given.store, "memory:", "of no system that is found");
    }
}
