//! What every daemon's binary shares: configuration, URL to bus and store, HTTP, signals, and the life of a process.
//!
//! A binary describes itself as a [`Binary`] and its `main` is [`main`]. The order of its life:
//!
//! 1. flags and environment are parsed and validated, all of them; a mistake ends it with exit code 64;
//! 2. the store is opened and the port bound; what stands against it ends it with exit code 1;
//! 3. the participant and the HTTP server run; a bus that is down is waited for, and `/readyz` says so;
//! 4. SIGTERM or SIGINT ends both gracefully; a second one at once (exit code 130). If either ends by itself,
//!    so does the other, and the process says why.
//!
//! [`connect`] is the only place that names concrete buses and stores. A service used inside another program (the
//! bench, the simulation) needs none of this.
#![warn(missing_docs)]

pub mod address;
mod args;
pub mod client;
pub mod connect;
mod error;
pub mod extract;
mod figures;
pub mod guard;
mod hops;
mod layers;
mod manners;
mod monitor;
mod private;
pub mod problem;
pub mod replay;
mod run;
pub mod serve;
mod shutdown;
mod waiting;

/// Every binary's allocator: messages are many small allocations, freed on other threads than they were made on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub use address::{BusAddress, StoreAddress};
pub use args::{Args, Config, Defaults, parse, probability, tell_of_flags};
pub use error::{ConfigError, DaemonError};
pub use guard::{AllowedHosts, Guarded};
pub use manners::{Manners, Tell};
pub use private::keep_files_private;
pub use problem::Problem;
pub use run::{Binary, Daemon, Environment, main, run, start};
pub use serve::HttpLimits;
pub use shutdown::{Shutdown, Trigger, on_signals, shutdown};
pub use waiting::{Connecting, WaitingBus};
