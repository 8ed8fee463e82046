//! Where the stores of a system's participants are.

use std::path::{Path, PathBuf};

use auditor::Witnesses;
use daemon::{ConfigError, DaemonError, StoreAddress, connect};

use crate::target;

/// Where the stores of the participants are, as `--stores` says it.
#[derive(Clone, Debug)]
pub enum ServiceStores {
    /// Files in this folder, named after them.
    Folder(PathBuf),
    /// Schemas in this database, which begin with that.
    Database(StoreAddress, Option<String>),
}

impl ServiceStores {
    /// As given, or else beside `own`, the store of whoever asks, whose schema is none of theirs.
    ///
    /// # Errors
    /// What is given is neither a folder of SQLite files nor a database.
    pub fn parse(
        given: Option<&str>,
        mut own: StoreAddress,
        namespace: Option<String>,
    ) -> Result<Self, ConfigError> {
        if let StoreAddress::Postgres(options) = &mut own {
            options.schema = None;
        }
        if let Some(folder) = given.and_then(|given| given.strip_prefix("sqlite:")) {
            return Ok(Self::Folder(folder.into()));
        }
        match given.map_or(Ok(own), StoreAddress::parse)? {
            StoreAddress::Sqlite { path, .. } => {
                Ok(Self::Folder(path.parent().map(Path::to_owned).unwrap_or_default()))
            }
            address @ StoreAddress::Postgres(_) => Ok(Self::Database(address, namespace)),
            other @ StoreAddress::Memory => {
                Err(ConfigError::new("--stores", other, "sqlite:DIR or postgres://…"))
            }
        }
    }

    /// The address of a participant's store.
    #[must_use]
    pub fn address(&self, name: &str) -> StoreAddress {
        match self {
            Self::Folder(folder) => StoreAddress::sqlite(folder.join(format!("{name}.db"))),
            Self::Database(address, None) => address.clone().for_service(name),
            Self::Database(address, Some(namespace)) => {
                address.clone().for_service(&target::schema(namespace, name))
            }
        }
    }

    /// Opens them for the auditor.
    ///
    /// # Errors
    /// One cannot be opened.
    pub fn witnesses(&self) -> Result<Witnesses, DaemonError> {
        witnesses::of(|name| connect::reader(&self.address(name)))
    }
}
