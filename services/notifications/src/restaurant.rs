//! The restaurants as this service sees them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::{Item, Order};
use external::{Fate, RestaurantFate};
use participant::{CallId, Caller};
use serde::{Deserialize, Serialize};
use styles::TracedCall;
use traces::KeyValue;

/// An order as it is offered to a restaurant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id, by which the restaurant recognises an offer made again.
    pub order_id: String,
    /// Who is asked.
    pub restaurant_id: String,
    /// What to cook.
    pub items: Vec<Item>,
    /// What the customer pays, in minor units.
    pub total_minor: u64,
    /// In which currency.
    pub currency: String,
    /// The trace of whatever led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl TracedCall for Offer {
    type Outcome = OfferOutcome;

    fn traceparent(&mut self) -> &mut Option<String> {
        &mut self.traceparent
    }

    fn name(&self) -> &'static str {
        "offer to restaurant"
    }

    fn describe(&self) -> (Vec<KeyValue>, Option<&str>) {
        (vec![KeyValue::new("peer.service", "restaurant")], self.traceparent.as_deref())
    }

    fn failure(_: &OfferOutcome) -> Option<(&'static str, String)> {
        // Silence is an answer too: a time-out decides.
        None
    }
}

impl From<Order> for Offer {
    fn from(order: Order) -> Self {
        let Order { order_id, restaurant_id, items, total_minor, currency, .. } = order;
        Self { order_id, restaurant_id, items, total_minor, currency, traceparent: None }
    }
}

/// What a restaurant decides on an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It will cook.
    Accept,
    /// It will not.
    Decline,
}

/// The way to the restaurants. Idempotent by order: an offer made again gets the same decision.
#[async_trait]
pub trait Restaurant: Send + Sync + 'static {
    /// Offers the order and returns the restaurant's decision; `None` when the offer was delivered (or could not be)
    /// and the restaurant says nothing.
    async fn offer(&self, offer: &Offer) -> Option<Decision>;
}

/// What came of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferOutcome(pub Option<Decision>);

/// Makes the service's calls of the restaurants.
#[derive(Clone)]
pub struct OfferCaller {
    restaurant: Arc<dyn Restaurant>,
    timeout: Duration,
}

impl std::fmt::Debug for OfferCaller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OfferCaller").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl OfferCaller {
    /// Makes offers this way and holds the line no longer than `timeout`; then the restaurant counts as silent.
    #[must_use]
    pub fn new(restaurant: Arc<dyn Restaurant>, timeout: Duration) -> Self {
        Self { restaurant, timeout }
    }
}

#[async_trait]
impl Caller<Offer, OfferOutcome> for OfferCaller {
    async fn call(&self, id: &CallId, offer: &Offer) -> OfferOutcome {
        let decision = tokio::time::timeout(self.timeout, self.restaurant.offer(offer)).await;
        OfferOutcome(decision.unwrap_or_else(|_| {
            tracing::debug!(%id, restaurant = offer.restaurant_id, "the restaurant did not answer the call");
            None
        }))
    }
}

/// Restaurants that behave as their [`Fate`] says.
#[derive(Clone, Copy, Debug)]
pub struct SimulatedRestaurants {
    /// What they do.
    pub fate: Fate,
    /// How long each takes to decide; zero: no time, without yielding.
    pub latency: Duration,
    /// How long one takes whose answer comes too late.
    pub late: Duration,
}

#[async_trait]
impl Restaurant for SimulatedRestaurants {
    async fn offer(&self, offer: &Offer) -> Option<Decision> {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        match self.fate.restaurant(&offer.order_id) {
            RestaurantFate::Accepts => Some(Decision::Accept),
            RestaurantFate::Declines => Some(Decision::Decline),
            RestaurantFate::Late => {
                tokio::time::sleep(self.late).await;
                Some(Decision::Accept)
            }
            RestaurantFate::Silent => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use external::Rates;

    const WILLING: Rates =
        Rates { decline: 0.0, gateway_fault: 0.0, restaurant_decline: 0.0, restaurant_silence: 0.0 };

    async fn answer(rates: Rates, latency: Duration, timeout: Duration) -> Option<Decision> {
        let late = Duration::from_millis(1500);
        let restaurants = SimulatedRestaurants { fate: Fate { seed: 1, rates }, latency, late };
        let (order_id, restaurant_id, currency) = ("o-1".into(), "r-1".into(), "EUR".into());
        let offer =
            Offer { order_id, restaurant_id, items: vec![], total_minor: 0, currency, traceparent: None };
        let id = CallId { key: "o-1".into(), sequence: 1 };
        OfferCaller::new(Arc::new(restaurants), timeout).call(&id, &offer).await.0
    }

    #[tokio::test]
    async fn simulated_restaurants_follow_their_fate() {
        let at_once = |rates| answer(rates, Duration::ZERO, Duration::from_secs(2));
        assert_eq!(at_once(WILLING).await, Some(Decision::Accept));
        assert_eq!(at_once(Rates { restaurant_decline: 1.0, ..WILLING }).await, Some(Decision::Decline));
        let silent = Rates { restaurant_silence: 1.0, ..WILLING };
        assert_eq!(answer(silent, Duration::ZERO, Duration::from_millis(10)).await, None);
    }

    #[tokio::test]
    async fn a_restaurant_that_cannot_be_reached_in_time_is_silent() {
        assert_eq!(answer(WILLING, Duration::from_secs(3600), Duration::from_millis(1)).await, None);
    }
}
