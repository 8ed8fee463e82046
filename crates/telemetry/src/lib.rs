//! What every binary tells about itself: structured logs, metrics, health, and why it ended.
//!
//! - [`init`] sets up logging to standard error, for people or as JSON;
//! - [`registry`] makes a Prometheus registry that already knows the process (CPU, memory, start, open files);
//! - [`DetailedHistogramVec`] has native buckets, and remembers a trace for each classic one;
//! - [`router`] serves `/metrics`, `/healthz` and `/readyz`;
//! - [`tell`] says something on standard error, come what may;
//! - [`exit`] prints an error with all its causes, once, and gives the exit code.
//!
//! It knows nothing of orders, buses, stores or participants: readiness is a list of named checks that somebody
//! else writes ([`Readiness`]).
#![warn(missing_docs)]

mod detailed;
mod details;
mod exit;
mod health;
mod http;
mod logs;
mod native;
mod openmetrics;
mod output;
mod process;
mod protobuf;
mod registry;

pub use detailed::{DetailedHistogram, DetailedHistogramVec};
pub use exit::{Code, chain, exit, exit_with};
pub use health::{NotReady, Readiness, ReadyMetric};
pub use http::router;
pub use logs::{LogError, LogFormat, LogOptions, UnknownFormat, init};
pub use output::{printable, printable_json, printable_line, tell};
pub use registry::{Registry, registered, registry};
