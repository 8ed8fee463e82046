//! One page for the loads of a running system: how they stand, and what they are to be.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /` | the page. Its policy lets it run its own script, and ask this server |
//! | `GET /api/loads` | 200: of each load its state (see [`crate::http`]) and its verdict in short, or why it does not answer |
//! | `PATCH /api/loads/{bus}` | changes that load: 200, 400 with every wrong field, 404, or 502 when it does not answer |
//! | `GET /healthz` | 200 |
//!
//! Any of them is refused when another web page could have sent it: see [`daemon::guard`].

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{self, patch};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use daemon::client::{Answer, Request, ask, get};
use daemon::{AllowedHosts, Guarded, HttpLimits, Problem};
use futures::future::join_all;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::switch::Load;

/// How long a load may take for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// A change is short.
const BODY_BYTES_MAX: usize = 4 * 1024;

const PAGE: &str = include_str!("control/page.html");

/// Where the page is served, and what it is about.
#[derive(Clone, Debug)]
pub struct ControlSettings {
    /// Where it listens; port 0 takes a free one, which the line on standard output names.
    pub listen: SocketAddr,
    /// Names by which the page may be asked for, beside localhost and IP addresses.
    pub allowed_hosts: AllowedHosts,
    /// Where Grafana is, for the page's link to it.
    pub grafana: String,
    /// The loads that it shows and switches.
    pub loads: Vec<Load>,
}

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The port cannot be had.
    #[error(transparent)]
    Listen(#[from] daemon::serve::ServeError),
    /// Signals or threads cannot be had.
    #[error("the operating system refuses what the page needs")]
    System(#[source] std::io::Error),
}

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// It cannot listen.
pub fn serve(settings: &ControlSettings) -> Result<(), ControlError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(ControlError::System)?.block_on(run(settings))
}

async fn run(settings: &ControlSettings) -> Result<(), ControlError> {
    let stop = daemon::on_signals().map_err(ControlError::System)?;
    let listener = daemon::serve::bind(settings.listen).await?;
    let address = listener.local_addr().unwrap_or(settings.listen);
    // A closed standard output is no reason not to serve.
    let _ = writeln!(std::io::stdout(), "{{\"service\":\"control\",\"listening\":\"http://{address}\"}}");
    let routes = Guarded::new(router(settings), &settings.allowed_hosts);
    daemon::serve::serve(listener, routes, HttpLimits::default(), stop).await;
    Ok(())
}

/// What the routes work on.
struct Control {
    loads: Vec<Load>,
    page: String,
    policy: HeaderValue,
}

/// What the page is asked for, and answers.
fn router(settings: &ControlSettings) -> Router {
    // The URL stands in an attribute.
    let grafana = settings.grafana.replace('&', "&amp;").replace('"', "&quot;");
    let page = PAGE.replace("{{grafana}}", &grafana);
    let policy = policy(&page);
    let control = Arc::new(Control { loads: settings.loads.clone(), page, policy });
    Router::new()
        .route("/", routing::get(page_of))
        .route("/healthz", routing::get(async || "alive\n"))
        .route("/api/loads", routing::get(loads))
        .route("/api/loads/{bus}", patch(change))
        .fallback(async || Problem::not_found("there is nothing at this path"))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(control)
}

/// What the page may do: run the script and have the style that stand in it, and ask this server. Nothing else is
/// loaded, and nobody frames it.
fn policy(page: &str) -> HeaderValue {
    let hash = |element: &str| {
        let text = page.split_once(&format!("<{element}>")).and_then(|(_, rest)| rest.split_once("</"));
        BASE64_STANDARD.encode(Sha256::digest(text.map_or("", |(text, _)| text)))
    };
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash("script"),
        hash("style")
    );
    HeaderValue::try_from(policy).expect("base64 is ASCII")
}

async fn page_of(State(control): State<Arc<Control>>) -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, control.policy.clone())];
    (policy, Html(control.page.clone())).into_response()
}

/// A load as the page shows it.
#[derive(Debug, Serialize)]
struct Shown {
    bus: String,
    /// See [`crate::http::LoadState`]; `None` when it does not answer.
    load: Option<Value>,
    /// Parts of [`crate::verdict::Report`].
    verdict: Option<Value>,
    /// Why it does not answer.
    trouble: Option<String>,
}

async fn loads(State(control): State<Arc<Control>>) -> Json<Vec<Shown>> {
    Json(join_all(control.loads.iter().map(shown)).await)
}

async fn shown(load: &Load) -> Shown {
    let asked = futures::future::try_join(json(load, "/load"), json(load, "/verdict")).await;
    let bus = load.name.clone();
    match asked {
        Ok((state, mut verdict)) => {
            // The page shows how many there are; `duet audit` lists them.
            verdict.as_object_mut().and_then(|fields| fields.remove("violations"));
            Shown { bus, load: Some(state), verdict: Some(verdict), trouble: None }
        }
        Err(trouble) => Shown { bus, load: None, verdict: None, trouble: Some(trouble) },
    }
}

async fn json(load: &Load, path: &'static str) -> Result<Value, String> {
    let answer = get(&load.place, path, PATIENCE).await?;
    let odd = || answer.odd(path);
    if answer.status == 200 { serde_json::from_str(&answer.body).map_err(|_| odd()) } else { Err(odd()) }
}

async fn change(
    State(control): State<Arc<Control>>,
    Path(bus): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let load = control.loads.iter().find(|load| load.name == bus);
    let load = load.ok_or_else(|| Problem::not_found(format!("there is no load on {bus}")))?;
    let body = std::str::from_utf8(&body)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "the body is not UTF-8"))?;
    let asked = ask(&load.place, Request::patch("/load", body), PATIENCE).await;
    let Answer { status, body } = asked.map_err(|reason| Problem::new(StatusCode::BAD_GATEWAY, reason))?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_lets_the_page_do_what_it_does_and_nothing_else() {
        // The first vector of FIPS 180-2, as `openssl dgst -sha256 -binary | base64` writes it.
        let policy = policy("<style>abc</style><script>abc</script>");
        let hash = "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='";
        let expected = format!(
            "default-src 'none'; script-src {hash}; style-src {hash}; img-src data:; connect-src 'self'; "
        );
        assert!(policy.to_str().unwrap().starts_with(&expected), "{policy:?}");
        // What a policy of hashes refuses, and what would have to be hashed, too.
        for element in ["<style>", "<script>"] {
            assert_eq!(
                PAGE.matches(&element[..element.len() - 1]).count(),
                1,
                "one {element}, without attributes"
            );
            assert!(PAGE.contains(element));
        }
        for refused in
            [" style=", " onclick=", " onload=", "javascript:", "eval(", "<link rel=\"stylesheet\""]
        {
            assert!(!PAGE.contains(refused), "{refused}");
        }
        let between = |element: &str| {
            let rest = PAGE.split_once(&format!("<{element}>")).unwrap().1;
            rest.split_once(&format!("</{element}>")).unwrap().0
        };
        assert!(
            ["script", "style"].iter().all(|element| !between(element).contains("</")),
            "it would end there"
        );
        assert!(!between("script").contains("{{"), "the same for everybody");
    }
}
