//! HTTP, with its bounds: no redirection is followed, no proxy is asked, an answer is read as far as it may be.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::header::{HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pooled;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// How long it may take until a server takes a connection.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Connections to a server that are kept for the next call, and how long.
const IDLE_MAX: usize = 8;
const IDLE_TIME_MAX: Duration = Duration::from_secs(20);

/// There is no TLS to be had.
#[derive(Debug, Error)]
#[error("no TLS to call AWS with")]
pub struct NoClient(#[from] rustls::Error);

/// Sends requests.
#[derive(Clone, Debug)]
pub(crate) struct Client(Pooled<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum Unanswered {
    #[error("the answer (status {status}) is larger than what is read of one")]
    TooLarge { status: u16 },
    /// In the words of what is under the client's own layers: these tell nobody more.
    #[error("{0}")]
    Broken(String),
}

impl Client {
    pub(crate) fn new() -> Result<Self, NoClient> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIME_MAX));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Pooled::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME_MAX)
            .pool_max_idle_per_host(IDLE_MAX)
            .build(connector);
        Ok(Self(client))
    }

    /// The answer, if its body has no more bytes than that.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<Reply, Unanswered> {
        let answer = self.0.request(request).await.map_err(|error| broken(&error))?;
        let status = answer.status().as_u16();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        let headers = headers.collect();
        let body =
            Limited::new(answer.into_body(), bytes_max).collect().await.map_err(|error| {
                match root(&*error).is::<LengthLimitError>() {
                    true => Unanswered::TooLarge { status },
                    false => broken(&*error),
                }
            })?;
        Ok(Reply { status, headers, body: body.to_bytes() })
    }
}

/// The request as it is sent, but for its signature.
pub(crate) fn request(request: &aws_apis::HttpRequest) -> Result<Request<Full<Bytes>>, String> {
    let uri: Uri = request.url().parse().map_err(|error| format!("no URL: {error}"))?;
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string())?;
    let mut sent = Request::new(Full::new(Bytes::from(request.body.clone())));
    *sent.method_mut() = method;
    *sent.uri_mut() = uri;
    for (name, value) in &request.headers {
        set(&mut sent, name, value)?;
    }
    let agent = concat!("duet/", env!("CARGO_PKG_VERSION"));
    sent.headers_mut().insert(USER_AGENT, HeaderValue::from_static(agent));
    Ok(sent)
}

/// Sets a header; one that cannot be is named, and its value, which may be secret, is not.
pub(crate) fn set<B>(request: &mut Request<B>, name: &str, value: &str) -> Result<(), String> {
    let wrong = || format!("the header {name:?} cannot have its value");
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong())?;
    request.headers_mut().insert(key, value);
    Ok(())
}

fn broken(error: &(dyn Error + 'static)) -> Unanswered {
    Unanswered::Broken(root(error).to_string())
}

/// What is under all that was said of it.
fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root
}
