//! Judges one order: pure, from what was sent and what everybody knows of it.

use contract::{Style, TerminalState};
use store::Millis;

use crate::executions::ExecutionView;
use crate::findings::OrderFindings;
use crate::machine::{HISTORY, Illegal, PROGRESS, name};
use crate::money::Money;
use crate::notices;
use crate::sent::SentOrder;
use crate::states::notices::{Answer, RestaurantNotice, What};
use crate::states::progress::{self, Payment, Progress};
use crate::states::{OrderNotices, OrderProgress, OrderRecord, history};
use crate::verdict::{Paths, ViolationKind};

/// What one store has under an order's id.
#[derive(Debug)]
pub(crate) enum Seen<T> {
    /// Nothing, or an entity without a state.
    Absent,
    /// Something that cannot be read, and why.
    Corrupt(String),
    /// This.
    Present(T),
}

impl<T> Seen<T> {
    fn get(&self) -> Option<&T> {
        match self {
            Self::Present(state) => Some(state),
            Self::Absent | Self::Corrupt(_) => None,
        }
    }
}

/// Everything known of one order.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) history: Seen<OrderRecord>,
    pub(crate) progress: Seen<OrderProgress>,
    pub(crate) notices: Seen<OrderNotices>,
    /// `None` when there is no orchestrator.
    pub(crate) execution: Option<Seen<ExecutionView>>,
    pub(crate) money: Money,
    /// The stores in which a timer is set for it, and when it is due.
    pub(crate) timers: Vec<(&'static str, Millis)>,
}

/// Which of the orders sent under one id is the one that was taken: that of the history, or else the first. The others were
/// refused, and nothing may have come of them.
pub(crate) fn taken<'a>(first: &'a SentOrder, rivals: &'a [SentOrder], known: &Known) -> &'a SentOrder {
    let Some(record) = known.history.get() else { return first };
    let recorded = SentOrder::new(&record.order, record.style);
    rivals.iter().find(|rival| **rival == recorded).unwrap_or(first)
}

/// Reports everything that is wrong with the order and returns how it ended, if it did.
pub(crate) fn judge(sent: &SentOrder, known: &Known, found: &mut OrderFindings<'_>) -> Option<TerminalState> {
    let outcome = known.history.get().and_then(|record| record.status);
    check_readable(known, found);
    check_known(sent, known, found);
    check_same_order(sent, known, found);
    check_timelines(known, found);
    known.money.check_moves(sent.total_minor, found);
    if let Some(outcome) = outcome {
        check_outcome(sent, known, outcome, found);
    }
    if !matches!(known.notices, Seen::Corrupt(_)) {
        notices::check(known.notices.get(), outcome, found);
    }
    check_execution(sent, known, outcome, found);
    for (store, due) in &known.timers {
        found.add(
            ViolationKind::TimerLeft,
            format!("{store} has a timer set for {}", contract::time::format(*due)),
        );
    }
    outcome
}

fn check_readable(known: &Known, found: &mut OrderFindings<'_>) {
    let corrupt = |store, why: &str| format!("{store} has a state that cannot be read: {why}");
    if let Seen::Corrupt(why) = &known.history {
        found.add(ViolationKind::CorruptState, corrupt("order-history", why));
    }
    if let Seen::Corrupt(why) = &known.progress {
        found.add(ViolationKind::CorruptState, corrupt("order-status", why));
    }
    if let Seen::Corrupt(why) = &known.notices {
        found.add(ViolationKind::CorruptState, corrupt("notifications", why));
    }
    if let Some(Seen::Corrupt(why)) = &known.execution {
        found.add(ViolationKind::CorruptState, corrupt("the orchestrator", why));
    }
}

/// Lost or stuck, and where it was last seen.
fn check_known(sent: &SentOrder, known: &Known, found: &mut OrderFindings<'_>) {
    let (kind, what) = match &known.history {
        Seen::Corrupt(_) => return,
        Seen::Present(record) if record.status.is_some() => return,
        Seen::Present(record) if record.is_to_be_recorded() => {
            (ViolationKind::Stuck, "accepted, not recorded")
        }
        Seen::Present(_) => (ViolationKind::Stuck, "recorded, not closed"),
        Seen::Absent => (ViolationKind::Lost, "order-history does not know it"),
    };
    let mut elsewhere = Vec::new();
    if let Some(progress) = known.progress.get() {
        elsewhere.push(format!(
            "order-status: {}, payment {}",
            name(progress.progress),
            name(progress.payment)
        ));
    }
    if let Some(notices) = known.notices.get() {
        elsewhere.push(format!("notifications: restaurant {}", name(notices.answer)));
    }
    if let Some(execution) = known.execution.as_ref().and_then(Seen::get) {
        elsewhere.push(format!("orchestrator: {}", if execution.finished { "finished" } else { "running" }));
    }
    let elsewhere =
        if elsewhere.is_empty() { "nobody else knows it".to_owned() } else { elsewhere.join("; ") };
    found.add(kind, format!("sent in {}; {what}; {elsewhere}", sent.style));
}

/// Style, people and amounts are those that were sent.
fn check_same_order(sent: &SentOrder, known: &Known, found: &mut OrderFindings<'_>) {
    let mut style = |service: &str, stored: Style| {
        if stored != sent.style {
            let detail = format!("{service} has it in {stored}, it was sent in {}", sent.style);
            found.add(ViolationKind::WrongStyle, detail);
        }
    };
    known.history.get().inspect(|record| style("order-history", record.style));
    known.progress.get().inspect(|progress| style("order-status", progress.style));
    known.notices.get().inspect(|notices| style("notifications", notices.style));

    let mut altered = |service: &str, what: &str, stored: &str, sent: &str| {
        if stored != sent {
            let detail = format!("{service} has {what} {stored}, {sent} was sent");
            found.add(ViolationKind::Altered, detail);
        }
    };
    let total = sent.total_minor.to_string();
    if let Some(OrderRecord { order, .. }) = known.history.get() {
        altered("order-history", "order", &order.order_id, &sent.order_id);
        altered("order-history", "customer", &order.customer_id, &sent.customer_id);
        altered("order-history", "restaurant", &order.restaurant_id, &sent.restaurant_id);
        altered("order-history", "total", &order.total_minor.to_string(), &total);
    }
    if let Some(progress) = known.progress.get() {
        altered("order-status", "amount", &progress.amount_minor.to_string(), &total);
    }
    if let Some(notices) = known.notices.get() {
        let mut wrong = |what: &str, told: &str, sent: &str| {
            if told != sent {
                found.add(ViolationKind::NoticeWrong, format!("{what} {told} was told instead of {sent}"));
            }
        };
        wrong("customer", &notices.customer_id, &sent.customer_id);
        if let Some(restaurant) = &notices.restaurant_id {
            wrong("restaurant", restaurant, &sent.restaurant_id);
        }
    }
}

/// Legal sequences, each leading to the state beside it.
fn check_timelines(known: &Known, found: &mut OrderFindings<'_>) {
    let mut report = |service: &str, illegal: Option<Illegal>| match illegal {
        Some(Illegal::Doubled(detail)) => found.add(ViolationKind::Doubled, format!("{service}: {detail}")),
        Some(Illegal::OutOfOrder(detail)) => {
            found.add(ViolationKind::IllegalSequence, format!("{service}: {detail}"));
        }
        None => {}
    };
    if let Some(record) = known.history.get() {
        let timeline = record.timeline.iter().map(|entry| entry.what);
        report("order-history", HISTORY.check(timeline).or_else(|| history_leads_elsewhere(record)));
    }
    if let Some(progress) = known.progress.get() {
        let timeline = progress.timeline.iter().map(|entry| entry.what);
        report("order-status", PROGRESS.check(timeline).or_else(|| progress_leads_elsewhere(progress)));
    }
}

fn history_leads_elsewhere(record: &OrderRecord) -> Option<Illegal> {
    let led_to = match record.timeline.last().map(|entry| entry.what) {
        None => return Some(Illegal::OutOfOrder("the timeline is empty".to_owned())),
        Some(history::Change::Accepted | history::Change::Recorded) => None,
        Some(history::Change::Delivered) => Some(TerminalState::Delivered),
        Some(history::Change::Rejected) => Some(TerminalState::Rejected),
        Some(history::Change::Cancelled) => Some(TerminalState::Cancelled),
    };
    leads_elsewhere(led_to, record.status)
}

fn progress_leads_elsewhere(stored: &OrderProgress) -> Option<Illegal> {
    use progress::Change;
    let steps = stored.timeline.iter().rev().find_map(|entry| match entry.what {
        Change::Preparing => Some(Progress::Preparing),
        Change::OutForDelivery => Some(Progress::OutForDelivery),
        Change::Delivered => Some(Progress::Delivered),
        Change::Cancelled => Some(Progress::Cancelled),
        _ => None,
    });
    leads_elsewhere(steps.unwrap_or(Progress::Pending), stored.progress)
        .or_else(|| payment_leads_elsewhere(stored))
}

/// A call of the gateway under way shows in the payment only; its answer shows in both.
fn payment_leads_elsewhere(stored: &OrderProgress) -> Option<Illegal> {
    use progress::Change;
    let settled = stored.timeline.iter().rev().find_map(|entry| match entry.what {
        Change::PaymentAuthorised => Some(Payment::Authorised),
        Change::PaymentDeclined => Some(Payment::Declined),
        Change::PaymentCaptured => Some(Payment::Captured),
        Change::PaymentVoided => Some(Payment::Voided),
        _ => None,
    });
    let settled = settled.unwrap_or(Payment::None);
    let under_way = matches!(
        (settled, stored.payment),
        (Payment::None, Payment::Authorising | Payment::Voiding)
            | (Payment::Authorised, Payment::Capturing | Payment::Voiding)
    );
    if under_way { None } else { leads_elsewhere(settled, stored.payment) }
}

fn leads_elsewhere<T: PartialEq + serde::Serialize>(led_to: T, state: T) -> Option<Illegal> {
    if led_to == state {
        return None;
    }
    let detail = format!("the timeline leads to {}, the state says {}", name(led_to), name(state));
    Some(Illegal::OutOfOrder(detail))
}

/// Everything that must hold once the order is closed, but for notices and execution.
fn check_outcome(sent: &SentOrder, known: &Known, outcome: TerminalState, found: &mut OrderFindings<'_>) {
    if sent.valid == (outcome == TerminalState::Rejected) {
        let was = if sent.valid { "valid" } else { "not valid" };
        found.add(ViolationKind::WrongOutcome, format!("{outcome}, though it was {was}"));
    }
    known.money.check_outcome(outcome, found);
    match &known.progress {
        Seen::Corrupt(_) => {}
        Seen::Absent => {
            if outcome != TerminalState::Rejected {
                let detail = format!("order-history says {outcome}, order-status does not know it");
                found.add(ViolationKind::ServicesDisagree, detail);
            }
        }
        Seen::Present(progress) => {
            check_progress(progress, outcome, found);
            known.money.check_view(progress.payment, found);
        }
    }
    if let Some(notices) = known.notices.get() {
        check_answer(notices.answer, known.progress.get(), outcome, found);
    }
}

fn check_progress(stored: &OrderProgress, outcome: TerminalState, found: &mut OrderFindings<'_>) {
    let agrees = match outcome {
        TerminalState::Delivered => stored.progress == Progress::Delivered,
        TerminalState::Cancelled => stored.progress == Progress::Cancelled,
        TerminalState::Rejected => {
            stored.progress == Progress::Pending
                && stored.payment == Payment::None
                && stored.timeline.is_empty()
        }
    };
    if !agrees {
        let (progress, payment) = (name(stored.progress), name(stored.payment));
        let detail = format!("order-history says {outcome}, order-status {progress} with payment {payment}");
        found.add(ViolationKind::ServicesDisagree, detail);
    }
}

/// The restaurant's answer decides between delivered and cancelled once the payment is authorised.
fn check_answer(
    answer: Answer,
    progress: Option<&OrderProgress>,
    outcome: TerminalState,
    found: &mut OrderFindings<'_>,
) {
    let happened =
        |what| progress.is_some_and(|progress| progress.timeline.iter().any(|entry| entry.what == what));
    let authorised = happened(progress::Change::PaymentAuthorised);
    // The flow may have given up on the gateway, just before its answer came after all.
    let given_up = happened(progress::Change::GatewayUnavailable) && answer == Answer::NotAsked;
    let agrees = match outcome {
        TerminalState::Delivered => answer == Answer::Accepted,
        TerminalState::Rejected => answer == Answer::NotAsked,
        TerminalState::Cancelled if authorised && !given_up => {
            matches!(answer, Answer::Declined | Answer::TimedOut)
        }
        TerminalState::Cancelled => answer == Answer::NotAsked,
    };
    if !agrees {
        let payment = if authorised { "authorised" } else { "not authorised" };
        let detail = format!(
            "{outcome} with the payment {payment}, but notifications says restaurant {}",
            name(answer)
        );
        found.add(ViolationKind::ServicesDisagree, detail);
    }
}

fn check_execution(
    sent: &SentOrder,
    known: &Known,
    outcome: Option<TerminalState>,
    found: &mut OrderFindings<'_>,
) {
    let Some(execution) = &known.execution else { return };
    match (sent.style, execution, outcome) {
        (_, Seen::Corrupt(_), _) | (Style::Choreography, Seen::Absent, _) => {}
        // Placed in both styles, and refused in this one.
        (Style::Choreography, Seen::Present(execution), _) if execution.refused => {}
        (Style::Choreography, Seen::Present(_), _) => {
            found.add(
                ViolationKind::BothStyles,
                "sent in choreography, but the orchestrator has an execution of it",
            );
        }
        (Style::Orchestration, Seen::Absent, Some(_)) => {
            found.add(ViolationKind::ExecutionMissing, "closed, but the orchestrator has no execution of it");
        }
        // It is lost or stuck, and reported as such.
        (Style::Orchestration, _, None) => {}
        (Style::Orchestration, Seen::Present(execution), Some(outcome)) => {
            if !execution.finished {
                let detail = format!("{outcome}, but its execution is not finished");
                found.add(ViolationKind::ExecutionUnfinished, detail);
            } else if outcome == TerminalState::Delivered && !execution.succeeded {
                found.add(ViolationKind::ExecutionFailed, "delivered, but its execution failed");
            }
        }
    }
}

/// Adds the paths that this order took.
pub(crate) fn count_paths(known: &Known, outcome: Option<TerminalState>, paths: &mut Paths) {
    if let Some(progress) = known.progress.get() {
        use progress::Change;
        let times = |what| progress.timeline.iter().filter(|entry| entry.what == what).count() as u64;
        let lost = times(Change::GatewayUnavailable);
        let authorised = times(Change::PaymentAuthorised) > 0;
        let declined = times(Change::PaymentDeclined) > 0;
        let given_up = lost > 0 && !authorised && !declined && outcome == Some(TerminalState::Cancelled);
        paths.payments_declined += u64::from(declined);
        paths.gateway_tries_lost += lost;
        paths.gateway_retried += u64::from(lost > 0 && !given_up);
        paths.authorisations_given_up += u64::from(given_up);
    }
    paths.captures += u64::from(known.money.captured.count);
    paths.voids += u64::from(known.money.voided.count);
    let Some(notices) = known.notices.get() else { return };
    paths.restaurant_declined += u64::from(notices.answer == Answer::Declined);
    paths.restaurant_timed_out += u64::from(notices.answer == Answer::TimedOut);
    paths.late_answers += u64::from(notices.late_answer.is_some());
    for notice in &notices.notices {
        match notice.what {
            What::Customer(milestone) => *paths.customer_notices.entry(milestone).or_default() += 1,
            What::Restaurant(RestaurantNotice::NewOrder) => paths.new_orders_told += 1,
            What::Restaurant(RestaurantNotice::OrderCancelled) => paths.cancellations_told += 1,
        }
    }
}
