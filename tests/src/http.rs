//! The least of an HTTP client.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::PATIENCE;

/// The status and body of the answer to a GET.
///
/// # Errors
/// Nobody is there, or the answer is cut off.
pub async fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    ask(address, &format!("GET {path}"), "", "").await
}

/// The status and body of the answer to a POST of JSON.
///
/// # Errors
/// Nobody is there, or the answer is cut off.
pub async fn post(address: SocketAddr, path: &str, json: &str) -> io::Result<(u16, String)> {
    ask(address, &format!("POST {path}"), "", json).await
}

/// The status and body of the answer to a request like `GET /path`, with more header lines, each ended by a line break.
///
/// # Errors
/// Nobody is there, or the answer is cut off.
pub async fn ask(address: SocketAddr, what: &str, headers: &str, body: &str) -> io::Result<(u16, String)> {
    let json = "Content-Type: application/json\r\n";
    let answer = ask_as(address, what, &format!("Host: {address}\r\n{json}{headers}"), body).await?;
    parse(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, answer))
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

fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let is_chunked = head.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked");
    let body = if is_chunked { &joined(body)? } else { body };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let whole = length.is_none_or(|length: usize| body.len() == length);
    whole.then_some(())?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// The chunks of a body, put together; `None` when the last one is missing.
fn joined(mut chunks: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, rest) = chunks.split_once("\r\n")?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.push_str(rest.get(..length)?);
        chunks = rest.get(length..)?.strip_prefix("\r\n")?;
    }
}
