//! Whoever stores something of an order, and what they say of one.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::{Style, TerminalState};
use serde::de::DeserializeOwned;
use store::{Entity, Read};

use crate::error::AuditError;
use crate::executions::Executions;
use crate::findings::Findings;
use crate::judge::{Known, Seen, count_paths, judge, taken};
use crate::money::Money;
use crate::sent::SentOrder;
use crate::states::LedgerEntry;
use crate::verdict::{StyleSummary, Violation};

/// The stores of the services and of the orchestrator.
pub struct Witnesses {
    /// What order-history stored.
    pub order_history: Arc<dyn Read>,
    /// What order-status stored.
    pub order_status: Arc<dyn Read>,
    /// What notifications stored.
    pub notifications: Arc<dyn Read>,
    /// The orchestrator's executions; `None` when there was no orchestrator.
    pub orchestrator: Option<Executions>,
}

const HISTORY: usize = 0;
const STATUS: usize = 1;
const NOTIFICATIONS: usize = 2;
const ORCHESTRATOR: usize = 3;

/// What one order's violations may be, at the most, before they are only counted.
const VIOLATIONS_OF_AN_ORDER: usize = 50;

impl Witnesses {
    /// Each store with its name; the orchestrator's comes last.
    pub(crate) fn stores(&self) -> impl Iterator<Item = (&'static str, &Arc<dyn Read>)> {
        let services = [
            ("order-history", &self.order_history),
            ("order-status", &self.order_status),
            ("notifications", &self.notifications),
        ];
        let orchestrator = self.orchestrator.iter().map(|executions| ("the orchestrator", &executions.store));
        services.into_iter().chain(orchestrator)
    }

    /// What each store has under the order's id.
    pub(crate) async fn find(&self, order_id: &str) -> Result<[Option<Entity>; 4], AuditError> {
        let mut found = [None, None, None, None];
        for ((name, store), found) in self.stores().zip(&mut found) {
            *found = store.get(order_id).await.map_err(|source| AuditError::Store { store: name, source })?;
        }
        Ok(found)
    }

    /// Whether every store can be read, by the cheapest question there is.
    ///
    /// # Errors
    /// One cannot.
    pub async fn probe(&self) -> Result<(), AuditError> {
        // An id that no order has.
        self.find("").await.map(drop)
    }

    /// Whether anybody has stored anything under the order's id.
    ///
    /// # Errors
    /// A store cannot be read.
    pub async fn know(&self, order_id: &str) -> Result<bool, AuditError> {
        Ok(self.find(order_id).await?.iter().any(Option::is_some))
    }

    /// What everybody knows of an order: what was [found](Self::find), and its money.
    pub(crate) fn known(&self, order_id: &str, found: &[Option<Entity>; 4], money: Money) -> Known {
        let execution = self.orchestrator.as_ref().map(|executions| {
            let Some(entity) = &found[ORCHESTRATOR] else { return Seen::Absent };
            match (executions.view)(order_id, entity) {
                Ok(Some(view)) => Seen::Present(view),
                Ok(None) => Seen::Absent,
                Err(why) => Seen::Corrupt(why),
            }
        });
        let timers = self.stores().zip(found).filter_map(|((name, _), entity)| {
            let due = entity.as_ref()?.next_due?;
            Some((name, due))
        });
        Known {
            history: decode(found[HISTORY].as_ref()),
            progress: decode(found[STATUS].as_ref()),
            notices: decode(found[NOTIFICATIONS].as_ref()),
            execution,
            money,
            timers: timers.collect(),
        }
    }

    /// Judges one order, of which the gateway's ledger has these entries, by everything that must hold of an order (see
    /// the crate's documentation; what must hold of the system as a whole is not looked at). Meant for a system that
    /// goes on working: an order that has not settled yet may be judged again later, and only what is found once it had
    /// the time to settle counts.
    ///
    /// # Errors
    /// A store cannot be read.
    pub async fn judge(&self, sent: &SentOrder, moves: &[LedgerEntry]) -> Result<Judged, AuditError> {
        self.judge_rivals(sent, &[], moves).await
    }

    /// The same with other orders that were sent under its id: one of all is to be taken, and nothing to come of the others.
    ///
    /// # Errors
    /// A store cannot be read.
    pub async fn judge_rivals(
        &self,
        sent: &SentOrder,
        rivals: &[SentOrder],
        moves: &[LedgerEntry],
    ) -> Result<Judged, AuditError> {
        let mut money = Money::default();
        moves.iter().for_each(|entry| money.add(entry));
        let found = self.find(&sent.order_id).await?;
        let known = self.known(&sent.order_id, &found, money);
        let sent = taken(sent, rivals, &known);
        let mut findings = Findings::new(VIOLATIONS_OF_AN_ORDER);
        let outcome = judge(sent, &known, &mut findings.of(&sent.order_id));
        Ok(Judged { style: sent.style, known, outcome, violations: findings.kept })
    }
}

/// What was found of one order.
#[derive(Debug)]
pub struct Judged {
    /// The style that it was sent in.
    pub style: Style,
    known: Known,
    /// How it ended; `None` while it has not.
    pub outcome: Option<TerminalState>,
    /// What does not hold; none when all is well.
    pub violations: Vec<Violation>,
}

impl Judged {
    /// Counts the order among those of its style.
    pub fn count_in(&self, styles: &mut BTreeMap<Style, StyleSummary>) {
        let summary = styles.entry(self.style).or_default();
        summary.count(self.outcome);
        count_paths(&self.known, self.outcome, &mut summary.paths);
    }
}

fn decode<T: DeserializeOwned>(entity: Option<&Entity>) -> Seen<T> {
    match entity.map(participant::inspect::state) {
        None | Some(Ok(None)) => Seen::Absent,
        Some(Ok(Some(state))) => Seen::Present(state),
        Some(Err(error)) => Seen::Corrupt(error.to_string()),
    }
}
