//! Connections in the store: one under `connection/REGION/NAME`, whole, its secrets sealed.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Commit, EntityForget, EntityWrite, Link, Millis, Read, Store, StoreError};

use crate::arn::ConnectionArn;
use crate::authorization::Authorization;
use crate::failure::Failure;
use crate::key::Key;

/// The index that finds them all.
const INDEX: &str = "connection";
const PLACE: &str = "connection/";
/// Names that are read at once.
const PAGE: usize = 1_000;

/// The most connections that there can be in a region: EventBridge's quota.
pub const CONNECTIONS_MAX: usize = 3_000;

/// What stands in the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Unique in its region.
    pub name: String,
    /// What tells it from others that have had its name.
    pub id: String,
    /// The account that it belongs to.
    pub account: String,
    /// What it is for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How whoever calls with it is known.
    pub kind: String,
    /// What is shown of that.
    pub shown: Value,
    /// All of it, sealed; `None` if it was taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: Millis,
    /// When it was changed last, in milliseconds since 1970.
    pub updated_ms: Millis,
    /// When it was last given secrets, in milliseconds since 1970.
    pub authorized_ms: Millis,
}

impl Connection {
    /// What its secrets are sealed for: they are good for no other connection.
    fn seal_name(&self) -> String {
        format!("{}/{}/{}", self.account, self.name, self.id)
    }

    /// With that authorization, sealed.
    ///
    /// # Errors
    /// It cannot be sealed.
    pub(crate) fn with(
        mut self,
        authorization: &Authorization,
        key: &Key,
        now: Millis,
    ) -> Result<Self, Failure> {
        let secret = serde_json::to_vec(authorization).expect("it has only string keys");
        let sealed = key.seal(&self.seal_name(), &secret).map_err(|source| self.failure(source))?;
        (self.sealed, self.shown) = (Some(sealed), authorization.shown());
        authorization.kind().unwrap_or_default().clone_into(&mut self.kind);
        (self.authorized_ms, self.updated_ms) = (now, now);
        Ok(self)
    }

    /// Whether it can be called with, as EventBridge writes it.
    #[must_use]
    pub fn state(&self) -> &'static str {
        if self.sealed.is_some() { "AUTHORIZED" } else { "DEAUTHORIZED" }
    }

    /// Its authorization; `None` if that was taken away.
    ///
    /// # Errors
    /// [`Failure::Sealed`].
    pub fn open(&self, key: &Key) -> Result<Option<Authorization>, Failure> {
        let Some(sealed) = &self.sealed else { return Ok(None) };
        let opened = key.open(&self.seal_name(), sealed).map_err(|source| self.failure(source))?;
        let read = serde_json::from_slice(&opened);
        Ok(Some(read.map_err(|error| unusable(&self.name, error))?))
    }

    fn failure(&self, source: crate::key::KeyError) -> Failure {
        Failure::Sealed { name: self.name.clone(), source }
    }
}

fn key_of(region: &str, name: &str) -> String {
    format!("{PLACE}{region}/{name}")
}

fn unusable(name: &str, error: serde_json::Error) -> StoreError {
    let reason = format!("the connection {name} cannot be read; was it stored by a newer version?");
    StoreError::Unusable { reason, source: Some(error.into()) }
}

/// The connection of that name, and its version.
pub(crate) async fn named(
    store: &dyn Read,
    region: &str,
    name: &str,
) -> Result<Option<(Connection, u64)>, StoreError> {
    let Some(entity) = store.get(&key_of(region, name)).await? else { return Ok(None) };
    let connection = serde_json::from_slice(&entity.state).map_err(|error| unusable(name, error))?;
    Ok(Some((connection, entity.version)))
}

/// The connection with that ARN; `None` if there is none, or its name is another one's by now.
///
/// # Errors
/// The store does not answer, or holds what is no connection.
pub async fn find(store: &dyn Read, arn: &ConnectionArn) -> Result<Option<Connection>, StoreError> {
    let found = named(store, &arn.region, &arn.name).await?;
    let is_it = |it: &Connection| it.id == arn.id && it.account == arn.account;
    Ok(found.map(|(connection, _)| connection).filter(is_it))
}

/// The names of all of a region, in their order.
pub(crate) async fn names(store: &dyn Read, region: &str) -> Result<Vec<String>, StoreError> {
    let (mut names, mut before, place) = (Vec::new(), None, key_of(region, ""));
    loop {
        let (keys, cursor) = store.linked(INDEX, region, before, PAGE).await?;
        names.extend(keys.iter().filter_map(|key| key.strip_prefix(&place)).map(str::to_owned));
        before = cursor;
        if before.is_none() {
            names.sort();
            return Ok(names);
        }
    }
}

/// Keeps a connection in place of the one of that version; 0 if there was none.
pub(crate) async fn put(
    store: &dyn Store,
    region: &str,
    kept: &Connection,
    expected: u64,
) -> Result<(), Failure> {
    let state = Bytes::from(serde_json::to_vec(kept).expect("it has only string keys"));
    let links = vec![Link { index: INDEX, value: region.to_owned() }];
    let write =
        EntityWrite { key: key_of(region, &kept.name), expected, state, links, ..EntityWrite::default() };
    let committed = commit(store, &kept.name, &Commit { entities: vec![write], ..Commit::default() }).await;
    match committed {
        // Another request made it meanwhile.
        Err(Failure::Concurrent(name)) if expected == 0 => Err(Failure::Exists(name)),
        committed => committed,
    }
}

/// Forgets the connection of that version.
pub(crate) async fn forget(
    store: &dyn Store,
    region: &str,
    name: &str,
    expected: u64,
) -> Result<(), Failure> {
    let unlink = vec![Link { index: INDEX, value: region.to_owned() }];
    let forget = vec![EntityForget { key: key_of(region, name), expected, unlink }];
    commit(store, name, &Commit { forget, ..Commit::default() }).await
}

async fn commit(store: &dyn Store, name: &str, commit: &Commit) -> Result<(), Failure> {
    match store.commit(commit).await {
        Ok(_) => Ok(()),
        Err(StoreError::Conflict { .. }) => Err(Failure::Concurrent(name.to_owned())),
        Err(error) => Err(error.into()),
    }
}
