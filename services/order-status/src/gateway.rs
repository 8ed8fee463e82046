//! The payment gateway as this service sees it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use participant::{CallId, Caller};
use serde::{Deserialize, Serialize};
use styles::TracedCall;
use traces::KeyValue;

/// What the gateway can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Reserve the customer's money.
    Authorise,
    /// Take what was reserved.
    Capture,
    /// Give back what was reserved; final.
    Void,
}

/// One request to the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayCall {
    /// What it is to do.
    pub operation: Operation,
    /// For which order; with the operation, what the gateway recognises a repetition by.
    pub order_id: String,
    /// How much, in minor units. A void gives back whatever is reserved.
    pub amount_minor: u64,
    /// In which currency; empty in a void of an order whose price is not known here.
    pub currency: String,
    /// Which try of this operation for this order it is, from 1.
    pub attempt: u32,
    /// The trace of whatever led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl TracedCall for GatewayCall {
    type Outcome = GatewayOutcome;

    fn traceparent(&mut self) -> &mut Option<String> {
        &mut self.traceparent
    }

    fn name(&self) -> &'static str {
        match self.operation {
            Operation::Authorise => "authorise payment",
            Operation::Capture => "capture payment",
            Operation::Void => "void payment",
        }
    }

    fn describe(&self) -> (Vec<KeyValue>, Option<&str>) {
        let attempt = KeyValue::new("duet.attempt", i64::from(self.attempt));
        (vec![KeyValue::new("peer.service", "payment-gateway"), attempt], self.traceparent.as_deref())
    }

    fn failure(outcome: &GatewayOutcome) -> Option<(&'static str, String)> {
        match &outcome.result {
            GatewayResult::Done | GatewayResult::Declined(_) => None,
            GatewayResult::Unavailable => Some(("unavailable", "the gateway gave no answer".to_owned())),
            GatewayResult::Refused(reason) => Some(("refused", reason.clone())),
        }
    }
}

/// A payment gateway. Idempotent by order and operation: a repetition gets the same answer and moves no money. A
/// void is final: what is authorised after it is declined.
#[async_trait]
pub trait PaymentGateway: Send + Sync + 'static {
    /// Reserves the amount.
    ///
    /// # Errors
    /// See [`GatewayError`].
    async fn authorise(&self, call: &GatewayCall) -> Result<Authorisation, GatewayError>;

    /// Takes the amount reserved.
    ///
    /// # Errors
    /// See [`GatewayError`].
    async fn capture(&self, call: &GatewayCall) -> Result<(), GatewayError>;

    /// Gives back what is reserved, if anything.
    ///
    /// # Errors
    /// See [`GatewayError`].
    async fn void(&self, call: &GatewayCall) -> Result<(), GatewayError>;
}

/// The gateway's answer to a request for money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorisation {
    /// The money is reserved.
    Authorised,
    /// It cannot be had; nothing is reserved.
    Declined {
        /// Why.
        reason: String,
    },
}

/// Why the gateway did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It did not answer. It may have acted: ask again, or void.
    #[error("the payment gateway did not answer: {0}")]
    Unavailable(String),
    /// What was done to this order before does not allow it. Asking again does not help.
    #[error("the payment gateway refused: {0}")]
    Refused(String),
}

/// What came of a [`GatewayCall`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayOutcome {
    /// What was asked.
    pub operation: Operation,
    /// Which try it was.
    pub attempt: u32,
    /// What the gateway said.
    pub result: GatewayResult,
}

/// What the gateway said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayResult {
    /// It is done, now or before.
    Done,
    /// The money cannot be had; nothing is reserved.
    Declined(String),
    /// Nothing; it may have acted.
    Unavailable,
    /// It will not do it, whoever asks again.
    Refused(String),
}

/// Makes the service's calls of the gateway.
#[derive(Clone)]
pub struct GatewayCaller {
    gateway: Arc<dyn PaymentGateway>,
    timeout: Duration,
}

impl std::fmt::Debug for GatewayCaller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayCaller").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl GatewayCaller {
    /// Calls this gateway and waits for an answer no longer than `timeout`; then it counts as unavailable.
    #[must_use]
    pub fn new(gateway: Arc<dyn PaymentGateway>, timeout: Duration) -> Self {
        Self { gateway, timeout }
    }
}

#[async_trait]
impl Caller<GatewayCall, GatewayOutcome> for GatewayCaller {
    async fn call(&self, id: &CallId, call: &GatewayCall) -> GatewayOutcome {
        let asked = async {
            match call.operation {
                Operation::Authorise => self.gateway.authorise(call).await.map(|answer| match answer {
                    Authorisation::Authorised => GatewayResult::Done,
                    Authorisation::Declined { reason } => GatewayResult::Declined(reason),
                }),
                Operation::Capture => self.gateway.capture(call).await.map(|()| GatewayResult::Done),
                Operation::Void => self.gateway.void(call).await.map(|()| GatewayResult::Done),
            }
        };
        let result = match tokio::time::timeout(self.timeout, asked).await {
            Ok(Ok(result)) => result,
            Ok(Err(GatewayError::Unavailable(reason))) => unavailable(id, call, &reason),
            Ok(Err(GatewayError::Refused(reason))) => GatewayResult::Refused(reason),
            Err(_) => unavailable(id, call, "no answer in time"),
        };
        GatewayOutcome { operation: call.operation, attempt: call.attempt, result }
    }
}

fn unavailable(id: &CallId, call: &GatewayCall, reason: &str) -> GatewayResult {
    tracing::debug!(%id, operation = ?call.operation, attempt = call.attempt, reason, "payment gateway unavailable");
    GatewayResult::Unavailable
}

#[async_trait]
impl PaymentGateway for external::Gateway {
    async fn authorise(&self, call: &GatewayCall) -> Result<Authorisation, GatewayError> {
        match ask(self, external::Operation::Authorise, call).await? {
            external::GatewayAnswer::Declined(reason) => {
                Ok(Authorisation::Declined { reason: reason.to_owned() })
            }
            answer => only_done(answer).map(|()| Authorisation::Authorised),
        }
    }

    async fn capture(&self, call: &GatewayCall) -> Result<(), GatewayError> {
        ask(self, external::Operation::Capture, call).await.and_then(only_done)
    }

    async fn void(&self, call: &GatewayCall) -> Result<(), GatewayError> {
        ask(self, external::Operation::Void, call).await.and_then(only_done)
    }
}

async fn ask(
    gateway: &external::Gateway,
    operation: external::Operation,
    call: &GatewayCall,
) -> Result<external::GatewayAnswer, GatewayError> {
    let answer = gateway.call(operation, &call.order_id, call.amount_minor, call.attempt).await;
    answer.map_err(|error| {
        if let Some(cause) = &error.source {
            tracing::warn!(%cause, "the simulated payment gateway cannot write its ledger");
        }
        GatewayError::Unavailable(error.reason.to_owned())
    })
}

fn only_done(answer: external::GatewayAnswer) -> Result<(), GatewayError> {
    use external::GatewayAnswer::{Declined, Done, Refused};
    match answer {
        Done => Ok(()),
        Declined(reason) | Refused(reason) => Err(GatewayError::Refused(reason.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use external::{Fate, Gateway, MemoryLedger, Rates};

    fn call(operation: Operation) -> GatewayCall {
        let (order_id, currency) = ("o-1".to_owned(), "EUR".to_owned());
        GatewayCall { operation, order_id, amount_minor: 1900, currency, attempt: 3, traceparent: None }
    }

    fn simulated(rates: Rates, latency: Duration) -> GatewayCaller {
        let ledger = Arc::new(MemoryLedger::default());
        let gateway = Gateway::new(Fate { seed: 1, rates }, latency, ledger);
        GatewayCaller::new(Arc::new(gateway), Duration::from_secs(2))
    }

    const NO_FAULTS: Rates =
        Rates { decline: 0.0, gateway_fault: 0.0, restaurant_decline: 0.0, restaurant_silence: 0.0 };

    async fn ask(caller: &GatewayCaller, operation: Operation) -> GatewayResult {
        let id = CallId { key: "o-1".into(), sequence: 1 };
        let outcome = caller.call(&id, &call(operation)).await;
        assert_eq!((outcome.operation, outcome.attempt), (operation, 3));
        outcome.result
    }

    #[tokio::test]
    async fn the_simulated_gateway_answers_through_the_trait() {
        let caller = simulated(NO_FAULTS, Duration::ZERO);
        assert_eq!(ask(&caller, Operation::Authorise).await, GatewayResult::Done);
        assert_eq!(ask(&caller, Operation::Capture).await, GatewayResult::Done);
        assert!(matches!(ask(&caller, Operation::Void).await, GatewayResult::Refused(_)));

        let caller = simulated(Rates { decline: 1.0, ..NO_FAULTS }, Duration::ZERO);
        assert!(matches!(ask(&caller, Operation::Authorise).await, GatewayResult::Declined(_)));

        let caller = simulated(Rates { gateway_fault: 1.0, ..NO_FAULTS }, Duration::ZERO);
        assert_eq!(ask(&caller, Operation::Authorise).await, GatewayResult::Unavailable);
    }

    #[tokio::test]
    async fn a_gateway_that_is_too_slow_counts_as_unavailable() {
        let caller = simulated(NO_FAULTS, Duration::from_secs(3600));
        let caller = GatewayCaller { timeout: Duration::from_millis(1), ..caller };
        assert_eq!(ask(&caller, Operation::Authorise).await, GatewayResult::Unavailable);
    }
}
