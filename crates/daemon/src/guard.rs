//! What stands before every route of every HTTP server: a web page that somebody opens must not steer what runs on
//! their machine.
//!
//! A browser reaches loopback and the private network for any page. Three checks keep such a page out, whichever way
//! it tries:
//!
//! - **`Host`** is `localhost`, an IP address, or a name that the server was told ([`AllowedHosts`]). A page whose own
//!   name is pointed at this machine (DNS rebinding) counts as the same origin for the browser, but it cannot hide its
//!   name: 421. An address needs no name server, so it cannot be rebound. The same with `sync-` before it, which AWS's
//!   clients put there for two of their actions, where nobody can own that name: `sync-127.0.0.1` has no domain.
//! - **`Origin` and `Sec-Fetch-Site`**, which browsers set and pages cannot, belong to a page of this very server
//!   wherever something could be changed: else 403. Programs that are no browsers send neither.
//! - **`Content-Type`** of what could change anything is one that a browser sends for another origin's page only after
//!   asking, which nobody here answers, or there is another header of which that is true (`X-Amz-Target`): else 415.
//!
//! And every answer forbids to be framed, sniffed, cached, or loaded by another origin's page. Whoever has an opinion
//! of their own about one of these headers keeps it.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::{self, HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse as _, Response};

use crate::Problem;

/// Headers of every answer that does not set them itself.
const HEADERS: [(&str, &str); 6] = [
    // Whatever is answered is how things stand at this moment.
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// Set by browsers: how the page that asks is related to whom it asks.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// What AWS's clients say what they ask for with. For another origin's page a browser sends it only after asking.
const AMZ_TARGET: &str = "x-amz-target";

/// What AWS's clients put before the host's name for some of their actions.
const SYNC: &str = "sync-";

/// The longest name of a host, in bytes.
const NAME_BYTES_MAX: usize = 253;

/// Characters of a header's value that are shown.
const VALUE_SHOWN: usize = 80;

/// The names, beside `localhost` and IP addresses, by which a server may be asked for. Parsed from a list with commas;
/// an empty one is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Arc<[String]>);

impl FromStr for AllowedHosts {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(name).collect::<Result<_, _>>().map(Self)
    }
}

fn name(text: &str) -> Result<String, String> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if text.len() <= NAME_BYTES_MAX && text.bytes().all(fine) {
        return Ok(text.trim_end_matches('.').to_ascii_lowercase());
    }
    Err(format!("found {text:?}, expected names of hosts without scheme and port, e.g. order-history"))
}

impl AllowedHosts {
    /// Whether it is `localhost`, an IP address or one of the names, on any port.
    fn allows(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        if let Some(bracketed) = name.strip_prefix('[') {
            return bracketed.strip_suffix(']').is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok());
        }
        let name = name.strip_suffix('.').unwrap_or(name);
        let is_known = |name: &str| self.0.iter().any(|known| known.eq_ignore_ascii_case(name));
        let prefixed = name.get(..SYNC.len()).filter(|prefix| prefix.eq_ignore_ascii_case(SYNC));
        is_here(name)
            || is_known(name)
            // `sync-shop.example` is a domain that somebody else may have; what has no dot is none.
            || prefixed.map(|_| &name[SYNC.len()..]).is_some_and(|name| {
                is_here(name) || (!name.contains('.') && is_known(name))
            })
    }
}

fn is_here(name: &str) -> bool {
    name.parse::<Ipv4Addr>().is_ok() || name.eq_ignore_ascii_case("localhost")
}

/// Routes behind these checks: nothing else can be served.
#[derive(Clone, Debug)]
pub struct Guarded(Router);

impl Guarded {
    /// These routes, for who asks by one of these names.
    #[must_use]
    pub fn new(router: Router, hosts: &AllowedHosts) -> Self {
        Self(router.layer(from_fn_with_state(hosts.clone(), guard)))
    }

    /// With more around them, which sees also what is refused.
    #[must_use]
    pub(crate) fn within(self, layer: impl FnOnce(Router) -> Router) -> Self {
        Self(layer(self.0))
    }

    /// All of it, with the headers that every answer has.
    pub(crate) fn into_router(self) -> Router {
        self.0.layer(map_response(with_headers))
    }
}

async fn guard(State(hosts): State<AllowedHosts>, request: Request, next: Next) -> Response {
    let has_body = !request.body().is_end_stream();
    match check(&request, has_body, &hosts) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            tracing::debug!(reason = problem.detail, "an HTTP request was refused");
            problem.into_response()
        }
    }
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The decision, by the head of a request and whether anything comes behind it.
fn check<B>(request: &http::Request<B>, has_body: bool, hosts: &AllowedHosts) -> Result<(), Problem> {
    let host = host(request)?;
    if let Some(host) = host
        && !hosts.allows(host)
    {
        let expected = "localhost, an IP address, or a name that --http-allowed-hosts \
                        (DUET_HTTP_ALLOWED_HOSTS) gives this server";
        return Err(wrong(StatusCode::MISDIRECTED_REQUEST, "Host", &shown(host), expected));
    }
    let method = request.method();
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    expect_own_page(request.headers(), host)?;
    let was_asked_for = request.headers().contains_key(AMZ_TARGET);
    if has_body && !was_asked_for { expect_json(method, request.headers()) } else { Ok(()) }
}

/// Whom the request is for. `None` only in HTTP/1.0, which had no such header; a browser's request always has it.
fn host<B>(request: &http::Request<B>) -> Result<Option<&str>, Problem> {
    let refused = |found: &str| Err(wrong(StatusCode::BAD_REQUEST, "Host", found, "exactly one of them"));
    let mut given = request.headers().get_all(header::HOST).iter();
    let (first, more) = (given.next(), given.next());
    if more.is_some() {
        return refused("several of them");
    }
    if first.is_none() && request.version() >= Version::HTTP_11 {
        return refused("nothing");
    }
    // Of `GET http://HOST/PATH` the target counts, not the header (RFC 9112, 3.2.2).
    if let Some(target) = request.uri().authority() {
        return Ok(Some(target.as_str()));
    }
    match first.map(HeaderValue::to_str) {
        None => Ok(None),
        Some(Ok(host)) => Ok(Some(host)),
        Some(Err(_)) => refused("something unreadable"),
    }
}

/// Whether no browser sent it, or one for a page of the host it is for.
fn expect_own_page(headers: &HeaderMap, host: Option<&str>) -> Result<(), Problem> {
    let foreign_site = headers.get_all(SEC_FETCH_SITE).iter().find(|site| {
        // `none`: its user asked for it, no page did.
        !matches!(site.as_bytes(), b"same-origin" | b"none")
    });
    if let Some(site) = foreign_site {
        let expected = "same-origin, or no such header: pages of others change nothing here";
        return Err(wrong(StatusCode::FORBIDDEN, "Sec-Fetch-Site", &text(site), expected));
    }
    let is_own = |origin: &HeaderValue| {
        origin.to_str().is_ok_and(|origin| host.is_some_and(|host| is_origin_of(origin, host)))
    };
    let Some(origin) = headers.get_all(header::ORIGIN).iter().find(|origin| !is_own(origin)) else {
        return Ok(());
    };
    let expected = format!(
        "http://{}, or no such header: pages of others change nothing here",
        host.unwrap_or("the Host asked for")
    );
    Err(wrong(StatusCode::FORBIDDEN, "Origin", &text(origin), &expected))
}

/// Whether a page of that origin came from that host. A proxy in front may have spoken HTTPS with the browser.
fn is_origin_of(origin: &str, host: &str) -> bool {
    [("http://", ":80"), ("https://", ":443")].into_iter().any(|(scheme, usual_port)| {
        let short =
            |authority: &str| authority.strip_suffix(usual_port).unwrap_or(authority).to_ascii_lowercase();
        origin.strip_prefix(scheme).is_some_and(|authority| short(authority) == short(host))
    })
}

/// Checks that what comes with the request says to be JSON; with `PATCH`, a merge patch may be called by its own name.
///
/// # Errors
/// 415: it says something else, or nothing.
pub fn expect_json(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let found = headers.get(header::CONTENT_TYPE);
    let media_type =
        found.and_then(|found| found.to_str().ok()?.split(';').next()).unwrap_or_default().trim();
    let is = |wanted: &str| media_type.eq_ignore_ascii_case(wanted);
    if is("application/json") || (method == Method::PATCH && is("application/merge-patch+json")) {
        return Ok(());
    }
    let found = found.map_or_else(|| "nothing".to_owned(), text);
    Err(wrong(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type", &found, "application/json"))
}

fn wrong(status: StatusCode, header: &str, found: &str, expected: &str) -> Problem {
    Problem::new(status, format!("{header}: found {found}, expected {expected}"))
}

fn text(value: &HeaderValue) -> String {
    value.to_str().map_or_else(|_| "something unreadable".to_owned(), shown)
}

fn shown(value: &str) -> String {
    format!("{:?}", value.chars().take(VALUE_SHOWN).collect::<String>())
}

#[cfg(test)]
mod tests;
