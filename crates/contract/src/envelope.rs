//! The envelope: CloudEvents 1.0 attributes in binary mode, as message headers.
//!
//! The bus carries `id` and `subject` (the order's id, which is the message's key) itself; the other attributes
//! are headers under their CloudEvents names. Extensions: `style`, `correlationid`, `traceparent` (W3C Trace
//! Context, via the CloudEvents distributed tracing extension), and `replayed` (it was said before, see [`REPLAYED`]).

mod attributes;
mod placed;

pub use attributes::{Encoded, Envelope, Malformed, REPLAYED, SPEC_VERSION};
pub use placed::{fingerprint, placed};
