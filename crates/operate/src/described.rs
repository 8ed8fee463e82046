//! The system that `duet up` runs in a folder, as its state describes it: where other commands have from what their flags do
//! not say, instead of from defaults of their own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use daemon::ConfigError;
use daemon::address::{MASK, redact};

use crate::processes::Program;
use crate::target::{PostgresUrl, Urls};
use crate::up::folder::Folder;
use crate::up::settings::DirArgs;
use crate::up::state::{Phase, State};

/// A system that runs, as it is written down.
#[derive(Clone, Debug)]
pub struct Described {
    state: State,
    dir: PathBuf,
}

impl Described {
    /// What runs in the folder; `None` where nothing does.
    ///
    /// # Errors
    /// What is written there cannot be read.
    pub fn find(dir: &DirArgs) -> Result<Option<Self>, ConfigError> {
        Ok(Self::find_also_ended(dir)?.filter(Self::runs))
    }

    /// What runs in the folder or has run there last; `None` where nothing ever did.
    ///
    /// # Errors
    /// What is written there cannot be read.
    pub fn find_also_ended(dir: &DirArgs) -> Result<Option<Self>, ConfigError> {
        let wrong = |error: &dyn std::error::Error| {
            let expected = format!("a folder of duet up ({})", telemetry::chain(error));
            ConfigError::new("--dir", dir.dir.display(), expected)
        };
        let dir = dir.absolute().map_err(|error| wrong(&error))?;
        let state = Folder::new(dir.clone()).read_state().map_err(|error| wrong(&error))?;
        Ok(state.map(|state| Self { state, dir }))
    }

    /// Whether it runs; it may be that a process of it does not.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.state.phase != Phase::Stopped
    }

    /// The folder that it runs in.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The bus that it brought itself; on a broker it has none.
    #[must_use]
    pub fn own_bus(&self) -> Option<String> {
        let bus = self.state.processes.iter().find(|entry| entry.id.program == Program::Bus)?;
        Some(format!("tcp://{}", bus.address?))
    }

    /// Its bus, as another process reaches it: the one that it brought itself, a broker whose URL has neither a password nor
    /// settings (these are not written down), or the one of `urls` that is at the same place.
    #[must_use]
    pub fn bus(&self, urls: &Urls) -> Option<String> {
        let broker = || {
            let written = &self.state.bus;
            let is_whole = written.contains("://") && !written.contains(MASK);
            let known = urls.brokers().into_iter().find(|url| self.is_on(url.expose()));
            is_whole.then(|| written.clone()).or_else(|| known.map(|url| url.expose().to_owned()))
        };
        let brought = self.state.processes.iter().any(|entry| entry.id.program == Program::Bus);
        if brought { self.own_bus() } else { broker() }
    }

    /// Whether it works on the bus at that URL, its namespace and other options aside.
    #[must_use]
    pub fn is_on(&self, bus: &str) -> bool {
        self.own_bus().as_deref() == Some(bus) || place(&redact(bus)) == place(&self.state.bus)
    }

    /// What its bus is, without secrets.
    #[must_use]
    pub fn bus_shown(&self) -> &str {
        &self.state.bus
    }

    /// Its stores, as another process reaches them: the folder with a file for each, or that database, if it is the one
    /// that they are in.
    #[must_use]
    pub fn stores(&self, database: &PostgresUrl) -> Option<String> {
        let (written, database) = (&self.state.stores, database.url());
        let is_folder = written.starts_with("sqlite:");
        let is_it = || place(&redact(database.expose())) == place(written);
        match is_folder {
            true => Some(written.clone()),
            false => is_it().then(|| database.expose().to_owned()),
        }
    }

    /// What has to be given where the bus cannot be [found](Self::bus): it is not written down whole.
    #[must_use]
    pub fn bus_wanted(&self) -> String {
        wanted(&self.state.bus)
    }

    /// What has to be given where the stores cannot be [found](Self::stores): they are not written down whole.
    #[must_use]
    pub fn stores_wanted(&self) -> String {
        wanted(&self.state.stores)
    }

    /// What stands before its names on a broker and those of its schemas.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.state.namespace.as_deref()
    }

    /// Each instance of its services and of its orchestrator, and where it serves HTTP, if it runs.
    pub fn participants(&self) -> impl Iterator<Item = (Program, Option<SocketAddr>)> {
        let participants = self.state.processes.iter().filter(|entry| entry.id.program.is_participant());
        participants.map(|entry| (entry.id.program, entry.address.filter(|_| entry.process.is_some())))
    }

    /// Its gateway's ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.state.ledger.clone().unwrap_or_else(|| self.dir.join("gateway.ledger"))
    }
}

fn wanted(shown: &str) -> String {
    format!("the URL of {shown}: passwords and settings are not kept in --dir")
}

/// A URL without its settings.
fn place(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}
