//! Asks what runs: as clients do, and as none does.

use std::io;
use std::net::SocketAddr;

use daemon::client::{self, Method, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::PATIENCE;

/// The status and body of the answer to a GET.
///
/// # Errors
/// Nobody is there, or the answer is cut off.
pub async fn get(address: SocketAddr, path: &str) -> Result<(u16, String), String> {
    send(address, Request::get(path)).await
}

/// The status and body of the answer to a POST of JSON.
///
/// # Errors
/// Nobody is there, or the answer is cut off.
pub async fn post(address: SocketAddr, path: &str, json: &str) -> Result<(u16, String), String> {
    send(address, Request::post(path, json)).await
}

/// The status and body of the answer to a request like `GET /path`, with more headers.
///
/// # Errors
/// Nobody is there, or the answer is cut off.
pub async fn ask(
    address: SocketAddr,
    what: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<(u16, String), String> {
    let (method, path) = what.split_once(' ').unwrap();
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    send(address, Request { method: &method, path, headers, body }).await
}

async fn send(address: SocketAddr, request: Request<'_>) -> Result<(u16, String), String> {
    let answer = client::ask(address, request, PATIENCE).await?;
    Ok((answer.status.as_u16(), answer.body))
}

/// The whole answer to a request like `GET /path` with these header lines, each ended by a line break, and only those that
/// say where it ends.
///
/// # Errors
/// Nobody is there.
pub async fn ask_as(address: SocketAddr, what: &str, headers: &str, body: &str) -> io::Result<String> {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        let ends = format!("Connection: close\r\nContent-Length: {}\r\n", body.len());
        stream.write_all(format!("{what} HTTP/1.1\r\n{headers}{ends}\r\n{body}").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    };
    timeout(PATIENCE, asked).await?
}
