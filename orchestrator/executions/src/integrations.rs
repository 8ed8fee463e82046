//! What stands behind the resources that tasks call.

use std::sync::Arc;

use async_trait::async_trait;
use bus::Message;
use engine::{Call, Fact, Refusal};
use participant::{CallId, Caller, Millis, NoCalls, Outgoing, Rejected};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way<C> {
    /// A message on the bus, under the execution's key. What answers it comes back as a message
    /// ([`Integrations::fact`]) or as a request.
    Message(Outgoing),
    /// A call to the outside, made once it is committed; its outcome is a fact. After a crash it is made again, under the same id.
    Outside(C),
    /// Nothing is sent: whoever works on it asks for it, or has its token.
    Awaited,
}

/// What stands behind the resources that tasks call, but for executions and activities, which need none. Pure, like the handler that asks; which calls are refused is in the journal,
/// so that it need not be the same ever after.
pub trait Integrations: engine::Integrations + Send + Sync + 'static {
    /// A call to the outside; stored as JSON until its outcome is committed.
    type Outside: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// What becomes of a call of the execution under `key` that was not refused.
    ///
    /// # Errors
    /// It cannot be made after all: its task fails with `States.Runtime`.
    fn way(&self, key: &str, call: Call, now: Millis) -> Result<Way<Self::Outside>, Rejected>;

    /// What a message under an execution's key tells it.
    ///
    /// # Errors
    /// It tells nothing: it goes to the dead letters.
    fn fact(&self, message: &Message) -> Result<Fact, Rejected>;
}

/// No integrations: a task waits for whoever has its token, or asks for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unconnected;

impl engine::Integrations for Unconnected {
    fn refusal(&self, _: &Call) -> Option<Refusal> {
        None
    }
}

impl Integrations for Unconnected {
    type Outside = NoCalls;

    fn way(&self, _: &str, _: Call, _: Millis) -> Result<Way<NoCalls>, Rejected> {
        Ok(Way::Awaited)
    }

    fn fact(&self, message: &Message) -> Result<Fact, Rejected> {
        Err(Rejected(format!("no execution is told anything by a message of {}", message.topic)))
    }
}

/// What makes the calls of integrations that make none, as [`Unconnected`].
#[must_use]
pub fn no_foreign() -> Arc<dyn Caller<NoCalls, Fact>> {
    struct Nobody;
    #[async_trait]
    impl Caller<NoCalls, Fact> for Nobody {
        async fn call(&self, _: &CallId, call: &NoCalls) -> Fact {
            match *call {}
        }
    }
    Arc::new(Nobody)
}
