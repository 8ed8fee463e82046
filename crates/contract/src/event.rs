//! What happened.

use bus::{Message, Topic};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::envelope::{Encoded, Envelope, Malformed};
use crate::order::{Order, TerminalState, parse_json};
use crate::time::Millis;
use crate::{Style, topics};

/// Something that happened to an order. Events of the choreography carry what the services behind them need to
/// know (event-carried state transfer), so that nobody has to ask back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Event {
    /// The customer ordered. The entry of an order in both styles.
    OrderPlaced {
        /// As it was placed.
        order: Order,
    },
    /// The order is valid and stands in the customer's history.
    OrderRecorded {
        /// As it was recorded.
        order: Order,
    },
    /// The customer's money is reserved.
    PaymentAuthorised {
        /// The order, for the restaurant.
        order: Order,
    },
    /// The customer's money cannot be had; nothing is reserved.
    PaymentDeclined {
        /// Why.
        reason: String,
    },
    /// The restaurant will cook: the point of no return.
    RestaurantAccepted {},
    /// The restaurant will not cook.
    RestaurantDeclined {
        /// Why.
        reason: String,
    },
    /// The restaurant did not answer in time.
    RestaurantTimedOut {},
    /// The reserved money is taken.
    PaymentCaptured {
        /// How much, in minor units.
        amount_minor: u64,
    },
    /// The reserved money is given back: the order is being undone.
    PaymentVoided {
        /// Why the order is undone.
        reason: String,
    },
    /// The kitchen has begun.
    OrderPreparing {},
    /// A courier is on the way.
    OrderOutForDelivery {},
    /// The customer has it.
    OrderDelivered {},
    /// The order has reached its terminal state in the customer's history. Its exit in both styles.
    OrderClosed {
        /// Who ordered.
        customer_id: String,
        /// How it ended.
        status: TerminalState,
        /// Why, unless it was delivered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// The kinds of [`Event`]: the CloudEvents type and the choreography's topic of each.
macro_rules! kinds {
    ($($variant:ident $name:literal,)*) => {
        impl Event {
            /// Every event's CloudEvents type and its topic in the choreography, in the order of the flow.
            pub const KINDS: &[(&'static str, Topic)] = &[
                $((concat!("duet.", $name, ".v1"), Topic::new(concat!("choreography/", $name))),)*
            ];

            /// Its CloudEvents type, e.g. `duet.order.placed.v1`.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant { .. } => concat!("duet.", $name, ".v1"),)* }
            }

            const fn choreography_topic(&self) -> Topic {
                match self { $(Self::$variant { .. } => Topic::new(concat!("choreography/", $name)),)* }
            }
        }

        /// The choreography's topics by event.
        pub mod topic {
            #![allow(non_upper_case_globals, reason = "each constant is named like the event whose topic it is")]
            use bus::Topic;
            $(
                #[doc = concat!("Where `", $name, "` is published in the choreography.")]
                pub const $variant: Topic = Topic::new(concat!("choreography/", $name));
            )*
        }
    };
}

kinds! {
    OrderPlaced "order.placed",
    OrderRecorded "order.recorded",
    PaymentAuthorised "payment.authorised",
    PaymentDeclined "payment.declined",
    RestaurantAccepted "restaurant.accepted",
    RestaurantDeclined "restaurant.declined",
    RestaurantTimedOut "restaurant.timed_out",
    PaymentCaptured "payment.captured",
    PaymentVoided "payment.voided",
    OrderPreparing "order.preparing",
    OrderOutForDelivery "order.out_for_delivery",
    OrderDelivered "order.delivered",
    OrderClosed "order.closed",
}

/// Bodies as they are read.
mod body {
    use super::{Deserialize, Order, TerminalState};

    #[derive(Deserialize)]
    pub(super) struct WithOrder {
        pub(super) order: Order,
    }
    #[derive(Deserialize)]
    pub(super) struct Reason {
        pub(super) reason: String,
    }
    #[derive(Deserialize)]
    pub(super) struct Amount {
        pub(super) amount_minor: u64,
    }
    #[derive(Deserialize)]
    pub(super) struct Nothing {}
    #[derive(Deserialize)]
    pub(super) struct Closed {
        pub(super) customer_id: String,
        pub(super) status: TerminalState,
        #[serde(default)]
        pub(super) reason: Option<String>,
    }
}

impl Event {
    /// The message that tells this event, but for id and key.
    #[must_use]
    pub fn encode(&self, envelope: &Envelope, source: &'static str, now: Millis) -> Encoded {
        let topic = match (self, envelope.style) {
            (Self::OrderPlaced { .. }, style) => topics::placed(style),
            (Self::OrderClosed { .. }, style) => topics::closed(style),
            (_, Style::Choreography | Style::Orchestration) => self.choreography_topic(),
        };
        let body = serde_json::to_vec(self).expect("an event has only string keys and finite numbers");
        Encoded { topic, headers: envelope.headers(self.kind(), source, now), body: Bytes::from(body) }
    }

    /// Reads an event from a message, by its `type`, and checks the form of an order in it.
    ///
    /// # Errors
    /// The type is no event's, or the body is not of that type.
    pub fn decode(message: &Message) -> Result<Self, Malformed> {
        fn read<T: serde::de::DeserializeOwned>(message: &Message) -> Result<T, Malformed> {
            parse_json(&message.body).map_err(Malformed)
        }
        fn order(message: &Message) -> Result<Order, Malformed> {
            let order = read::<body::WithOrder>(message)?.order;
            if order.order_id != message.key {
                let expected = format!("the message's key {:?}", message.key);
                let field = "order.order_id".to_owned();
                return Err(Malformed(crate::FieldError { field, value: order.order_id, expected }));
            }
            match order.form_errors().into_iter().next() {
                None => Ok(order),
                Some(mut error) => {
                    error.field.insert_str(0, "order.");
                    Err(Malformed(error))
                }
            }
        }
        let kind = message.headers.get("type");
        let name = kind.and_then(|kind| kind.strip_prefix("duet.")?.strip_suffix(".v1"));
        Ok(match name {
            Some("order.placed") => Self::OrderPlaced { order: order(message)? },
            Some("order.recorded") => Self::OrderRecorded { order: order(message)? },
            Some("payment.authorised") => Self::PaymentAuthorised { order: order(message)? },
            Some("payment.declined") => {
                Self::PaymentDeclined { reason: read::<body::Reason>(message)?.reason }
            }
            Some("restaurant.accepted") => {
                let body::Nothing {} = read(message)?;
                Self::RestaurantAccepted {}
            }
            Some("restaurant.declined") => {
                Self::RestaurantDeclined { reason: read::<body::Reason>(message)?.reason }
            }
            Some("restaurant.timed_out") => {
                let body::Nothing {} = read(message)?;
                Self::RestaurantTimedOut {}
            }
            Some("payment.captured") => {
                Self::PaymentCaptured { amount_minor: read::<body::Amount>(message)?.amount_minor }
            }
            Some("payment.voided") => Self::PaymentVoided { reason: read::<body::Reason>(message)?.reason },
            Some("order.preparing") => {
                let body::Nothing {} = read(message)?;
                Self::OrderPreparing {}
            }
            Some("order.out_for_delivery") => {
                let body::Nothing {} = read(message)?;
                Self::OrderOutForDelivery {}
            }
            Some("order.delivered") => {
                let body::Nothing {} = read(message)?;
                Self::OrderDelivered {}
            }
            Some("order.closed") => {
                let body::Closed { customer_id, status, reason } = read(message)?;
                Self::OrderClosed { customer_id, status, reason }
            }
            _ => {
                return Err(Malformed::header(
                    "type",
                    kind,
                    "the type of an event, e.g. duet.order.placed.v1",
                ));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order::sample("o-1")
    }

    fn every_event() -> Vec<Event> {
        let reason = || "because".to_owned();
        vec![
            Event::OrderPlaced { order: order() },
            Event::OrderRecorded { order: order() },
            Event::PaymentAuthorised { order: order() },
            Event::PaymentDeclined { reason: reason() },
            Event::RestaurantAccepted {},
            Event::RestaurantDeclined { reason: reason() },
            Event::RestaurantTimedOut {},
            Event::PaymentCaptured { amount_minor: 1200 },
            Event::PaymentVoided { reason: reason() },
            Event::OrderPreparing {},
            Event::OrderOutForDelivery {},
            Event::OrderDelivered {},
            Event::OrderClosed {
                customer_id: "c-1".into(),
                status: TerminalState::Cancelled,
                reason: Some(reason()),
            },
        ]
    }

    fn message(encoded: Encoded) -> Message {
        Message {
            id: "m".into(),
            topic: encoded.topic,
            key: "o-1".into(),
            headers: encoded.headers,
            body: encoded.body,
        }
    }

    #[test]
    fn every_event_survives_the_way_there_and_back() {
        let envelope = Envelope {
            style: Style::Choreography,
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
            correlation: Some("c".into()),
            replayed: false,
        };
        assert_eq!(every_event().len(), Event::KINDS.len());
        for (event, (kind, topic)) in every_event().into_iter().zip(Event::KINDS) {
            let message = message(event.encode(&envelope, "duet/test", 0));
            assert_eq!((event.kind(), &message.topic), (*kind, topic));
            assert_eq!(Event::decode(&message).unwrap(), event);
            assert_eq!(Envelope::of(&message).unwrap(), envelope);
        }
    }

    #[test]
    fn only_entry_and_exit_are_published_in_orchestration() {
        let envelope = Envelope::new(Style::Orchestration);
        let topics: Vec<_> =
            every_event().iter().map(|event| event.encode(&envelope, "duet/test", 0).topic).collect();
        let own: Vec<_> = topics.iter().filter(|topic| topic.stream() == "orchestration").collect();
        assert_eq!(own, [&topics::placed(Style::Orchestration), &topics::closed(Style::Orchestration)]);
    }

    #[test]
    fn a_malformed_message_says_what_is_wrong() {
        let check = |change: fn(&mut Message), expected: &str| {
            let event = Event::OrderPlaced { order: order() };
            let mut message = message(event.encode(&Envelope::new(Style::Choreography), "duet/test", 0));
            change(&mut message);
            let error = Event::decode(&message).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(|m| m.headers.set("type", "duet.order.eaten.v1"), "duet.order.eaten.v1");
        check(|m| m.body = Bytes::from_static(b"{"), "expected a JSON object (EOF while parsing");
        check(|m| m.body = Bytes::from_static(b"{}"), "order: found nothing, expected a value");
        check(|m| m.key = "o-2".into(), "the message's key \"o-2\"");
    }
}
