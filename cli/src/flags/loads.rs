//! Which loads of a running system are meant.

use clap::Args;
use load::switch::{Load, Loads};

/// The loads of the running system.
#[derive(Clone, Debug, Args)]
pub(crate) struct LoadsArgs {
    /// Where `duet load` listens; one for each bus, with its name: rabbitmq=HOST:PORT,kafka=HOST:PORT. A bare HOST:PORT
    /// has the name load.
    #[arg(long, value_name = "[BUS=]HOST:PORT", env = "DUET_LOADS", default_value = "127.0.0.1:8090")]
    #[arg(value_delimiter = ',')]
    load: Vec<Load>,
    /// Only those on these buses, by the names that --load gives.
    #[arg(long, value_name = "BUS", value_delimiter = ',')]
    bus: Vec<String>,
}

impl LoadsArgs {
    /// The loads, and which of them are chosen.
    pub(crate) fn loads(&self) -> Loads {
        Loads { all: self.load.clone(), chosen: self.bus.clone() }
    }
}
