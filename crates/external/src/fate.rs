//! What the outside world will do to an order.

use serde::{Deserialize, Serialize};

use crate::Operation;

/// How much rarer an outage for an order is than a single call's fault.
const OUTAGE_SHARE: f64 = 0.1;

/// How often the outside world misbehaves: probabilities from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// A payment is declined.
    pub decline: f64,
    /// One call of the gateway gets no answer (in half of these the gateway has acted all the same). A tenth as often,
    /// an order meets an outage: none of its authorisations is answered.
    pub gateway_fault: f64,
    /// A restaurant declines an order.
    pub restaurant_decline: f64,
    /// A restaurant does not answer in time (in half of these it answers later than that, else never).
    pub restaurant_silence: f64,
}

impl Default for Rates {
    /// Each path of the flow is taken often enough to be seen in a short run.
    fn default() -> Self {
        Self { decline: 0.02, gateway_fault: 0.01, restaurant_decline: 0.02, restaurant_silence: 0.01 }
    }
}

/// What a restaurant does when it is offered an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestaurantFate {
    /// It will cook.
    Accepts,
    /// It will not cook, and says so.
    Declines,
    /// It accepts, but later than it has time for.
    Late,
    /// It never answers.
    Silent,
}

/// What happens to one call of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFate {
    /// The gateway acts, and says so.
    Answered,
    /// The request never arrives; the caller hears nothing.
    LostRequest,
    /// The gateway acts, but its answer never arrives.
    LostAnswer,
}

/// The outside world's plan: what it will do to every order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fate {
    /// Where its decisions come from.
    pub seed: u64,
    /// How often it misbehaves.
    pub rates: Rates,
}

impl Fate {
    /// Whether the customer's payment for this order is declined.
    #[must_use]
    pub fn declines_payment(&self, order_id: &str) -> bool {
        self.draw("decline", order_id, 0) < self.rates.decline
    }

    /// What the restaurant does when it is offered this order.
    #[must_use]
    pub fn restaurant(&self, order_id: &str) -> RestaurantFate {
        let draw = self.draw("restaurant", order_id, 0);
        if draw < self.rates.restaurant_decline {
            RestaurantFate::Declines
        } else if draw < self.rates.restaurant_decline + self.rates.restaurant_silence / 2.0 {
            RestaurantFate::Late
        } else if draw < self.rates.restaurant_decline + self.rates.restaurant_silence {
            RestaurantFate::Silent
        } else {
            RestaurantFate::Accepts
        }
    }

    /// What happens to the `attempt`-th call (from 1) of this operation for this order.
    #[must_use]
    pub fn gateway_call(&self, operation: Operation, order_id: &str, attempt: u32) -> CallFate {
        let draw = self.draw(operation.as_str(), order_id, attempt);
        if operation == Operation::Authorise && self.is_outage(order_id) {
            return if draw < 0.5 { CallFate::LostRequest } else { CallFate::LostAnswer };
        }
        if draw < self.rates.gateway_fault / 2.0 {
            CallFate::LostRequest
        } else if draw < self.rates.gateway_fault {
            CallFate::LostAnswer
        } else {
            CallFate::Answered
        }
    }

    /// Whether an order that can be taken has to wait for a back-off or a time-out on its way.
    #[must_use]
    pub fn makes_wait(&self, order_id: &str) -> bool {
        let faulty = |operation| self.gateway_call(operation, order_id, 1) != CallFate::Answered;
        if faulty(Operation::Authorise) {
            return true;
        }
        if self.declines_payment(order_id) {
            return false;
        }
        match self.restaurant(order_id) {
            RestaurantFate::Silent | RestaurantFate::Late => true,
            RestaurantFate::Declines => faulty(Operation::Void),
            RestaurantFate::Accepts => faulty(Operation::Capture),
        }
    }

    /// Whether the gateway answers no authorisation of this order, however often it is asked.
    fn is_outage(&self, order_id: &str) -> bool {
        self.draw("outage", order_id, 0) < self.rates.gateway_fault * OUTAGE_SHARE
    }

    /// A number from 0 (included) to 1 that depends on nothing but the seed and the arguments.
    fn draw(&self, what: &str, order_id: &str, attempt: u32) -> f64 {
        let seed = self.seed ^ xxhash_rust::xxh3::xxh3_64(what.as_bytes()).wrapping_add(u64::from(attempt));
        let hash = xxhash_rust::xxh3::xxh3_64_with_seed(order_id.as_bytes(), seed);
        // The upper 53 bits fill a double's mantissa exactly.
        (hash >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(of: impl Fn(&str) -> bool) -> f64 {
        (0..20_000).filter(|n| of(&format!("order-{n}"))).count() as f64 / 20_000.0
    }

    #[test]
    fn each_misfortune_is_as_frequent_as_its_rate_says() {
        let fate = Fate {
            seed: 7,
            rates: Rates { gateway_fault: 0.1, restaurant_silence: 0.1, ..Rates::default() },
        };
        let near = |share: f64, rate: f64| (share - rate).abs() < rate / 5.0;
        assert!(near(share(|id| fate.declines_payment(id)), 0.02));
        assert!(near(share(|id| fate.restaurant(id) == RestaurantFate::Late), 0.05));
        assert!(near(share(|id| fate.restaurant(id) == RestaurantFate::Silent), 0.05));
        let lost = |id: &str| fate.gateway_call(Operation::Capture, id, 1) != CallFate::Answered;
        assert!(near(share(lost), 0.1));
        let outage = |id: &str| {
            (1..=5).all(|attempt| fate.gateway_call(Operation::Authorise, id, attempt) != CallFate::Answered)
        };
        assert!(near(share(outage), 0.01));
    }

    #[test]
    fn an_order_waits_for_what_does_not_answer_and_for_nothing_else() {
        let rates = |gateway_fault, restaurant_silence| Rates {
            decline: 0.5,
            gateway_fault,
            restaurant_decline: 0.1,
            restaurant_silence,
        };
        let waiting = |rates| share(|id| Fate { seed: 7, rates }.makes_wait(id));
        assert_eq!(waiting(rates(0.0, 0.0)), 0.0);
        assert_eq!(waiting(rates(1.0, 0.0)), 1.0);
        // Nobody asks the restaurant about what is not paid.
        let silent = waiting(Rates { restaurant_decline: 0.0, ..rates(0.0, 1.0) });
        assert!((silent - 0.5).abs() < 0.05, "{silent}");
    }

    #[test]
    fn another_seed_is_another_fate() {
        let fate = |seed| Fate { seed, rates: Rates { decline: 0.5, ..Rates::default() } };
        assert!(share(|id| fate(1).declines_payment(id) != fate(2).declines_payment(id)) > 0.4);
    }
}
