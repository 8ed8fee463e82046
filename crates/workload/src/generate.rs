//! The seeded order generator: customers, restaurants, menus and baskets with realistic skew.
//!
//! Order `n` depends on the seed and `n` alone, so any part of the sequence can be made without the rest and
//! nothing is held in memory but the restaurants' menus. Everything is drawn with integer arithmetic and correctly
//! rounded divisions, so the same seed makes the same orders on every machine.

mod draw;
mod menu;

use contract::{Item, Order};

use draw::{Draw, Skewed};
use menu::{Restaurant, restaurants};

/// How many customers order.
const CUSTOMERS: u32 = 20_000;
/// How many restaurants cook.
const RESTAURANTS: u32 = 200;
/// Flattens the head of the customers' skew: even the keenest eater orders only so often.
const CUSTOMERS_OFFSET: u32 = 100;
/// The same for restaurants: the busiest has some 6 % of all orders.
const RESTAURANTS_OFFSET: u32 = 3;
/// How often (of 100) a basket has 1, 2, … lines.
const LINES_WEIGHTS: [u32; 6] = [28, 30, 20, 12, 6, 4];
/// How often (of 100) a line asks for 1, 2, … of its dish.
const QUANTITY_WEIGHTS: [u32; 4] = [70, 20, 7, 3];

/// Makes any order of the sequence that belongs to a seed.
#[derive(Debug)]
pub struct Generator {
    seed: u64,
    invalid_rate: f64,
    customers: Skewed,
    busy: Skewed,
    restaurants: Vec<Restaurant>,
}

impl Generator {
    /// Of this seed; `invalid_rate` (0 to 1) of its orders are well-formed but cannot be taken: their total does not
    /// add up, they ask for none of a dish, or the basket is empty.
    #[must_use]
    pub fn new(seed: u64, invalid_rate: f64) -> Self {
        Self {
            seed,
            invalid_rate,
            customers: Skewed::new(CUSTOMERS, CUSTOMERS_OFFSET),
            busy: Skewed::new(RESTAURANTS, RESTAURANTS_OFFSET),
            restaurants: restaurants(seed, RESTAURANTS),
        }
    }

    /// The `n`-th order, from 0.
    #[must_use]
    pub fn order(&self, n: u64) -> Order {
        let mut draw = Draw::new(self.seed, n);
        let customer = self.customers.draw(&mut draw);
        let restaurant = &self.restaurants[self.busy.draw(&mut draw) as usize];
        let items = basket(restaurant, &mut draw);
        let mut order = Order {
            order_id: format!("s{}-{n:08}", self.seed),
            customer_id: format!("c-{customer:05}"),
            restaurant_id: restaurant.id.clone(),
            items,
            currency: restaurant.currency.to_owned(),
            total_minor: 0,
            placed_at: None,
        };
        order.total_minor = order.items_sum_minor().unwrap_or(0);
        if draw.unit() < self.invalid_rate {
            spoil(&mut order, &mut draw);
        }
        order
    }

    /// All orders from the `first` on, without end.
    pub fn orders_from(&self, first: u64) -> impl Iterator<Item = Order> {
        (first..).map(|n| self.order(n))
    }
}

/// Between one and six different dishes, the menu's favourites more often.
fn basket(restaurant: &Restaurant, draw: &mut Draw) -> Vec<Item> {
    let lines = 1 + draw.weighted(&LINES_WEIGHTS);
    let mut chosen: Vec<usize> = Vec::with_capacity(lines);
    for _ in 0..lines {
        let mut dish = restaurant.favourites.draw(draw) as usize;
        while chosen.contains(&dish) {
            dish = (dish + 1) % restaurant.menu.len();
        }
        chosen.push(dish);
    }
    let line = |dish: usize, draw: &mut Draw| Item {
        name: restaurant.menu[dish].name.clone(),
        quantity: 1 + u32::try_from(draw.weighted(&QUANTITY_WEIGHTS)).unwrap_or(0),
        unit_price_minor: restaurant.menu[dish].price_minor,
    };
    chosen.into_iter().map(|dish| line(dish, draw)).collect()
}

/// Makes an order that passes the check of its form and cannot be taken all the same.
fn spoil(order: &mut Order, draw: &mut Draw) {
    match draw.weighted(&[60, 20, 20]) {
        0 => order.total_minor += 1 + u64::from(draw.below(500)),
        1 => order.items[0].quantity = 0,
        _ => order.items.clear(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_orders_in_any_order() {
        let (one, other) = (Generator::new(7, 0.1), Generator::new(7, 0.1));
        let forwards: Vec<_> = one.orders_from(0).take(100).collect();
        let backwards: Vec<_> = (0..100).rev().map(|n| other.order(n)).collect();
        assert!(forwards.iter().eq(backwards.iter().rev()));
        assert_ne!(Generator::new(8, 0.1).order(0).items, forwards[0].items);
    }

    #[test]
    fn an_order_is_what_it_was_in_every_release() {
        // Changing the generator changes every published figure's input: do it knowingly.
        let json = serde_json::to_string(&Generator::new(1, 0.0).order(0)).unwrap();
        assert_eq!(xxhash_rust::xxh3::xxh3_64(json.as_bytes()), PINNED, "{json}");
    }

    const PINNED: u64 = 9_830_582_195_004_007_364;

    #[test]
    fn orders_are_well_formed_and_taken_but_for_the_invalid_ones() {
        let generator = Generator::new(3, 0.25);
        let orders: Vec<_> = generator.orders_from(0).take(2000).collect();
        for order in &orders {
            assert_eq!(order.form_errors(), [], "{order:?}");
            assert!(order.items.len() <= 6);
        }
        let refused = orders.iter().filter(|order| !order.rejections().is_empty()).count();
        assert!((400..600).contains(&refused), "{refused} of 2000 at a rate of 0.25");
        assert!(Generator::new(3, 0.0).orders_from(0).take(2000).all(|order| order.rejections().is_empty()));
    }

    #[test]
    fn customers_restaurants_and_currencies_are_skewed() {
        let generator = Generator::new(5, 0.0);
        let mut by_restaurant = BTreeMap::<_, usize>::new();
        let mut by_customer = BTreeMap::<_, usize>::new();
        let mut by_currency = BTreeMap::<_, usize>::new();
        for order in generator.orders_from(0).take(20_000) {
            *by_restaurant.entry(order.restaurant_id).or_default() += 1;
            *by_customer.entry(order.customer_id).or_default() += 1;
            *by_currency.entry(order.currency).or_default() += 1;
        }
        let mut counts: Vec<_> = by_restaurant.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let top_tenth: usize = counts.iter().take(20).sum();
        assert!((7_000..12_000).contains(&top_tenth), "a tenth of the restaurants has {top_tenth} of 20000");
        assert!(counts.len() > 150, "{} of 200 restaurants have an order", counts.len());
        assert!(by_customer.len() > 5_000, "{} customers", by_customer.len());
        assert!(by_currency.len() >= 4, "{by_currency:?}");
    }
}
