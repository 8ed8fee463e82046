//! The orders of a simulated world.

use contract::{Item, Order, Style};

use crate::chaos::Chaos;

/// What else is placed under the id of the `n`-th order, of some: the same in the other style, or another order.
pub(crate) fn rival(order: &Order, style: Style, n: usize) -> Option<(Order, Style)> {
    match n % 8 {
        1 | 2 => Some((order.clone(), Style::ALL[(n + 1) % 2])),
        5 => Some((Order { restaurant_id: "restaurant-other".to_owned(), ..order.clone() }, style)),
        _ => None,
    }
}

/// The `n`-th order and its style. About one in ten cannot be taken.
pub(crate) fn order(chaos: &Chaos, n: usize) -> (Order, Style) {
    let style = Style::ALL[n % 2];
    let items: Vec<_> = (0..1 + chaos.below(3))
        .map(|line| Item {
            name: format!("dish {line}"),
            quantity: 1 + chaos.below(3) as u32,
            unit_price_minor: 100 + 50 * chaos.below(40) as u64,
        })
        .collect();
    let mut order = Order {
        order_id: format!("{}-{n}", if style == Style::Choreography { "c" } else { "o" }),
        customer_id: format!("customer-{}", chaos.below(4)),
        restaurant_id: format!("restaurant-{}", chaos.below(3)),
        items,
        currency: "EUR".to_owned(),
        total_minor: 0,
        placed_at: None,
    };
    order.total_minor = order.items_sum_minor().unwrap_or(0);
    if chaos.below(10) == 0 {
        order.total_minor += 1;
    }
    (order, style)
}
