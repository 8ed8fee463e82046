//! EventBridge's actions of connections: requests and answers as JSON.

use std::sync::Arc;

use aws_apis::{Action, Place, Problem};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use store::{Millis, Store};
use uuid::Uuid;

use crate::arn::{ConnectionArn, is_name};
use crate::authorization::Authorization;
use crate::failure::Failure;
use crate::kept::{self, CONNECTIONS_MAX, Connection};
use crate::key::Key;
use crate::limits;

/// What is carried out here of EventBridge's actions.
pub const ACTIONS: [&str; 6] = [
    "CreateConnection",
    "DeauthorizeConnection",
    "DeleteConnection",
    "DescribeConnection",
    "ListConnections",
    "UpdateConnection",
];

/// What is told of a connection that was changed.
const CHANGED: [&str; 5] =
    ["ConnectionArn", "ConnectionState", "CreationTime", "LastModifiedTime", "LastAuthorizedTime"];
/// Members of requests that nothing here would follow from.
const UNSERVED: [&str; 2] = ["InvocationConnectivityParameters", "KmsKeyIdentifier"];
/// Connections that a page of a list has, at the most.
const PAGE_MAX: u64 = 100;
/// What descriptions have, at the most, in characters.
const DESCRIPTION_MAX: usize = 512;

/// Carries the actions out, on the connections of a region.
#[derive(Clone, Debug)]
pub struct Desk {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// The one of `--region`, or that a request was signed for.
    pub region: String,
    /// Whose connections they are.
    pub account: String,
    /// What secrets are sealed with.
    pub key: Arc<Key>,
}

type Answer = Result<Value, Failure>;

impl Desk {
    /// Carries out one of [`ACTIONS`].
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn act(&self, store: &dyn Store, action: &str, request: &[u8], now: Millis) -> Answer {
        let asked = Asked::read(action, request)?;
        match action {
            "CreateConnection" => self.create(store, &asked, now).await,
            "UpdateConnection" => self.update(store, &asked, now).await,
            "DeauthorizeConnection" => self.deauthorize(store, &asked, now).await,
            "DeleteConnection" => self.delete(store, &asked, now).await,
            "DescribeConnection" => self.describe(store, &asked).await,
            "ListConnections" => self.list(store, &asked).await,
            other => Err(Failure::Validation(format!("{other} is not an action of connections"))),
        }
    }

    fn arn(&self, of: &Connection) -> String {
        let (partition, region) = (self.partition.clone(), self.region.clone());
        ConnectionArn {
            partition,
            region,
            account: of.account.clone(),
            name: of.name.clone(),
            id: of.id.clone(),
        }
        .to_string()
    }

    async fn create(&self, store: &dyn Store, asked: &Asked, now: Millis) -> Answer {
        let name = asked.name()?.to_owned();
        let kind = asked.text("AuthorizationType").unwrap_or_default();
        let given = asked.of("AuthParameters").cloned().unwrap_or_default();
        let authorization = read_authorization(given, kind)?;
        if kept::named(store.reader(), &self.region, &name).await?.is_some() {
            return Err(Failure::Exists(name));
        }
        if kept::names(store.reader(), &self.region).await?.len() >= CONNECTIONS_MAX {
            return Err(Failure::Limit(CONNECTIONS_MAX));
        }
        let connection = Connection {
            name,
            id: Uuid::new_v4().to_string(),
            account: self.account.clone(),
            description: asked.description()?,
            kind: String::new(),
            shown: json!({}),
            sealed: None,
            created_ms: now,
            updated_ms: now,
            authorized_ms: now,
        };
        let connection = connection.with(&authorization, &self.key, now)?;
        kept::put(store, &self.region, &connection, 0).await?;
        Ok(self.told(&connection, &["ConnectionArn", "ConnectionState", "CreationTime", "LastModifiedTime"]))
    }

    async fn update(&self, store: &dyn Store, asked: &Asked, now: Millis) -> Answer {
        let (mut connection, version) = self.there(store, asked.name()?).await?;
        if let Some(description) = asked.description()? {
            connection.description = Some(description);
        }
        if asked.of("AuthParameters").is_some() || asked.of("AuthorizationType").is_some() {
            let kind = asked.text("AuthorizationType").unwrap_or(&connection.kind).to_owned();
            let given = asked.of("AuthParameters").cloned();
            let authorization = match connection.open(&self.key) {
                Ok(kept) => {
                    let mut merged = serde_json::to_value(kept.unwrap_or_default()).unwrap_or_default();
                    if kind != connection.kind {
                        // How it was known before is gone; what goes with each call stays.
                        let members = merged.as_object_mut().into_iter();
                        members.for_each(|it| it.retain(|name, _| name == "InvocationHttpParameters"));
                    }
                    given.into_iter().for_each(|given| merge(&mut merged, given));
                    read_authorization(merged, &kind)?
                }
                // Its key is gone. With all that it needs it is a connection again, and its ARN the same.
                Err(sealed) => read_authorization(given.unwrap_or_default(), &kind).map_err(|_| sealed)?,
            };
            connection = connection.with(&authorization, &self.key, now)?;
        }
        connection.updated_ms = now;
        kept::put(store, &self.region, &connection, version).await?;
        Ok(self.told(&connection, &CHANGED))
    }

    async fn deauthorize(&self, store: &dyn Store, asked: &Asked, now: Millis) -> Answer {
        let (mut connection, version) = self.there(store, asked.name()?).await?;
        (connection.sealed, connection.updated_ms) = (None, now);
        kept::put(store, &self.region, &connection, version).await?;
        Ok(self.told(&connection, &CHANGED))
    }

    async fn delete(&self, store: &dyn Store, asked: &Asked, now: Millis) -> Answer {
        let (connection, version) = self.there(store, asked.name()?).await?;
        kept::forget(store, &self.region, &connection.name, version).await?;
        let gone = Connection { updated_ms: now, ..connection };
        let mut told =
            self.told(&gone, &["ConnectionArn", "CreationTime", "LastModifiedTime", "LastAuthorizedTime"]);
        told["ConnectionState"] = "DELETING".into();
        Ok(told)
    }

    async fn describe(&self, store: &dyn Store, asked: &Asked) -> Answer {
        let (connection, _) = self.there(store, asked.name()?).await?;
        let mut told = self.told(&connection, &[]);
        told["AuthParameters"] = connection.shown.clone();
        if let Some(description) = &connection.description {
            told["Description"] = description.as_str().into();
        }
        Ok(told)
    }

    async fn list(&self, store: &dyn Store, asked: &Asked) -> Answer {
        let prefix = asked.text("NamePrefix").unwrap_or_default();
        let state = asked.text("ConnectionState");
        let after = asked.text("NextToken").unwrap_or_default();
        let limit = asked.of("Limit").and_then(Value::as_u64).unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut listed = Vec::new();
        let names = kept::names(store.reader(), &self.region).await?;
        // What is not on the page is not read, but for one more: whether there is.
        for name in names.iter().filter(|name| name.starts_with(prefix) && name.as_str() > after) {
            if listed.len() > limit {
                break;
            }
            let found =
                kept::named(store.reader(), &self.region, name).await?.map(|(connection, _)| connection);
            listed.extend(found.filter(|it| state.is_none_or(|state| state == it.state())));
        }
        let has_more = listed.len() > limit;
        listed.truncate(limit);
        let mut answer =
            json!({"Connections": listed.iter().map(|it| self.told(it, &[])).collect::<Vec<_>>()});
        if let (true, Some(last)) = (has_more, listed.last()) {
            answer["NextToken"] = last.name.as_str().into();
        }
        Ok(answer)
    }

    async fn there(&self, store: &dyn Store, name: &str) -> Result<(Connection, u64), Failure> {
        let found = kept::named(store.reader(), &self.region, name).await?;
        found.ok_or_else(|| Failure::NotFound(name.to_owned()))
    }

    /// These members of what is told of a connection; all, if none are named.
    fn told(&self, connection: &Connection, names: &[&str]) -> Value {
        // EventBridge tells times in seconds.
        let seconds = |ms: Millis| ms as f64 / 1_000.0;
        let all = json!({
            "ConnectionArn": self.arn(connection),
            "Name": connection.name,
            "ConnectionState": connection.state(),
            "AuthorizationType": connection.kind,
            "CreationTime": seconds(connection.created_ms),
            "LastModifiedTime": seconds(connection.updated_ms),
            "LastAuthorizedTime": seconds(connection.authorized_ms),
        });
        match all {
            Value::Object(all) if !names.is_empty() => all
                .into_iter()
                .filter(|(name, _)| names.contains(&name.as_str()))
                .collect::<Map<_, _>>()
                .into(),
            all => all,
        }
    }
}

/// A request that fits the action's model.
struct Asked(Value);

impl Asked {
    fn read(action: &str, request: &[u8]) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::Validation(why);
        let given: Value = if request.is_empty() {
            json!({})
        } else {
            serde_json::from_slice(request)
                .map_err(|error| wrong(format!("the request is no JSON: {error}")))?
        };
        let place = Place { region: "us-east-1", endpoint: None };
        let fitted =
            model_of(action).ok_or_else(|| wrong(format!("{action} is not an action of connections")))?;
        let fitted = fitted.request(&given, &place, "token").map_err(|problem| match problem {
            Problem::Parameters(all) => {
                let told: Vec<_> = all.iter().map(ToString::to_string).collect();
                wrong(format!("{} validation errors detected: {}", told.len(), told.join("; ")))
            }
            other => wrong(other.to_string()),
        })?;
        let fitted = serde_json::from_slice::<Value>(&fitted.body);
        let has = |name: &&&str| fitted.as_ref().is_ok_and(|fitted| fitted.get(**name).is_some());
        if let Some(name) = UNSERVED.iter().find(has) {
            return Err(wrong(format!(
                "{name} is not served here: a connection would not be what it asks for"
            )));
        }
        fitted.map(Self).map_err(|error| wrong(error.to_string()))
    }

    fn of(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.of(name).and_then(Value::as_str)
    }

    fn name(&self) -> Result<&str, Failure> {
        let name = self.text("Name").unwrap_or_default();
        if is_name(name) {
            return Ok(name);
        }
        let shown: String = name.chars().take(80).collect();
        Err(Failure::Validation(format!(
            "1 validation error detected: Value '{shown}' at 'name' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: [\\.\\-_A-Za-z0-9]+ and have length less than or equal to 64"
        )))
    }

    fn description(&self) -> Result<Option<String>, Failure> {
        let description = self.text("Description");
        if description.is_some_and(|it| it.chars().count() > DESCRIPTION_MAX) {
            let why = "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than \
                       or equal to 512";
            return Err(Failure::Validation(why.to_owned()));
        }
        Ok(description.map(str::to_owned))
    }
}

/// The model of an action of EventBridge.
fn model_of(action: &str) -> Option<Action> {
    let mut name = action.to_owned();
    name.get_mut(..1)?.make_ascii_lowercase();
    aws_apis::service("eventbridge").ok()?.action(&name).ok()
}

/// The authorization of that kind that is written like that.
fn read_authorization(parameters: Value, kind: &str) -> Result<Authorization, Failure> {
    let wrong = |why: String| Err(Failure::Validation(why));
    if parameters.get("ConnectivityParameters").is_some() {
        let why = "AuthParameters.ConnectivityParameters is not served here: private APIs are reached as others are";
        return wrong(why.to_owned());
    }
    let read: Authorization = match from(parameters) {
        Ok(read) => read,
        Err(why) => return wrong(format!("AuthParameters: {why}")),
    };
    if read.kind() != Some(kind) {
        let expected = match kind {
            "BASIC" => "BasicAuthParameters",
            "OAUTH_CLIENT_CREDENTIALS" => "OAuthParameters",
            "API_KEY" => "ApiKeyAuthParameters",
            other => {
                return wrong(format!(
                    "1 validation error detected: Value '{other}' at 'authorizationType' failed to satisfy constraint: Member must \
                     satisfy enum value set: [BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]"
                ));
            }
        };
        return wrong(format!(
            "AuthorizationType {kind} needs AuthParameters.{expected}, and no other kind beside it"
        ));
    }
    limits::check(&read).map_err(|why| Failure::Validation(format!("AuthParameters.{why}")))?;
    Ok(read)
}

/// Reads it; what is wrong with it is told without its values.
fn from<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| {
        let told = error.to_string();
        // A value stands in backquotes only where it is the name of a member.
        if told.starts_with("missing field") || told.starts_with("unknown field") {
            told
        } else {
            "a member has the wrong type".to_owned()
        }
    })
}

/// Members of `new` take the place of those of `old`, deeply.
fn merge(old: &mut Value, new: Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                merge(old.entry(name).or_insert(Value::Null), value);
            }
        }
        (old, new) => *old = new,
    }
}

#[cfg(test)]
mod tests;
