//! Signs requests, for a client of this server.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use hmac::Mac as _;
use participant::Millis;

use super::claim::{ALGORITHM, Claim, TERMINATOR, stamp};
use super::received::Received;
use super::{canonical, mac};

/// The service that requests are signed for.
const SERVICE: &str = crate::http::SIGNED_FOR;

/// A pair of keys, and the region that is asked.
#[derive(Clone)]
pub struct Signer {
    /// Which key it is signed with: `AKIA…`.
    pub key_id: String,
    /// What only its owner and AWS know.
    pub secret: String,
    /// Where the request is for: `us-east-1`.
    pub region: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.key_id, self.region)
    }
}

impl Signer {
    /// The headers that a request needs, beside its `Host`, which must be `host`, to be one of whoever has this key.
    #[must_use]
    pub fn headers(
        &self,
        method: &str,
        path: &str,
        host: &str,
        body: &[u8],
        now: Millis,
    ) -> Vec<(String, String)> {
        let stamp = stamp(now);
        let date = stamp[..8].to_owned();
        let signed_headers = vec!["host".to_owned(), "x-amz-date".to_owned()];
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", host), ("x-amz-date", &stamp)] {
            let value = HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static(""));
            headers.insert(HeaderName::from_static(name), value);
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Received { method, path, query, headers: &headers, body };
        let claim = Claim {
            key_id: self.key_id.clone(),
            date: date.clone(),
            region: self.region.clone(),
            service: SERVICE.to_owned(),
            terminator: TERMINATOR.to_owned(),
            signed_headers,
            signature: String::new(),
            stamp: stamp.clone(),
            at: now,
            lasts: None,
            is_in_query: false,
        };
        let (text, key) = super::to_sign(&claim, &self.secret, &canonical::request(&request, &claim));
        let signature = canonical::hex(&mac(&key, &text).finalize().into_bytes());
        let scope = format!("{}/{date}/{}/{SERVICE}/{TERMINATOR}", self.key_id, self.region);
        let authorization =
            format!("{ALGORITHM} Credential={scope}, SignedHeaders=host;x-amz-date, Signature={signature}");
        vec![("x-amz-date".to_owned(), stamp), ("authorization".to_owned(), authorization)]
    }
}
