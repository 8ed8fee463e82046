//! The server: `duet workflow serve` as a process of its own, with a store of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use daemon::connect;
use durability::Durability;
use operate::processes::{Member, Plan, PlannedBus, Processes, Program, Programs};
use operate::target::{StoreChoice, StorePlace};
use participant::{Clock as _, SystemClock};
use tempfile::TempDir;

use super::error::WorkflowError;
use crate::limit;
use crate::report::StoreReport;

/// What its store is called after.
const NAME: &str = Program::Workflows.name();
/// How long it may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long it may take to end before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// What of this process' environment is not for it: with that, others would have to be let in, or messages would start executions.
const NOT_FOR_IT: [&str; 4] = ["DUET_AWS_CREDENTIALS", "DUET_RULES", "DUET_EXECUTION_LOGS", "DUET_KMS_KEYS"];

/// Where it runs, and what it runs on.
pub(super) struct Server {
    folder: TempDir,
    place: StorePlace,
}

/// The process.
pub(super) struct Running {
    processes: Processes,
    address: SocketAddr,
}

impl Server {
    /// Makes its folder.
    pub(super) fn new(choice: &StoreChoice, dir: &Path) -> Result<Self, WorkflowError> {
        let folder = tempfile::Builder::new().prefix("duet-").tempdir_in(dir);
        let unwritable = |source| WorkflowError::Folder { folder: dir.display().to_string(), source };
        let folder = folder.map_err(unwritable)?;
        let place = match choice {
            StoreChoice::Sqlite(_) => StorePlace::Sqlite(Durability::Power),
            StoreChoice::Postgres(url) => StorePlace::Postgres { url: url.clone(), prefix: prefix() },
        };
        Ok(Self { folder, place })
    }

    /// What its store is and guarantees. A database is waited for.
    pub(super) async fn describe(&self) -> Result<StoreReport, WorkflowError> {
        Ok(limit::describe(&self.place, self.folder.path(), NAME, READY_WITHIN).await?)
    }

    /// Starts the process, and waits until it is ready.
    pub(super) async fn start(&self) -> Result<Running, WorkflowError> {
        let mut member = Member::new(Program::Workflows, self.place.url(self.folder.path(), NAME));
        member.env = NOT_FOR_IT.map(|name| (name.to_owned(), None)).to_vec();
        let plan = Plan {
            programs: Programs::beside_this_one().map_err(WorkflowError::Programs)?,
            folder: self.folder.path().to_owned(),
            bus: PlannedBus::Url("memory:".to_owned()),
            members: vec![member],
            ready_within: READY_WITHIN,
            stop_within: STOP_WITHIN,
        };
        let processes = Processes::start(&plan).await?;
        let address = processes.addresses().first().map(|(_, address)| *address);
        let address = address.ok_or_else(|| WorkflowError::Answer("the server has no address".to_owned()))?;
        Ok(Running { processes, address })
    }

    /// Takes away what it has left.
    pub(super) async fn remove(self) -> Result<(), WorkflowError> {
        let address = self.place.address(self.folder.path(), NAME)?;
        Ok(connect::drop_schema(&address).await?)
    }
}

impl Running {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it.
    pub(super) async fn stop(self) {
        self.processes.stop().await;
    }
}

/// A name that no other run has.
fn prefix() -> String {
    format!("duet_limit_{}_{}", std::process::id(), SystemClock.now())
}
