//! Measures the order flow in both styles, audits it and compares.
//!
//! - [`compare`]: the main job; each style runs as a [`cell`] in a process of its own;
//! - [`limit`]: what store and broker give at best, the yardstick for figures of throughput;
//! - [`workflow`]: what the Step Functions API gives at best;
//! - [`audit`]: the verdict on the files of an earlier run;
//! - [`phase`], [`latency`], [`measure`]: what is measured when: latencies, and what processes and machine use;
//! - [`report`]: the machine-readable result ([`limit_report`] of `duet limit`); [`table`] and [`picture`]: the same for people.
//!
//! It measures from outside: through the bus, and the stores' read side. It knows which services there are in one
//! place, where a cell puts them together.
#![warn(missing_docs)]

pub mod audit;
pub mod cell;
pub mod compare;
pub mod latency;
pub mod limit;
pub mod limit_report;
pub mod measure;
pub mod phase;
pub mod picture;
pub mod report;
pub mod table;
pub mod workflow;
