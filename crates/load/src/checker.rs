//! Audits every order once it had the time to settle, while the system goes on.
//!
//! An order is judged when its end was seen and [`Patience::settle`] has passed, or when it has been under way for
//! [`Patience::stuck`]. What is found wrong before that time has passed may still be put right (a service that was killed
//! has yet to tell the customer), so the order is judged again; after it the violation counts, and the order is judged
//! again now and then all the same: one that was stuck may end after all. An order that is as it should be is done with.
//!
//! Time in which a program that the order needs was not ready does not count against it (see [`super::hold_ups`]): then it is
//! held up, and not stuck. Nor does it count what the others take that end meanwhile (see [`super::backlog`]): then it waits its turn.
//!
//! Orders that a former life of the load had begun to send are known from what it wrote down ([`super::sendings`]). One that the
//! bus had confirmed is lost if nobody sees it; one that it had not is judged like the others where the system knows it.
//!
//! What cannot be read is read again in the next round; until all of it could be, the verdict is "not judged".
//!
//! When orders began and ended is told by the wall clock, which may be set while they are under way. So each round compares it with
//! a clock that is never set: time that was skipped counts against nobody, and after a step back everything remembered is moved
//! back with it.

mod error;
mod former;
mod times;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use auditor::{Judged, Violation, ViolationKind, Witnesses};
use contract::Style;
use external::{LedgerEntry, LedgerTail};
use participant::{Clock, Millis};
use serde::de::DeserializeOwned;
use store::Read;
use tokio::time::{Instant, sleep};

use super::backlog::Backlog;
use super::board::Board;
use super::hold_ups::HoldUps;
use super::observer::{Placed, Seen};
use super::sendings::{self, Former, Sending};
use super::verdict::Standing;
use error::CheckError;
use times::{AGAIN_MS, Times, ms};
pub use times::{Moment, Patience};

/// Between two rounds.
const ROUND: Duration = Duration::from_secs(1);
/// How long after an order was found wrong, when that counts, it is looked at again, in milliseconds.
const WRONG_AGAIN_MS: Millis = 10_000;
/// Orders taken up in one round, at the most, and those judged.
const SCAN_PAGE: usize = 1_000;
const JUDGED_MAX: usize = 1_000;
/// Orders that are waited for, at the most; further ones are taken up when there is room.
const OPEN_MAX: usize = 200_000;
/// Entries of the ledger read in one round, at the most.
const LEDGER_PAGE: usize = 20_000;
/// Orders sent and never seen that are named.
const UNSEEN_NAMED: usize = 100;
/// The wall clock was set if between two rounds it went so many milliseconds more, or less, than the steady one.
const CLOCK_SET_MS: Millis = 1_000;

/// An order that is not done with.
#[derive(Debug)]
struct Open {
    /// When it began, as far as was seen.
    began: Millis,
    times: Times,
    moves: Vec<LedgerEntry>,
}

/// What came of a look at an order.
enum Look {
    /// It is as it should be.
    Done,
    /// It is to be looked at again then.
    Again {
        at: Millis,
        /// Whether it is not as it should be, and should be by now.
        is_wrong: bool,
    },
}

/// Goes through what the observer saw, order by order.
pub struct Checker {
    observed: Arc<dyn Read>,
    board: Arc<Board>,
    patience: Patience,
    standing: Standing,
    hold_ups: HoldUps,
    backlog: Backlog,
    former: Former,
    /// The last round.
    last: Option<Moment>,
    /// Up to where the observer's store was gone through.
    cursor: u64,
    open: HashMap<String, Open>,
    /// When which open order is to be looked at next, the earliest first.
    agenda: BinaryHeap<Reverse<(Millis, String)>>,
    /// Open orders of which nothing can be said yet, by when they began.
    unjudged: BTreeSet<(Millis, String)>,
    /// Entries of the ledger for orders that are not open, with when they were read.
    unclaimed: HashMap<String, (Millis, Vec<LedgerEntry>)>,
}

impl Checker {
    /// Of what the observer keeps in that store, and what `former` lives of the load have.
    #[must_use]
    pub fn new(
        observed: Arc<dyn Read>,
        board: Arc<Board>,
        patience: Patience,
        standing: Standing,
        hold_ups: HoldUps,
        former: Former,
    ) -> Self {
        Self {
            observed,
            board,
            patience,
            standing,
            hold_ups,
            backlog: Backlog::new(ms(patience.stuck), ms(patience.settle)),
            former,
            last: None,
            cursor: 0,
            open: HashMap::new(),
            agenda: BinaryHeap::new(),
            unjudged: BTreeSet::new(),
            unclaimed: HashMap::new(),
        }
    }

    /// Checks on and on. What cannot be read is said in the [`Standing`], and read again in the next round.
    pub async fn run(mut self, witnesses: Witnesses, mut ledger: LedgerTail, clock: Arc<dyn Clock>) {
        let began = Instant::now();
        loop {
            let now = Moment { wall: clock.now(), steady: ms(began.elapsed()) };
            self.look_round(&witnesses, &mut ledger, now).await;
            sleep(ROUND).await;
        }
    }

    /// One round, and what came of it.
    async fn look_round(&mut self, witnesses: &Witnesses, ledger: &mut LedgerTail, moment: Moment) {
        self.mind_the_clock(moment);
        let now = moment.wall;
        let round = self.round(witnesses, ledger, now).await;
        self.standing.set_waiting(self.open.len(), now);
        self.standing.set_behind(Style::ALL.map(|style| (style, self.backlog.behind(style))));
        self.standing.set_trouble(round.err().map(|error| telemetry::chain(&error)));
    }

    /// Sees whether the wall clock was set since the last round.
    fn mind_the_clock(&mut self, now: Moment) {
        let Some(last) = self.last.replace(now) else { return };
        let expected = last.wall + (now.steady - last.steady);
        let jump_ms = now.wall - expected;
        if jump_ms.abs() < CLOCK_SET_MS {
            return;
        }
        tracing::warn!(jump_ms, "the clock was set; orders are given the time that it took or gave");
        self.hold_ups.clock_jumped(expected, now.wall);
        // What was skipped is known as a spell in which everybody was held up; only what is remembered without an order moves.
        self.unclaimed.values_mut().for_each(|(since, _)| *since += jump_ms);
        if jump_ms < 0 {
            self.put_back(-jump_ms);
        }
    }

    /// The clock was put back: what is remembered happened by so much earlier, and what is planned comes by so much earlier.
    fn put_back(&mut self, by: Millis) {
        self.board.put_back(by);
        self.former.put_back(by);
        self.backlog.put_back(by);
        for open in self.open.values_mut() {
            open.began -= by;
            open.times.put_back(by);
        }
        let unjudged = std::mem::take(&mut self.unjudged);
        self.unjudged = unjudged.into_iter().map(|(began, id)| (began - by, id)).collect();
        let agenda = std::mem::take(&mut self.agenda);
        self.agenda = agenda.into_iter().map(|Reverse((at, id))| Reverse((at - by, id))).collect();
    }

    /// How much of the time since then does not count against an order of that style.
    fn held(&self, style: Style, now: Millis) -> impl Fn(Millis) -> Millis + '_ {
        let behind = self.backlog.behind(style);
        move |since| self.hold_ups.held(style, since, now) + behind
    }

    /// The same of an order that was not seen yet. Whoever cannot reach the bus is not ready, and the observer may be held up by the
    /// same; it sees both styles, and is behind with both.
    fn held_unseen(&self, now: Millis) -> impl Fn(Millis) -> Millis + '_ {
        let behind = Style::ALL.map(|style| self.backlog.behind(style)).into_iter().max().unwrap_or(0);
        move |since| self.hold_ups.held(Style::Orchestration, since, now) + behind
    }

    /// Takes down what was not known of when an order began and ended.
    fn see(&mut self, times: &mut Times, seen: &Seen, now: Millis) {
        let was_open = times.ended.is_none();
        times.see(seen, now);
        let Times { placed: Some(placed), ended: Some(ended) } = *times else { return };
        // What is told again tells nothing of how long things take.
        if was_open && seen.closings.first().is_some_and(|closing| !closing.replayed) {
            let took = ended - placed - self.hold_ups.held(seen.style, placed, ended);
            self.backlog.ended(seen.style, ended, took);
        }
    }

    async fn round(
        &mut self,
        witnesses: &Witnesses,
        ledger: &mut LedgerTail,
        now: Millis,
    ) -> Result<(), CheckError> {
        let caught_up = self.take_up(now).await?;
        self.backlog.look_back(now);
        let (sent, others) = self.former.counts();
        self.board.set_counts(sent, others);
        // Before anybody is judged: a gateway writes before it answers, so what is not there now did not happen.
        let entries = ledger.read_on(LEDGER_PAGE).map_err(CheckError::Ledger)?;
        let is_whole = entries.len() < LEDGER_PAGE;
        self.claim(entries, now);
        // Who cannot be read is told at once, and not when the first order is due.
        witnesses.probe().await?;
        if is_whole {
            self.judge_due(witnesses, now).await?;
        }
        if caught_up && is_whole {
            self.settle_unclaimed(now).await?;
            self.settle_former(witnesses, now).await?;
        }
        let held = self.held_unseen(now);
        let is_late = |since| now > since + ms(self.patience.stuck) + held(since);
        let unseen = self.board.unseen(is_late, UNSEEN_NAMED);
        self.standing.set_unseen(unseen);
        if caught_up && is_whole {
            let oldest = self.unjudged.first().map(|(began, _)| *began);
            let open = [oldest, self.board.oldest_unseen(), self.former.oldest_open()];
            let judged_to = open.into_iter().flatten().fold(now, Millis::min);
            self.standing.set_judged_to(judged_to);
        }
        Ok(())
    }

    /// Takes up orders that the observer has seen since. Whether these were all.
    async fn take_up(&mut self, now: Millis) -> Result<bool, CheckError> {
        while self.open.len() < OPEN_MAX {
            let page = self.observed.scan(self.cursor, SCAN_PAGE).await.map_err(CheckError::Observer)?;
            let is_last = page.len() < SCAN_PAGE;
            for (cursor, order_id, entity) in page {
                if let Some(life) = sendings::life_of(&order_id) {
                    let sending: Option<Sending> = read(&order_id, &entity)?;
                    sending.into_iter().for_each(|sending| self.former.began(life, sending));
                    self.cursor = cursor;
                    continue;
                }
                let seen: Option<Seen> = read(&order_id, &entity)?;
                // Only now: what cannot be read is read again in the next round.
                self.cursor = cursor;
                let Some(seen) = seen else { continue };
                if seen.placed.is_some() {
                    // Whoever saw it, and also between our looking for it in vain and the observer's commit.
                    self.board.was_seen(&order_id, seen.style);
                }
                if self.former.begun(&order_id).is_some() {
                    // It was taken up when the system was found to know it.
                    continue;
                }
                self.former.seen(&order_id, seen.style, seen.placed.is_some());
                if seen.closings.is_empty() {
                    self.board.under_way(&order_id, seen.style);
                }
                let mut times = Times::default();
                self.see(&mut times, &seen, now);
                let at = self.patience.look_at(times, self.held(seen.style, now), now);
                let began = seen.began().min(now);
                let moves = self.unclaimed.remove(&order_id).map(|(_, moves)| moves).unwrap_or_default();
                self.agenda.push(Reverse((at, order_id.clone())));
                self.unjudged.insert((began, order_id.clone()));
                self.open.insert(order_id, Open { began, times, moves });
            }
            if is_last {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn claim(&mut self, entries: Vec<LedgerEntry>, now: Millis) {
        for entry in entries {
            match self.open.get_mut(&entry.order_id) {
                Some(open) => open.moves.push(entry),
                None => {
                    let id = entry.order_id.clone();
                    self.unclaimed.entry(id).or_insert_with(|| (now, Vec::new())).1.push(entry);
                }
            }
        }
    }

    async fn judge_due(&mut self, witnesses: &Witnesses, now: Millis) -> Result<(), CheckError> {
        for _ in 0..JUDGED_MAX {
            let Some(Reverse((at, order_id))) = self.agenda.pop() else { break };
            if at > now {
                self.agenda.push(Reverse((at, order_id)));
                break;
            }
            match self.look(witnesses, &order_id, now).await {
                Ok(Look::Again { at, is_wrong }) => {
                    if let (true, Some(open)) = (is_wrong, self.open.get(&order_id)) {
                        self.unjudged.remove(&(open.began, order_id.clone()));
                    }
                    self.agenda.push(Reverse((at, order_id)));
                }
                Ok(Look::Done) => {
                    if let Some(open) = self.open.remove(&order_id) {
                        self.unjudged.remove(&(open.began, order_id));
                    }
                }
                Err(error) => {
                    self.agenda.push(Reverse((now + AGAIN_MS, order_id)));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Looks at one order.
    async fn look(&mut self, witnesses: &Witnesses, order_id: &str, now: Millis) -> Result<Look, CheckError> {
        let entity = self.observed.get(order_id).await.map_err(CheckError::Observer)?;
        let seen = entity.map(|entity| read(order_id, &entity)).transpose()?.flatten();
        let Some(seen) = known(seen, self.former.begun(order_id)) else { return Ok(Look::Done) };
        if !seen.closings.is_empty() {
            self.board.over(order_id);
        }
        let Some(mut times) = self.open.get(order_id).map(|open| open.times) else { return Ok(Look::Done) };
        self.see(&mut times, &seen, now);
        if let Some(open) = self.open.get_mut(order_id) {
            open.times = times;
        }
        let due = self.patience.look_at(times, self.held(seen.style, now), now);
        if due > now {
            return Ok(Look::Again { at: due, is_wrong: false });
        }
        let (judged, mut violations) = match &seen.placed {
            Some(placed) => {
                let moves = self.open.get(order_id).map_or(&[][..], |open| &open.moves);
                let mut judged = witnesses.judge_rivals(&placed.sent, &seen.rivals, moves).await?;
                let violations = std::mem::take(&mut judged.violations);
                (Some(judged), violations)
            }
            None => (None, Vec::new()),
        };
        violations.extend(odd_ends(order_id, &seen, judged.as_ref()));
        if let (Some(judged), true) = (judged, violations.is_empty()) {
            self.standing.done(order_id, &judged);
            return Ok(Look::Done);
        }
        if now < self.patience.counts_from(times, self.held(seen.style, now)) {
            return Ok(Look::Again { at: now + AGAIN_MS, is_wrong: false });
        }
        advise(order_id, &mut violations);
        self.standing.wrong(order_id, violations);
        Ok(Look::Again { at: now + WRONG_AGAIN_MS, is_wrong: true })
    }

    /// Money that moved for an order that is done with, or for none that anybody saw.
    async fn settle_unclaimed(&mut self, now: Millis) -> Result<(), CheckError> {
        let then = now - ms(self.patience.stuck);
        // What is in doubt is waited for, and its money with it.
        let is_late = |id: &str, since| since <= then && !self.former.is_in_doubt(id);
        let late = self.unclaimed.iter().filter(|(id, (since, _))| is_late(id, *since));
        let late: Vec<String> = late.map(|(id, _)| id.clone()).take(JUDGED_MAX).collect();
        for order_id in late {
            let known = self.observed.get(&order_id).await.map_err(CheckError::Observer)?.is_some();
            let Some((_, moves)) = self.unclaimed.remove(&order_id) else { continue };
            if known {
                let what: Vec<_> = moves.iter().map(|entry| entry.operation.as_str()).collect();
                let detail = format!("{} after everything about the order was done", what.join(", "));
                let kind = ViolationKind::MoneyDoubled;
                let violation = Violation { order_id: Some(order_id.clone()), kind, detail };
                self.standing.wrong(&order_id, vec![violation]);
            } else {
                self.standing.stranger();
            }
        }
        Ok(())
    }
}

/// What is known of an order: what was seen, and how it was begun where it was not seen placed.
fn known(seen: Option<Seen>, begun: Option<&Placed>) -> Option<Seen> {
    let Some(begun) = begun else { return seen };
    let (style, rivals, closings) = (begun.sent.style, Vec::new(), Vec::new());
    let mut seen = seen.unwrap_or(Seen { style, placed: None, rivals, closings });
    seen.placed.get_or_insert_with(|| begun.clone());
    Some(seen)
}

fn read<T: DeserializeOwned>(order_id: &str, entity: &store::Entity) -> Result<Option<T>, CheckError> {
    participant::inspect::state(entity)
        .map_err(|source| CheckError::Seen { order_id: order_id.to_owned(), source })
}

/// Says how what may have been lost on the way can be had again, once an order.
fn advise(order_id: &str, violations: &mut [Violation]) {
    use ViolationKind::{
        ExecutionMissing, ExecutionUnfinished, NoticeMissing, Stuck, UnexpectedTerminalEvent,
    };
    let may_help = |kind| {
        matches!(
            kind,
            Stuck | NoticeMissing | ExecutionMissing | ExecutionUnfinished | UnexpectedTerminalEvent
        )
    };
    if let Some(violation) = violations.iter_mut().find(|violation| may_help(violation.kind)) {
        violation.detail += &format!("; `duet replay {order_id}` says again what the services committed");
    }
}

/// What is wrong with how the order's end was told.
fn odd_ends(order_id: &str, seen: &Seen, judged: Option<&Judged>) -> Vec<Violation> {
    let mut odd = Vec::new();
    let mut add = |kind, detail| odd.push(Violation { order_id: Some(order_id.to_owned()), kind, detail });
    if seen.placed.is_none() {
        add(ViolationKind::NeverSent, "its end was seen, but it was never placed".to_owned());
    }
    // Told once, and again: one end. Told in two ways, or twice by itself: two.
    let told = seen.closings.iter().filter(|closing| !closing.replayed).count();
    let is_of_two_minds = seen.closings.iter().any(|closing| closing.state != seen.closings[0].state);
    if told > 1 || is_of_two_minds {
        let ids: Vec<_> = seen.closings.iter().map(|closing| closing.message_id.as_str()).collect();
        let detail = format!("its end was told {} times: {}", ids.len(), ids.join(", "));
        add(ViolationKind::UnexpectedTerminalEvent, detail);
    }
    if let (Some(closing), Some(judged)) = (seen.closings.first(), judged)
        && judged.outcome.is_some_and(|outcome| outcome != closing.state)
    {
        let detail = format!("its end was told as {}, order-history says otherwise", closing.state);
        add(ViolationKind::UnexpectedTerminalEvent, detail);
    }
    if seen.closings.is_empty() && judged.is_some_and(|judged| judged.outcome.is_some()) {
        add(ViolationKind::UnexpectedTerminalEvent, "closed, but its end was never told".to_owned());
    }
    odd
}

#[cfg(test)]
mod tests;
