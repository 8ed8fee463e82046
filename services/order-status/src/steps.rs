//! The steps of the order flow that belong to payment and progress, for both styles. Pure functions on the state.

use contract::{Millis, Style};

use crate::gateway::{GatewayCall, GatewayOutcome, GatewayResult, Operation};
use crate::state::{Change, Entry, OrderProgress, Payment, Progress};

/// How many lost tries of a step stand in the timeline at the most, so that a long outage does not blow it up.
pub const LOST_TRIES_NOTED_MAX: u32 = 16;

/// An order of which nothing has happened here yet.
#[must_use]
pub fn open(style: Style, amount_minor: u64, currency: String, traceparent: Option<String>) -> OrderProgress {
    OrderProgress {
        style,
        amount_minor,
        currency,
        payment: Payment::None,
        progress: Progress::Pending,
        attempts: 0,
        timeline: Vec::new(),
        order: None,
        reason: None,
        waiting_task: None,
        traceparent,
    }
}

/// What an operation of the gateway means for an order in its present state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The gateway has to be asked.
    Ask,
    /// It is being asked; it may have acted.
    Asked,
    /// It was done before, or there is nothing left to do.
    Done,
    /// The gateway has declined before.
    Declined,
    /// The order's state does not allow it.
    Illegal(&'static str),
}

/// What the operation means for an order whose payment stands there.
#[must_use]
pub const fn meaning(operation: Operation, payment: Payment) -> Meaning {
    use Operation::{Authorise, Capture, Void};
    match (operation, payment) {
        (Authorise, Payment::None) => Meaning::Ask,
        (Authorise, Payment::Authorising) => Meaning::Asked,
        (Authorise, Payment::Authorised | Payment::Capturing | Payment::Captured) => Meaning::Done,
        (Authorise, Payment::Declined) => Meaning::Declined,
        (Capture, Payment::Authorised) => Meaning::Ask,
        (Capture, Payment::Capturing) => Meaning::Asked,
        (Capture, Payment::Captured) => Meaning::Done,
        (Capture, Payment::None | Payment::Authorising | Payment::Declined) => {
            Meaning::Illegal("no payment is authorised that could be captured")
        }
        (Authorise | Capture, Payment::Voiding | Payment::Voided) => {
            Meaning::Illegal("the payment was voided, and that is final")
        }
        (Void, Payment::None | Payment::Authorising | Payment::Authorised) => Meaning::Ask,
        (Void, Payment::Voiding) => Meaning::Asked,
        (Void, Payment::Voided | Payment::Declined) => Meaning::Done,
        (Void, Payment::Capturing | Payment::Captured) => {
            Meaning::Illegal("the payment is being captured: the order can no longer be undone")
        }
    }
}

/// Where the payment stands while the gateway is asked for the operation.
const fn asked(operation: Operation) -> Payment {
    match operation {
        Operation::Authorise => Payment::Authorising,
        Operation::Capture => Payment::Capturing,
        Operation::Void => Payment::Voiding,
    }
}

/// The next try of the operation.
pub fn ask(progress: &mut OrderProgress, order_id: &str, operation: Operation) -> GatewayCall {
    if progress.payment != asked(operation) {
        progress.payment = asked(operation);
        progress.attempts = 0;
    }
    progress.attempts = progress.attempts.saturating_add(1);
    GatewayCall {
        operation,
        order_id: order_id.to_owned(),
        amount_minor: progress.amount_minor,
        currency: progress.currency.clone(),
        attempt: progress.attempts,
        traceparent: None,
    }
}

/// The operation that the gateway is being asked for, if any.
#[must_use]
pub const fn in_question(payment: Payment) -> Option<Operation> {
    match payment {
        Payment::Authorising => Some(Operation::Authorise),
        Payment::Capturing => Some(Operation::Capture),
        Payment::Voiding => Some(Operation::Void),
        Payment::None | Payment::Authorised | Payment::Declined | Payment::Captured | Payment::Voided => None,
    }
}

/// What the gateway's answer came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The money is reserved.
    Authorised,
    /// The money cannot be had; the order is cancelled.
    Declined(String),
    /// The money is taken.
    Captured,
    /// The money is given back; the order is cancelled.
    Voided,
    /// The try is lost.
    Unavailable(Operation),
    /// The gateway will not do it: it and this service do not agree on the order.
    Refused(String),
}

/// Takes in the gateway's answer; `None` when the order has been decided otherwise meanwhile, or the answer is that
/// of an earlier try and says nothing.
pub fn settle(progress: &mut OrderProgress, outcome: &GatewayOutcome, at: Millis) -> Option<Settled> {
    if progress.payment != asked(outcome.operation) {
        return None;
    }
    Some(match (&outcome.result, outcome.operation) {
        (GatewayResult::Done, Operation::Authorise) => {
            progress.payment = Payment::Authorised;
            note(progress, Change::PaymentAuthorised, at);
            Settled::Authorised
        }
        (GatewayResult::Done, Operation::Capture) => {
            progress.payment = Payment::Captured;
            note(progress, Change::PaymentCaptured, at);
            Settled::Captured
        }
        (GatewayResult::Done, Operation::Void) => {
            progress.payment = Payment::Voided;
            note(progress, Change::PaymentVoided, at);
            cancel(progress, at);
            Settled::Voided
        }
        (GatewayResult::Declined(reason), Operation::Authorise) => {
            progress.payment = Payment::Declined;
            progress.reason = Some(reason.clone());
            note(progress, Change::PaymentDeclined, at);
            cancel(progress, at);
            Settled::Declined(reason.clone())
        }
        (GatewayResult::Unavailable, _) if outcome.attempt != progress.attempts => return None,
        (GatewayResult::Unavailable, operation) => {
            if progress.attempts <= LOST_TRIES_NOTED_MAX {
                note(progress, Change::GatewayUnavailable, at);
            }
            Settled::Unavailable(operation)
        }
        (GatewayResult::Declined(reason) | GatewayResult::Refused(reason), _) => {
            Settled::Refused(reason.clone())
        }
    })
}

fn cancel(progress: &mut OrderProgress, at: Millis) {
    progress.progress = Progress::Cancelled;
    progress.order = None;
    note(progress, Change::Cancelled, at);
}

fn note(progress: &mut OrderProgress, what: Change, at: Millis) {
    progress.timeline.push(Entry { at, what });
}

/// Where an order goes from there and what that is called, unless it ends there.
#[must_use]
pub const fn next(progress: Progress) -> Option<(Progress, Change)> {
    match progress {
        Progress::Pending => Some((Progress::Preparing, Change::Preparing)),
        Progress::Preparing => Some((Progress::OutForDelivery, Change::OutForDelivery)),
        Progress::OutForDelivery => Some((Progress::Delivered, Change::Delivered)),
        Progress::Delivered | Progress::Cancelled => None,
    }
}

/// Moves the order on to `to`, through every step before it that has not been heard of yet: a later step implies
/// the earlier ones, whose own messages may come after it. `false` when it is there or further already.
///
/// # Errors
/// Its payment is not captured, or no step leads there; nothing changed and the text says so.
pub fn advance(progress: &mut OrderProgress, to: Progress, at: Millis) -> Result<bool, &'static str> {
    if progress.payment != Payment::Captured {
        return Err("the payment is not captured, so the order does not move on");
    }
    if matches!(to, Progress::Pending | Progress::Cancelled) {
        return Err("no step leads there");
    }
    let mut moved = false;
    // With its payment captured an order is not cancelled, and the others are declared in their order.
    while progress.progress < to
        && let Some((step, change)) = next(progress.progress)
    {
        progress.progress = step;
        note(progress, change, at);
        moved = true;
    }
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(payment: Payment) -> OrderProgress {
        OrderProgress { payment, ..open(Style::Orchestration, 1900, "EUR".into(), None) }
    }

    fn timeline(progress: &OrderProgress) -> Vec<Change> {
        progress.timeline.iter().map(|entry| entry.what).collect()
    }

    #[test]
    fn what_each_operation_means_in_each_state() {
        use Payment::{Authorised, Authorising, Captured, Capturing, Declined, None, Voided, Voiding};
        let short = |operation, payment| match meaning(operation, payment) {
            Meaning::Ask => "ask",
            Meaning::Asked => "asked",
            Meaning::Done => "done",
            Meaning::Declined => "declined",
            Meaning::Illegal(_) => "illegal",
        };
        #[rustfmt::skip]
        let table = [
            // payment    authorise   capture    void
            (None,        "ask",      "illegal", "ask"),
            (Authorising, "asked",    "illegal", "ask"),
            (Authorised,  "done",     "ask",     "ask"),
            (Declined,    "declined", "illegal", "done"),
            (Capturing,   "done",     "asked",   "illegal"),
            (Captured,    "done",     "done",    "illegal"),
            (Voiding,     "illegal",  "illegal", "asked"),
            (Voided,      "illegal",  "illegal", "done"),
        ];
        for (payment, authorise, capture, void) in table {
            let row = [Operation::Authorise, Operation::Capture, Operation::Void].map(|o| short(o, payment));
            assert_eq!(row, [authorise, capture, void], "{payment:?}");
        }
    }

    #[test]
    fn tries_are_counted_by_step() {
        let mut progress = order(Payment::None);
        let mut attempt = |operation| ask(&mut progress, "o-1", operation).attempt;
        assert_eq!([attempt(Operation::Authorise), attempt(Operation::Authorise)], [1, 2]);
        assert_eq!([attempt(Operation::Void), attempt(Operation::Void), attempt(Operation::Void)], [1, 2, 3]);
    }

    #[test]
    fn an_answer_settles_the_step_in_question() {
        use Operation::{Authorise, Capture, Void};
        let declined = || GatewayResult::Declined("no money".into());
        #[rustfmt::skip]
        let cases = [
            (Payment::Authorising, Authorise, GatewayResult::Done, Some(Settled::Authorised), Payment::Authorised,
                &[Change::PaymentAuthorised][..]),
            (Payment::Authorising, Authorise, declined(), Some(Settled::Declined("no money".into())),
                Payment::Declined, &[Change::PaymentDeclined, Change::Cancelled]),
            (Payment::Authorising, Authorise, GatewayResult::Unavailable, Some(Settled::Unavailable(Authorise)),
                Payment::Authorising, &[Change::GatewayUnavailable]),
            (Payment::Capturing, Capture, GatewayResult::Done, Some(Settled::Captured), Payment::Captured,
                &[Change::PaymentCaptured]),
            (Payment::Capturing, Capture, GatewayResult::Refused("no".into()), Some(Settled::Refused("no".into())),
                Payment::Capturing, &[]),
            (Payment::Voiding, Void, GatewayResult::Done, Some(Settled::Voided), Payment::Voided,
                &[Change::PaymentVoided, Change::Cancelled]),
            // The order was decided otherwise meanwhile.
            (Payment::Voiding, Authorise, GatewayResult::Done, None, Payment::Voiding, &[]),
            (Payment::Authorised, Authorise, GatewayResult::Unavailable, None, Payment::Authorised, &[]),
        ];
        for (before, operation, result, expected, after, changes) in cases {
            let mut progress = OrderProgress { attempts: 1, ..order(before) };
            let outcome = GatewayOutcome { operation, attempt: 1, result };
            assert_eq!(settle(&mut progress, &outcome, 7), expected, "{outcome:?}");
            assert_eq!((progress.payment, &timeline(&progress)[..]), (after, changes), "{outcome:?}");
        }
    }

    #[test]
    fn silence_counts_only_for_the_latest_try_and_success_for_any() {
        let mut progress = OrderProgress { attempts: 2, ..order(Payment::Capturing) };
        let outcome = |result| GatewayOutcome { operation: Operation::Capture, attempt: 1, result };
        assert_eq!(settle(&mut progress, &outcome(GatewayResult::Unavailable), 7), None);
        assert_eq!(settle(&mut progress, &outcome(GatewayResult::Done), 7), Some(Settled::Captured));
    }

    #[test]
    fn a_long_outage_does_not_blow_up_the_timeline() {
        let mut progress = order(Payment::Authorised);
        for _ in 0..100 {
            let attempt = ask(&mut progress, "o-1", Operation::Capture).attempt;
            let result = GatewayResult::Unavailable;
            settle(&mut progress, &GatewayOutcome { operation: Operation::Capture, attempt, result }, 7);
        }
        assert_eq!(progress.timeline.len() as u32, LOST_TRIES_NOTED_MAX);
    }

    #[test]
    fn an_order_moves_on_step_by_step_and_never_back() {
        use Progress::{Delivered, OutForDelivery, Preparing};
        let mut progress = order(Payment::Captured);
        for to in [Preparing, OutForDelivery, Delivered] {
            assert_eq!(advance(&mut progress, to, 7), Ok(true));
            assert_eq!(advance(&mut progress, to, 8), Ok(false));
        }
        assert_eq!(advance(&mut progress, Preparing, 9), Ok(false));
        assert_eq!(timeline(&progress), [Change::Preparing, Change::OutForDelivery, Change::Delivered]);
        assert!(advance(&mut order(Payment::Authorised), Preparing, 7).is_err());

        let mut overtaken = order(Payment::Captured);
        assert_eq!(advance(&mut overtaken, Delivered, 7), Ok(true));
        assert_eq!(advance(&mut overtaken, Preparing, 8), Ok(false));
        assert_eq!(timeline(&overtaken), timeline(&progress), "whatever the order of arrival");
    }
}
