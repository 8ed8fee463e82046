//! A request that AWS's client for Python signed, and what is refused, in AWS's words.

use api::Failure;
use axum::http::HeaderValue;

use crate::{Request, keys};

const SIGNED: &str = include_str!("botocore/start-execution.txt");
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// When it was signed: 2026-11-26T12:00:00Z.
const AT: i64 = 1_795_694_400_000;

fn signed() -> Request {
    Request::read(SIGNED)
}

/// The error's name and message.
fn refused(request: &Request, at: i64) -> (String, String) {
    let refused = request.verify(&keys("states", "AKIDEXAMPLE", SECRET), at).unwrap_err();
    let Failure::Unauthenticated { error, message } = refused else { panic!("{refused:?}") };
    (error.to_owned(), message)
}

/// With another header `Authorization`: the old one, changed.
fn authorized(change: impl FnOnce(String) -> String) -> Request {
    let mut request = signed();
    let old = request.headers["authorization"].to_str().unwrap().to_owned();
    request.headers.insert("authorization", HeaderValue::from_str(&change(old)).unwrap());
    request
}

#[test]
fn what_botocore_signed_is_accepted_whatever_its_session_token() {
    assert_eq!(signed().verify(&keys("states", "AKIDEXAMPLE", SECRET), AT), Ok(()));
    assert!(signed().headers.contains_key("x-amz-security-token"));
}

#[test]
fn who_does_not_sign_is_told_so() {
    let mut request = signed();
    request.headers.remove("authorization");
    let expected =
        ("MissingAuthenticationTokenException".to_owned(), "Missing Authentication Token".to_owned());
    assert_eq!(refused(&request, AT), expected);
    assert_eq!(Failure::Unauthenticated { error: "X", message: String::new() }.status(), 400);
}

#[test]
fn a_key_that_is_not_known_is_no_key() {
    let request = authorized(|old| old.replace("AKIDEXAMPLE", "AKIDOTHER"));
    let expected = "The security token included in the request is invalid.";
    assert_eq!(refused(&request, AT), ("UnrecognizedClientException".to_owned(), expected.to_owned()));
}

#[test]
fn a_signature_that_is_not_whole_is_told_what_is_missing() {
    let others = "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.";
    for (request, message) in [
        (
            authorized(|_| "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE".to_owned()),
            format!("{others} Authorization=AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE"),
        ),
        (
            authorized(|_| "Bearer".to_owned()),
            format!("Authorization header requires 'Credential' parameter. {others} Authorization=Bearer"),
        ),
        (
            authorized(|_| "Bearer token".to_owned()),
            "'token' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer token'.".to_owned(),
        ),
        (
            authorized(|old| old.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")),
            "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.".to_owned(),
        ),
        (
            authorized(|old| old.replace("/aws4_request", "")),
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
             'AKIDEXAMPLE/20261126/eu-west-1/states'"
                .to_owned(),
        ),
    ] {
        assert_eq!(refused(&request, AT), ("IncompleteSignatureException".to_owned(), message));
    }
    let mut request = signed();
    request.headers.remove("x-amz-date");
    let (error, message) = refused(&request, AT);
    assert_eq!(error, "IncompleteSignatureException");
    let expected = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4";
    assert!(message.starts_with(expected), "{message}");
    request.headers.insert("x-amz-date", HeaderValue::from_static("yesterday"));
    let expected =
        "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601";
    assert_eq!(refused(&request, AT), ("IncompleteSignatureException".to_owned(), expected.to_owned()));
}

#[test]
fn a_signature_in_the_query_says_all_of_it() {
    let mut request = signed();
    request.headers.remove("authorization");
    request.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261126T120000Z".to_owned();
    let (error, message) = refused(&request, AT);
    assert_eq!(error, "IncompleteSignatureException");
    let missing = ["X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature"];
    let missing = missing.map(|name| format!("AWS query-string parameters must include '{name}'.")).join(" ");
    assert_eq!(message, format!("{missing} Re-examine the query-string parameters."));
    request.query.push_str(
        "&X-Amz-Credential=AKIDEXAMPLE/20261126/eu-west-1/states/aws4_request&X-Amz-SignedHeaders=host&X-Amz-Signature=00\
         &X-Amz-Expires=604801",
    );
    let (_, message) = refused(&request, AT);
    assert_eq!(message, "X-Amz-Expires must be from 1 to 604800 seconds. Got '604801'.");
}

#[test]
fn a_signature_for_something_else_is_none() {
    for (old, new, message) in [
        ("/states/", "/dynamodb/", "Credential should be scoped to correct service: 'states'."),
        (
            "/aws4_request",
            "/aws5_request",
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
        ),
        (
            "/20261126/",
            "/20261125/",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261125' != '20261126', \
             from '20261126T120000Z'.",
        ),
        ("host;", "", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
        ("x-amz-date;", "", "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization."),
        (";x-amz-target", "", "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."),
        (
            "Signature=",
            "Signature=0",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and \
             signing method. Consult the service documentation for details.",
        ),
    ] {
        let request = authorized(|text| {
            assert!(text.contains(old), "{text}");
            text.replace(old, new)
        });
        assert_eq!(refused(&request, AT), ("InvalidSignatureException".to_owned(), message.to_owned()));
    }
}

#[test]
fn the_clocks_may_differ_by_five_minutes() {
    for (at, message) in [
        (
            AT + 5 * 60_000 + 1_000,
            "Signature expired: 20261126T120000Z is now earlier than 20261126T120001Z (20261126T120501Z - 5 min.)",
        ),
        (
            AT - 5 * 60_000 - 1_000,
            "Signature not yet current: 20261126T120000Z is still later than 20261126T115959Z (20261126T115459Z + 5 min.)",
        ),
    ] {
        assert_eq!(refused(&signed(), at), ("InvalidSignatureException".to_owned(), message.to_owned()));
    }
}

#[test]
fn a_date_as_http_writes_it_counts_where_there_is_no_other() {
    let mut request = signed();
    request.headers.remove("x-amz-date");
    request.headers.insert("date", HeaderValue::from_static("Thu, 26 Nov 2026 12:00:00 GMT"));
    // It is read; but it is not what was signed.
    assert_eq!(refused(&request, AT).1, "'date' must be a 'SignedHeader' in the AWS Authorization.");
    let (_, message) = refused(&request, AT + 3_600_000);
    assert!(message.starts_with("Signature expired: 20261126T120000Z"), "{message}");
}
