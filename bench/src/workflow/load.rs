//! A load on the API: clients that ask as fast as they are answered.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use terminal::Progress;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client::Client;
use super::error::WorkflowError;
use super::part::Part;
use crate::latency::Latencies;

/// How often what was counted is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(100);

/// What a client does, again and again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Load {
    /// StartExecution, DescribeExecution.
    Start,
    /// StartSyncExecution.
    Sync,
}

/// A load that is put on a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Put {
    pub(super) load: Load,
    pub(super) connections: usize,
    /// For how long.
    pub(super) each: Duration,
    pub(super) address: SocketAddr,
}

impl Put {
    fn title(self) -> String {
        let what = match self.load {
            Load::Start => "executions started and described",
            Load::Sync => "Express executions",
        };
        match self.connections {
            1 => format!("{what} by one client alone"),
            many => format!("{what} over {many} connections"),
        }
    }
}

/// Puts it on executions of that machine. Dropping the future ends all clients.
pub(super) async fn put(put: Put, machine: &str, progress: &mut Progress) -> Result<Part, WorkflowError> {
    progress.begin(&put.title());
    let counted = Arc::<AtomicU64>::default();
    let mut clients = Vec::with_capacity(put.connections);
    for _ in 0..put.connections {
        clients.push(Client::to(put.address).await?);
    }
    let began = Instant::now();
    let mut measuring = pin!(all(put, clients, machine, began, &counted));
    let mut again = tokio::time::interval(SHOWN_EVERY);
    loop {
        tokio::select! {
            measured = &mut measuring => return measured,
            _ = again.tick() => progress.during(counted.load(Ordering::Relaxed), began.elapsed(), put.each),
        }
    }
}

async fn all(
    put: Put,
    clients: Vec<Client>,
    machine: &str,
    began: Instant,
    counted: &Arc<AtomicU64>,
) -> Result<Part, WorkflowError> {
    let mut running = JoinSet::new();
    for mut client in clients {
        let (machine, counted) = (machine.to_owned(), Arc::clone(counted));
        running.spawn(async move {
            let mut rounds = Latencies::default();
            while began.elapsed() < put.each {
                let round = Instant::now();
                put.load.round(&mut client, &machine).await?;
                rounds.record(round.elapsed());
                counted.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, WorkflowError>(rounds)
        });
    }
    let mut rounds = Latencies::default();
    while let Some(client) = running.join_next().await {
        match client {
            Ok(measured) => rounds.add(&measured?),
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        }
    }
    let took_s = began.elapsed().as_secs_f64();
    let none = || WorkflowError::Answer("there was no time for a single execution".to_owned());
    let percentiles = rounds.percentiles().ok_or_else(none)?;
    Ok(Part {
        executions: rounds.count(),
        executions_per_s: rounds.count() as f64 / took_s,
        p50_ms: percentiles.p50,
        p99_ms: percentiles.p99,
    })
}

impl Load {
    async fn round(self, client: &mut Client, machine: &str) -> Result<(), WorkflowError> {
        let body = json!({"stateMachineArn": machine, "input": "{\"in\":\"x\"}"});
        let ended = match self {
            Self::Start => {
                let started = client.told("StartExecution", &body).await?;
                client.told("DescribeExecution", &json!({"executionArn": started.execution_arn})).await?
            }
            Self::Sync => client.told("StartSyncExecution", &body).await?,
        };
        if ended.status == "SUCCEEDED" {
            return Ok(());
        }
        let ended = format!("{} is {}, not SUCCEEDED", ended.execution_arn, ended.status);
        Err(WorkflowError::Answer(ended))
    }
}
