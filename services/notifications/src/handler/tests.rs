//! The service from outside: messages, timers and the restaurant's answers in; messages, calls and timers out.

use bus::Message;
use contract::command::Milestone;
use contract::fixtures::{self, TRACEPARENT, message, order};
use contract::{Envelope, Order, Reply, TerminalState};
use participant::Millis;
use proptest::prelude::*;

use super::*;
use crate::restaurant::Decision;
use crate::state::{Answer, RestaurantNotice, What};

fn event(event: &Event) -> Message {
    let envelope = Envelope { traceparent: Some(TRACEPARENT.into()), ..Envelope::new(Style::Choreography) };
    fixtures::event(event, &envelope)
}

fn command(command: &Command, task: Option<&str>) -> Message {
    let envelope = Envelope { traceparent: Some(TRACEPARENT.into()), ..Envelope::new(Style::Orchestration) };
    fixtures::command(command, task, &envelope)
}

fn authorised() -> Message {
    event(&Event::PaymentAuthorised { order: order() })
}

fn out_for_delivery() -> Message {
    event(&Event::OrderOutForDelivery {})
}

fn delivered() -> Message {
    event(&Event::OrderDelivered {})
}

fn closed(status: TerminalState) -> Message {
    let reason = (status != TerminalState::Delivered).then(|| "why".to_owned());
    event(&Event::OrderClosed { customer_id: "c-1".into(), status, reason })
}

fn request() -> Command {
    let Order { order_id, customer_id, restaurant_id, items, currency, total_minor, .. } = order();
    Command::RequestAcceptance { order_id, customer_id, restaurant_id, items, total_minor, currency }
}

fn cancel() -> Command {
    Command::CancelAcceptance {
        order_id: "o-1".into(),
        restaurant_id: "r-1".into(),
        reason: "too slow".into(),
    }
}

fn notify(milestone: Milestone) -> Command {
    Command::NotifyCustomer { order_id: "o-1".into(), customer_id: "c-1".into(), milestone, reason: None }
}

/// What a message says, in a word or two.
fn say(outgoing: &participant::Outgoing) -> String {
    let participant::Outgoing { topic, headers, body } = outgoing.clone();
    let message = message(contract::Encoded { topic, headers, body });
    assert_eq!(message.headers.get("traceparent"), Some(TRACEPARENT), "the trace goes on");
    match Reply::decode(&message) {
        Ok(reply) => {
            let task = message.headers.get("correlationid").unwrap();
            match reply {
                Reply::Succeeded { .. } => format!("{task}: done"),
                Reply::Failed { error, .. } => format!("{task}: {error}"),
            }
        }
        Err(_) => Event::decode(&message).unwrap().kind()["duet.".len()..].trim_end_matches(".v1").to_owned(),
    }
}

/// An order's life in this service, and a log of everything that it asks for.
#[derive(Default)]
struct Life {
    state: Option<OrderNotices>,
    now: Millis,
    log: Vec<String>,
    links: Vec<String>,
}

impl Life {
    fn takes(&mut self, input: Input<'_, OfferOutcome, Replay>) {
        self.now += 1;
        let mut effects = Effects::new("o-1", self.now);
        let service = Notifications { settings: Settings { restaurant_timeout_ms: 5000 } };
        match service.handle(self.state.clone(), input, &mut effects) {
            Err(Rejected(reason)) => self.log.push(format!("rejected: {reason}")),
            Ok(state) => {
                self.state = state;
                self.log.extend(effects.messages().iter().map(say));
                self.log
                    .extend(effects.calls().iter().map(|offer| format!("offer to {}", offer.restaurant_id)));
                for (name, due) in effects.timers() {
                    let due = due.map_or_else(|| "off".to_owned(), |due| format!("+{}", due - self.now));
                    self.log.push(format!("{name} {due}"));
                }
                let shown = format!("{effects:?}");
                self.links.extend(shown.split("index: \"").skip(1).map(|link| link[..4].to_owned()));
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

    fn answers(mut self, decision: Option<Decision>) -> Self {
        self.takes(Input::Outcome(&OfferOutcome(decision)));
        self
    }

    fn accepts(self) -> Self {
        self.answers(Some(Decision::Accept))
    }

    fn times_out(mut self) -> Self {
        self.takes(Input::Timer("answer"));
        self
    }

    #[track_caller]
    fn did(mut self, expected: &[&str]) -> Self {
        assert_eq!(std::mem::take(&mut self.log), expected);
        self
    }

    fn notices(&self) -> Vec<What> {
        self.state.iter().flat_map(|order| &order.notices).map(|notice| notice.what).collect()
    }

    #[track_caller]
    fn ends(self, answer: Answer, notices: &[What]) -> Self {
        assert_eq!(self.notices(), notices);
        let state = self.state.as_ref().unwrap();
        assert_eq!((state.answer, &state.waiting_task), (answer, &None));
        assert_eq!(state.customer_id, "c-1");
        let mut expected = vec!["cust"];
        expected.extend(state.restaurant_id.as_ref().map(|_| "rest"));
        let mut links = self.links.clone();
        links.sort_unstable();
        assert_eq!(links, expected, "each link once");
        self
    }
}

const NEW: What = What::Restaurant(RestaurantNotice::NewOrder);
const CALLED_OFF: What = What::Restaurant(RestaurantNotice::OrderCancelled);
const CONFIRMED: What = What::Customer(Milestone::Confirmed);
const OUT: What = What::Customer(Milestone::OutForDelivery);
const DELIVERED: What = What::Customer(Milestone::Delivered);
const REJECTED: What = What::Customer(Milestone::Rejected);
const CANCELLED: What = What::Customer(Milestone::Cancelled);

#[test]
fn what_came_of_asking_the_restaurant_is_said_again() {
    Life::default().replayed().hears(&authorised()).replayed().did(&["offer to r-1", "answer +5000"]);
    let asked = || Life { log: Vec::new(), ..Life::default().hears(&authorised()) };
    asked().accepts().replayed().did(&["restaurant.accepted", "answer off", "restaurant.accepted"]);
    asked().answers(Some(Decision::Decline)).replayed().did(&[
        "restaurant.declined",
        "answer off",
        "restaurant.declined",
    ]);
    asked().times_out().replayed().did(&["restaurant.timed_out", "restaurant.timed_out"]);
    // The workflow asks again, and is answered.
    Life::default().told(&request(), "t").accepts().replayed().told(&request(), "t").did(&[
        "offer to r-1",
        "t: done",
        "t: done",
    ]);
}

#[test]
fn choreography_all_the_way() {
    Life::default()
        .hears(&authorised())
        .did(&["offer to r-1", "answer +5000"])
        .accepts()
        .did(&["restaurant.accepted", "answer off"])
        .hears(&out_for_delivery())
        .hears(&delivered())
        .hears(&closed(TerminalState::Delivered))
        .hears(&authorised())
        .times_out()
        .accepts()
        .did(&[])
        .ends(Answer::Accepted, &[NEW, CONFIRMED, OUT, DELIVERED]);
}

#[test]
fn choreography_declining_restaurant() {
    Life::default()
        .hears(&authorised())
        .answers(Some(Decision::Decline))
        .did(&["offer to r-1", "answer +5000", "restaurant.declined", "answer off"])
        .hears(&closed(TerminalState::Cancelled))
        .hears(&closed(TerminalState::Cancelled))
        .did(&[])
        .ends(Answer::Declined, &[NEW, CANCELLED]);
}

#[test]
fn choreography_silent_restaurant_and_its_late_answer() {
    let life = Life::default()
        .hears(&authorised())
        .answers(None)
        .did(&["offer to r-1", "answer +5000"])
        .times_out()
        .times_out()
        .did(&["restaurant.timed_out"])
        .accepts()
        .hears(&closed(TerminalState::Cancelled))
        .did(&[])
        .ends(Answer::TimedOut, &[NEW, CALLED_OFF, CANCELLED]);
    assert_eq!(life.state.unwrap().late_answer, Some(Answer::Accepted));
}

#[test]
fn choreography_an_end_may_be_the_first_that_is_heard() {
    for (status, notice) in [(TerminalState::Rejected, REJECTED), (TerminalState::Cancelled, CANCELLED)] {
        let life = Life::default().hears(&closed(status)).did(&[]).ends(Answer::NotAsked, &[notice]);
        assert_eq!(life.state.unwrap().notices[0].reason.as_deref(), Some("why"));
    }
    assert_eq!(Life::default().hears(&closed(TerminalState::Delivered)).state, None);
}

#[test]
fn choreography_a_milestone_that_overtakes_another_brings_it_along() {
    Life::default()
        .hears(&authorised())
        .accepts()
        .hears(&delivered())
        .hears(&out_for_delivery())
        .did(&["offer to r-1", "answer +5000", "restaurant.accepted", "answer off"])
        .ends(Answer::Accepted, &[NEW, CONFIRMED, OUT, DELIVERED]);
}

#[test]
fn orchestration_all_the_way() {
    Life::default()
        .told(&request(), "t1")
        .did(&["offer to r-1"])
        .accepts()
        .told(&request(), "t2")
        .did(&["t1: done", "t2: done"])
        .told(&notify(Milestone::Confirmed), "t3")
        .told(&notify(Milestone::Confirmed), "t4")
        .hears(&command(&notify(Milestone::OutForDelivery), None))
        .told(&notify(Milestone::Delivered), "t5")
        .did(&["t3: done", "t4: done", "t5: done"])
        .ends(Answer::Accepted, &[NEW, CONFIRMED, OUT, DELIVERED]);
}

#[test]
fn orchestration_declining_restaurant() {
    Life::default()
        .told(&request(), "t1")
        .answers(Some(Decision::Decline))
        .told(&request(), "t2")
        .told(&cancel(), "t3")
        .told(&notify(Milestone::Cancelled), "t4")
        .did(&["offer to r-1", "t1: RestaurantDeclined", "t2: RestaurantDeclined", "t3: done", "t4: done"])
        .ends(Answer::Declined, &[NEW, CANCELLED]);
}

#[test]
fn orchestration_silent_restaurant_is_cancelled_by_the_workflow() {
    let life = Life::default()
        .told(&request(), "t1")
        .answers(None)
        .did(&["offer to r-1"])
        .told(&cancel(), "t2")
        .told(&cancel(), "t3")
        .accepts()
        .told(&request(), "t4")
        .told(&notify(Milestone::Cancelled), "t5")
        .did(&["t2: done", "t3: done", "t4: IllegalStep", "t5: done"])
        .ends(Answer::TimedOut, &[NEW, CALLED_OFF, CANCELLED]);
    assert_eq!(life.state.unwrap().late_answer, Some(Answer::Accepted));
}

#[test]
fn orchestration_a_cancellation_undoes_an_acceptance_that_came_too_late() {
    let life = Life::default()
        .told(&request(), "t1")
        .accepts()
        .told(&cancel(), "t2")
        .did(&["offer to r-1", "t1: done", "t2: done"])
        .ends(Answer::TimedOut, &[NEW, CALLED_OFF]);
    assert_eq!(life.state.unwrap().late_answer, Some(Answer::Accepted));
}

#[test]
fn orchestration_a_cancellation_may_overtake_its_request() {
    Life::default()
        .told(&cancel(), "t2")
        .told(&request(), "t1")
        .told(&notify(Milestone::Cancelled), "t3")
        .told(&request(), "t1")
        .did(&["t2: done", "t1: IllegalStep", "t3: done", "t1: IllegalStep"])
        .ends(Answer::TimedOut, &[NEW, CALLED_OFF, CANCELLED]);
}

#[test]
fn orchestration_the_later_of_two_requests_gets_the_answer() {
    Life::default()
        .told(&request(), "t1")
        .told(&request(), "t2")
        .hears(&command(&request(), None))
        .accepts()
        .did(&["offer to r-1", "offer to r-1", "offer to r-1", "t2: done"])
        .ends(Answer::Accepted, &[NEW]);
}

#[test]
fn what_can_never_be_handled_is_rejected_with_the_reason() {
    let check = |life: Life, expected: &str| {
        let last = life.log.last().unwrap();
        assert!(last.starts_with("rejected") && last.contains(expected), "{last}");
    };
    let new = Life::default;
    check(new().hears(&delivered()), "not known here");
    check(new().times_out(), "not known here");
    check(new().hears(&authorised()).hears(&event(&Event::OrderPreparing {})), "nobody has to be told");
    check(new().hears(&authorised()).hears(&command(&cancel(), None)), "processed in the choreography");
    check(
        new().hears(&delivered()).hears(&closed(TerminalState::Cancelled)).hears(&delivered()),
        "cannot be Delivered",
    );
    let start = Command::StartPreparation { order_id: "o-1".into() };
    check(new().told(&start, "t"), "no function start-preparation");
    let stranger = Command::NotifyCustomer {
        order_id: "o-1".into(),
        customer_id: "c-2".into(),
        milestone: Milestone::Confirmed,
        reason: None,
    };
    check(new().told(&request(), "t").hears(&command(&stranger, None)), "another customer's");
    let mut odd = new().hears(&authorised());
    odd.takes(Input::Timer("tea"));
    check(odd, "sets no timer \"tea\"");
}

/// Everything that may reach this service in the life of one order, by how it goes.
fn legal_inputs(orchestrated: bool, fate: Option<Decision>) -> Vec<Arrival> {
    let told = |asked: Command, task: &str| Arrival::Message(command(&asked, Some(task)));
    let happened = Arrival::Message;
    let mut inputs = match (orchestrated, fate) {
        (false, Some(Decision::Accept)) => vec![
            happened(authorised()),
            happened(out_for_delivery()),
            happened(delivered()),
            happened(closed(TerminalState::Delivered)),
        ],
        (false, Some(Decision::Decline)) => {
            vec![happened(authorised()), happened(closed(TerminalState::Cancelled))]
        }
        (false, None) => {
            vec![happened(authorised()), Arrival::TimeOut, happened(closed(TerminalState::Cancelled))]
        }
        (true, Some(Decision::Accept)) => vec![
            told(request(), "t1"),
            told(notify(Milestone::Confirmed), "t2"),
            told(notify(Milestone::OutForDelivery), "t3"),
            told(notify(Milestone::Delivered), "t4"),
        ],
        (true, Some(Decision::Decline)) => {
            vec![told(request(), "t1"), told(notify(Milestone::Cancelled), "t2")]
        }
        (true, None) => {
            vec![told(request(), "t1"), told(cancel(), "t2"), told(notify(Milestone::Cancelled), "t3")]
        }
    };
    inputs.push(Arrival::Answer(fate));
    inputs
}

#[derive(Clone, Debug)]
enum Arrival {
    Message(Message),
    Answer(Option<Decision>),
    TimeOut,
}

impl Life {
    /// Hands in an arrival if it can arrive at all: an answer and a time-out follow from a question, and an event but
    /// for the order's end from the question's answer.
    fn arrives(mut self, arrival: &Arrival) -> (Self, bool) {
        match arrival {
            Arrival::Message(message) => self = self.hears(message),
            Arrival::Answer(_) | Arrival::TimeOut if self.state.is_none() => return (self, false),
            Arrival::Answer(decision) => self = self.answers(*decision),
            Arrival::TimeOut => self = self.times_out(),
        }
        let early = self.log.last().is_some_and(|last| last.contains("not known here"));
        if early {
            self.log.pop();
        }
        (self, !early)
    }
}

proptest! {
    /// In whatever order, and however often, the inputs of an order arrive: everybody is told what they have to be
    /// told, once, and one decision is published or replied.
    #[test]
    fn any_arrival_order_tells_everybody_the_same_once(
        orchestrated: bool,
        fate in prop::sample::select(vec![None, Some(Decision::Accept), Some(Decision::Decline)]),
        order in prop::collection::vec(0..64_usize, 1..24),
    ) {
        let inputs = legal_inputs(orchestrated, fate);
        let mut life = Life::default();
        for choice in order {
            life = life.arrives(&inputs[choice % inputs.len()]).0;
            let told = life.notices();
            let distinct: std::collections::BTreeSet<_> = told.iter().collect();
            prop_assert_eq!(distinct.len(), told.len(), "told twice: {:?}", told);
        }
        // What was too early comes again, until all have arrived.
        for _ in 0..inputs.len() {
            for input in &inputs {
                life = life.arrives(input).0;
            }
        }
        let mut told = life.notices();
        told.sort_unstable();
        let mut expected = match fate {
            Some(Decision::Accept) => vec![NEW, CONFIRMED, OUT, DELIVERED],
            Some(Decision::Decline) => vec![NEW, CANCELLED],
            None => vec![NEW, CALLED_OFF, CANCELLED],
        };
        expected.sort_unstable();
        prop_assert_eq!(told, expected);
        let decisions = life.log.iter().filter(|said| said.starts_with("restaurant.")).count();
        prop_assert_eq!(decisions, usize::from(!orchestrated), "{:?}", life.log);
        let mut links = life.links;
        links.sort_unstable();
        prop_assert_eq!(links, ["cust", "rest"]);
        let state = life.state.unwrap();
        let answer = match fate {
            Some(Decision::Accept) => Answer::Accepted,
            Some(Decision::Decline) => Answer::Declined,
            None => Answer::TimedOut,
        };
        prop_assert_eq!((state.answer, state.waiting_task), (answer, None));
    }
}
