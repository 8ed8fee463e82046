//! W3C Trace Context: which trace a message belongs to, and which span it comes from.
//!
//! Every order has one trace. Its id comes from the order's, so that whoever knows the order finds the trace; only an order
//! that comes with a trace of its caller's stays in that one.

use std::fmt;

/// The header that carries it (W3C Trace Context, section 3.2; CloudEvents distributed tracing extension).
pub const TRACEPARENT: &str = "traceparent";

/// The sampled flag (section 3.2.2.5.1).
const SAMPLED: u8 = 1;

/// A trace and a span in it: what a `traceparent` header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// The trace; not 0.
    pub trace_id: u128,
    /// The span that whatever carries this comes from; not 0.
    pub span_id: u64,
    /// As the caller set them.
    pub flags: u8,
}

impl TraceContext {
    /// What the header says; `None` if it is not well formed, which is as good as no header (section 3.2.2). Of a version
    /// that is not known yet, what version 00 has is read (section 3.2.4).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let [version, trace_id, span_id, flags] =
            [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let version = u8::try_from(hex(version, 2)?).ok()?;
        let context = Self {
            trace_id: hex(trace_id, 32)?,
            span_id: u64::try_from(hex(span_id, 16)?).ok()?,
            flags: u8::try_from(hex(flags, 2)?).ok()?,
        };
        let is_more = parts.next().is_some();
        let is_known = version != 0xff && (version != 0 || !is_more);
        (is_known && context.trace_id != 0 && context.span_id != 0).then_some(context)
    }

    /// The root of an order's own trace: the span that stands for the order from its beginning to its end.
    #[must_use]
    pub fn of_order(order_id: &str) -> Self {
        let trace_id = xxhash_rust::xxh3::xxh3_128(order_id.as_bytes());
        Self { trace_id: trace_id.max(1), span_id: derived(trace_id, "order"), flags: SAMPLED }
    }

    /// A span of the same trace, whose id comes from `name`: the same for whoever derives it, whenever.
    #[must_use]
    pub fn derive(self, name: &str) -> Self {
        Self { span_id: derived(self.trace_id, name), ..self }
    }

    /// Another span of the same trace.
    #[must_use]
    pub fn with_span(self, span_id: u64) -> Self {
        Self { span_id, ..self }
    }

    /// The same, recorded.
    #[must_use]
    pub fn sampled(self) -> Self {
        Self { flags: self.flags | SAMPLED, ..self }
    }

    /// Whether the caller records this trace.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// As the header's value.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of the flags, only those that version 00 knows are handed on (section 3.2.2.5.2).
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags & SAMPLED)
    }
}

fn derived(trace_id: u128, name: &str) -> u64 {
    let seed = (trace_id as u64) ^ ((trace_id >> 64) as u64);
    xxhash_rust::xxh3::xxh3_64_with_seed(name.as_bytes(), seed).max(1)
}

/// So many lower-case hexadecimal digits.
fn hex(text: &str, length: usize) -> Option<u128> {
    let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == length && text.bytes().all(is_hex)).then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_is_read_and_written() {
        let context = TraceContext::parse(TRACE).unwrap();
        assert_eq!(context.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!(context.span_id, 0x00f0_67aa_0ba9_02b7);
        assert!(context.is_sampled());
        assert_eq!(context.to_string(), TRACE);
    }

    #[test]
    fn only_a_well_formed_trace_context_is_handed_on() {
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(wrong), None, "{wrong}");
        }
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more";
        assert_eq!(TraceContext::parse(later).unwrap().to_string(), TRACE, "a later version is read as 00");
    }

    #[test]
    fn whoever_knows_the_order_finds_its_trace() {
        let one = TraceContext::of_order("o-1");
        assert_eq!(one, TraceContext::of_order("o-1"));
        assert_ne!(one.trace_id, TraceContext::of_order("o-2").trace_id);
        assert_eq!(TraceContext::parse(&one.to_string()), Some(one));
        assert_ne!(one.derive("a").span_id, one.derive("b").span_id);
    }
}
