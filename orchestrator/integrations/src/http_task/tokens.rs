//! Tokens of connections (OAuth 2.0, client credentials: RFC 6749, section 4.4).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use connections::{OAuth, Parameter};
use http_client::{Client, Reply, check_header, request};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::form::{self, with_query};
use super::merged::{known_by, pair, replace};

/// An answer with a token is a few kilobytes.
const BYTES_MAX: usize = 64 * 1024;
/// How long a token is good for that does not say so.
const GOOD_FOR: Duration = Duration::from_secs(5 * 60);
/// One that is good for less is asked for again.
const EARLY: Duration = Duration::from_secs(30);
/// Tokens that are held: of connections used lately.
const HELD_MAX: usize = 1_000;

/// The tokens that there are, in memory alone.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<HashMap<String, Slot>>);

/// One connection's: who asks for it lets others wait, who need the same.
type Slot = Arc<Mutex<Option<Token>>>;

struct Token {
    token: String,
    good_until: Instant,
}

/// Without the token.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("good_until", &self.good_until).finish_non_exhaustive()
    }
}

impl Tokens {
    /// A token for the connection of that name, which changes with its secrets. `refused` is one that was not taken: another one is asked
    /// for.
    ///
    /// # Errors
    /// None is given; why, without anything secret.
    pub(super) async fn token(
        &self,
        name: &str,
        oauth: &OAuth,
        refused: Option<&str>,
        client: &Client,
    ) -> Result<String, String> {
        let slot = self.slot(name).await;
        let mut held = slot.lock().await;
        let now = Instant::now();
        let is_good = |it: &&Token| it.good_until > now + EARLY && refused != Some(&*it.token);
        if let Some(token) = held.as_ref().filter(is_good) {
            return Ok(token.token.clone());
        }
        let token = asked_for(oauth, client).await?;
        let text = token.token.clone();
        *held = Some(token);
        Ok(text)
    }

    async fn slot(&self, name: &str) -> Slot {
        let mut slots = self.0.lock().await;
        if slots.len() >= HELD_MAX && !slots.contains_key(name) {
            // Whoever is asking keeps its own.
            slots.clear();
        }
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }
}

async fn asked_for(oauth: &OAuth, client: &Client) -> Result<Token, String> {
    let place = http_client::shown(&oauth.endpoint);
    let no_token = |why: String| format!("{place} gives no token: {why}");
    let OAuth { client: who, endpoint, method, parameters } = oauth;
    let own = |name: &str, value: String| (name.to_owned(), value);
    let mut headers = vec![
        own("Authorization", known_by(&who.id, &who.secret)),
        own("Accept", "application/json".to_owned()),
    ];
    replace(&mut headers, parameters.headers.iter().map(pair).collect());
    headers.iter().try_for_each(|(name, value)| check_header(name, value)).map_err(no_token)?;
    let has_grant = |all: &[Parameter]| all.iter().any(|it| it.key == "grant_type");
    let is_granted = has_grant(&parameters.query) || has_grant(&parameters.body);
    let grant = (!is_granted).then(|| "grant_type=client_credentials".to_owned());
    let pairs = |all: &[Parameter]| -> Vec<String> {
        all.iter().map(|it| form::pair(&it.key, it.value.expose())).collect()
    };
    let (mut query, mut body) = (pairs(&parameters.query), pairs(&parameters.body));
    if method == "GET" {
        query.extend(grant);
    } else {
        body.extend(grant);
    }
    let url = with_query(endpoint, &query);
    if !body.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(own("Content-Type", form::CONTENT_TYPE.to_owned()));
    }
    let asked = request(method, &url, &headers, body.join("&")).map_err(no_token)?;
    let reply = client.send(asked, BYTES_MAX).await.map_err(|why| no_token(why.to_string()))?;
    read(&reply).map_err(no_token)
}

fn read(reply: &Reply) -> Result<Token, String> {
    let said: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if !reply.status.is_success() {
        // RFC 6749, section 5.2: a word, and no secret.
        let error = said.get("error").and_then(Value::as_str).unwrap_or_default();
        return Err(format!("it answered {} {}", reply.status, error.chars().take(100).collect::<String>())
            .trim_end()
            .to_owned());
    }
    let token = said.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
    let Some(token) = token else { return Err("its answer has no access_token".to_owned()) };
    let good_for = said.get("expires_in").and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok()));
    // One that is good for longer than a year is asked for again after a year.
    let good_for = good_for.map_or(GOOD_FOR, |seconds| Duration::from_secs(seconds.min(365 * 86_400)));
    Ok(Token { token: token.to_owned(), good_until: Instant::now() + good_for })
}
