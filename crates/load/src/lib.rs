//! `duet load`: a steady load on a running system, which can be changed while it runs, and the verdict on it.
//!
//! It is a service like the others, with a consumer group and a store of its own ([`observer`]): what it saw of each order
//! survives its death. Beside that,
//!
//! - [`service`] has its flags and puts it together; [`system`] finds the system that it works on;
//! - [`sender`] sends orders as the [`plan`] says, made by [`orders`];
//! - [`checker`] audits every order once it had the time to settle, whoever placed it; [`verdict`] is what it found;
//! - [`hold_ups`] are the times in which somebody whom orders need was not ready: they do not count against orders;
//! - [`backlog`] is how far behind a system is that works on more than it can: those who wait their turn are not stuck either;
//! - [`http`] tells how things stand, and takes changes of the plan;
//! - [`reader`] reads the services' stores, as soon as they are there;
//! - [`sendings`] is what was sent, written down for the load's next life;
//! - [`board`] is what these share: counts, metrics, and which orders are under way;
//! - [`switch`] asks running loads to be different, and for their verdicts; [`control`] is a page that does both.
#![warn(missing_docs)]

pub mod backlog;
pub mod board;
pub mod checker;
pub mod control;
pub mod hold_ups;
pub mod http;
pub mod observer;
pub mod orders;
pub mod plan;
pub mod reader;
pub mod sender;
pub mod sendings;
pub mod service;
pub mod switch;
pub mod system;
pub mod verdict;
