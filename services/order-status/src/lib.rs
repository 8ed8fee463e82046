//! Takes the payment and moves the order on until it is delivered.
//!
//! # What it does with each message
//!
//! Every step is written once, in [`steps`]; [`choreography`] runs it when an event (or a timer, or the gateway's
//! answer) calls for it, [`orchestration`] when a command does. A step that needs the payment gateway first asks it
//! (the payment is `authorising`, `capturing` or `voiding`) and goes on with its answer:
//!
//! | asked for | from | the gateway says | choreography | orchestration |
//! | --- | --- | --- | --- | --- |
//! | authorise: `order.recorded`, `authorise-payment` | none | done | `payment.authorised` | done |
//! | | | declined | cancelled, `payment.declined` | cancelled, `PaymentDeclined` |
//! | | | nothing | again after a back-off; after the last try void | `PaymentUnavailable` |
//! | capture: `restaurant.accepted`, `capture-payment` | authorised | done | `payment.captured`, then the kitchen begins | done |
//! | | | nothing | again after a back-off, until it succeeds | `PaymentUnavailable` |
//! | void: `restaurant.declined`, `restaurant.timed_out`, `void-payment` | none, authorising, authorised | done | cancelled, `payment.voided` | cancelled, done |
//! | | | nothing | again after a back-off, until it succeeds | `PaymentUnavailable` |
//! | `start-preparation`, `dispatch-order`, `deliver-order` | captured | - | `order.preparing`, `order.out_for_delivery`, `order.delivered`, each when its time has come | done |
//!
//! In the orchestration, retries and time-outs belong to the workflow: its next command is the next try. The tries
//! of a step are counted on, so the outside world does the same to an order in both styles.
//!
//! # Messages out of order, late or twice
//!
//! | what comes | what happens |
//! | --- | --- |
//! | anything whose step is done | nothing; a command is answered `done` again at once |
//! | a [`Replay`](styles::Replay) (over HTTP) | in the choreography everything told of a step that is done is said again; in the orchestration nothing, because the workflow asks again |
//! | `order.recorded` said again, while the payment is authorised and no more | `payment.authorised` is said again, with the order that came |
//! | a command while the gateway is being asked the same | no second call: its task gets the answer, and the task before it `PaymentUnavailable` |
//! | a void while an authorisation is being asked for | the void goes ahead. It is final, so it does not matter which of the two reaches the gateway first; the authorisation's answer is ignored |
//! | `void-payment` of an unknown order | the void is asked for all the same and forbids what comes after it; the `authorise-payment` that comes late only says what the order costs |
//! | an authorisation or a capture after a void, a void after a capture, a payment of another amount | `IllegalStep` |
//! | progress before the payment is captured | `IllegalStep` |
//! | progress past a step not heard of yet | that step, too: a later one implies it, and its own message comes after it |
//! | progress that lies behind | `done`, and no entry in the timeline: an order never goes back |
//! | an event about an unknown order | dead letter: it follows from a message of this service, so it cannot be early |
//!
//! `IllegalStep` becomes a dead letter in the choreography, and where no task waits for the reply.
#![warn(missing_docs)]

pub mod choreography;
pub mod gateway;
pub mod handler;
pub mod http;
mod names;
pub mod orchestration;
mod settings;
pub mod state;
pub mod steps;

use bus::Topic;

pub use gateway::{
    Authorisation, GatewayCall, GatewayCaller, GatewayError, GatewayOutcome, GatewayResult, Operation,
    PaymentGateway,
};
pub use handler::OrderStatus;
pub use names::{NAME, SOURCE};
pub use settings::Settings;
pub use state::{Change, Entry, OrderProgress, Payment, Progress};

/// What it subscribes to.
#[must_use]
pub fn topics() -> Vec<Topic> {
    contract::groups::order_status()
}
