//! Finds the orders of which something is missing, in the stores of a running system.

use std::collections::BTreeSet;
use std::time::Duration;

use auditor::{AuditError, SentOrder, ViolationKind, Witnesses};
use order_history::OrderRecord;
use participant::{Clock as _, Millis, SystemClock};
use store::StoreError;

/// Entities read at once.
const PAGE: usize = 500;

/// Why it cannot be said which orders are stuck.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum StuckError {
    /// A store does not answer.
    #[error("the store of {name} cannot be read")]
    Store {
        name: &'static str,
        #[source]
        source: StoreError,
    },
    /// An order cannot be judged.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// What may be missing because a message was lost. The money is not looked at: it moves when the order does.
const fn may_be_lost(kind: ViolationKind) -> bool {
    matches!(
        kind,
        ViolationKind::Stuck
            | ViolationKind::NoticeMissing
            | ViolationKind::ExecutionMissing
            | ViolationKind::ExecutionUnfinished
    )
}

/// The orders of which order-history or the orchestrator knows, of which something is missing, and to which nothing has happened
/// there for so long; in the order in which they came. What cannot be read is left out: the verdict tells of it.
///
/// # Errors
/// A store cannot be read.
pub async fn find(witnesses: &Witnesses, after: Duration) -> Result<Vec<String>, StuckError> {
    let before = SystemClock.now() - Millis::try_from(after.as_millis()).unwrap_or(Millis::MAX / 2);
    let mut found = recorded(witnesses, before).await?;
    let known: BTreeSet<_> = found.iter().cloned().collect();
    let running = running(witnesses, before).await?;
    found.extend(running.into_iter().filter(|id| !known.contains(id)));
    Ok(found)
}

async fn recorded(witnesses: &Witnesses, before: Millis) -> Result<Vec<String>, StuckError> {
    let (mut found, mut cursor) = (Vec::new(), 0);
    loop {
        let page = witnesses.order_history.scan(cursor, PAGE).await;
        let page = page.map_err(|source| StuckError::Store { name: order_history::NAME, source })?;
        let Some((last, ..)) = page.last() else { return Ok(found) };
        cursor = *last;
        for (_, order_id, entity) in page {
            let Ok(Some(record)) = participant::inspect::state::<OrderRecord>(&entity) else { continue };
            if record.timeline.last().is_none_or(|entry| entry.at > before) {
                continue;
            }
            let judged = witnesses.judge(&SentOrder::new(&record.order, record.style), &[]).await?;
            if judged.violations.iter().any(|violation| may_be_lost(violation.kind)) {
                found.push(order_id);
            }
        }
    }
}

/// Executions that have not ended: their orders may not have come to order-history yet.
async fn running(witnesses: &Witnesses, before: Millis) -> Result<Vec<String>, StuckError> {
    let Some(executions) = &witnesses.orchestrator else { return Ok(Vec::new()) };
    let (mut found, mut cursor) = (Vec::new(), 0);
    loop {
        let page = executions.store.scan(cursor, PAGE).await;
        let page = page.map_err(|source| StuckError::Store { name: order_flow::NAME, source })?;
        let Some((last, ..)) = page.last() else { return Ok(found) };
        cursor = *last;
        for (_, order_id, entity) in page {
            let Ok(Some(stored)) = order_flow::stored::execution(&order_id, &entity) else { continue };
            let began = Millis::try_from(stored.execution.started_ms()).unwrap_or(Millis::MAX);
            if began <= before && stored.execution.status() == order_flow::Status::Running {
                found.push(order_id);
            }
        }
    }
}
