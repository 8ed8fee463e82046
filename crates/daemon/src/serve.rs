//! An HTTP/1.1 server whose every resource is limited.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;

use crate::{Guarded, Shutdown};

/// The limits of the HTTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections open at once; further ones wait to be accepted.
    pub connections_max: usize,
    /// The largest request line and headers, in bytes (at least 8192). More is answered 431.
    pub header_bytes_max: usize,
    /// The most headers of a request. More is answered 431.
    pub headers_max: usize,
    /// The largest request body, in bytes. More is answered 413.
    pub body_bytes_max: usize,
    /// How long a request's headers may take to arrive, and a connection may lie idle between two requests.
    pub header_timeout: Duration,
    /// How long a request may take before it is answered 503.
    pub request_timeout: Duration,
    /// How long an answer may wait for its reader to take more of it. Then the connection is closed.
    pub write_timeout: Duration,
    /// How long requests under way may take to finish once the server is asked to end.
    pub drain_timeout: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections_max: 512,
            header_bytes_max: 32 * 1024,
            headers_max: 64,
            body_bytes_max: 256 * 1024,
            header_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(5),
        }
    }
}

/// A pause after a failed accept: out of file handles, usually, which takes a moment to pass.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why HTTP cannot be served at an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Somebody else has the port.
    #[error("port {} on {} is taken (by another program?): choose another with --listen", .0.port(), .0.ip())]
    Taken(SocketAddr),
    /// The port needs privileges that this process does not have.
    #[error("port {} on {} needs privileges: choose one above 1023 with --listen", .0.port(), .0.ip())]
    Privileged(SocketAddr),
    /// The address belongs to another machine.
    #[error("this machine does not have the address {}: choose another with --listen, e.g. 127.0.0.1:{}", .0.ip(), .0.port())]
    ForeignAddress(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

/// Binds the port (0: any free one).
///
/// # Errors
/// [`ServeError`] says why it cannot be bound and what to do.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::Taken(address),
        io::ErrorKind::PermissionDenied => ServeError::Privileged(address),
        io::ErrorKind::AddrNotAvailable => ServeError::ForeignAddress(address),
        _ => ServeError::Listen { address, source },
    })
}

/// Serves until `shutdown`, then lets requests under way finish, for [`HttpLimits::drain_timeout`] at the most.
/// Dropping the future stops accepting; connections end with the runtime.
pub async fn serve(listener: TcpListener, routes: Guarded, limits: HttpLimits, shutdown: Shutdown) {
    let router = routes.into_router();
    let open = Arc::new(Semaphore::new(limits.connections_max));
    let graceful = GracefulShutdown::new();
    let mut ending = std::pin::pin!(shutdown.requested());
    loop {
        // The place is taken before the connection, so that what is too much waits in the system's backlog.
        let accepted = async {
            let place = Arc::clone(&open).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            () = &mut ending => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let served = graceful.watch(connection(stream, router.clone(), &limits));
                tokio::spawn(async move {
                    // Whatever ends a connection early is the caller's business.
                    if let Err(error) = served.await {
                        tracing::debug!(%error, "an HTTP connection ended early");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "an HTTP connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            drain_timeout_ms = limits.drain_timeout.as_millis(),
            "HTTP requests under way were cut off"
        );
    }
}

/// A connection that fails when its peer reads nothing of what is written.
type LimitedStream = Pin<Box<TimeoutStream<TcpStream>>>;

fn connection(
    stream: TcpStream,
    router: Router,
    limits: &HttpLimits,
) -> http1::Connection<TokioIo<LimitedStream>, TowerToHyperService<Router>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.write_timeout));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes_max)
        .max_headers(limits.headers_max)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(router))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;

    use super::*;
    use crate::AllowedHosts;

    async fn start(
        router: Router,
        limits: HttpLimits,
    ) -> (SocketAddr, crate::Trigger, tokio::task::JoinHandle<()>) {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (trigger, shutdown) = crate::shutdown();
        let routes = Guarded::new(router, &AllowedHosts::default());
        (address, trigger, tokio::spawn(serve(listener, routes, limits, shutdown)))
    }

    async fn send(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn answer(mut stream: TcpStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn a_taken_port_says_what_to_do() {
        let first = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = first.local_addr().unwrap();
        let error = bind(address).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "port {} on 127.0.0.1 is taken (by another program?): choose another with --listen",
                address.port()
            )
        );
    }

    #[tokio::test]
    async fn shutting_down_lets_a_request_finish_and_takes_no_new_one() {
        let (entered, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (enter, wait) = (Arc::clone(&entered), Arc::clone(&go_on));
        let handler = async move || {
            enter.notify_one();
            wait.notified().await;
            "finished"
        };
        let (address, trigger, server) =
            start(Router::new().route("/", get(handler)), HttpLimits::default()).await;
        let under_way = send(address, GET).await;
        entered.notified().await;
        trigger.trigger();
        // The listener goes first; from then on nobody can connect.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!server.is_finished());
        go_on.notify_one();
        assert!(answer(under_way).await.ends_with("finished"));
        server.await.unwrap();
    }

    #[tokio::test]
    async fn too_many_connections_wait_for_their_turn() {
        let limits = HttpLimits { connections_max: 1, ..HttpLimits::default() };
        let (address, _trigger, _server) =
            start(Router::new().route("/", get(async || "served")), limits).await;
        let idle = TcpStream::connect(address).await.unwrap();
        let waiting = tokio::spawn(answer(send(address, GET).await));
        drop(idle);
        assert!(waiting.await.unwrap().ends_with("served"));
    }

    #[tokio::test]
    async fn who_never_reads_holds_no_place_for_long() {
        // More than the operating system takes from a writer whose reader does not read.
        const LARGE: usize = 32 * 1024 * 1024;
        let limits = HttpLimits {
            connections_max: 8,
            write_timeout: Duration::from_millis(200),
            ..HttpLimits::default()
        };
        let router =
            Router::new().route("/large", get(async || "x".repeat(LARGE))).route("/", get(async || "served"));
        let (address, _trigger, _server) = start(router, limits).await;
        let pipelined = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(8);
        let mut silent = Vec::new();
        for _ in 0..8 {
            silent.push(send(address, &pipelined).await);
        }
        let served = tokio::time::timeout(Duration::from_secs(20), answer(send(address, GET).await)).await;
        assert!(served.expect("all places are held").ends_with("served"));
        drop(silent);
    }

    #[tokio::test]
    async fn who_reads_slowly_gets_all_of_it() {
        const LARGE: usize = 32 * 1024 * 1024;
        let limits = HttpLimits { write_timeout: Duration::from_secs(2), ..HttpLimits::default() };
        let (address, _trigger, _server) =
            start(Router::new().route("/", get(async || "x".repeat(LARGE))), limits).await;
        let mut stream = send(address, GET).await;
        let (mut taken, mut buffer) = (0, vec![0; 1024 * 1024]);
        loop {
            let read = stream.read(&mut buffer).await.unwrap();
            if read == 0 {
                break;
            }
            taken += read;
            // It takes twice as long as may pass without a word.
            tokio::time::sleep(
                Duration::from_secs(4) * u32::try_from(read).unwrap() / u32::try_from(LARGE).unwrap(),
            )
            .await;
        }
        assert!(taken > LARGE);
    }

    #[tokio::test]
    async fn slow_and_large_headers_are_refused() {
        let limits = HttpLimits {
            header_bytes_max: 8192,
            header_timeout: Duration::from_millis(30),
            ..HttpLimits::default()
        };
        let (address, _trigger, _server) =
            start(Router::new().route("/", get(async || "served")), limits).await;
        let large = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: {}\r\n\r\n", "x".repeat(10_000));
        let told = answer(send(address, &large).await).await;
        assert!(told.starts_with("HTTP/1.1 431"), "{told}");
        let slow = answer(send(address, "GET / HTTP/1.1\r\nHost:").await).await;
        assert!(!slow.contains("served"), "{slow}");
    }
}
