//! The service from outside: messages, timers and the gateway's answers in; messages, calls and timers out.

mod orchestration;
mod replay;
mod world;

use bus::Message;
use contract::fixtures::{self, TRACEPARENT, message, order};
use contract::{Envelope, Reply};
use participant::Millis;
use proptest::prelude::*;

use super::*;
use crate::gateway::{GatewayResult, Operation};
use crate::state::{Change, Payment, Progress};

fn event(event: &Event) -> Message {
    event_of(event, false)
}

fn event_of(event: &Event, replayed: bool) -> Message {
    fixtures::event(event, &Envelope { replayed, ..Envelope::new(Style::Choreography) })
}

fn command(command: &Command, task: Option<&str>) -> Message {
    let envelope = Envelope { traceparent: Some(TRACEPARENT.into()), ..Envelope::new(Style::Orchestration) };
    fixtures::command(command, task, &envelope)
}

fn recorded() -> Message {
    event(&Event::OrderRecorded { order: order() })
}

fn accepted() -> Message {
    event(&Event::RestaurantAccepted {})
}

fn declined() -> Message {
    event(&Event::RestaurantDeclined { reason: "no cook".into() })
}

fn authorise() -> Command {
    let (order_id, customer_id, currency) = ("o-1".into(), "c-1".into(), "EUR".into());
    Command::AuthorisePayment { order_id, customer_id, amount_minor: 1900, currency }
}

fn capture() -> Command {
    Command::CapturePayment { order_id: "o-1".into(), amount_minor: 1900 }
}

fn void() -> Command {
    Command::VoidPayment { order_id: "o-1".into(), reason: "no cook".into() }
}

fn start() -> Command {
    Command::StartPreparation { order_id: "o-1".into() }
}

fn dispatch() -> Command {
    Command::DispatchOrder { order_id: "o-1".into() }
}

fn deliver() -> Command {
    Command::DeliverOrder { order_id: "o-1".into() }
}

/// What a message says, in a word or two.
fn say(outgoing: &participant::Outgoing) -> String {
    let participant::Outgoing { topic, headers, body } = outgoing.clone();
    let message = message(contract::Encoded { topic, headers, body });
    match Reply::decode(&message) {
        Ok(reply) => {
            assert_eq!(message.headers.get("traceparent"), Some(TRACEPARENT), "the trace goes on");
            let task = message.headers.get("correlationid").unwrap();
            match reply {
                Reply::Succeeded { output } if output == serde_json::json!({}) => format!("{task}: done"),
                Reply::Succeeded { output } => format!("{task}: done {output}"),
                Reply::Failed { error, .. } => format!("{task}: {error}"),
            }
        }
        Err(_) => match Event::decode(&message).unwrap() {
            Event::PaymentVoided { reason } => format!("payment.voided ({reason})"),
            Event::PaymentDeclined { reason } => format!("payment.declined ({reason})"),
            Event::PaymentCaptured { amount_minor } => format!("payment.captured {amount_minor}"),
            other => other.kind()["duet.".len()..].trim_end_matches(".v1").to_owned(),
        },
    }
}

/// An order's life in this service, and a log of everything that it asks for.
struct Life {
    service: OrderStatus,
    state: Option<OrderProgress>,
    now: Millis,
    asked: Option<GatewayCall>,
    log: Vec<String>,
}

fn life(settings: Settings) -> Life {
    Life { service: OrderStatus { settings }, state: None, now: 1_000_000, asked: None, log: Vec::new() }
}

impl Life {
    fn takes(&mut self, input: Input<'_, GatewayOutcome, Replay>) {
        let mut effects = Effects::new("o-1", self.now);
        match self.service.handle(self.state.clone(), input, &mut effects) {
            Err(Rejected(reason)) => self.log.push(format!("rejected: {reason}")),
            Ok(state) => {
                self.state = state;
                self.log.extend(effects.messages().iter().map(say));
                for call in effects.calls() {
                    self.log.push(format!("{:?}#{}", call.operation, call.attempt));
                    self.asked = Some(call.clone());
                }
                for (name, due) in effects.timers() {
                    let due = due.map_or_else(|| "off".to_owned(), |due| format!("+{}", due - self.now));
                    self.log.push(format!("{name} {due}"));
                }
            }
        }
    }

    fn hears(mut self, message: &Message) -> Self {
        self.takes(Input::Message(message));
        self
    }

    /// Somebody asks that it be said again; nothing else may happen.
    fn replayed(mut self) -> Self {
        let before = self.state.clone();
        self.takes(Input::Request(&Replay));
        assert_eq!(self.state, before);
        self
    }

    fn told(self, asked: &Command, task: &str) -> Self {
        self.hears(&command(asked, Some(task)))
    }

    /// The gateway's answer to the call made last.
    fn gateway(mut self, result: GatewayResult) -> Self {
        let GatewayCall { operation, attempt, .. } = self.asked.clone().unwrap();
        self.takes(Input::Outcome(&GatewayOutcome { operation, attempt, result }));
        self
    }

    fn done(self) -> Self {
        self.gateway(GatewayResult::Done)
    }

    fn silent(self) -> Self {
        self.gateway(GatewayResult::Unavailable)
    }

    fn fires(mut self, timer: &str) -> Self {
        self.takes(Input::Timer(timer));
        self
    }

    #[track_caller]
    fn did(mut self, expected: &[&str]) -> Self {
        assert_eq!(std::mem::take(&mut self.log), expected);
        self
    }

    #[track_caller]
    fn ends(self, payment: Payment, progress: Progress, timeline: &[Change]) {
        let state = self.state.unwrap();
        assert_eq!((state.payment, state.progress), (payment, progress));
        assert_eq!(changes(&state), timeline);
        assert_eq!((state.order, state.waiting_task), (None, None));
    }
}

fn changes(state: &OrderProgress) -> Vec<Change> {
    state.timeline.iter().map(|entry| entry.what).collect()
}

const ALL_THE_WAY: [Change; 5] = [
    Change::PaymentAuthorised,
    Change::PaymentCaptured,
    Change::Preparing,
    Change::OutForDelivery,
    Change::Delivered,
];

#[test]
fn choreography_all_the_way() {
    life(Settings::default())
        .hears(&recorded())
        .did(&["Authorise#1"])
        .done()
        .did(&["payment.authorised"])
        .hears(&accepted())
        .did(&["Capture#1"])
        .done()
        .did(&["payment.captured 1900", "order.preparing", "order.out_for_delivery", "order.delivered"])
        .hears(&recorded())
        .hears(&accepted())
        .did(&[])
        .ends(Payment::Captured, Progress::Delivered, &ALL_THE_WAY);
}

#[test]
fn choreography_takes_the_time_that_things_take() {
    let settings = Settings { preparation_ms: 300, dispatch_ms: 20, delivery_ms: 100, ..Settings::default() };
    life(settings)
        .hears(&recorded())
        .done()
        .hears(&accepted())
        .did(&["Authorise#1", "payment.authorised", "Capture#1"])
        .done()
        .did(&["payment.captured 1900", "order.preparing", "progress +320"])
        .fires("progress")
        .did(&["order.out_for_delivery", "progress +100"])
        .fires("progress")
        .did(&["order.delivered"])
        .fires("progress")
        .did(&[])
        .ends(Payment::Captured, Progress::Delivered, &ALL_THE_WAY);
}

#[test]
fn choreography_declined_payment() {
    life(Settings::default())
        .hears(&recorded())
        .gateway(GatewayResult::Declined("no money".into()))
        .did(&["Authorise#1", "payment.declined (no money)"])
        .ends(Payment::Declined, Progress::Cancelled, &[Change::PaymentDeclined, Change::Cancelled]);
}

#[test]
fn choreography_declining_and_silent_restaurant() {
    for (news, reason) in [
        (declined(), "payment.voided (no cook)"),
        (event(&Event::RestaurantTimedOut {}), "payment.voided (the restaurant did not answer in time)"),
    ] {
        life(Settings::default())
            .hears(&recorded())
            .done()
            .hears(&news)
            .hears(&news)
            .did(&["Authorise#1", "payment.authorised", "Void#1"])
            .silent()
            .fires("retry")
            .did(&["retry +1000", "Void#2"])
            .done()
            .hears(&news)
            .did(&[reason])
            .ends(
                Payment::Voided,
                Progress::Cancelled,
                &[
                    Change::PaymentAuthorised,
                    Change::GatewayUnavailable,
                    Change::PaymentVoided,
                    Change::Cancelled,
                ],
            );
    }
}

#[test]
fn choreography_backs_off_then_gives_up_and_voids() {
    let mut life = life(Settings::default()).hears(&recorded()).did(&["Authorise#1"]);
    for (delay, next) in [(1000, 2), (1500, 3), (2250, 4), (3375, 5)] {
        let (delay, next) = (format!("retry +{delay}"), format!("Authorise#{next}"));
        life = life.silent().fires("retry").did(&[&delay, &next]);
    }
    life.silent().did(&["Void#1"]).done().did(&["payment.voided (the payment gateway did not answer)"]).ends(
        Payment::Voided,
        Progress::Cancelled,
        &[&[Change::GatewayUnavailable; 5][..], &[Change::PaymentVoided, Change::Cancelled]].concat(),
    );
}

#[test]
fn choreography_asks_for_a_person_when_a_capture_never_succeeds() {
    let settings = Settings { settle_attempts_max: 2, ..Settings::default() };
    let life = life(settings).hears(&recorded()).done().hears(&accepted()).silent().fires("retry").silent();
    let last = life.log.last().unwrap();
    assert_eq!(last, "rejected: Capture got no answer from the payment gateway in 2 tries");
    assert_eq!(life.state.unwrap().payment, Payment::Capturing);
}

#[test]
fn back_off_grows_by_half_up_to_its_cap() {
    let settings = Settings::default();
    let delays: Vec<_> = (1..=7).map(|attempt| settings.retry_delay(attempt)).collect();
    assert_eq!(delays, [1000, 1500, 2250, 3375, 5000, 5000, 5000]);
    assert_eq!(settings.retry_delay(u32::MAX), 5000);
    assert_eq!(Settings { retry_base_ms: 0, ..settings }.retry_delay(u32::MAX), 0);
}

#[test]
fn what_can_never_be_handled_is_rejected_with_the_reason() {
    let check = |life: Life, expected: &str| {
        let last = life.log.last().unwrap();
        assert!(last.starts_with("rejected") && last.contains(expected), "{last}");
    };
    let new = || life(Settings::default());
    check(new().hears(&accepted()), "not known here");
    check(new().fires("retry"), "not known here");
    check(new().hears(&recorded()).hears(&event(&Event::OrderPreparing {})), "nothing to do with");
    check(new().hears(&recorded()).hears(&accepted()), "no payment is authorised");
    check(new().hears(&recorded()).fires("tea"), "sets no timer \"tea\"");
    check(new().hears(&recorded()).hears(&command(&void(), None)), "processed in the choreography");
    check(new().hears(&command(&start(), None)), "no payment was ever asked for");
    let notify = Command::CancelAcceptance {
        order_id: "o-1".into(),
        restaurant_id: "r-1".into(),
        reason: "why".into(),
    };
    check(new().told(&notify, "t"), "no function cancel-acceptance");
    check(
        new().hears(&recorded()).done().hears(&accepted()).gateway(GatewayResult::Refused("who?".into())),
        "the payment gateway refused: who?",
    );
}

/// Whether a timeline is the beginning of a legal one; lost tries of the gateway stand beside it.
fn is_legal(timeline: &[Change]) -> bool {
    let undone = [Change::PaymentVoided, Change::Cancelled];
    let undone_later = [Change::PaymentAuthorised, Change::PaymentVoided, Change::Cancelled];
    let declined = [Change::PaymentDeclined, Change::Cancelled];
    let steps: Vec<_> = timeline.iter().copied().filter(|what| *what != Change::GatewayUnavailable).collect();
    [&ALL_THE_WAY[..], &undone, &undone_later, &declined].iter().any(|legal| legal.starts_with(&steps))
}

proptest! {
    /// Whatever is handed in, in whatever order and however often, also what no gateway would answer: nothing
    /// panics, and the timeline stays legal and never loses an entry.
    #[test]
    fn any_input_leaves_a_legal_timeline(
        orchestrated: bool,
        slow: bool,
        inputs in prop::collection::vec((0..9_usize, 1..4_u32), 0..40),
    ) {
        let commands = [authorise(), capture(), void(), start(), dispatch(), deliver()];
        let events = [
            recorded(), accepted(), declined(), event(&Event::RestaurantTimedOut {}), recorded(), accepted(),
        ];
        let operations = [Operation::Authorise, Operation::Capture, Operation::Void];
        let duration_ms = u32::from(slow);
        let settings = Settings { preparation_ms: duration_ms, delivery_ms: duration_ms, ..Settings::default() };
        let mut life = life(settings);
        for (choice, number) in inputs {
            let before = life.state.as_ref().map(changes).unwrap_or_default();
            match choice {
                0..=5 if orchestrated => life = life.told(&commands[choice], &format!("t{number}")),
                0..=5 => life = life.hears(&events[choice]),
                6 if life.state.is_some() => life = life.fires("retry").fires("progress"),
                6 => {}
                _ => {
                    let result = match (choice, number) {
                        (7, _) => GatewayResult::Done,
                        (_, 1) => GatewayResult::Unavailable,
                        (_, 2) => GatewayResult::Declined("no money".into()),
                        _ => GatewayResult::Refused("who?".into()),
                    };
                    let operation = operations[number as usize - 1];
                    life.takes(Input::Outcome(&GatewayOutcome { operation, attempt: number, result }));
                }
            }
            let after = life.state.as_ref().map(changes).unwrap_or_default();
            prop_assert!(is_legal(&after) && after.starts_with(&before), "{before:?} -> {after:?}");
        }
    }
}
