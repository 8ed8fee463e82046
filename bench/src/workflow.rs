//! What the Step Functions API gives at best: the program `duet workflow serve` itself, over HTTP, with a store of its own.
//!
//! Clients and server share the machine. Each client has a connection, and asks one thing at a time; the machines are five Pass states in a
//! row. What is measured is checked: every execution must have succeeded when it is described, and must be in the store at the end.

mod client;
mod error;
mod load;
mod part;
mod server;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use daemon::Shutdown;
use durability::Durability;
use operate::target::StoreChoice;
use serde::{Deserialize, Serialize};
use terminal::Progress;

use client::Client;
use load::{Load, Put, put};
use server::Server;

pub use error::WorkflowError;
pub use part::Part;

use crate::report::StoreReport;

/// Connections of the loads that are measured for how many executions there are a second.
pub const CONNECTIONS: usize = 16;

/// What the API gives at best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowLimit {
    /// `sqlite` or `postgres`.
    pub store: String,
    /// What an answered request survives.
    pub durability: Durability,
    /// Connections of `standard` and `express`.
    pub connections: usize,
    /// StartExecution and then DescribeExecution of a Standard machine.
    pub standard: Part,
    /// StartSyncExecution of an Express machine.
    pub express: Part,
    /// What `standard` is, for a client that has the server to itself.
    pub alone: Part,
    /// Standard executions that were started.
    pub started: u64,
    /// Those that had succeeded when they were described.
    pub described: u64,
    /// Those that ListExecutions counted as succeeded when all was over.
    pub kept: u64,
}

/// Measures each of the three parts for about `each`, with a server of its own in a temporary folder within `dir` (or in a schema of its own),
/// and shows how far it is. At an interrupt it ends the server and returns `None`.
///
/// # Errors
/// It cannot be measured, or an execution does not succeed or is lost.
pub async fn measure(
    store: &StoreChoice,
    dir: &Path,
    each: Duration,
    interrupt: &Shutdown,
    progress: &mut Progress,
) -> Result<Option<WorkflowLimit>, WorkflowError> {
    let server = Server::new(store, dir)?;
    let measured = measure_on(&server, each, interrupt, progress).await;
    progress.clear();
    let removed = server.remove().await;
    let measured = measured?;
    removed?;
    Ok(measured)
}

async fn measure_on(
    server: &Server,
    each: Duration,
    interrupt: &Shutdown,
    progress: &mut Progress,
) -> Result<Option<WorkflowLimit>, WorkflowError> {
    progress.begin("the server of the Step Functions API");
    let store = tokio::select! {
        biased;
        () = interrupt.clone().requested() => return Ok(None),
        store = server.describe() => store?,
    };
    let running = server.start().await?;
    let measured = tokio::select! {
        biased;
        () = interrupt.clone().requested() => Ok(None),
        measured = parts(store, running.address(), each, progress) => measured.map(Some),
    };
    running.stop().await;
    measured
}

async fn parts(
    store: StoreReport,
    address: SocketAddr,
    each: Duration,
    progress: &mut Progress,
) -> Result<WorkflowLimit, WorkflowError> {
    let mut client = Client::to(address).await?;
    let standard = client.make("limit", "STANDARD").await?;
    let express = client.make("limit-express", "EXPRESS").await?;
    let load = |load, connections| Put { load, connections, each, address };
    let many = put(load(Load::Start, CONNECTIONS), &standard, progress).await?;
    let express = put(load(Load::Sync, CONNECTIONS), &express, progress).await?;
    let alone = put(load(Load::Start, 1), &standard, progress).await?;
    progress.begin("counting the executions in the store");
    // The server does not keep a connection as long as these parts may take.
    let mut client = Client::to(address).await?;
    let (started, kept) = (many.executions + alone.executions, client.succeeded(&standard).await?);
    if kept != started {
        return Err(WorkflowError::Lost { started, kept });
    }
    Ok(WorkflowLimit {
        store: store.name,
        durability: store.durability,
        connections: CONNECTIONS,
        standard: many,
        express,
        alone,
        started,
        // A round is one of each, and counts when both are as they have to be.
        described: started,
        kept,
    })
}
