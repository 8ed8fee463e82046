//! Calls actions of AWS services over HTTP, as their table ([`aws_apis`]) says.
//!
//! Region, credentials and endpoints come from where AWS's own clients have them: environment, profile files, single sign-on, the roles of
//! containers and machines. Requests are signed (Signature Version 4) and sent once: whoever calls decides what is tried again. Nothing is
//! followed, what is answered is read up to a bound, and what is secret stands in no error.
//!
//! | module | holds |
//! | --- | --- |
//! | `chain` | region, credentials and endpoints |
//! | `connector` | HTTP for whoever asks for credentials |
//! | `signer` | signatures |
#![warn(missing_docs)]

mod chain;
mod connector;
mod signer;

use std::time::Duration;

use aws_apis::{ANSWER_BYTES_MAX, Action, ApiError, HttpRequest, Place, Problem};
use serde_json::Value;
use thiserror::Error;
use tokio::sync::Semaphore;

use chain::Chain;
pub use chain::Given;
use http_client::header::USER_AGENT;
use http_client::{Client, NoClient, Reach, Reply, Unanswered, set_header, shown};

/// What calls say of who makes them.
const AGENT: &str = concat!("duet/", env!("CARGO_PKG_VERSION"));

/// How AWS is called.
#[derive(Clone, Debug)]
pub struct Options {
    /// The region, if neither environment nor profile names one.
    pub region: String,
    /// How long one call may take once it has its turn, from finding credentials to the end of the answer.
    pub patience: Duration,
    /// How many calls are made at once; further ones wait.
    pub at_once: usize,
}

/// What calls AWS.
pub struct AwsCalls {
    client: Client,
    chain: Chain,
    patience: Duration,
    at_once: usize,
    turns: Semaphore,
}

/// Without anything secret.
impl std::fmt::Debug for AwsCalls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsCalls").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// What a service answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The members of the action's output, as AWS's SDK names them.
    pub output: Value,
    /// The status of the answer.
    pub status: u16,
    /// Its headers, in their order, with small letters.
    pub headers: Vec<(String, String)>,
}

/// Why there is no answer, or none that is good.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The service says so.
    #[error("{0}")]
    Service(ApiError),
    /// The answer has more than [`ANSWER_BYTES_MAX`] bytes. The action was carried out.
    #[error("the answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    /// The request could not be made, sent, or answered in time. Whether it was carried out is not known.
    #[error("{0}")]
    Client(String),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Client(problem.to_string())
    }
}

impl AwsCalls {
    /// Where AWS's clients find what they need; nothing is read before the first call.
    ///
    /// # Errors
    /// There is no TLS to be had.
    pub fn new(options: Options) -> Result<Self, NoClient> {
        Self::with(options, None)
    }

    /// With that instead of what environment and profiles say.
    ///
    /// # Errors
    /// There is no TLS to be had.
    pub fn given(options: Options, given: Given) -> Result<Self, NoClient> {
        Self::with(options, Some(given))
    }

    fn with(options: Options, given: Option<Given>) -> Result<Self, NoClient> {
        let Options { region, patience, at_once } = options;
        let client = Client::new(Reach::Everywhere)?;
        let chain = Chain::new(region, client.clone(), given);
        let at_once = at_once.clamp(1, Semaphore::MAX_PERMITS);
        Ok(Self { client, chain, patience, at_once, turns: Semaphore::new(at_once) })
    }

    /// How many calls are made at once; further ones wait.
    pub fn at_once(&self) -> usize {
        self.at_once
    }

    /// How many more calls could be made at once.
    pub fn free(&self) -> usize {
        self.turns.available_permits()
    }

    /// Asks for an action with some parameters. The token makes a request that is made again the same one, where the action knows such a token.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn call(&self, action: &Action, parameters: &Value, token: &str) -> Result<Answered, Failure> {
        // It is never closed.
        let _turn = self.turns.acquire().await.ok();
        match tokio::time::timeout(self.patience, self.exchange(action, parameters, token)).await {
            Ok(answered) => answered,
            Err(_) => {
                let why = format!("no answer within {} s", self.patience.as_secs_f32());
                Err(Failure::Client(format!("Unable to execute HTTP request: {why}")))
            }
        }
    }

    async fn exchange(&self, action: &Action, parameters: &Value, token: &str) -> Result<Answered, Failure> {
        let found = self.chain.found().await;
        let endpoint = found.endpoint(action.service().service_id);
        let place = Place { region: &found.region, endpoint: endpoint.as_deref() };
        let request = action.request(parameters, &place, token)?;
        let HttpRequest { method, headers, body, .. } = &request;
        let sent = http_client::request(method, &request.url(), headers, body.clone());
        let mut sent = sent.map_err(Failure::Client)?;
        set_header(&mut sent, USER_AGENT.as_str(), AGENT).map_err(Failure::Client)?;
        if let Some(signing) = &request.signing {
            let credentials = self.chain.credentials(found).await.map_err(Failure::Client)?;
            signer::sign(&mut sent, &request, signing, &credentials, chain::now())
                .map_err(Failure::Client)?;
        }
        match self.client.send(sent, ANSWER_BYTES_MAX).await {
            Ok(reply) => read(action, reply),
            Err(Unanswered::TooLarge { status }) if (200..300).contains(&status) => Err(Failure::TooLarge),
            Err(unanswered) => Err(Failure::Client(format!("Unable to execute HTTP request: {unanswered}"))),
        }
    }
}

/// What an answer says. A redirection is followed nowhere: what is signed, and what is answered, is AWS's alone.
fn read(action: &Action, reply: Reply) -> Result<Answered, Failure> {
    let Reply { status, headers, body } = reply;
    let status = status.as_u16();
    let location = headers.iter().find(|(name, _)| name == "location").map(|(_, value)| shown(value));
    let is_redirection = (300..400).contains(&status) && status != 304;
    let redirected = location
        .filter(|_| is_redirection)
        .map(|location| format!("it answers with a redirection to {location}, and none is followed"));
    match (action.answer(status, &headers, &body), redirected) {
        (Ok(output), None) => Ok(Answered { output, status, headers }),
        (Err(error), None) => Err(Failure::Service(error)),
        (Ok(_), Some(redirected)) => Err(Failure::Client(redirected)),
        (Err(mut error), Some(redirected)) => {
            let said = if error.message.is_empty() { String::new() } else { format!("{}: ", error.message) };
            error.message = format!("{said}{redirected}");
            Err(Failure::Service(error))
        }
    }
}
