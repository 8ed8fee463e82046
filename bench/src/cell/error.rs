//! Why a cell cannot go on.

use std::path::PathBuf;

use bus::BusError;
use daemon::ConfigError;
use operate::processes::ProcessesError;
use workload::orders_file::OrdersFileError;

/// Why a cell cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum CellError {
    /// The bus refuses for good, or has not answered for too long.
    #[error("the bus cannot be used")]
    Bus(#[source] BusError),
    /// The bus or the store is not named as it should be.
    #[error(transparent)]
    Config(ConfigError),
    /// A store cannot be opened.
    #[error("the system cannot be started")]
    Open(#[source] Box<daemon::DaemonError>),
    /// A store cannot be read.
    #[error("the store of {name} cannot be used")]
    Store {
        name: &'static str,
        #[source]
        source: store::StoreError,
    },
    /// A file of the cell cannot be made, read or written.
    #[error("{} cannot be used", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The list of what was sent cannot be written.
    #[error("the list of sent orders cannot be written: is the disk full?")]
    Sent(#[source] std::io::Error),
    /// The list of outcomes cannot be written.
    #[error("the list of outcomes cannot be written: is the disk full?")]
    Outcomes(#[source] std::io::Error),
    /// The user's orders cannot be read.
    #[error(transparent)]
    Orders(#[from] OrdersFileError),
    /// A participant gave up.
    #[error("a participant cannot go on")]
    Participant(#[from] participant::ParticipantError),
    /// The orchestrator's workflow cannot be used.
    #[error("the workflow cannot be used: {0}")]
    Workflow(String),
    /// The processes of the participants do not run.
    #[error("the services do not run")]
    Processes(#[source] Box<ProcessesError>),
    /// A process did not end as it should.
    #[error("the process {name} {how}")]
    Ended {
        name: &'static str,
        /// How it ended.
        how: String,
    },
    /// A process does not tell what it did.
    #[error("the metrics of {name} cannot be read: {why}")]
    Metrics { name: &'static str, why: String },
    /// A part of the program ended by a panic.
    #[error("{0} ended by a panic; what it said stands above")]
    Panicked(&'static str),
    /// The auditor could not come to a verdict.
    #[error("the audit failed")]
    Audit(#[from] auditor::AuditError),
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
    /// Whoever started this cell does not speak its language.
    #[error("the cell was asked for something that it does not understand: {0}")]
    Protocol(String),
}
