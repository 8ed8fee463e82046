//! HTTP to the outside, with its bounds: no redirection is followed, no proxy is asked, an answer is read as far as it may be. A client may
//! be kept from addresses that are not public ([`Reach`]).
//!
//! | module | holds |
//! | --- | --- |
//! | `given` | what may be given to it: URLs and headers of somebody else's |
//! | `reach` | where a client may go |
//! | `told` | what may be told of a URL, and of an error |
#![warn(missing_docs)]

mod given;
mod reach;
mod told;

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Builder;
pub use hyper::{Method, Request, StatusCode, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pooled;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error as ThisError;

pub use given::{check_header, check_url, is_framing};
use reach::Resolver;
pub use reach::{Host, NoHost, NotReached, Reach};
pub use told::{root, shown};

/// How long it may take until a server takes a connection.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Connections to a server that are kept for the next call, and how long.
const IDLE_MAX: usize = 8;
const IDLE_TIME_MAX: Duration = Duration::from_secs(20);

/// There is no TLS to be had.
#[derive(Debug, ThisError)]
#[error("no TLS to be had")]
pub struct NoClient(#[from] rustls::Error);

/// Sends requests, each once. Clones share its connections. Dropping a call ends it.
#[derive(Clone, Debug)]
pub struct Client {
    pooled: Pooled<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    reach: Reach,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Whether it was done, as HTTP says it.
    pub status: StatusCode,
    /// Its headers, in their order, with small letters; what is no UTF-8 in a value is replaced.
    pub headers: Vec<(String, String)>,
    /// What follows the headers, whole, without its transfer encoding.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, ThisError)]
pub enum Unanswered {
    /// There is one, whose body has more bytes than are read of one.
    #[error("the answer (status {status}) is larger than what is read of one")]
    TooLarge {
        /// The status of the answer.
        status: u16,
    },
    /// The client may not go there: nothing was sent.
    #[error(transparent)]
    NotReached(#[from] NotReached),
    /// In the words of what is under the client's own layers: these tell nobody more.
    #[error("{0}")]
    Broken(String),
}

impl Client {
    /// Over TLS and without, to wherever `reach` lets it go. Authorities are the system's, or those of `SSL_CERT_FILE`.
    ///
    /// # Errors
    /// There is no TLS to be had.
    pub fn new(reach: Reach) -> Result<Self, NoClient> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new(reach.clone()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIME_MAX));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let pooled = Pooled::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME_MAX)
            .pool_max_idle_per_host(IDLE_MAX)
            .build(connector);
        Ok(Self { pooled, reach })
    }

    /// The answer, if its body has no more than `bytes_max` bytes. It waits as long as the server takes its time.
    ///
    /// # Errors
    /// [`Unanswered`]: whether the request was carried out is not known, unless it says so.
    pub async fn send(&self, request: Request<Full<Bytes>>, bytes_max: usize) -> Result<Reply, Unanswered> {
        // An address is nothing that would be resolved.
        self.reach.check(request.uri())?;
        let answer = self.pooled.request(request).await;
        let answer = answer.map_err(|error| match not_reached(root(&error)) {
            Some(not_reached) => Unanswered::NotReached(not_reached),
            None => Unanswered::Broken(root(&error).to_string()),
        })?;
        let status = answer.status();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        let headers = headers.collect();
        let body = Limited::new(answer.into_body(), bytes_max).collect().await;
        let body = body.map_err(|error| match root(&*error) {
            root if root.is::<LengthLimitError>() => Unanswered::TooLarge { status: status.as_u16() },
            root => Unanswered::Broken(root.to_string()),
        })?;
        Ok(Reply { status, headers, body: body.to_bytes() })
    }
}

/// The resolver's reason, if it is one: an I/O error holds it, and does not call it its source.
fn not_reached(error: &(dyn Error + 'static)) -> Option<NotReached> {
    error.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref().cloned()
}

/// A request with that body.
///
/// # Errors
/// What is wrong with method, URL or headers.
pub fn request(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: impl Into<Bytes>,
) -> Result<Request<Full<Bytes>>, String> {
    let uri: Uri = url.parse().map_err(|error| format!("no URL: {error}"))?;
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let request = Builder::new().method(method).uri(uri).body(Full::new(body.into()));
    let mut request = request.map_err(|error| error.to_string())?;
    for (name, value) in headers {
        add_header(&mut request, name, value)?;
    }
    Ok(request)
}

/// Sets a header in place of those of its name.
///
/// # Errors
/// It cannot be. It is named, and its value, which may be secret, is not.
pub fn set_header<B>(request: &mut Request<B>, name: &str, value: &str) -> Result<(), String> {
    let (name, value) = header_of(name, value)?;
    request.headers_mut().insert(name, value);
    Ok(())
}

/// Adds a header to those of its name.
///
/// # Errors
/// As of [`set_header`].
pub fn add_header<B>(request: &mut Request<B>, name: &str, value: &str) -> Result<(), String> {
    let (name, value) = header_of(name, value)?;
    request.headers_mut().append(name, value);
    Ok(())
}

pub(crate) fn header_of(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let wrong = || format!("the header {name:?} cannot have its value");
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong())?;
    Ok((key, value))
}
