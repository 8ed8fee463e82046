//! What the outside world will do to an order.

use serde::{Deserialize, Serialize};

use crate::Operation;

/// How often the outside world misbehaves: probabilities from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// A payment is declined.
    pub decline: f64,
    /// One call of the gateway gets no answer (in half of these the gateway has acted all the same).
    pub gateway_fault: f64,
    /// A restaurant declines an order.
    pub restaurant_decline: f64,
    /// A restaurant never answers.
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
    /// It accepts.
    Accepts,
    /// It declines.
    Declines,
    /// It never answers.
    Silent,
}

/// What happens to one call of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFate {
    /// It is answered.
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
        if draw < self.rates.gateway_fault / 2.0 {
            CallFate::LostRequest
        } else if draw < self.rates.gateway_fault {
            CallFate::LostAnswer
        } else {
            CallFate::Answered
        }
    }

    /// A number from 0 (included) to 1 that depends on nothing but the seed and the arguments.
    fn draw(&self, what: &str, order_id: &str, attempt: u32) -> f64 {
        let seed = self.seed ^ xxhash_rust::xxh3::xxh3_64(what.as_bytes()).wrapping_add(u64::from(attempt));
        let hash = xxhash_rust::xxh3::xxh3_64_with_seed(order_id.as_bytes(), seed);
        // The upper 53 bits fill a double's mantissa exactly.
        (hash >> 11) as f64 / (1_u64 << 53) as f64
    }
}
