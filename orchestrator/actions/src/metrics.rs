//! What is counted of the API's calls.

use std::sync::Arc;
use std::time::Duration;

use api::{Failure, Operation};
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry};
use telemetry::registered;

/// Bounds of the histogram's buckets, in seconds: an Express execution that is waited for may take 5 minutes.
const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0];
/// What a request asks for that names no action.
const NO_ACTION: &str = "none";
/// In the place of an error's name, where nobody was told any.
const UNANSWERED: &str = "unanswered";

/// Calls of the API, by action. Clones share the same numbers.
///
/// Every label is one of a list that stands in the program: an action of AWS's model, a name of an error.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    calls: IntCounterVec,
    /// In the order of [`Operation::ALL`].
    by_action: Vec<OfAction>,
}

#[derive(Debug)]
struct OfAction {
    succeeded: IntCounter,
    seconds: Histogram,
}

impl Metrics {
    /// In that registry.
    ///
    /// # Errors
    /// The registry has metrics of these names already.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let opts = |name: &str, help: &str| Opts::new(format!("duet_workflow_api_{name}"), help);
        let help = "Calls of the Step Functions API, by the error's name; empty for a success, unanswered where the client went away or the time was over.";
        let calls =
            registered(registry, IntCounterVec::new(opts("calls_total", help), &["action", "error"]))?;
        let help = "Seconds until a call of the Step Functions API was answered, with or without an error.";
        let seconds = HistogramOpts { common_opts: opts("call_seconds", help), buckets: SECONDS.to_vec() };
        let seconds = registered(registry, HistogramVec::new(seconds, &["action"]))?;
        let of_action = |operation: Operation| {
            let action = operation.name();
            let succeeded = calls.with_label_values(&[action, ""]);
            OfAction { succeeded, seconds: seconds.with_label_values(&[action]) }
        };
        let by_action = Operation::ALL.map(of_action).into();
        Ok(Self(Arc::new(Inner { calls, by_action })))
    }

    /// A call was not answered: its client went away, or its time was over.
    pub(crate) fn unanswered(&self, operation: Option<Operation>) {
        let action = operation.map_or(NO_ACTION, |operation| operation.name());
        self.0.calls.with_label_values(&[action, UNANSWERED]).inc();
    }

    /// A call was answered, so long after its body had come.
    pub(crate) fn answered(&self, operation: Option<Operation>, failure: Option<&Failure>, took: Duration) {
        let Inner { calls, by_action } = &*self.0;
        let of_action = operation.and_then(|operation| by_action.get(operation as usize));
        if let Some(of_action) = of_action {
            of_action.seconds.observe(took.as_secs_f64());
        }
        match (of_action, failure) {
            (Some(of_action), None) => of_action.succeeded.inc(),
            (_, Some(failure)) => {
                let action = operation.map_or(NO_ACTION, |operation| operation.name());
                calls.with_label_values(&[action, failure.name()]).inc();
            }
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_action_and_error() {
        let registry = Registry::new();
        let metrics = Metrics::register(&registry).unwrap();
        for (place, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, place, "{operation:?}");
        }
        let took = Duration::from_millis(250);
        metrics.answered(Some(Operation::TagResource), None, took);
        metrics.answered(Some(Operation::TagResource), Some(&Failure::TooLarge), took);
        metrics.unanswered(Some(Operation::TagResource));
        metrics.answered(None, Some(&Failure::UnknownOperation { target: "x".to_owned() }), took);
        let told = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        for line in [
            "duet_workflow_api_calls_total{action=\"TagResource\",error=\"\"} 1",
            "duet_workflow_api_calls_total{action=\"UntagResource\",error=\"\"} 0",
            "duet_workflow_api_calls_total{action=\"TagResource\",error=\"RequestEntityTooLargeException\"} 1",
            "duet_workflow_api_calls_total{action=\"TagResource\",error=\"unanswered\"} 1",
            "duet_workflow_api_calls_total{action=\"none\",error=\"UnknownOperationException\"} 1",
            "duet_workflow_api_call_seconds_sum{action=\"TagResource\"} 0.5",
        ] {
            assert!(told.lines().any(|told| told == line), "{line} is not in\n{told}");
        }
    }
}
