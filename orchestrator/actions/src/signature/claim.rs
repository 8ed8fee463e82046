//! What a request says of its signature.

use std::collections::HashMap;

use api::Failure;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::TimeZone;
use participant::Millis;
use percent_encoding::percent_decode_str;

use super::received::Received;

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(super) const TERMINATOR: &str = "aws4_request";
/// The signature's own place in a query.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";
/// What a query has to say, beside the signature.
const IN_QUERY: [&str; 4] = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Date"];
/// AWS's basic format of ISO 8601.
const BASIC: &str = "%Y%m%dT%H%M%SZ";
/// The longest that a signature in a query may be good for, in seconds: a week.
const LASTS_S_MAX: Millis = 7 * 24 * 60 * 60;

/// What a request says of its signature. None of it is believed.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) key_id: String,
    /// Of the credential's scope, as are the next three.
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    pub(super) terminator: String,
    /// In lower case.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
    /// When it was signed, in the basic format.
    pub(super) stamp: String,
    /// The same.
    pub(super) at: Millis,
    /// For how long it is good, if it says so.
    pub(super) lasts: Option<Millis>,
    /// Whether the query says all this, and not the headers.
    pub(super) is_in_query: bool,
}

pub(super) fn refused(error: &'static str, message: impl Into<String>) -> Failure {
    Failure::Unauthenticated { error, message: message.into() }
}

fn incomplete(message: impl Into<String>) -> Failure {
    refused("IncompleteSignatureException", message)
}

impl Claim {
    /// What the request says.
    ///
    /// # Errors
    /// It says nothing, or not all, or something that means nothing.
    pub(super) fn of(request: &Received<'_>) -> Result<Self, Failure> {
        match request.headers.get(header::AUTHORIZATION) {
            Some(value) => in_header(&String::from_utf8_lossy(value.as_bytes()), request.headers),
            None => in_query(request.query),
        }
    }
}

fn in_header(authorization: &str, headers: &HeaderMap) -> Result<Claim, Failure> {
    let (algorithm, rest) = authorization.split_once(char::is_whitespace).unwrap_or((authorization, ""));
    let mut parts = HashMap::new();
    for part in rest.split([',', ' ']).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(|| {
            incomplete(format!(
                "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: '{authorization}'."
            ))
        })?;
        parts.insert(name, value);
    }
    let stamp = stamp_of(headers)?;
    let mut missing: Vec<_> = ["Credential", "Signature", "SignedHeaders"]
        .into_iter()
        .filter(|name| !parts.contains_key(name))
        .map(|name| format!("Authorization header requires '{name}' parameter."))
        .collect();
    if stamp.is_none() {
        let dates = "existence of either a 'X-Amz-Date' or a 'Date' header.";
        missing.push(format!("Authorization header requires {dates}"));
    }
    let part = |name: &str| parts.get(name).copied().unwrap_or_default();
    let (Some(stamp), true) = (stamp, missing.is_empty()) else {
        return Err(incomplete(format!("{} Authorization={authorization}", missing.join(" "))));
    };
    claim(algorithm, part("Credential"), part("SignedHeaders"), part("Signature"), stamp)
}

fn in_query(query: &str) -> Result<Claim, Failure> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let parts: HashMap<_, _> = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
    let mut wanted = IN_QUERY.into_iter().chain([SIGNATURE]).peekable();
    if wanted.clone().all(|name| !parts.contains_key(name)) {
        return Err(refused("MissingAuthenticationTokenException", "Missing Authentication Token"));
    }
    let missing: Vec<_> = wanted
        .by_ref()
        .filter(|name| !parts.contains_key(*name))
        .map(|name| format!("AWS query-string parameters must include '{name}'."))
        .collect();
    if !missing.is_empty() {
        return Err(incomplete(format!("{} Re-examine the query-string parameters.", missing.join(" "))));
    }
    let [algorithm, credential, signed_headers, date] = IN_QUERY.map(|name| parts[name].as_str());
    let stamp = basic(date)?;
    let claim = claim(algorithm, credential, signed_headers, &parts[SIGNATURE], stamp)?;
    let lasts = parts.get("X-Amz-Expires").map(|text| {
        let seconds = text.parse::<Millis>().ok().filter(|seconds| (1..=LASTS_S_MAX).contains(seconds));
        let wrong =
            || incomplete(format!("X-Amz-Expires must be from 1 to {LASTS_S_MAX} seconds. Got '{text}'."));
        seconds.map(|seconds| seconds * 1000).ok_or_else(wrong)
    });
    Ok(Claim { lasts: lasts.transpose()?, is_in_query: true, ..claim })
}

fn claim(
    algorithm: &str,
    credential: &str,
    signed_headers: &str,
    signature: &str,
    (stamp, at): (String, Millis),
) -> Result<Claim, Failure> {
    if algorithm != ALGORITHM {
        return Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")));
    }
    let scope: Vec<&str> = credential.split('/').collect();
    let [key_id, date, region, service, terminator] = scope[..] else {
        return Err(incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
        )));
    };
    Ok(Claim {
        key_id: key_id.to_owned(),
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        terminator: terminator.to_owned(),
        signed_headers: signed_headers.split(';').map(str::to_ascii_lowercase).collect(),
        signature: signature.to_owned(),
        stamp,
        at,
        lasts: None,
        is_in_query: false,
    })
}

/// When the headers say that it was signed; `None` if they do not say.
fn stamp_of(headers: &HeaderMap) -> Result<Option<(String, Millis)>, Failure> {
    let text =
        |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    if let Some(date) = text("x-amz-date") {
        return basic(date.trim()).map(Some);
    }
    let Some(date) = text("date") else { return Ok(None) };
    // As HTTP writes it; some clients write the basic format there, too.
    match rfc2822::DateTimeParser::new().parse_timestamp(date.trim()) {
        Ok(time) => {
            let at = time.as_millisecond();
            Ok(Some((stamp(at), at)))
        }
        Err(_) => basic(date.trim()).map(Some),
    }
}

fn basic(text: &str) -> Result<(String, Millis), Failure> {
    let read = strtime::parse(BASIC, text).and_then(|time| time.to_datetime());
    let read = read.and_then(|date| TimeZone::UTC.to_timestamp(date)).ok().map(Timestamp::as_millisecond);
    // There is but one way to write it.
    let read = read.filter(|at| stamp(*at) == text);
    read.map(|at| (text.to_owned(), at)).ok_or_else(|| {
        incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    })
}

/// A time in the basic format.
pub(super) fn stamp(at: Millis) -> String {
    Timestamp::from_millisecond(at).unwrap_or_default().strftime(BASIC).to_string()
}
