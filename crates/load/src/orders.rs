//! The orders of a load: without end, each under an id that no other run has used.

use contract::Order;
use external::Fate;
use workload::generate::Generator;

/// Attempts at an id whose payment is declined or not, as wanted: even where one in a thousand is, that fails one time in
/// a hundred million million.
const DRAWS_MAX: u32 = 30_000;

/// Makes the orders of one load, each with an id that no other load has.
pub struct Orders {
    generator: Generator,
    fate: Fate,
    /// What their ids begin with.
    run: String,
    made: u64,
    /// Orders whose payment is declined that the wanted rate has asked for so far, and a part of the next.
    declined: f64,
}

impl Orders {
    /// For the outside world of that fate. `run` names this run: the time at which it began, say.
    #[must_use]
    pub fn new(fate: Fate, run: u64) -> Self {
        let run = format!("l{run:x}");
        Self { generator: Generator::new(fate.seed, 0.0), fate, run, made: 0, declined: 0.0 }
    }

    /// What the ids of its orders begin with, up to the first `-`: the name of this run.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Whether an order's id begins like those of some run of a load.
    #[must_use]
    pub fn is_of_a_run(order_id: &str) -> bool {
        let (run, rest) = order_id.split_once('-').unwrap_or((order_id, ""));
        let digits = run.strip_prefix('l').unwrap_or_default();
        let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        (1..=16).contains(&digits.len())
            && digits.bytes().all(is_hex)
            && rest.starts_with(|c: char| c.is_ascii_digit())
    }

    /// How many it has made.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.made
    }

    /// The next order. With a `decline_rate` that share of the orders gets an id whose payment the gateway declines, as
    /// evenly as can be; without, the gateway does as it likes.
    pub fn next(&mut self, decline_rate: Option<f64>) -> Order {
        let mut order = self.generator.order(self.made);
        order.order_id = format!("{}-{}", self.run, self.made);
        if let Some(rate) = decline_rate {
            self.declined += rate;
            let wanted = self.declined >= 1.0;
            self.declined -= f64::from(u8::from(wanted));
            let fits = |id: &String| self.fate.declines_payment(id) == wanted;
            let drawn = (0..DRAWS_MAX).map(|draw| format!("{}-{}-{draw}", self.run, self.made)).find(fits);
            order.order_id = drawn.unwrap_or(order.order_id);
        }
        self.made += 1;
        order
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use external::Rates;

    use super::*;

    const FATE: Fate = Fate {
        seed: 7,
        rates: Rates { decline: 0.05, gateway_fault: 0.0, restaurant_decline: 0.0, restaurant_silence: 0.0 },
    };

    fn declined(orders: &mut Orders, rate: Option<f64>) -> usize {
        let ids = (0..1000).map(|_| orders.next(rate).order_id);
        ids.filter(|id| FATE.declines_payment(id)).count()
    }

    #[test]
    fn as_many_payments_are_declined_as_wanted() {
        let mut orders = Orders::new(FATE, 1);
        assert_eq!(declined(&mut orders, Some(0.25)), 250);
        assert_eq!(declined(&mut orders, Some(0.0)), 0);
        assert_eq!(declined(&mut orders, Some(1.0)), 1000);
        assert!((20..90).contains(&declined(&mut orders, None)));
        assert_eq!(orders.made(), 4000);
    }

    #[test]
    fn no_two_orders_have_the_same_id_in_whatever_run() {
        let mut ids = BTreeSet::new();
        for run in [0x18c, 0x18d] {
            let mut orders = Orders::new(FATE, run);
            for n in 0..500 {
                let order = orders.next((n % 2 == 0).then_some(0.3));
                assert!(contract::order::is_id(&order.order_id) && Orders::is_of_a_run(&order.order_id));
                assert_eq!(order.rejections(), Vec::<String>::new());
                ids.insert(order.order_id);
            }
        }
        assert_eq!(ids.len(), 1000);
        for id in ["o-1", "lunch-1", "l-1", "l1", "l1-x", "L1-1"] {
            assert!(!Orders::is_of_a_run(id), "{id}");
        }
    }
}
