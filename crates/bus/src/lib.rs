//! The message bus: publish with confirmation, consume in groups, settle by hand.
//!
//! A bus carries opaque messages. It knows nothing of orders, styles or services. Every bus gives the same
//! semantics, checked by one conformance suite ([`suite`]):
//!
//! - `publish` returns `Ok` only once the bus has taken responsibility for every message of the call;
//! - every consumer group whose subscription names a message's topic gets it at least once;
//! - within a group, messages of one key are delivered in the order in which they were published, as long as
//!   nothing is redelivered;
//! - a delivery that was not settled when its consumer goes away is delivered again;
//! - a delivery settled as a dead letter is kept, with its reason, until it is redriven or deleted.
//!
//! What a confirmed message survives differs: see [`Durability`].
#![warn(missing_docs)]

mod backoff;
mod bus;
mod error;
mod figure;
mod layered;
pub mod limit;
pub mod memory;
mod message;
pub mod metered;
pub mod remote;
mod slots;
pub mod suite;
mod url;

pub use backoff::Backoff;
pub use bus::{Bus, Capabilities, Consumer, Depth, Guarantees, Origin, Publisher, Subscription};
pub use durability::Durability;
pub use error::BusError;
pub use figure::{Figure, FigureKind};
pub use layered::{Layer, Layered};
pub use limit::{InvalidUrl, Limit, Load};
pub use memory::{MemoryBus, MemoryOptions};
pub use message::{DeadLetter, Delivery, HEADERS_MAX, Headers, Message, Outcome, Settlement, Token, Topic};
pub use metered::{Meter, MeteredBus};
pub use remote::{RemoteBus, RemoteOptions};
pub use url::percent_decoded;
