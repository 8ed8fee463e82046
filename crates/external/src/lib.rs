//! The simulated outside world: a payment gateway and restaurants whose behaviour follows from a seed.
//!
//! What the outside does to an order is a pure function of the seed, the rates and the order's id: its [`Fate`].
//! So both styles meet the same declines, faults and silences, a call made again gets the same answer, and the
//! load generator knows which orders have to wait for a back-off or a time-out.
#![warn(missing_docs)]

mod fate;
pub mod gateway;
pub mod ledger;
mod tail;

pub use fate::{CallFate, Fate, Rates, RestaurantFate};
pub use gateway::{Gateway, GatewayAnswer, Unavailable};
pub use ledger::{FileLedger, Ledger, LedgerEntry, MemoryLedger, Operation};
pub use tail::LedgerTail;
