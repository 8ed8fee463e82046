//! Which system a load works on: that which `duet up` runs, as it is written down, unless flags say otherwise.

use std::path::PathBuf;

use host::ConfigError;
use host::address::redact;

use crate::described::Described;
use crate::services::Services;
use crate::target::with_option;
use crate::up::settings::{DirArgs, namespace};

/// The bus unless a flag names one: where `duet bus` listens by default, or that of the system in the folder.
const BUS_DEFAULT: &str = "tcp://127.0.0.1:7070";

/// Which system.
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
}

/// Where everything is, as far as flags say it; then whatever they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The bus.
    pub bus: String,
    /// The observer's store.
    pub store: String,
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
        let found = Described::find(&self.dir)?;
        let found = found.filter(|found| places.bus == BUS_DEFAULT || found.is_on(&places.bus));
        if let Some(found) = &found {
            complete_from(found, places)?;
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
                places.store = with_option(&places.store, "schema", &format!("{namespace}_{}", super::NAME));
            }
        }
        Ok(())
    }
}

fn complete_from(found: &Described, places: &mut Places) -> Result<(), ConfigError> {
    if !found.is_on(&places.bus) {
        places.bus = found.own_bus().ok_or_else(|| {
            let expected = format!("the URL of {}: passwords are not kept in --dir", found.bus_shown());
            ConfigError::new("--bus", "nothing", expected)
        })?;
    }
    places.ledger.get_or_insert_with(|| found.ledger());
    if places.stores.is_none() {
        let stores = found.stores_shown();
        if stores.starts_with("sqlite:") {
            places.stores = Some(stores.to_owned());
        } else if !places.store.starts_with("postgres") {
            let expected = format!("the URL of {stores}: passwords are not kept in --dir");
            return Err(ConfigError::new("--stores or --store", redact(&places.store), expected));
        }
    }
    Ok(())
}
