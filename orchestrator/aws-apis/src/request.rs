//! A request as it goes over the wire, but for its signature.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::place::Signing;
use crate::problem::Problem;

/// A request that says all but who sends it: no `Host`, no `Content-Length`, no signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// `https`, or what an endpoint of one's own says.
    pub scheme: &'static str,
    /// The host, with a port where an endpoint of one's own has one.
    pub host: String,
    /// The path, percent-encoded.
    pub path: String,
    /// Names and values of the query, not encoded.
    pub query: Vec<(String, String)>,
    /// Headers, each name once.
    pub headers: Vec<(String, String)>,
    /// What follows the headers: JSON, XML, CBOR, a form, or bytes as they were given.
    pub body: Vec<u8>,
    /// How it is to be signed; `None` if it is not.
    pub signing: Option<Signing>,
}

/// What stays as it is in a URL: letters, digits, `-`, `.`, `_` and `~` (RFC 3986).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// Percent-encoded, a `/` as well.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// Percent-encoded, but for each `/`.
pub(crate) fn encoded_path(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// A form or query: `name=value&…`.
pub(crate) fn form(pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

impl HttpRequest {
    /// The whole URL. A value that is empty is left out with its `=`: `?acl`.
    pub fn url(&self) -> String {
        let pair = |(name, value): &(String, String)| {
            if value.is_empty() { encoded(name) } else { format!("{}={}", encoded(name), encoded(value)) }
        };
        let query: Vec<String> = self.query.iter().map(pair).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}://{}{}{mark}{}", self.scheme, self.host, self.path, query.join("&"))
    }

    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Parameters go into headers, and parts of them into the host: none may end its line, begin another, or name a server of somebody else's.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let is_of_host = |letter: char| letter.is_ascii_alphanumeric() || "-._:[]".contains(letter);
        if !self.host.chars().all(is_of_host) {
            return Err(Problem::Host(self.host.clone()));
        }
        let is_token = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
        let is_fit = |(name, value): &&(String, String)| {
            !name.is_empty()
                && name.chars().all(is_token)
                && !value.chars().any(|letter| letter.is_control() && letter != '\t')
        };
        let unfit = self.headers.iter().find(|header| !is_fit(header));
        unfit.map_or(Ok(()), |(name, _)| Err(Problem::Header(name.clone())))
    }

    /// Sets a header that is not there yet.
    pub(crate) fn set_if_missing(&mut self, name: &str, value: &str) {
        if self.header(name).is_none() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// What is asked for: an action, its parameters with the model's names, and the path, which may be another than the model's.
pub(crate) struct Call<'c> {
    pub(crate) service: &'c crate::model::Service,
    pub(crate) operation: &'c crate::model::Operation,
    pub(crate) parameters: &'c serde_json::Map<String, serde_json::Value>,
    pub(crate) uri: &'c str,
}
