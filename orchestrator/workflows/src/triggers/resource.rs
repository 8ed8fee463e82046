//! Rules over HTTP: `/rules`, `/rules/NAME`.

use std::sync::Arc;
use std::time::Duration;

use actions::signature::{Keys, Received};
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use bus::Bus;
use contract::FieldError;
use daemon::Problem;
use participant::Clock;
use registry::machines::{self, Change};
use registry::rules::{Rule, all, change, find};
use serde_json::{Value, json};
use store::StoreError;

use super::begins::Begins;
use super::intake::Intake;
use super::spec::{Draft, is_name, removed, told};
use super::standing::Standing;
use super::streams::Streams;

/// How long the body of a request may take to come.
const BODY_WITHIN: Duration = Duration::from_secs(2);
/// How long who makes a rule waits for the subscription: together they are less than a request may take.
const SUBSCRIBED_WITHIN: Duration = Duration::from_secs(7);

/// What the resource needs.
pub(crate) struct Rules {
    pub(crate) intake: Arc<Intake>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Why no message ever comes, if none does.
    pub(crate) silence: Option<&'static str>,
    /// What messages come from, as which group, and what it is given of a stream that it has not read.
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) group: &'static str,
    pub(crate) streams: Streams,
    /// Whose requests are answered; `None`: everybody's.
    pub(crate) keys: Option<Keys>,
}

/// The routes.
pub(crate) fn router(rules: Rules) -> Router {
    let one = get(show).put(put).delete(remove);
    Router::new().route("/rules", get(list)).route("/rules/{name}", one).with_state(Arc::new(rules))
}

type Answer = Result<Response, Problem>;

impl Rules {
    /// The body of a request, if whoever sends it may ask.
    async fn admitted(&self, request: Request) -> Result<Bytes, Problem> {
        let (method, uri, headers) =
            (request.method().clone(), request.uri().clone(), request.headers().clone());
        let read = tokio::time::timeout(BODY_WITHIN, Bytes::from_request(request, &())).await;
        let late =
            || Problem::unavailable(format!("the body did not come within {} s", BODY_WITHIN.as_secs()));
        let body = read
            .map_err(|_| late())?
            .map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
        if let Some(keys) = &self.keys {
            let query = uri.query().unwrap_or_default();
            let received =
                Received { method: method.as_str(), path: uri.path(), query, headers: &headers, body: &body };
            let verified = keys.verify(&received, self.clock.now());
            verified.map_err(|failure| Problem::new(StatusCode::FORBIDDEN, failure.to_string()))?;
        }
        Ok(body)
    }

    fn store(&self) -> &dyn store::Store {
        &**self.intake.book.store()
    }

    /// What there is to be told of a rule that is there since that revision; and whether messages come for it.
    async fn put_and_told(
        &self,
        rule: &Rule,
        revision: u64,
        mut warnings: Vec<String>,
    ) -> Result<Value, Problem> {
        if let Some(warning) = self.missing_machine(&rule.machine).await? {
            warnings.push(warning);
        }
        self.standing.rules_changed();
        let follows = match self.silence {
            Some(silence) => Err(silence.to_owned()),
            None => self.standing.until(revision, SUBSCRIBED_WITHIN).await,
        };
        let is_subscribed = follows.is_ok() && rule.enabled;
        warnings.extend(follows.err().map(|reason| format!("no message comes for it yet: {reason}")));
        let rule = told(rule, self.intake.book.home());
        Ok(json!({"rule": rule, "subscribed": is_subscribed, "warnings": warnings}))
    }

    /// Whether the rule can begin as it wants to; what there is to be told of that.
    async fn begins(&self, draft: &Draft) -> Result<Vec<String>, Problem> {
        let before = self.intake.book.known().await?;
        let is_there = self.streams.asks_for_the_group(&before) && {
            let depth = self.bus.depth(self.group).await;
            depth
                .map_err(|error| Problem::unavailable(format!("the bus does not answer: {error}")))?
                .is_some()
        };
        self.streams.check(draft, &before, is_there).map_err(|wrong| Problem::fields(vec![wrong]))?;
        let stream = draft.stream();
        let is_late = draft.begins() == Begins::Beginning && before.streams().contains(stream);
        let late = || format!("the stream {stream} is read already: the rule begins with what comes now");
        Ok(is_late.then(late).into_iter().collect())
    }

    async fn missing_machine(&self, arn: &str) -> Result<Option<String>, Problem> {
        let parts: Vec<&str> = arn.split(':').collect();
        let (Some(region), Some(name)) = (parts.get(3), parts.get(6)) else { return Ok(None) };
        let machine = machines::find(self.store().reader(), &format!("{region}/{name}")).await?;
        let is_there = machine.is_some_and(|machine| {
            !machine.deleted
                && parts.get(7).is_none_or(|qualifier| {
                    let is_version =
                        machine.versions.iter().any(|version| version.number.to_string() == **qualifier);
                    is_version || machine.aliases.iter().any(|alias| alias.name == *qualifier)
                })
        });
        Ok((!is_there)
            .then(|| format!("there is no {arn}: until there is, messages that match are dead letters")))
    }
}

/// The name of a rule in a path.
fn named(name: &str) -> Result<(), Problem> {
    if is_name(name) {
        return Ok(());
    }
    let value = format!("{:?}", name.chars().take(80).collect::<String>());
    let expected = "a name of 1 to 64 letters, digits, ., - and _".to_owned();
    Err(Problem::fields(vec![FieldError { field: "name".to_owned(), value, expected }]))
}

fn unknown(name: &str) -> Problem {
    Problem::not_found(format!("there is no rule {name}"))
}

async fn list(State(rules): State<Arc<Rules>>, request: Request) -> Answer {
    rules.admitted(request).await?;
    let home = rules.intake.book.home();
    let all: Vec<_> = all(rules.store().reader()).await?.iter().map(|rule| told(rule, home)).collect();
    Ok(Json(json!({"rules": all})).into_response())
}

async fn show(State(rules): State<Arc<Rules>>, Path(name): Path<String>, request: Request) -> Answer {
    rules.admitted(request).await?;
    named(&name)?;
    let rule = find(rules.store().reader(), &name).await?.ok_or_else(|| unknown(&name))?;
    Ok(Json(told(&rule, rules.intake.book.home())).into_response())
}

async fn put(State(rules): State<Arc<Rules>>, Path(name): Path<String>, request: Request) -> Answer {
    let body = rules.admitted(request).await?;
    named(&name)?;
    let written: Value = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("the body is no JSON: {error}")))?;
    let draft = Draft::read(Some(&name), &written, rules.intake.book.home()).map_err(Problem::fields)?;
    let warnings = rules.begins(&draft).await?;
    let put = draft.put(rules.store(), rules.clock.now()).await?;
    let put = put.map_err(|reason| Problem::new(StatusCode::CONFLICT, reason))?;
    let told = rules.put_and_told(&put.rule, put.revision, warnings).await?;
    let status = if put.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(told)).into_response())
}

async fn remove(State(rules): State<Arc<Rules>>, Path(name): Path<String>, request: Request) -> Answer {
    rules.admitted(request).await?;
    named(&name)?;
    let now = rules.clock.now();
    let decide = |there: Option<Rule>, _| {
        Ok::<_, StoreError>(match there {
            Some(rule) => Change::Put(Box::new(removed(rule, now)), true),
            None => Change::None(false),
        })
    };
    let (was_there, _) = change(rules.store(), &name, decide).await?;
    if !was_there {
        return Err(unknown(&name));
    }
    rules.standing.rules_changed();
    Ok(StatusCode::NO_CONTENT.into_response())
}
