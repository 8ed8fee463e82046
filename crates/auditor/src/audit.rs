//! The audit itself: passes over what was sent, the gateway's ledger and the stores.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::Style;
use contract::order::is_id;
use store::{Entity, Read};

use crate::error::AuditError;
use crate::evidence::Evidence;
use crate::executions::Executions;
use crate::findings::Findings;
use crate::judge::{Known, count_paths, judge, taken};
use crate::money::Money;
use crate::sent::SentOrder;
use crate::source::Source;
use crate::verdict::{Finding, StyleSummary, Verdict, ViolationKind};

/// Bounds of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many orders one pass holds in memory, about; at least 1. About 300 bytes each; each pass reads what
    /// was sent and the gateway's ledger once.
    pub orders_per_pass: u64,
    /// How many violations are listed; all are counted.
    pub violations_listed: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { orders_per_pass: 32_000, violations_listed: 1_000 }
    }
}

/// Compares the evidence with what was sent, within the default [`Limits`].
///
/// # Errors
/// Something cannot be read. What can be read but is wrong is no error: it is in the verdict.
pub async fn audit(evidence: &Evidence, sent: &dyn Source<SentOrder>) -> Result<Verdict, AuditError> {
    audit_within(evidence, sent, Limits::default()).await
}

/// Compares the evidence with what was sent. The same evidence gives the same verdict.
///
/// # Errors
/// Something cannot be read. What can be read but is wrong is no error: it is in the verdict.
pub async fn audit_within(
    evidence: &Evidence,
    sent: &dyn Source<SentOrder>,
    limits: Limits,
) -> Result<Verdict, AuditError> {
    audit_watched(evidence, sent, limits, &|_, _| {}).await
}

/// Like [`audit_within`], and tells `watch` after each order how many were looked at, and of how many: rows sent, so that what was
/// sent twice leaves it short.
///
/// # Errors
/// Something cannot be read. What can be read but is wrong is no error: it is in the verdict.
pub async fn audit_watched(
    evidence: &Evidence,
    sent: &dyn Source<SentOrder>,
    limits: Limits,
    watch: &(dyn Fn(u64, u64) + Sync),
) -> Result<Verdict, AuditError> {
    let mut audit = Audit {
        evidence,
        sent,
        stores: stores(evidence),
        findings: Findings::new(limits.violations_listed),
        styles: BTreeMap::new(),
        duplicates: 0,
    };
    let lines = audit.count_sent()?;
    let mut looked_at = 0;
    let mut watch = || {
        looked_at += 1;
        watch(looked_at, lines);
    };
    let parts = lines.div_ceil(limits.orders_per_pass.max(1)).max(1);
    for part in 0..parts {
        audit.pass(Part { index: part, of: parts }, &mut watch).await?;
    }
    audit.check_leftovers().await?;
    audit.check_queues();
    for (order_id, detail) in &evidence.unexpected_terminal_events {
        audit.findings.order(order_id, ViolationKind::UnexpectedTerminalEvent, detail);
    }
    Ok(audit.verdict())
}

/// Different orders sent under one id that are told apart, at the most.
const RIVALS_MAX: usize = 16;

/// The orders of one pass: those whose id's hash falls into it.
#[derive(Clone, Copy)]
struct Part {
    index: u64,
    of: u64,
}

impl Part {
    fn holds(self, order_id: &str) -> bool {
        self.of == 1 || hash(order_id) % self.of == self.index
    }
}

fn hash(order_id: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(order_id.as_bytes())
}

/// A store under audit.
struct Audited<'a> {
    name: &'static str,
    store: &'a Arc<dyn Read>,
    /// Only entities that this takes for an execution are orders.
    executions: Option<&'a Executions>,
    /// Entities found under the id of an order that was sent.
    entities: u64,
    /// Those with a timer set.
    timers: u64,
}

fn stores(evidence: &Evidence) -> Vec<Audited<'_>> {
    let executions = evidence.witnesses.orchestrator.as_ref();
    // Those of the services keep nothing but orders; the orchestrator's comes last.
    let executions = [None, None, None, executions];
    let stores = evidence.witnesses.stores().zip(executions);
    stores
        .map(|((name, store), executions)| Audited { name, store, executions, entities: 0, timers: 0 })
        .collect()
}

struct Audit<'a> {
    evidence: &'a Evidence,
    sent: &'a dyn Source<SentOrder>,
    stores: Vec<Audited<'a>>,
    findings: Findings,
    styles: BTreeMap<Style, StyleSummary>,
    duplicates: u64,
}

/// The orders of one pass, by id.
type Orders = BTreeMap<String, Placed>;

/// What was sent under one id.
struct Placed {
    sent: SentOrder,
    /// Others that were sent under its id, in another style or with another content.
    rivals: Vec<SentOrder>,
    money: Money,
}

impl Audit<'_> {
    /// Counts the lines, and meets whatever cannot be read before any work is done.
    fn count_sent(&self) -> Result<u64, AuditError> {
        let mut rows = self.sent.read().map_err(AuditError::Sent)?;
        rows.try_fold(0, |count, row| row.map(|_| count + 1)).map_err(AuditError::Sent)
    }

    /// Judges the orders of a part, and says so after each.
    async fn pass(&mut self, part: Part, judged: &mut (dyn FnMut() + Send)) -> Result<(), AuditError> {
        let mut orders = self.load_sent(part)?;
        self.load_money(part, &mut orders)?;
        for Placed { sent, rivals, money } in orders.into_values() {
            let known = self.load_known(&sent.order_id, money).await?;
            let sent = taken(&sent, &rivals, &known);
            let outcome = judge(sent, &known, &mut self.findings.of(&sent.order_id));
            let summary = self.styles.entry(sent.style).or_default();
            summary.count(outcome);
            count_paths(&known, outcome, &mut summary.paths);
            judged();
        }
        Ok(())
    }

    fn load_sent(&mut self, part: Part) -> Result<Orders, AuditError> {
        let mut orders = Orders::new();
        for row in self.sent.read().map_err(AuditError::Sent)? {
            let sent = row.map_err(AuditError::Sent)?;
            if !part.holds(&sent.order_id) {
                continue;
            }
            match orders.entry(sent.order_id.clone()) {
                Entry::Vacant(vacant) => {
                    vacant.insert(Placed { sent, rivals: Vec::new(), money: Money::default() });
                }
                Entry::Occupied(mut occupied) => {
                    self.duplicates += 1;
                    let placed = occupied.get_mut();
                    let is_known = placed.sent == sent || placed.rivals.contains(&sent);
                    if !is_known && placed.rivals.len() < RIVALS_MAX {
                        placed.rivals.push(sent);
                    }
                }
            }
        }
        Ok(orders)
    }

    fn load_money(&mut self, part: Part, orders: &mut Orders) -> Result<(), AuditError> {
        // Bounded, because a ledger may hold anything: beyond it, an id may be reported more than once.
        const STRANGERS_REMEMBERED: usize = 10_000;
        let mut strangers = BTreeSet::new();
        for row in self.evidence.gateway.read().map_err(AuditError::Gateway)? {
            let entry = row.map_err(AuditError::Gateway)?;
            if !part.holds(&entry.order_id) {
                continue;
            }
            if let Some(placed) = orders.get_mut(&entry.order_id) {
                placed.money.add(&entry);
            } else if !strangers.contains(&entry.order_id) {
                let detail = "the gateway's ledger has it, but it was never sent";
                self.findings.order(&entry.order_id, ViolationKind::NeverSent, detail);
                if strangers.len() < STRANGERS_REMEMBERED {
                    strangers.insert(entry.order_id);
                }
            }
        }
        Ok(())
    }

    async fn load_known(&mut self, order_id: &str, money: Money) -> Result<Known, AuditError> {
        let found = self.evidence.witnesses.find(order_id).await?;
        for (audited, entity) in self.stores.iter_mut().zip(&found) {
            audited.entities += u64::from(entity.is_some());
            audited.timers += u64::from(entity.as_ref().is_some_and(|entity| entity.next_due.is_some()));
        }
        Ok(self.evidence.witnesses.known(order_id, &found, money))
    }

    /// What the stores hold beyond the orders that were sent, and what is left to do in them.
    async fn check_leftovers(&mut self) -> Result<(), AuditError> {
        for index in 0..self.stores.len() {
            let Audited { name, store, entities, timers, .. } = self.stores[index];
            let stats = store.stats().await.map_err(|source| AuditError::Store { store: name, source })?;
            if stats.entities > entities {
                self.find_strangers(index, stats.entities - entities).await?;
            }
            if stats.outbox_rows > 0 {
                let detail = format!("{name} has {} outbox rows left", stats.outbox_rows);
                self.findings.system(ViolationKind::OutboxLeft, detail);
            }
            if stats.timers > timers {
                let detail =
                    format!("{name} has {} timers set for what was never sent", stats.timers - timers);
                self.findings.system(ViolationKind::TimerLeft, detail);
            }
        }
        Ok(())
    }

    /// Names the `strangers` entities in a store that are no order that was sent.
    async fn find_strangers(&mut self, index: usize, mut strangers: u64) -> Result<(), AuditError> {
        const PAGE: usize = 1_000;
        let Audited { name, store, executions, .. } = self.stores[index];
        let mut sent: Option<Vec<u64>> = None;
        let mut after = 0;
        while strangers > 0 {
            let page =
                store.scan(after, PAGE).await.map_err(|source| AuditError::Store { store: name, source })?;
            let Some((last, _, _)) = page.last() else { break };
            after = *last;
            // What cannot be an order's id was never sent, and is all there is to find as a rule (the orchestrator
            // keeps its definitions beside its executions): that takes no look at what was sent.
            let (possible, impossible): (Vec<_>, Vec<_>) =
                page.into_iter().map(|(_, key, entity)| (key, entity)).partition(|(key, _)| is_id(key));
            strangers = strangers.saturating_sub(impossible.len() as u64);
            let mut found = impossible;
            if strangers > 0 {
                let sent = match &sent {
                    Some(sent) => sent,
                    None => sent.insert(self.sent_hashes()?),
                };
                let unsent = |(key, _): &(String, Entity)| sent.binary_search(&hash(key)).is_err();
                let before = found.len();
                found.extend(possible.into_iter().filter(unsent));
                strangers = strangers.saturating_sub((found.len() - before) as u64);
            }
            for (key, entity) in found {
                let other =
                    executions.is_some_and(|executions| matches!((executions.view)(&key, &entity), Ok(None)));
                if !other {
                    let detail = format!("{name} has it, but it was never sent");
                    self.findings.order(&key, ViolationKind::NeverSent, detail);
                }
            }
        }
        Ok(())
    }

    /// A sorted hash of each id sent: 8 bytes an order, made only when a store holds orders that were not sent. Two ids of
    /// a million share one with a chance of 3 in 10^8, and then only a stranger could hide behind it.
    fn sent_hashes(&self) -> Result<Vec<u64>, AuditError> {
        let rows = self.sent.read().map_err(AuditError::Sent)?;
        let mut hashes = rows
            .map(|row| row.map(|sent| hash(&sent.order_id)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(AuditError::Sent)?;
        hashes.sort_unstable();
        Ok(hashes)
    }

    fn check_queues(&mut self) {
        let mut dead = Vec::new();
        let mut dead_total = 0;
        for (group, depth) in &self.evidence.queues {
            if depth.ready > 0 || depth.unsettled > 0 {
                let detail = format!(
                    "{group} has {} messages waiting and {} not settled",
                    depth.ready, depth.unsettled
                );
                self.findings.system(ViolationKind::QueueLeft, detail);
            }
            if depth.dead > 0 {
                dead_total += depth.dead;
                dead.push(format!("{group}: {}", depth.dead));
            }
        }
        let expected = self.evidence.expected_dead_letters;
        if dead_total != expected {
            let by_group = if dead.is_empty() { String::new() } else { format!(" ({})", dead.join(", ")) };
            let detail = format!("{dead_total} dead letters{by_group} instead of {expected}");
            self.findings.system(ViolationKind::DeadLetters, detail);
        }
    }

    fn verdict(self) -> Verdict {
        let Findings { kept: mut violations, by_kind, .. } = self.findings;
        // By order, so that everything wrong with one stands together; the system's come first.
        violations.sort();
        Verdict {
            verdict: if by_kind.is_empty() { Finding::Clean } else { Finding::Violated },
            not_judged: None,
            violations_total: by_kind.values().sum(),
            violations_by_kind: by_kind,
            violations,
            duplicates_in_input: self.duplicates,
            styles: self.styles,
        }
    }
}
