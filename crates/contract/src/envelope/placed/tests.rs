//! Which orders are one, by the id of their message.

use super::*;
use crate::{Item, fixtures};

fn order() -> Order {
    let items = vec![Item { name: "ph\u{1edf}".into(), quantity: 2, unit_price_minor: 950 }];
    Order { items, ..fixtures::order() }
}

fn id(order: &Order, style: Style) -> String {
    placed(order, &Envelope::new(style), "duet/test", 0).id
}

#[test]
fn what_is_said_again_is_marked_and_nothing_else() {
    for replayed in [false, true] {
        let envelope = Envelope { replayed, ..Envelope::new(Style::Choreography) };
        let message = placed(&order(), &envelope, "duet/test", 0);
        assert_eq!(Envelope::of(&message).unwrap(), envelope);
    }
}

#[test]
fn a_placed_orders_id_tells_of_everything_in_it() {
    let first = id(&order(), Style::Choreography);
    // It stands in inboxes: another hash of the same order would make a repetition look new.
    assert_eq!(first, "placed/o-1/72a73c2d3a0f854f27bd75c1e063ec36");
    assert_ne!(first, id(&order(), Style::Orchestration));
    let others = [
        Order { customer_id: "c-2".into(), ..order() },
        Order { restaurant_id: "r-2".into(), ..order() },
        Order { items: Vec::new(), ..order() },
        Order { currency: "USD".into(), ..order() },
        Order { total_minor: 1, ..order() },
        Order { placed_at: Some("2026-01-01T00:00:00Z".into()), ..order() },
    ];
    for other in others {
        assert_ne!(first, id(&other, Style::Choreography), "{other:?}");
    }
    let later = Envelope { traceparent: Some("00-1".into()), ..Envelope::new(Style::Choreography) };
    assert_eq!(first, placed(&order(), &later, "duet/other", 5).id, "nor of anything beside it");
    let written = r#"{ "total_minor": 1900, "currency": "EUR", "restaurant_id": "r-1", "customer_id": "c-1", "order_id": "o-1",
        "items": [{ "unit_price_minor": 950, "quantity": 2, "name": "ph\u1edf" }] }"#;
    assert_eq!(first, id(&Order::from_json(written.as_bytes()).unwrap(), Style::Choreography));
}
