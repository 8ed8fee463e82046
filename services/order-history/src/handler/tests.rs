//! The service from outside: messages in, messages out.

use bus::Message;
use contract::fixtures::{self, message, order};
use contract::{Envelope, Order, Reply, TerminalState};
use proptest::prelude::*;

use super::*;
use crate::asked::Place;
use crate::state::Change;

fn event(event: &Event) -> Message {
    fixtures::event(event, &Envelope::new(Style::Choreography))
}

fn command(command: &Command, task: Option<&str>) -> Message {
    fixtures::command(command, task, &Envelope::new(Style::Orchestration))
}

fn bad_order() -> Order {
    Order { total_minor: 1, ..order() }
}

fn placed(order: Order) -> Message {
    event(&Event::OrderPlaced { order })
}

fn record_order(order: Order) -> Message {
    command(&Command::RecordOrder { order }, Some("t"))
}

fn close_order(status: TerminalState) -> Message {
    let reason = (status != TerminalState::Delivered).then(|| "why".to_owned());
    command(&Command::CloseOrder { order_id: "o-1".into(), status, reason }, Some("t"))
}

/// An order's life in the history: everything handed in, everything sent.
#[derive(Default)]
struct Life {
    state: Option<OrderRecord>,
    sent: Vec<String>,
    rejected: Vec<String>,
    links: usize,
}

impl Life {
    fn hears(mut self, message: &Message) -> Self {
        let mut effects = Effects::new("o-1", 7);
        match OrderHistory.handle(self.state.clone(), Input::Message(message), &mut effects) {
            Ok(state) => {
                self.state = state;
                self.sent.extend(effects.messages().iter().map(say));
                self.links += format!("{effects:?}").matches("index: \"customer\"").count();
            }
            Err(Rejected(reason)) => self.rejected.push(reason),
        }
        self
    }

    /// The order is placed over HTTP.
    fn asked(mut self, order: Order, style: Style) -> Self {
        let mut effects = Effects::new("o-1", 7);
        let request = Ask::Place(Place { order, style, traceparent: None });
        self.state = OrderHistory.handle(self.state, Input::Request(&request), &mut effects).unwrap();
        let sent = effects.messages().iter().map(say).collect::<Vec<_>>();
        self.links += format!("{effects:?}").matches("index: \"customer\"").count();
        self.sent.extend(sent);
        let Some(Answer::Placed(placed)) = effects.take_answer() else { panic!("no answer") };
        self.sent.push(format!("{placed:?}"));
        self
    }

    /// What is said again when somebody asks for it; nothing else may happen.
    fn says_again(&self) -> Option<Vec<String>> {
        let mut effects = Effects::new("o-1", 9);
        let state = OrderHistory
            .handle(self.state.clone(), Input::Request(&Ask::Replay(Replay)), &mut effects)
            .unwrap();
        assert_eq!(state, self.state);
        let said = effects.messages();
        assert!(said.iter().all(|sent| sent.headers.get(contract::envelope::REPLAYED).is_some()));
        let said: Vec<_> = said.iter().map(say).collect();
        let Some(Answer::Replayed(count)) = effects.take_answer() else { panic!("no answer") };
        assert_eq!(count.unwrap_or(0), said.len());
        count.map(|_| said)
    }

    fn timeline(&self) -> Vec<Change> {
        self.state.iter().flat_map(|record| &record.timeline).map(|entry| entry.what).collect()
    }
}

/// What a message says, in a word or two.
fn say(outgoing: &participant::Outgoing) -> String {
    let message = message(contract::Encoded {
        topic: outgoing.topic.clone(),
        headers: outgoing.headers.clone(),
        body: outgoing.body.clone(),
    });
    if let Ok(reply) = Reply::decode(&message) {
        assert_eq!(message.headers.get("correlationid"), Some("t"));
        return match reply {
            Reply::Succeeded { .. } => "done".to_owned(),
            Reply::Failed { error, .. } => error,
        };
    }
    match Event::decode(&message).unwrap() {
        Event::OrderClosed { customer_id, status, reason } => {
            assert_eq!((customer_id.as_str(), reason.is_some()), ("c-1", status != TerminalState::Delivered));
            format!("closed as {status}")
        }
        other => other.kind().to_owned(),
    }
}

#[test]
fn what_it_knows_of_an_order_is_said_again() {
    let delivered = event(&Event::OrderDelivered {});
    let (placed_again, recorded_again) = ("duet.order.placed.v1", "duet.order.recorded.v1");
    let life = Life::default;
    #[rustfmt::skip]
    let cases: [(Life, Option<&[&str]>); 7] = [
        (life(), None),
        (life().asked(order(), Style::Choreography), Some(&[placed_again])),
        (life().asked(order(), Style::Orchestration), Some(&[placed_again])),
        (life().hears(&placed(order())), Some(&[placed_again, recorded_again])),
        // What comes next the workflow asks for.
        (life().hears(&record_order(order())), Some(&[placed_again])),
        (life().hears(&record_order(bad_order())), Some(&[placed_again, "closed as rejected"])),
        (life().hears(&placed(order())).hears(&delivered), Some(&[placed_again, "closed as delivered"])),
    ];
    for (life, expected) in cases {
        let said = life.says_again();
        let said: Option<Vec<_>> = said.as_ref().map(|said| said.iter().map(String::as_str).collect());
        assert_eq!(said.as_deref(), expected, "{:?}", life.state);
    }
}

#[test]
fn every_path_of_both_styles() {
    use TerminalState::{Cancelled, Delivered};
    let declined = || event(&Event::PaymentDeclined { reason: "no money".into() });
    let voided = || event(&Event::PaymentVoided { reason: "no cook".into() });
    let delivered = || event(&Event::OrderDelivered {});
    #[rustfmt::skip]
    let cases: &[(&[Message], &[&str], &[Change])] = &[
        (&[placed(order())], &["duet.order.recorded.v1"], &[Change::Recorded]),
        (&[placed(bad_order())], &["closed as rejected"], &[Change::Rejected]),
        (&[placed(order()), declined()],
            &["duet.order.recorded.v1", "closed as cancelled"], &[Change::Recorded, Change::Cancelled]),
        (&[placed(order()), voided(), voided()],
            &["duet.order.recorded.v1", "closed as cancelled"], &[Change::Recorded, Change::Cancelled]),
        (&[placed(order()), delivered(), placed(order()), delivered()],
            &["duet.order.recorded.v1", "closed as delivered"], &[Change::Recorded, Change::Delivered]),
        (&[record_order(order()), record_order(order())], &["done", "done"], &[Change::Recorded]),
        (&[record_order(bad_order()), record_order(bad_order())],
            &["closed as rejected", "OrderRejected", "OrderRejected"], &[Change::Rejected]),
        (&[record_order(bad_order()), close_order(TerminalState::Rejected)],
            &["closed as rejected", "OrderRejected", "done"], &[Change::Rejected]),
        (&[record_order(order()), close_order(Delivered), close_order(Delivered), record_order(order())],
            &["done", "closed as delivered", "done", "done", "done"], &[Change::Recorded, Change::Delivered]),
        (&[record_order(order()), close_order(Cancelled), close_order(Delivered)],
            &["done", "closed as cancelled", "done", "IllegalStep"], &[Change::Recorded, Change::Cancelled]),
        (&[close_order(Cancelled), record_order(order())], &["IllegalStep", "done"], &[Change::Recorded]),
        (&[record_order(order()), record_order(bad_order())], &["done", "DuplicateOrder"], &[Change::Recorded]),
        (&[placed(order()), record_order(order())],
            &["duet.order.recorded.v1", "DuplicateOrder"], &[Change::Recorded]),
    ];
    for (messages, sent, timeline) in cases {
        let life = messages.iter().fold(Life::default(), Life::hears);
        assert_eq!(life.sent, *sent);
        assert_eq!(life.timeline(), *timeline);
        assert_eq!((life.rejected, life.links), (vec![], 1));
    }
}

#[test]
fn an_order_placed_over_http_is_accepted_once() {
    use Change::{Accepted, Recorded, Rejected};
    use Style::{Choreography, Orchestration};
    let other = || Order { restaurant_id: "r-2".into(), ..order() };

    let life = Life::default().asked(order(), Choreography).asked(order(), Choreography);
    let life = life.asked(other(), Choreography).asked(order(), Orchestration);
    assert_eq!(life.sent, ["duet.order.placed.v1", "Accepted", "Accepted", "Conflict", "Conflict"]);
    assert_eq!((life.timeline(), life.links), (vec![Accepted], 1));
    // What comes from the bus meets the same rule.
    let life =
        life.hears(&placed(other())).hears(&record_order(order())).hears(&event(&Event::OrderDelivered {}));
    assert_eq!(life.rejected.len(), 2, "{:?}", life.rejected);
    assert!(life.rejected[0].contains("another order was accepted under the id o-1"), "{:?}", life.rejected);
    assert_eq!(life.timeline(), [Accepted]);
    let life = Life { sent: Vec::new(), ..life };
    let life = life.hears(&placed(order())).hears(&placed(order())).asked(order(), Choreography);
    assert_eq!(life.sent, ["duet.order.recorded.v1", "Recorded(None)"]);
    assert_eq!((life.timeline(), life.links), (vec![Accepted, Recorded], 1));

    let life = Life::default().asked(bad_order(), Orchestration).hears(&record_order(bad_order()));
    let life = life.hears(&record_order(bad_order())).asked(bad_order(), Orchestration);
    let sent = [
        "duet.order.placed.v1",
        "Accepted",
        "closed as rejected",
        "OrderRejected",
        "OrderRejected",
        "Recorded(Some(Rejected))",
    ];
    assert_eq!(life.sent, sent);
    assert_eq!((life.timeline(), life.links), (vec![Accepted, Rejected], 1));

    let life = Life::default().hears(&record_order(order())).asked(order(), Choreography);
    assert_eq!(life.sent, ["done", "Conflict"]);

    // An execution of another content that was faster than the accepted order's.
    let life = Life::default().asked(order(), Orchestration).hears(&record_order(other()));
    let life = life.hears(&record_order(order())).hears(&record_order(other()));
    assert_eq!(life.sent, ["duet.order.placed.v1", "Accepted", "DuplicateOrder", "done", "DuplicateOrder"]);
    assert_eq!(life.timeline(), [Accepted, Recorded]);
}

#[test]
fn what_can_never_be_handled_is_rejected_with_the_reason() {
    let check = |messages: &[Message], expected: &str| {
        let life = messages.iter().fold(Life::default(), Life::hears);
        assert!(life.rejected.len() == 1 && life.rejected[0].contains(expected), "{:?}", life.rejected);
    };
    let other = || Order { restaurant_id: "r-2".into(), ..order() };
    let delivered = || event(&Event::OrderDelivered {});
    let silent_close = command(
        &Command::CloseOrder { order_id: "o-1".into(), status: TerminalState::Delivered, reason: None },
        None,
    );
    check(&[placed(order()), placed(other())], "another order was recorded under the id o-1");
    check(&[delivered()], "was never placed here");
    check(&[placed(bad_order()), delivered()], "closed as rejected, it cannot become delivered");
    check(&[placed(order()), event(&Event::OrderPreparing {})], "nothing to do with duet.order.preparing.v1");
    check(&[record_order(order()), placed(order())], "processed in the orchestration");
    check(&[silent_close], "not recorded");
    check(
        &[command(&Command::StartPreparation { order_id: "o-1".into() }, Some("t"))],
        "no function start-preparation",
    );
}

#[test]
fn a_command_with_a_malformed_order_is_refused() {
    let life = Life::default().hears(&record_order(Order { currency: "euro".into(), ..order() }));
    assert_eq!((life.sent, life.state), (vec!["IllegalStep".to_owned()], None));
}

#[test]
fn nobody_is_answered_who_does_not_wait() {
    let life = Life::default().hears(&command(&Command::RecordOrder { order: order() }, None));
    assert_eq!(life.sent, Vec::<String>::new());
    assert_eq!(life.timeline(), [Change::Recorded]);
}

fn alphabet(style: Style) -> Vec<Message> {
    match style {
        Style::Choreography => vec![
            placed(order()),
            placed(bad_order()),
            event(&Event::PaymentDeclined { reason: "no money".into() }),
            event(&Event::PaymentVoided { reason: "no cook".into() }),
            event(&Event::OrderDelivered {}),
        ],
        Style::Orchestration => vec![
            record_order(order()),
            record_order(bad_order()),
            close_order(TerminalState::Cancelled),
            close_order(TerminalState::Rejected),
            close_order(TerminalState::Delivered),
        ],
    }
}

proptest! {
    /// Whatever arrives in whatever order and however often: one legal history, told once.
    #[test]
    fn any_arrival_order_ends_in_one_legal_history(
        orchestrated: bool,
        arrivals in prop::collection::vec(0..5_usize, 0..12),
    ) {
        let style = if orchestrated { Style::Orchestration } else { Style::Choreography };
        let alphabet = alphabet(style);
        let mut life = Life::default();
        for arrival in arrivals {
            life = life.hears(&alphabet[arrival]);
            let closed: Vec<_> = life.sent.iter().filter(|said| said.starts_with("closed")).collect();
            let legal = match life.timeline()[..] {
                [] => life.state.is_none() && closed.is_empty(),
                [Change::Recorded] => closed.is_empty(),
                [Change::Rejected] => closed == ["closed as rejected"],
                [Change::Recorded, Change::Cancelled] => closed == ["closed as cancelled"],
                [Change::Recorded, Change::Delivered] => closed == ["closed as delivered"],
                _ => false,
            };
            prop_assert!(legal, "{:?} {:?}", life.timeline(), life.sent);
            prop_assert!(life.links <= 1);
        }
    }
}
