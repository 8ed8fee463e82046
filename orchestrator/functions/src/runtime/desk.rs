//! The Lambda runtime API: where one program fetches its invocations and hands in what came of them
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::output::ANSWER_BYTES_MAX;

/// The version of the API.
const VERSION: &str = "2018-06-01";
/// Connections of one program: it needs one or two.
const CONNECTIONS_MAX: usize = 16;

/// What the function is to do.
pub(crate) struct Invocation {
    pub(crate) id: String,
    pub(crate) event: String,
    /// In milliseconds since 1970.
    pub(crate) deadline_ms: u128,
    pub(crate) arn: String,
    pub(crate) answer: oneshot::Sender<Handed>,
}

/// What was handed in.
pub(crate) enum Handed {
    Response(Bytes),
    Error(Bytes),
    TooLarge,
}

/// Where one program is served.
pub(crate) struct Desk {
    invocations: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    at_work: Mutex<Option<(String, oneshot::Sender<Handed>)>>,
    /// Why it could not begin, as it said.
    init_error: Mutex<Option<Bytes>>,
    address: SocketAddr,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    pub(crate) fn new(address: SocketAddr, invocations: mpsc::Receiver<Invocation>) -> Self {
        let invocations = tokio::sync::Mutex::new(invocations);
        Self { invocations, at_work: Mutex::default(), init_error: Mutex::default(), address }
    }

    /// Why the program could not begin, if it has said so.
    pub(crate) fn init_error(&self) -> Option<Bytes> {
        locked(&self.init_error).take()
    }

    /// Serves whoever connects, until it is dropped.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            if connections.len() >= CONNECTIONS_MAX {
                connections.join_next().await;
            }
            let Ok((stream, _)) = listener.accept().await else {
                // No more open files, say: others have to go first.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                continue;
            };
            let desk = Arc::clone(&self);
            let serve = service_fn(move |request| {
                let desk = Arc::clone(&desk);
                async move { Ok::<_, Infallible>(desk.answer(request).await) }
            });
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
            connections.spawn(async move { drop(connection.await) });
        }
    }

    async fn answer<B: Body<Error: std::error::Error + Send + Sync + 'static>>(
        &self,
        request: Request<B>,
    ) -> Response<Full<Bytes>> {
        // A page in a browser that has its own name for this address is nobody to be served.
        let host = request.headers().get(HOST).map(|host| host.as_bytes().to_vec());
        if host.is_some_and(|host| host != self.address.to_string().as_bytes()) {
            return refused(StatusCode::MISDIRECTED_REQUEST, "InvalidHost", "Another host is meant");
        }
        let path = request.uri().path().to_owned();
        let Some(path) = path.strip_prefix('/').and_then(|path| path.strip_prefix(VERSION)) else {
            return refused(StatusCode::NOT_FOUND, "NotFound", "There is no such version");
        };
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (request.method(), &parts[..]) {
            (&Method::GET, ["runtime", "invocation", "next"]) => self.next().await,
            (&Method::POST, ["runtime", "invocation", id, "response"]) => {
                let id = (*id).to_owned();
                match whole(request).await {
                    Some(body) => self.hand_in(&id, Handed::Response(body)),
                    None => {
                        self.hand_in(&id, Handed::TooLarge);
                        refused(
                            StatusCode::PAYLOAD_TOO_LARGE,
                            "RequestEntityTooLarge",
                            "Exceeded maximum allowed payload size",
                        )
                    }
                }
            }
            (&Method::POST, ["runtime", "invocation", id, "error"]) => {
                let id = (*id).to_owned();
                let body = whole(request).await;
                self.hand_in(&id, body.map_or(Handed::TooLarge, Handed::Error))
            }
            (&Method::POST, ["runtime", "init", "error"]) => {
                *locked(&self.init_error) = Some(whole(request).await.unwrap_or_default());
                accepted()
            }
            _ => refused(StatusCode::NOT_FOUND, "NotFound", "There is nothing of that path and method"),
        }
    }

    /// The next invocation, however long that takes. Whoever goes away meanwhile has taken none.
    async fn next(&self) -> Response<Full<Bytes>> {
        let Some(invocation) = self.invocations.lock().await.recv().await else {
            return refused(StatusCode::GONE, "Ended", "Nothing more comes");
        };
        let Invocation { id, event, deadline_ms, arn, answer } = invocation;
        let next = Response::builder()
            .header(CONTENT_TYPE, "application/json")
            .header("lambda-runtime-aws-request-id", &id)
            .header("lambda-runtime-deadline-ms", deadline_ms.to_string())
            .header("lambda-runtime-invoked-function-arn", arn)
            .body(Full::from(event));
        *locked(&self.at_work) = Some((id, answer));
        next.unwrap_or_else(|_| refused(StatusCode::INTERNAL_SERVER_ERROR, "Internal", "It cannot be said"))
    }

    fn hand_in(&self, id: &str, handed: Handed) -> Response<Full<Bytes>> {
        let mut at_work = locked(&self.at_work);
        match at_work.take_if(|(at_work, _)| at_work == id) {
            Some((_, answer)) => {
                // Who asked may have gone.
                let _ = answer.send(handed);
                accepted()
            }
            None => refused(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
        }
    }
}

/// All of a body, if it is not too large.
async fn whole<B: Body<Error: std::error::Error + Send + Sync + 'static>>(
    request: Request<B>,
) -> Option<Bytes> {
    let body = Limited::new(request.into_body(), ANSWER_BYTES_MAX).collect().await;
    Some(body.ok()?.to_bytes())
}

fn accepted() -> Response<Full<Bytes>> {
    said(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn refused(status: StatusCode, kind: &str, message: &str) -> Response<Full<Bytes>> {
    said(status, &json!({"errorMessage": message, "errorType": kind}))
}

fn said(status: StatusCode, what: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(what.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}
