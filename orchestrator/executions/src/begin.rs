//! Executions that messages begin.

use asl::random::Random;
use bus::{Headers, Message, Topic};
use engine::Identity;
use engine::quotas::PAYLOAD_BYTES_MAX;
use engine::token::TokenKey;
use participant::{CallId, Effects, Rejected};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Read, StoreError};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use crate::catalogue::Catalogue;
use crate::given::Given;
use crate::key::EXECUTION_KEY_BYTES_MAX;
use crate::logging::Logging;
use crate::request::{Answer, Start};
use crate::target::{Named, target};

/// Where such messages are: on no bus, but on the way from whoever makes them of other messages.
const TOPIC: Topic = Topic::new("executions/begin");
/// Under this key nothing stands.
const NOWHERE: &str = "begin/refused";

/// An execution that a message is to begin.
#[derive(Clone, Debug)]
pub struct ToBegin<'a> {
    /// The ARN of a machine, of a version or of an alias.
    pub machine_arn: &'a str,
    /// What it is to be called. It must follow from what is to begin it alone: so one that is begun again is known.
    pub name: &'a str,
    /// What it begins with.
    pub input: Value,
    /// What begins it, for ever the same: it finds its own execution by it, however that is doing.
    pub by: String,
}

/// It cannot begin: why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

/// An execution that can begin, or a reason why none can: what a message says that is delivered to the participant instead of another one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Begin(Result<Ready, String>);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ready {
    key: String,
    definition: String,
    input: Value,
    identity: Box<Identity>,
    express: bool,
    given: Option<Given>,
    by: CallId,
    logging: Option<Logging>,
}

impl Begin {
    /// What begins it, with the definition at hand.
    ///
    /// # Errors
    /// The store does not answer; inside: it cannot begin.
    pub async fn ready(
        store: &dyn Read,
        catalogue: &Catalogue,
        wanted: ToBegin<'_>,
    ) -> Result<Result<Self, Unfit>, StoreError> {
        let ToBegin { machine_arn, name, input, by } = wanted;
        let given_input = input.to_string();
        if given_input.len() > PAYLOAD_BYTES_MAX {
            let bytes = given_input.len();
            let reason = format!("the input has {bytes} bytes, but {PAYLOAD_BYTES_MAX} are the most");
            return Ok(Err(Unfit(reason)));
        }
        let random = Random::new(xxh3_64(by.as_bytes()), 0);
        let (draw, own_id) = (random.next_u64(), random.next_uuid());
        let found = target(store, machine_arn, None, draw).await?;
        let target = match found {
            Ok(target) => target,
            Err(refused) => return Ok(Err(Unfit(refused.cause))),
        };
        let (express, definition) = (target.express, target.revision.fingerprint.clone());
        if catalogue.find(store, &definition).await?.is_none() {
            return Ok(Err(Unfit(format!("the definition of '{}' cannot be read", target.machine_arn))));
        }
        let token_key = TokenKey::new(Uuid::new_v4().into_bytes());
        let Named { key, identity, given, logging } = target.named(name.to_owned(), &own_id, token_key);
        if key.len() > EXECUTION_KEY_BYTES_MAX {
            return Ok(Err(Unfit(format!("{} is too long a name", identity.execution_arn))));
        }
        let given = given.map(|given| Given { input: Some(given_input), ..given });
        let by = CallId { key: by, sequence: 0 };
        Ok(Ok(Self(Ok(Ready { key, definition, input, identity, express, given, by, logging }))))
    }

    /// Nothing begins: the message that it comes with goes to the dead letters.
    #[must_use]
    pub fn refused(reason: impl Into<String>) -> Self {
        Self(Err(reason.into()))
    }

    /// The message that says so, with that id: unique among those that begin the same execution.
    #[must_use]
    pub fn message(&self, id: &str) -> Message {
        let key = self.0.as_ref().map_or(NOWHERE, |ready| ready.key.as_str()).to_owned();
        let body = serde_json::to_vec(self).expect("it has only string keys").into();
        Message { id: id.to_owned(), topic: TOPIC, key, headers: Headers::default(), body }
    }

    /// Whether a message is one of these.
    pub(crate) fn is_in(message: &Message) -> bool {
        message.topic == TOPIC
    }

    pub(crate) fn read(message: &Message) -> Result<Self, Rejected> {
        serde_json::from_slice(&message.body).map_err(|error| Rejected(format!("it begins nothing: {error}")))
    }

    /// How it begins.
    pub(crate) fn start<C>(
        self,
        catalogue: &Catalogue,
        effects: &mut Effects<C, Answer>,
    ) -> Result<Start, Rejected> {
        let Ready { definition, input, identity, express, given, by, logging, .. } =
            self.0.map_err(Rejected)?;
        let definition = catalogue.get(&definition);
        let definition =
            definition.ok_or_else(|| effects.lack("the definition of an execution that is to begin"))?;
        let seed = xxh3_64(effects.key().as_bytes());
        let (identity, by) = (Some(identity), Some(by));
        Ok(Start { definition, input, seed, identity, express, given, parent: None, by, logging })
    }
}

/// That it has begun, now or before; another one under its name is none of it.
pub(crate) fn check<C>(effects: &mut Effects<C, Answer>) -> Result<(), Rejected> {
    match effects.take_answer() {
        Some(Answer::Exists { .. }) => {
            Err(Rejected("there is another execution of that name already".to_owned()))
        }
        _ => Ok(()),
    }
}
