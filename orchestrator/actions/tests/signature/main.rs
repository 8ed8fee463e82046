//! Requests that are signed, by AWS's own suite and by AWS's client for Python, and such as are not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod refused;
mod suite;

use actions::signature::{Keys, Received};
use api::Failure;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// A request as it stands in a file.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Reads `METHOD TARGET HTTP/1.1`, lines of headers, an empty line, and a body.
    pub(crate) fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let (first, rest) = head.split_once('\n').unwrap();
        let (method, target) = first.split_once(' ').unwrap();
        let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        // A value may go on in an indented line.
        for line in rest.replace("\n ", " ").lines() {
            let (name, value) = line.split_once(':').unwrap();
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value.trim()).unwrap());
        }
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
        Self { method, path, query, headers, body: body.as_bytes().to_vec() }
    }

    pub(crate) fn verify(&self, keys: &Keys, now: i64) -> Result<(), Failure> {
        let Self { method, path, query, headers, body } = self;
        keys.verify(&Received { method, path, query, headers, body }, now)
    }
}

pub(crate) fn keys(service: &str, id: &str, secret: &str) -> Keys {
    let text = format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    Keys::of_profiles(service, &text).unwrap()
}
