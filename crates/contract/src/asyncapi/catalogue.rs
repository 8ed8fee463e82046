//! One example of every event, command and reply, by name.

use serde_json::json;

use crate::command::{Milestone, errors};
use crate::{Command, Event, Item, Order, Reply, TerminalState};

/// The order that all examples are about.
const ORDER_ID: &str = "o-1001";

/// A variant of one of the contract's enums.
pub(super) struct Entry<T> {
    /// The variant's name.
    pub(super) name: &'static str,
    /// The names of its fields.
    #[cfg(test)]
    fields: &'static [&'static str],
    /// What it looks like on the wire.
    pub(super) example: T,
}

/// Makes a function that returns an [`Entry`] per variant, in the order of the list, which must be the order of the
/// enum's declaration (a test sees to it). The match has neither `_` nor `..`: a variant or a field that is not listed
/// does not compile.
macro_rules! catalogue {
    ($function:ident, $enum:ident, $($variant:ident { $($field:ident: $example:expr),* })*) => {
        pub(super) fn $function() -> Vec<Entry<$enum>> {
            const fn name(example: &$enum) -> &'static str {
                match example { $($enum::$variant { $($field: _),* } => stringify!($variant),)* }
            }
            let examples = vec![$($enum::$variant { $($field: $example),* },)*];
            #[cfg(test)]
            let mut fields = [$(&[$(stringify!($field)),*] as &[&str],)*].into_iter();
            examples
                .into_iter()
                .map(|example| Entry {
                    name: name(&example),
                    #[cfg(test)]
                    fields: fields.next().expect("as many lists of fields as examples"),
                    example,
                })
                .collect()
        }
    };
}

catalogue! { events, Event,
    OrderPlaced { order: order() }
    OrderRecorded { order: order() }
    PaymentAuthorised { order: order() }
    PaymentDeclined { reason: "insufficient funds".to_owned() }
    RestaurantAccepted {}
    RestaurantDeclined { reason: "the kitchen is closed".to_owned() }
    RestaurantTimedOut {}
    PaymentCaptured { amount_minor: 2350 }
    PaymentVoided { reason: "the kitchen is closed".to_owned() }
    OrderPreparing {}
    OrderOutForDelivery {}
    OrderDelivered {}
    OrderClosed {
        customer_id: customer_id(),
        status: TerminalState::Cancelled,
        reason: Some("the kitchen is closed".to_owned())
    }
}

catalogue! { commands, Command,
    RecordOrder { order: order() }
    CloseOrder {
        order_id: order_id(),
        status: TerminalState::Cancelled,
        reason: Some("the kitchen is closed".to_owned())
    }
    AuthorisePayment {
        order_id: order_id(),
        customer_id: customer_id(),
        amount_minor: 2350,
        currency: "EUR".to_owned()
    }
    VoidPayment { order_id: order_id(), reason: "the kitchen is closed".to_owned() }
    CapturePayment { order_id: order_id(), amount_minor: 2350 }
    StartPreparation { order_id: order_id() }
    DispatchOrder { order_id: order_id() }
    DeliverOrder { order_id: order_id() }
    RequestAcceptance {
        order_id: order_id(),
        customer_id: customer_id(),
        restaurant_id: restaurant_id(),
        items: order().items,
        total_minor: 2350,
        currency: "EUR".to_owned()
    }
    CancelAcceptance {
        order_id: order_id(),
        restaurant_id: restaurant_id(),
        reason: "the restaurant did not answer in time".to_owned()
    }
    NotifyCustomer {
        order_id: order_id(),
        customer_id: customer_id(),
        milestone: Milestone::Cancelled,
        reason: Some("the kitchen is closed".to_owned())
    }
}

catalogue! { replies, Reply,
    Succeeded { output: json!({ "authorisation_id": "authorisation-o-1001" }) }
    Failed { error: errors::PAYMENT_DECLINED.to_owned(), cause: "insufficient funds".to_owned() }
}

fn order() -> Order {
    Order {
        order_id: order_id(),
        customer_id: customer_id(),
        restaurant_id: restaurant_id(),
        items: vec![
            Item { name: "margherita".to_owned(), quantity: 2, unit_price_minor: 950 },
            Item { name: "lemonade".to_owned(), quantity: 1, unit_price_minor: 450 },
        ],
        currency: "EUR".to_owned(),
        total_minor: 2350,
        placed_at: Some("2026-03-01T18:30:00Z".to_owned()),
    }
}

fn order_id() -> String {
    ORDER_ID.to_owned()
}

fn customer_id() -> String {
    "c-17".to_owned()
}

fn restaurant_id() -> String {
    "r-4".to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::mem::discriminant;

    use super::*;
    use crate::asyncapi::schema::Payloads;

    /// The entries stand in the order of the enum's declaration, which is the order of the schemas made from it, and
    /// each schema has the fields of its entry.
    fn check<T>(entries: &[Entry<T>], payload: impl Fn(usize) -> serde_json::Value) {
        for (index, entry) in entries.iter().enumerate() {
            let declared = format!("{:?}", discriminant(&entry.example));
            assert_eq!(
                declared,
                format!("Discriminant({index})"),
                "{} stands elsewhere in its enum",
                entry.name
            );
            let schema = payload(index);
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            let properties: BTreeSet<_> = properties.keys().map(String::as_str).collect();
            let fields: BTreeSet<_> = entry.fields.iter().copied().collect();
            assert_eq!(properties, fields, "{}: {schema}", entry.name);
        }
    }

    #[test]
    fn each_example_stands_where_its_variant_is_declared() {
        let payloads = Payloads::generate();
        check(&events(), |index| payloads.events[index].clone());
        check(&commands(), |index| payloads.commands[index].clone());
        assert_eq!(payloads.events.len(), events().len());
        assert_eq!(payloads.commands.len(), commands().len());
    }

    #[test]
    fn the_example_order_can_be_taken() {
        assert_eq!(order().form_errors(), []);
        assert_eq!(order().rejections(), Vec::<String>::new());
    }
}
