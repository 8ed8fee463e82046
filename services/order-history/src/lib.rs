//! Validates orders, keeps the customers' history and closes each order with its final status.
//!
//! # What it does with each message
//!
//! Every step is written once, in [`steps`]; [`choreography`] runs it when an event calls for it, [`orchestration`]
//! when a command does.
//!
//! | message | order unknown | open | closed |
//! | --- | --- | --- | --- |
//! | [`Place`] (over HTTP) | accept → `order.placed` | nothing | nothing |
//! | [`Replay`](styles::Replay) (over HTTP) | nothing | `order.placed` again; in the choreography `order.recorded` again, unless it is only accepted | `order.placed` and `order.closed` again |
//! | `order.placed` | record → `order.recorded`; if it cannot be taken: record as rejected → `order.closed` | nothing | nothing |
//! | `order.placed` with another content, or in the other style | - | dead letter | dead letter |
//! | `payment.declined`, `payment.voided` | dead letter | close as cancelled → `order.closed` | nothing; if closed otherwise: dead letter |
//! | `order.delivered` | dead letter | close as delivered → `order.closed` | nothing; if closed otherwise: dead letter |
//! | `record-order` | record → done; if it cannot be taken: record as rejected → `order.closed` and `OrderRejected` | done | done, or `OrderRejected` |
//! | `record-order` with another content, or in the other style | - | `DuplicateOrder` | `DuplicateOrder` |
//! | `close-order` | `IllegalStep` | close → `order.closed`, done | done; if closed otherwise: `IllegalStep` |
//!
//! An order that is accepted is known, and treated as unknown by everything else: `order.placed` or `record-order` of its style
//! and content records it, and whatever differs is refused. `IllegalStep` and `DuplicateOrder` become a dead letter where no
//! task waits for the reply.
//!
//! # An order is accepted once
//!
//! Whoever comes first, over HTTP or from the bus, in whichever style and with whichever content, has the order's id: it is one
//! row, and a commit on an older version of it is refused. The others get 409, a dead letter, or `DuplicateOrder`, with which
//! their execution fails before anybody was paid or told. An order accepted over HTTP cannot lose its flow to one that was
//! placed on the bus meanwhile: should the orchestrator be busy with that one, it waits there until that one is refused.
//!
//! # Messages out of order
//!
//! An event about an unknown order cannot be an early one: whatever happens to an order follows from the
//! `order.recorded` that this service sends after it has committed the record. The same holds for `close-order`,
//! which a workflow sends once `record-order` is answered; one that sends it before may try again. So nothing has to
//! be kept for an order that is not there yet.
#![warn(missing_docs)]

mod asked;
pub mod choreography;
pub mod handler;
pub mod http;
mod names;
pub mod orchestration;
mod place;
pub mod state;
pub mod steps;

use bus::Topic;

pub use asked::{Answer, Ask, Place, Placed};
pub use handler::OrderHistory;
pub use names::{CUSTOMER_INDEX, NAME, SOURCE};
pub use state::{Change, Entry, OrderRecord};

/// What it subscribes to.
#[must_use]
pub fn topics() -> Vec<Topic> {
    contract::groups::order_history()
}
