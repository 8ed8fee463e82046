//! Executions as traces: a span from the beginning of each to its end, and under it one for each attempt of a task.

use std::time::{Duration, UNIX_EPOCH};

use contract::TraceContext;
use executions::{Spans, Stretch, Stretched};
use traces::{KeyValue, Span, SpanKind, Tracer};

/// Records them.
pub(crate) struct Recorded(pub(crate) Tracer);

impl Spans for Recorded {
    fn record(&self, stretch: Stretch) {
        let Some((whole, caller)) = self.context(&stretch) else { return };
        let Stretch { execution_arn, of, began_ms, ended_ms, error, .. } = stretch;
        let mut attributes = vec![KeyValue::new("duet.execution.arn", execution_arn)];
        let (context, parent, name) = match of {
            Stretched::Execution { machine, status } => {
                attributes.push(KeyValue::new("duet.execution.status", status.name()));
                (whole, caller, format!("execution of {machine}"))
            }
            Stretched::Task { task, state } => {
                attributes.push(KeyValue::new("duet.state", state.to_string()));
                (whole.derive(&format!("task/{}", task.0)), Some(whole), format!("task {state}"))
            }
        };
        let at = |ms| UNIX_EPOCH + Duration::from_millis(ms);
        self.0.record(Span {
            context,
            parent,
            name: name.into(),
            kind: SpanKind::Internal,
            began: at(began_ms),
            ended: at(ended_ms),
            attributes,
            links: Vec::new(),
            failure: error,
        });
    }
}

impl Recorded {
    /// The span of the execution, and the one that it hangs on, if it was begun with a header; `None` if it is not to be traced. All of
    /// its spans follow from its ARN, so that whoever records one of them needs no other.
    fn context(&self, stretch: &Stretch) -> Option<(TraceContext, Option<TraceContext>)> {
        let arn = &stretch.execution_arn;
        match stretch.trace_header.as_deref().and_then(traceparent) {
            Some(header) => {
                let caller = self.0.joined(Some(&header))?;
                Some((caller.derive(&format!("execution/{arn}")), Some(caller)))
            }
            None => Some((self.0.root(arn)?, None)),
        }
    }
}

/// What a header of X-Ray says (`Root=1-TIME-ID;Parent=SPAN;Sampled=1`), as `traceparent`, which it may be as well. A caller without a
/// span of its own, or who leaves the decision to others (`Sampled=?`), is not joined.
fn traceparent(header: &str) -> Option<String> {
    if TraceContext::parse(header).is_some() {
        return Some(header.to_owned());
    }
    let (mut root, mut parent, mut sampled) = (None, None, None);
    for part in header.split(';') {
        match part.trim().split_once('=')? {
            ("Root", id) => root = Some(id),
            ("Parent", id) => parent = Some(id),
            ("Sampled", flag @ ("0" | "1")) => sampled = Some(flag),
            _ => {}
        }
    }
    let (time, id) = root?.strip_prefix("1-")?.split_once('-')?;
    let header = format!("00-{time}{id}-{}-0{}", parent?, sampled?).to_ascii_lowercase();
    TraceContext::parse(&header).map(|context| context.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_xray_is_the_trace_of_the_caller() {
        let read = |header: &str| traceparent(header);
        let expected = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        let xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        assert_eq!(read(xray).as_deref(), Some(expected));
        assert_eq!(read(expected).as_deref(), Some(expected));
        let none = read(&xray.replace("Sampled=1", "Sampled=0"));
        assert_eq!(none.as_deref(), Some(&*expected.replace("-01", "-00")));
        for wrong in ["", "x", "Root=1-5759e988-bd862e3fe1be46a994272793", "Root=1-2;Parent=3;Sampled=1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
