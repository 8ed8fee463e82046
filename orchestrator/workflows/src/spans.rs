//! Executions as traces: a span from the beginning of each to its end, and under it one for each attempt of a task.

use std::time::{Duration, UNIX_EPOCH};

use contract::TraceContext;
use executions::{Spans, Stretch, Stretched};
use traces::{KeyValue, Span, SpanKind, Tracer};

/// Records them.
pub(crate) struct Recorded(pub(crate) Tracer);

impl Spans for Recorded {
    fn record(&self, stretch: Stretch) {
        if let Some((first, caller)) = self.context(&stretch) {
            self.0.record(span(first, caller, stretch));
        }
    }
}

impl Recorded {
    /// The span of the execution from its beginning, and the one that it hangs on, if it was begun with a header; `None` if it is not to be
    /// traced.
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

/// The span of what is over, of an execution whose own is `first`, and hangs on `caller`. All of them follow from its ARN and how often it was
/// redriven, so that whoever records one needs no other: there may be more executions in the trace, and a redrive is a span beside the first.
fn span(first: TraceContext, caller: Option<TraceContext>, stretch: Stretch) -> Span {
    let Stretch { execution_arn: arn, redrives, of, began_ms, ended_ms, error, .. } = stretch;
    let (run, links) = match redrives {
        0 => (first, Vec::new()),
        redrives => (first.derive(&format!("execution/{arn}/redrive/{redrives}")), vec![first]),
    };
    let (context, parent, name, attribute, links) = match of {
        Stretched::Execution { machine, status } => {
            let what = if redrives > 0 { "redrive" } else { "execution" };
            let status = KeyValue::new("duet.execution.status", status.name());
            (run, caller, format!("{what} of {machine}"), status, links)
        }
        Stretched::Task { task, state } => {
            let context = run.derive(&format!("execution/{arn}/task/{}", task.0));
            let name = format!("task {state}");
            (context, Some(run), name, KeyValue::new("duet.state", state.to_string()), Vec::new())
        }
    };
    let at = |ms| UNIX_EPOCH + Duration::from_millis(ms);
    Span {
        context,
        parent,
        name: name.into(),
        kind: SpanKind::Internal,
        began: at(began_ms),
        ended: at(ended_ms),
        attributes: vec![KeyValue::new("duet.execution.arn", arn), attribute],
        links,
        failure: error,
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
    use std::collections::HashSet;

    use engine::{Status, TaskId};

    use super::*;

    #[test]
    fn each_span_is_one_and_a_redrive_is_beside_the_first_and_linked_to_it() {
        let caller = TraceContext::parse("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01").unwrap();
        let (mut ids, mut count) = (HashSet::new(), 0);
        for arn in ["arn:a", "arn:b"] {
            let first = caller.derive(&format!("execution/{arn}"));
            for redrives in 0..3 {
                let stretch = |of| {
                    let stretch = Stretch {
                        execution_arn: arn.to_owned(),
                        trace_header: None,
                        redrives,
                        of,
                        began_ms: 1,
                        ended_ms: 2,
                        error: None,
                    };
                    span(first, Some(caller), stretch)
                };
                let machine = "m".to_owned();
                let whole = stretch(Stretched::Execution { machine, status: Status::Failed });
                // Attempts are numbered through all runs.
                let task = stretch(Stretched::Task { task: TaskId(u64::from(redrives)), state: "S".into() });
                assert_eq!((whole.parent, task.parent), (Some(caller), Some(whole.context)));
                let links = if redrives == 0 { vec![] } else { vec![first] };
                assert_eq!((whole.links, task.links), (links, vec![]));
                assert_eq!(whole.name, if redrives == 0 { "execution of m" } else { "redrive of m" });
                ids.extend([whole.context.span_id, task.context.span_id]);
                count += 2;
            }
        }
        assert_eq!(ids.len(), count);
    }

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
