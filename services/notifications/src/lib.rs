//! Obtains the restaurant's answer and tells customers and restaurants what they must know.
//!
//! # What it does with each message
//!
//! Every step is written once, in [`steps`]; [`choreography`] runs it when an event (or a timer, or the restaurant's
//! answer) calls for it, [`orchestration`] when a command does. Each notice is told at most once.
//!
//! | message | step | choreography | orchestration |
//! | --- | --- | --- | --- |
//! | `payment.authorised`, `request-acceptance` | tell the restaurant of the new order and ask it | the time-out starts | the task waits |
//! | the restaurant accepts | accepted | `restaurant.accepted`, the customer is told `confirmed` | done |
//! | the restaurant declines | declined | `restaurant.declined` | `RestaurantDeclined` |
//! | the restaurant says nothing | - | the time-out runs on | the workflow's time-out runs on |
//! | the time-out is over, `cancel-acceptance` | timed out; the restaurant is told that the order is cancelled | `restaurant.timed_out` | done |
//! | `order.out_for_delivery`, `order.delivered`, `order.closed` (rejected, cancelled), `notify-customer` | tell the customer | - | done |
//!
//! # Messages out of order, late or twice
//!
//! | what comes | what happens |
//! | --- | --- |
//! | anything whose step is done | nothing; a command is answered again |
//! | a [`Replay`](styles::Replay) (over HTTP) | in the choreography what came of asking the restaurant is said again; in the orchestration nothing, because the workflow asks again |
//! | `request-acceptance` while the restaurant is awaited | it is asked again (it knows the order by its id); the later task gets the answer |
//! | an answer after the time-out or the cancellation | kept as the late answer; changes nothing, nobody is answered |
//! | `cancel-acceptance` after the restaurant has accepted | the workflow has decided otherwise: timed out, the acceptance is kept as the late answer, and the restaurant is told |
//! | `cancel-acceptance` after the restaurant has declined | done; the restaurant knows |
//! | `cancel-acceptance` before `request-acceptance` | timed out. The request that comes late is answered `IllegalStep`; the restaurant is not asked, but told of both, so that everybody has been told the same in whatever order the two came |
//! | a customer's milestone that overtakes earlier ones | brings them along: who is told `delivered` is told `confirmed` and `out_for_delivery` just before |
//! | a customer's milestone that comes after a later one | nothing; it was told |
//! | a customer's milestone after the order's end | nothing if it came before the end; if it contradicts the end: `IllegalStep` |
//! | `order.closed` of an unknown order | the customer is told: it carries all that is needed, and may well be the first that is heard of an order |
//! | another event about an unknown order | dead letter: it follows from a message of this service, so it cannot be early |
//!
//! `IllegalStep` becomes a dead letter in the choreography, and where no task waits for the reply.
#![warn(missing_docs)]

pub mod choreography;
pub mod handler;
pub mod http;
mod names;
pub mod orchestration;
pub mod restaurant;
mod settings;
pub mod state;
pub mod steps;

use bus::Topic;

pub use handler::Notifications;
pub use names::{CUSTOMER_INDEX, NAME, RESTAURANT_INDEX, SOURCE};
pub use restaurant::{Decision, Offer, OfferCaller, OfferOutcome, Restaurant, SimulatedRestaurants};
pub use settings::Settings;
pub use state::{Answer, Notice, OrderNotices, RestaurantNotice, What};

/// What it subscribes to.
#[must_use]
pub fn topics() -> Vec<Topic> {
    contract::groups::notifications()
}
