//! Sees every order enter the system and leave it, as anybody could: from outside, through the bus. What it saw is kept.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use auditor::SentOrder;
use bus::Message;
use contract::trace::TRACEPARENT;
use contract::{Envelope, Event, Style, TerminalState, time};
use external::Fate;
use participant::{Effects, Handler, Input, Millis, NoCalls, Rejected};
use serde::{Deserialize, Serialize};
use traces::{KeyValue, Span, SpanKind, Tracer};

use super::board::Board;

/// The observer's consumer group, and the schema of its store.
pub const NAME: &str = "observer";

/// Different orders under one id that are kept beside the first; one of all can be taken.
const RIVALS_MAX: usize = 8;
/// Terminal events that are kept of one order; there should be one.
const CLOSINGS_MAX: usize = 8;

/// What was seen of one order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The style that it was placed in first.
    pub style: Style,
    /// How it entered; `None` while only its end was seen.
    pub placed: Option<Placed>,
    /// What else was placed under its id: in the other style, or another order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rivals: Vec<SentOrder>,
    /// How it left.
    pub closings: Vec<Closing>,
}

impl Seen {
    fn place(&mut self, at: Millis, sent: SentOrder) {
        match &self.placed {
            None => {
                self.style = sent.style;
                self.placed = Some(Placed { at, sent });
            }
            Some(first) if first.sent == sent || self.rivals.contains(&sent) => {}
            Some(_) if self.rivals.len() < RIVALS_MAX => self.rivals.push(sent),
            Some(_) => {}
        }
    }

    /// Whether a message that says again how it left says nothing new.
    fn has_ended_so(&self, state: TerminalState) -> bool {
        self.closings.iter().any(|closing| closing.state == state)
    }

    /// When it began, as far as was seen.
    #[must_use]
    pub fn began(&self) -> Millis {
        let ended = || self.closings.first().map(|closing| closing.at);
        self.placed.as_ref().map(|placed| placed.at).or_else(ended).unwrap_or(0)
    }
}

/// How an order entered the system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    /// When it was due to be placed.
    pub at: Millis,
    /// What was ordered, as the auditor wants to know it.
    pub sent: SentOrder,
}

#[cfg(test)]
impl Placed {
    /// A small order of the choreography, for tests.
    pub(crate) fn for_test(order_id: &str, at: Millis) -> Self {
        let sent = SentOrder::new(&contract::Order::sample(order_id), Style::Choreography);
        Self { at, sent }
    }
}

/// How an order left the system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// When that was seen.
    pub at: Millis,
    /// Its terminal state.
    pub state: TerminalState,
    /// The message that said so.
    pub message_id: String,
    /// It was said again: it is not another end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// The handler. What it counts on the [`Board`] may be counted again when a commit has to be made again; what it keeps is
/// exact.
pub struct Observer {
    board: Arc<Board>,
    fate: Fate,
    tracer: Tracer,
}

impl Observer {
    /// Counts on that board. What the outside world has in store says which orders have to wait for it.
    #[must_use]
    pub fn new(board: Arc<Board>, fate: Fate) -> Self {
        Self { board, fate, tracer: Tracer::off() }
    }

    /// Records there, when an order has ended, the span that stands for the whole of it.
    #[must_use]
    pub fn with_tracer(mut self, tracer: Tracer) -> Self {
        self.tracer = tracer;
        self
    }

    /// An order that came with a trace of its caller's has a root elsewhere.
    fn record(
        &self,
        message: &Message,
        style: Style,
        outcome: TerminalState,
        placed: Option<Millis>,
        now: Millis,
    ) {
        let Some(root) = self.tracer.root(&message.key) else { return };
        let trace = self.tracer.joined(message.headers.get(TRACEPARENT));
        let (Some(began), true) = (placed, trace.is_some_and(|trace| trace.trace_id == root.trace_id)) else {
            return;
        };
        let at = |ms: Millis| UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0));
        self.tracer.record(Span {
            context: root,
            parent: None,
            name: format!("order in {style}").into(),
            kind: SpanKind::Internal,
            began: at(began),
            ended: at(now),
            attributes: vec![
                KeyValue::new("duet.order.id", message.key.clone()),
                KeyValue::new("duet.style", style.as_str()),
                KeyValue::new("duet.outcome", outcome.as_str()),
            ],
            links: Vec::new(),
            failure: None,
        });
    }
}

impl Handler for Observer {
    type State = Seen;
    type Call = NoCalls;
    type Outcome = NoCalls;
    type Request = Infallible;
    type Answer = Infallible;

    fn handle(
        &self,
        state: Option<Seen>,
        input: Input<'_, NoCalls>,
        effects: &mut Effects<NoCalls>,
    ) -> Result<Option<Seen>, Rejected> {
        let message = match input {
            Input::Message(message) => message,
            Input::Timer(name) => return Err(Rejected(format!("there is no timer {name}"))),
            Input::Outcome(never) => match *never {},
            Input::Request(never) => match *never {},
        };
        let malformed = |error: contract::Malformed| Rejected(error.to_string());
        let Envelope { style, replayed, .. } = Envelope::of(message).map_err(malformed)?;
        let mut seen =
            state.unwrap_or(Seen { style, placed: None, rivals: Vec::new(), closings: Vec::new() });
        match Event::decode(message).map_err(malformed)? {
            Event::OrderPlaced { .. } if replayed && seen.placed.is_some() => {}
            Event::OrderClosed { status, .. } if replayed && seen.has_ended_so(status) => {}
            Event::OrderPlaced { order } => {
                let sent = SentOrder::new(&order, style);
                seen.place(said_at(message).unwrap_or(effects.now()), sent);
                self.board.placed(&message.key, style);
                if seen.closings.is_empty() {
                    self.board.under_way(&message.key, style);
                }
            }
            Event::OrderClosed { status, .. } => {
                let took = seen.placed.as_ref().map(|placed| effects.now() - placed.at);
                let trace = self.tracer.joined(message.headers.get(TRACEPARENT)).map(|trace| trace.trace_id);
                let waits = status != TerminalState::Rejected && self.fate.makes_wait(&message.key);
                self.board.closed(&message.key, style, status, waits, took, trace);
                let placed = seen.placed.as_ref().map(|placed| placed.at);
                self.record(message, style, status, placed, effects.now());
                if seen.closings.len() < CLOSINGS_MAX {
                    let message_id = message.id.clone();
                    seen.closings.push(Closing { at: effects.now(), state: status, message_id, replayed });
                }
            }
            event => return Err(Rejected(format!("{} neither opens nor closes an order", event.kind()))),
        }
        Ok(Some(seen))
    }
}

fn said_at(message: &Message) -> Option<Millis> {
    time::parse(message.headers.get("time")?).ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use contract::{Encoded, Order};

    use super::*;

    fn observer() -> Observer {
        let fate = Fate { seed: 1, rates: external::Rates::default() };
        Observer::new(Arc::new(Board::register(&telemetry::registry()).unwrap()), fate)
    }

    fn placed(at: Millis) -> Message {
        contract::envelope::placed(
            &Order::sample("o-1"),
            &Envelope::new(Style::Choreography),
            "duet/test",
            at,
        )
    }

    fn closed(id: &str) -> Message {
        ended(id, TerminalState::Delivered, false)
    }

    fn ended(id: &str, status: TerminalState, replayed: bool) -> Message {
        let event = Event::OrderClosed { status, reason: None, customer_id: "c".into() };
        let envelope = Envelope { replayed, ..Envelope::new(Style::Choreography) };
        let Encoded { topic, headers, body } = event.encode(&envelope, "duet/test", 0);
        Message { id: id.into(), topic, key: "o-1".into(), headers, body }
    }

    fn see(observer: &Observer, state: Option<Seen>, message: &Message, now: Millis) -> Option<Seen> {
        observer.handle(state, Input::Message(message), &mut Effects::new("o-1", now)).unwrap()
    }

    #[test]
    fn an_order_is_seen_from_when_it_was_due_until_it_was_closed() {
        let observer = observer();
        let state = see(&observer, None, &placed(1_000), 1_003);
        let state = see(&observer, state, &closed("m"), 1_040).unwrap();
        assert_eq!(state.placed.unwrap().at, 1_000);
        assert_eq!((state.closings[0].at, state.closings.len()), (1_040, 1));
        assert_eq!(observer.board.in_flight()[&Style::Choreography], 0);
    }

    #[test]
    fn an_order_that_had_to_wait_is_counted_apart() {
        for (silence, waits) in [(0.0, "no"), (1.0, "yes")] {
            let rates = external::Rates {
                decline: 0.0,
                gateway_fault: 0.0,
                restaurant_decline: 0.0,
                restaurant_silence: silence,
            };
            let registry = telemetry::registry();
            let board = Arc::new(Board::register(&registry).unwrap());
            let observer = Observer::new(board, Fate { seed: 1, rates });
            let state = see(&observer, None, &placed(0), 1);
            see(&observer, state, &closed("m"), 9);
            let counted = format!(
                "duet_order_seconds_count{{outcome=\"delivered\",style=\"choreography\",waits=\"{waits}\"}} 1\n"
            );
            assert!(registry.text().unwrap().contains(&counted), "{}", registry.text().unwrap());
        }
    }

    #[test]
    fn the_end_may_be_seen_before_the_beginning_and_twice() {
        let observer = observer();
        let state = see(&observer, None, &closed("m"), 5);
        let state = see(&observer, state, &placed(1), 6);
        let state = see(&observer, state, &closed("other"), 7).unwrap();
        assert_eq!((state.placed.is_some(), state.closings.len()), (true, 2));
        assert_eq!(observer.board.in_flight()[&Style::Choreography], 0, "it is not under way any more");
    }

    #[test]
    fn what_is_said_again_is_news_only_to_whom_it_was_lost() {
        let observer = observer();
        let mut said_again = placed(2_000);
        said_again.headers.set(contract::envelope::REPLAYED, "true");
        let state = see(&observer, None, &placed(1_000), 1_001);
        let state = see(&observer, state, &said_again, 2_001);
        let state = see(&observer, state, &ended("m", TerminalState::Delivered, true), 2_002).unwrap();
        assert_eq!((state.placed.as_ref().unwrap().at, state.closings[0].replayed), (1_000, true));
        let state = see(&observer, Some(state), &ended("n", TerminalState::Delivered, true), 2_003);
        assert_eq!(state.as_ref().unwrap().closings.len(), 1);
        // Another end is another, however it is told.
        let state = see(&observer, state, &ended("o", TerminalState::Cancelled, true), 2_004).unwrap();
        assert_eq!(state.closings.len(), 2);
        let lost = see(&observer, None, &said_again, 2_001).unwrap();
        assert_eq!(lost.placed.unwrap().at, 2_000);
    }

    #[test]
    fn what_is_placed_under_a_taken_id_is_kept_beside_the_first() {
        let observer = observer();
        let mut state = None;
        for n in [0, 1, 1, 0, 2] {
            let mut message = placed(1_000 + n);
            let order = String::from_utf8_lossy(&message.body).replace("1900", &format!("190{n}"));
            message.body = Bytes::from(order);
            state = see(&observer, state, &message, 2_000);
        }
        let seen = state.unwrap();
        assert_eq!((seen.placed.unwrap().sent.total_minor, seen.rivals.len()), (1900, 2));
    }

    #[test]
    fn what_is_neither_is_rejected() {
        let mut other = closed("m");
        other.body = Bytes::from_static(b"{");
        let refused = observer().handle(None, Input::Message(&other), &mut Effects::new("o-1", 0));
        assert!(refused.is_err());
    }
}
