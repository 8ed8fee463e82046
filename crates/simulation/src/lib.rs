//! The whole system on virtual time, with every fault that a seed can think of, judged by the auditor.
//!
//! One seed is one world: the three services and the orchestrator, through the same participant code that runs in
//! production, on the memory bus and in-memory stores; both styles at once; a payment gateway that may act and not
//! answer; restaurants that decline or stay silent. While orders run through it, the world loses
//! acknowledgements, delivers twice, late and out of order, fails commits and publishes (also after they happened),
//! and crashes and restarts participants between any two steps of their pipeline. Then the faults stop, the world
//! comes to rest, and the auditor must find every order accounted for.
//!
//! Everything happens in one thread on paused time, and every decision comes from the seed: the same seed is the
//! same world, step by step. [`World::trace`] tells what happened.
//!
//! A broker that loses what it has confirmed ([`Faults::with_losses`]) leaves orders that nothing moves any more; once each is
//! replayed ([`Scenario::replays`]), every one of them must have ended exactly once. They are also replayed at any other time,
//! which must change nothing.
//!
//! That it can fail is shown by the [`participant::Weakness`]es: each switches one guarantee off, and the auditor
//! must notice.
#![warn(missing_docs)]

mod chaos;
mod faulty_bus;
mod faulty_store;
mod observer;
mod orders;
mod seeds;
mod system;
mod world;

pub use chaos::Faults;
pub use seeds::{Summary, run_seeds};
pub use world::{Outcome, Scenario, World, simulate};
