//! Calls to the outside, seen in their orders' traces.

use std::sync::Arc;

use async_trait::async_trait;
use participant::{CallId, Caller, Lane};
use traces::{KeyValue, Span, SpanKind, Tracer};

/// A call to the outside that belongs to an order's trace.
pub trait TracedCall: Send + Sync {
    /// What comes of it.
    type Outcome: Send + Sync;

    /// The trace context of whatever led to it, where the order has one. Stored with the call.
    fn traceparent(&mut self) -> &mut Option<String>;

    /// What is asked for, of whom: `authorise payment`.
    fn name(&self) -> &'static str;

    /// What else is known of it, and its trace context.
    fn describe(&self) -> (Vec<KeyValue>, Option<&str>);

    /// Of what kind the failure is, if it failed, and why. An answer that says no is no failure.
    fn failure(outcome: &Self::Outcome) -> Option<(&'static str, String)>;
}

/// Records a span for every call.
pub struct TracedCaller<C> {
    calls: Arc<C>,
    tracer: Tracer,
}

impl<C> TracedCaller<C> {
    /// Records the calls that are made through `calls`.
    #[must_use]
    pub fn new(calls: Arc<C>, tracer: Tracer) -> Self {
        Self { calls, tracer }
    }
}

#[async_trait]
impl<C, T> Caller<T, T::Outcome> for TracedCaller<C>
where
    T: TracedCall + 'static,
    C: Caller<T, T::Outcome>,
{
    async fn call(&self, id: &CallId, call: &T) -> T::Outcome {
        self.traced(id, call, self.calls.call(id, call)).await
    }

    async fn call_late(&self, id: &CallId, call: &T) -> T::Outcome {
        self.traced(id, call, self.calls.call_late(id, call)).await
    }

    fn lane<'c>(&'c self, call: &'c T) -> Option<Lane<'c>> {
        self.calls.lane(call)
    }
}

impl<C> TracedCaller<C> {
    async fn traced<T: TracedCall>(
        &self,
        id: &CallId,
        call: &T,
        made: impl Future<Output = T::Outcome>,
    ) -> T::Outcome {
        let (mut attributes, traceparent) = call.describe();
        let Some(cause) = self.tracer.joined(traceparent) else { return made.await };
        let began = self.tracer.now();
        let outcome = made.await;
        attributes.push(KeyValue::new("duet.order.id", id.key.clone()));
        let failure = T::failure(&outcome);
        attributes.extend(failure.as_ref().map(|(kind, _)| KeyValue::new("error.type", *kind)));
        self.tracer.record(Span {
            context: self.tracer.span_of(cause),
            parent: Some(cause),
            name: call.name().into(),
            kind: SpanKind::Client,
            began,
            ended: self.tracer.now(),
            attributes,
            links: Vec::new(),
            failure: failure.map(|(_, reason)| reason),
        });
        outcome
    }
}
