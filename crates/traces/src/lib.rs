//! One trace for every order, in both styles.
//!
//! Each message carries its W3C trace context ([`contract::trace`]). Around any bus, a [`Traces`] layer records two spans for
//! it, by OpenTelemetry's semantic conventions for messaging (1.36): `send`, from the call to the bus until its
//! confirmation, and `process`, from when a participant receives it until it is settled, that is until its effects are
//! committed and what follows from it is confirmed. What a participant sends is a child of what it processed, so that the
//! order's way through the system is one tree. Participants and handlers know nothing of this: they hand on the context that
//! their input has.
//!
//! Spans are exported with OTLP if the environment asks for it ([`Settings`]); if not, nothing is recorded and no message
//! carries anything. They are lost with the process that holds them, and dropped when they come faster than they are taken:
//! tracing never holds an order up.
#![warn(missing_docs)]

mod layer;
mod reporting;
mod sampler;
mod settings;
mod tracer;

pub use layer::{Destination, FindDestination, Messaging, Traces};
pub use opentelemetry::KeyValue;
pub use opentelemetry::trace::SpanKind;
pub use sampler::Sampler;
pub use settings::{InvalidSetting, Settings};
pub use tracer::{Span, StartError, Tracer};
