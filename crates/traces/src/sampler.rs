//! Which orders are traced.

/// Decides for a trace as a whole, so that it is there with all its spans or not at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    /// Share of traces that begin here, from 0 to 1.
    pub ratio: f64,
    /// Whether a trace that begins elsewhere is recorded as its caller says; else it is decided on like one of ours.
    pub follows_caller: bool,
}

impl Sampler {
    /// Every trace, but what callers do not record: OpenTelemetry's default.
    pub const ALL: Self = Self { ratio: 1.0, follows_caller: true };

    /// Whether a trace that begins here is recorded. By its id, so that all programs decide alike.
    #[must_use]
    pub fn takes(self, trace_id: u128) -> bool {
        // As OpenTelemetry's SDKs do: the lower half of the id against the ratio, in 63 bits.
        let bound = (self.ratio.clamp(0.0, 1.0) * (1_u64 << 63) as f64) as u64;
        (trace_id as u64) >> 1 < bound
    }

    /// Whether a trace that came with a caller's decision is recorded.
    #[must_use]
    pub fn joins(self, trace_id: u128, is_sampled: bool) -> bool {
        if self.follows_caller { is_sampled } else { self.takes(trace_id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::TraceContext;

    #[test]
    fn a_share_of_the_traces_is_taken() {
        let taken = |ratio: f64| {
            let sampler = Sampler { ratio, follows_caller: true };
            (0..10_000).filter(|n| sampler.takes(TraceContext::of_order(&format!("o-{n}")).trace_id)).count()
        };
        assert_eq!((taken(0.0), taken(1.0)), (0, 10_000));
        let tenth = taken(0.1);
        assert!((900..1_100).contains(&tenth), "{tenth}");
    }

    #[test]
    fn a_callers_decision_counts_where_it_is_followed() {
        let none = Sampler { ratio: 0.0, follows_caller: true };
        assert!(none.joins(1, true) && !none.joins(1, false));
        assert!(!Sampler { follows_caller: false, ..none }.joins(1, true));
        assert!(!Sampler::ALL.joins(1, false));
    }
}
