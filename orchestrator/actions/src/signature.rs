//! Who may ask: requests signed with AWS Signature Version 4, by a key that is known.
//!
//! A request says how it is signed in its header `Authorization`, or in its query. Its signature is computed once more, over all that
//! it must cover, and compared. Errors are AWS's, in AWS's words. Session tokens are not looked at: a key is known or not. Of the
//! body always all is covered: `UNSIGNED-PAYLOAD` and bodies signed in pieces are S3's alone.
//!
//! A signature is good for five minutes before and after its time; within these, a request that somebody else has seen can be sent
//! again. AWS has it like that; TLS, which a proxy in front may have, keeps others from seeing it.

mod canonical;
mod claim;
mod credentials;
mod received;
mod signer;

use std::collections::HashMap;

use api::Failure;
use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use participant::Millis;
use sha2::{Digest as _, Sha256};

use canonical::hex;
use claim::{ALGORITHM, Claim, TERMINATOR, refused, stamp};
pub use credentials::NoCredentials;
pub use received::Received;
pub use signer::Signer;

/// How far the clocks of both sides may differ.
const SKEW_MS: Millis = 5 * 60 * 1000;
/// What must be covered, if it is there; `host` always.
const COVERED: [&str; 3] = ["date", "x-amz-date", "x-amz-target"];

/// The keys that requests may be signed with, for one service.
#[derive(Clone)]
pub struct Keys {
    service: String,
    /// The secrets, by the keys' ids.
    secrets: HashMap<String, String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys for {}", self.secrets.len(), self.service)
    }
}

impl Keys {
    /// Those of the text of a file as `~/.aws/credentials` is: `aws_access_key_id` and `aws_secret_access_key` of each profile.
    /// `service` is what requests must be signed for (`states`).
    ///
    /// # Errors
    /// What is wrong with the text, without anything secret.
    pub fn of_profiles(service: &str, text: &str) -> Result<Self, NoCredentials> {
        Ok(Self { service: service.to_owned(), secrets: credentials::read(text)? })
    }

    /// The same keys for requests that must be signed for another service.
    #[must_use]
    pub fn for_service(&self, service: &str) -> Self {
        Self { service: service.to_owned(), secrets: self.secrets.clone() }
    }

    /// What signs with the key of that id, if it is one of these.
    #[must_use]
    pub fn signer(&self, key_id: &str, region: &str) -> Option<Signer> {
        let secret = self.secrets.get(key_id)?.clone();
        Some(Signer { key_id: key_id.to_owned(), secret, region: region.to_owned() })
    }

    /// The ids of the keys, in their order.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.secrets.keys().map(String::as_str).collect();
        ids.sort_unstable();
        ids
    }

    /// Whether the request was signed with one of these keys, and not too long ago.
    ///
    /// # Errors
    /// [`Failure::Unauthenticated`].
    pub fn verify(&self, request: &Received<'_>, now: Millis) -> Result<(), Failure> {
        let claim = Claim::of(request)?;
        let secret = self.secrets.get(&claim.key_id).ok_or_else(|| {
            refused("UnrecognizedClientException", "The security token included in the request is invalid.")
        })?;
        check_scope(&claim, &self.service)?;
        check_time(&claim, now)?;
        check_coverage(&claim, request.headers)?;
        let canonical = canonical::request(request, &claim);
        let (text, key) = to_sign(&claim, secret, &canonical);
        // It takes as long wherever they differ.
        let is_it =
            from_hex(&claim.signature).is_some_and(|given| mac(&key, &text).verify_slice(&given).is_ok());
        is_it.then_some(()).ok_or_else(|| {
            invalid(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and \
                 signing method. Consult the service documentation for details.",
            )
        })
    }
}

/// The text that a signature is over, and the key that it is made with.
fn to_sign(claim: &Claim, secret: &str, canonical: &[u8]) -> (String, Vec<u8>) {
    let Claim { date, region, service, stamp, .. } = claim;
    let text = format!(
        "{ALGORITHM}\n{stamp}\n{date}/{region}/{service}/{TERMINATOR}\n{}",
        hex(&Sha256::digest(canonical))
    );
    let key = [date, region, service, TERMINATOR]
        .into_iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| {
            mac(&key, part).finalize().into_bytes().to_vec()
        });
    (text, key)
}

fn invalid(message: impl Into<String>) -> Failure {
    refused("InvalidSignatureException", message)
}

fn check_scope(claim: &Claim, service: &str) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    if claim.service != service {
        wrong.push(format!("Credential should be scoped to correct service: '{service}'."));
    }
    if claim.terminator != TERMINATOR {
        let found = &claim.terminator;
        wrong.push(format!(
            "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{found}'."
        ));
    }
    let day = &claim.stamp[..8];
    if claim.date != day {
        wrong.push(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{day}', from '{}'.",
            claim.date, claim.stamp
        ));
    }
    if wrong.is_empty() { Ok(()) } else { Err(invalid(wrong.join(" "))) }
}

fn check_time(claim: &Claim, now: Millis) -> Result<(), Failure> {
    let Claim { at, stamp: signed, .. } = claim;
    let lasts = claim.lasts.unwrap_or(SKEW_MS);
    let oldest = now.saturating_sub(lasts);
    let newest = now.saturating_add(SKEW_MS);
    if *at < oldest {
        return Err(invalid(format!(
            "Signature expired: {signed} is now earlier than {} ({} - {}.)",
            stamp(oldest),
            stamp(now),
            span(lasts)
        )));
    }
    if *at > newest {
        return Err(invalid(format!(
            "Signature not yet current: {signed} is still later than {} ({} + {}.)",
            stamp(newest),
            stamp(now),
            span(SKEW_MS)
        )));
    }
    Ok(())
}

fn span(ms: Millis) -> String {
    match ms / 1000 {
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} sec"),
    }
}

fn check_coverage(claim: &Claim, headers: &HeaderMap) -> Result<(), Failure> {
    let is_covered = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    if !is_covered("host") {
        return Err(invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    }
    // What is not covered could be changed by whoever passes the request on. A date that does not count need not be.
    let counts = |name: &str| match name {
        "date" => !claim.is_in_query && !headers.contains_key("x-amz-date"),
        "x-amz-date" => !claim.is_in_query,
        _ => true,
    };
    let open =
        COVERED.into_iter().find(|name| headers.contains_key(*name) && counts(name) && !is_covered(name));
    let refusal = |name| invalid(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."));
    open.map_or(Ok(()), |name| Err(refusal(name)))
}

fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(text.as_bytes());
    mac
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}
