//! A server that answers as it is told, and notes what it is asked.

use std::sync::{Arc, Mutex};

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What it does with a request.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Sends that, byte by byte as it is, and closes the connection.
    Says(Vec<u8>),
    /// Begins so, and never ends: the same bytes again and again.
    GoesOn(Vec<u8>),
    /// Takes it, and is silent.
    IsSilent,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// How many bytes were taken of what goes on.
    taken: Arc<Mutex<usize>>,
}

impl Server {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, taken) = (Arc::<Mutex<Vec<Seen>>>::default(), Arc::<Mutex<usize>>::default());
        let (noted, counted) = (Arc::clone(&seen), Arc::clone(&taken));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manner.clone(), Arc::clone(&noted), Arc::clone(&counted)));
            }
        });
        Self { url, seen, taken }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn taken(&self) -> usize {
        *self.taken.lock().unwrap()
    }
}

async fn serve(mut stream: TcpStream, manner: Manner, seen: Arc<Mutex<Vec<Seen>>>, taken: Arc<Mutex<usize>>) {
    let Some(request) = read(&mut stream).await else { return };
    seen.lock().unwrap().push(request);
    match manner {
        Manner::Says(answer) => {
            let _ = stream.write_all(&answer).await;
        }
        Manner::GoesOn(answer) => {
            let chunk = vec![b' '; 64 << 10];
            let _ = stream.write_all(&answer).await;
            while stream.write_all(&chunk).await.is_ok() {
                *taken.lock().unwrap() += chunk.len();
            }
        }
        Manner::IsSilent => {
            // Until whoever asks has gone.
            let _ = stream.read_u8().await;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let length = headers.get("content-length").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}

/// An answer with its length.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Manner {
    let mut text = format!("HTTP/1.1 {status} So\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    Manner::Says(format!("{text}\r\n{body}").into_bytes())
}
