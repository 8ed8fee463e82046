//! Requests made up from the model, and what is near them: whatever they are, the answer has AWS's shape, says who is to blame, and comes.
//!
//! A run is [`REQUESTS`] requests from a fixed seed; where `DUET_FUZZ_SECONDS` is set, as many as fit into a tenth of that from a new one.
#![allow(clippy::disallowed_methods, reason = "it measures how long answers take")]
#![allow(clippy::print_stdout, reason = "a test may say what it did")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use api::shape::{Kind, ShapeId, Span};
use api::{Operation, SERVICE};
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use crate::cases::Cases;
use crate::sample::{least, samples};
use crate::server::{Answer, At, CALLBACK, PASS, ROLE, SUCCEED, Server, arn};

/// Requests in a run without a time of its own.
const REQUESTS: u32 = 10_000;
/// The longest that an answer may take on the wall: hundred times what one takes on a busy machine.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);

/// What texts may be, or have in them, that means something here.
fn known(tokens: &[String]) -> Vec<String> {
    let arns = [
        "stateMachine:m",
        "stateMachine:m:1",
        "stateMachine:m:prod",
        "stateMachine:m/Each",
        "stateMachine:x",
        "stateMachine:c",
        "stateMachine:gone",
        "stateMachine:none",
        "execution:m:done",
        "execution:c:e",
        "execution:c:stopped",
        "execution:m/Each:e",
        "express:x:e:0b2f",
        "express:m/Each:0b2f:e",
        "mapRun:m/Each:0b2f",
        "activity:a",
        "activity:none",
        "",
        "stateMachine:",
        "stateMachine:m:",
        "execution:m:é\u{0}",
    ];
    let others = [
        "",
        "m",
        "x",
        "a",
        "prod",
        "done",
        "7",
        "a b",
        "é",
        "\u{1f600}",
        "\u{0}",
        "{}",
        "[1, 2]",
        "{\"a\": {\"b\": [1e400, -0.0, 12345678901234567890]}}",
        "{",
        "nul",
        "\"\\ud800\"",
        "alias/denied",
        "aws:tag",
        "INITIAL",
        "$.a",
        "{% $states.input %}",
        "1-67891233-abcdef012345678912345678",
        PASS,
        CALLBACK,
        SUCCEED,
        ROLE,
        r#"{"Type": "Pass", "Result": {"a": 1}, "End": true}"#,
        r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "X"}], "Default": "Y"}"#,
        r#"{"Type": "Wait", "Seconds": 99999999, "Next": "X"}"#,
        r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":99999999,"End":true}}}"#,
        r#"{"StartAt":"M","States":{"M":{"Type":"Map","Label":"Each","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}"#,
    ];
    let arns = arns.iter().map(|rest| arn(rest));
    arns.chain(others.iter().map(|text| (*text).to_owned())).chain(tokens.iter().cloned()).collect()
}

/// A value of another type, or of none.
fn stray(random: &mut impl Rng) -> Value {
    let numbers = [
        "1e400",
        "-1e-400",
        "123456789012345678901234567890",
        "2147483648",
        "-9223372036854775809",
        "1.5",
        "-0",
    ];
    match random.random_range(0..9) {
        0 => Value::Null,
        1 => json!(random.random_bool(0.5)),
        2 | 3 => serde_json::from_str(numbers[random.random_range(0..numbers.len())]).unwrap(),
        4 => json!([]),
        5 => json!({}),
        6 => json!({"a": [[{"b": null}]]}),
        7 => json!("x".repeat(random.random_range(0..2_000))),
        _ => json!(random.random::<i64>()),
    }
}

/// What a member of that name mostly is.
fn likely(member: &str) -> &'static [&'static str] {
    match member {
        "name" => &["m", "x", "c", "new", "other", "e", "prod"],
        "definition" => &[PASS, CALLBACK, SUCCEED],
        "roleArn" => &[ROLE],
        "input" | "output" => &["{}", "[1, 2.0]", "null"],
        "key" | "value" | "tagKeys" => &["a", "b"],
        _ => &[],
    }
}

/// Which resources a member of that name mostly names.
fn resources(member: &str) -> &'static [&'static str] {
    match member {
        "stateMachineArn" => &["stateMachine:m", "stateMachine:x", "stateMachine:c", "stateMachine:new"],
        "stateMachineVersionArn" => &["stateMachine:m:1", "stateMachine:m:2", "stateMachine:x:1"],
        "stateMachineAliasArn" => &["stateMachine:m:prod", "stateMachine:m:new"],
        "executionArn" => &["execution:m:done", "execution:c:e", "execution:c:new", "execution:m:other"],
        "activityArn" => &["activity:a", "activity:new"],
        "resourceArn" => &["stateMachine:m", "activity:a"],
        _ => &[],
    }
}

/// A value that mostly is of that shape, and what the member of that name is.
fn value(random: &mut impl Rng, known: &[String], name: &str, id: ShapeId) -> Value {
    if random.random_range(0..40) == 0 {
        return stray(random);
    }
    match &SERVICE.shape(id).kind {
        Kind::Structure(members) => {
            let chance = random.random_range(1..=10);
            let told = members.iter().filter_map(|member| {
                // With one, little is answered.
                let chance = if member.name == "nextToken" { 1 } else { chance };
                let is_there = if member.is_required {
                    random.random_range(0..50) > 0
                } else {
                    random.random_range(0..10) < chance
                };
                is_there.then(|| (member.name.to_owned(), value(random, known, member.name, member.shape)))
            });
            let mut told: Map<_, _> = told.collect();
            if random.random_range(0..20) == 0 {
                told.insert("noMemberOfIt".to_owned(), stray(random));
            }
            told.into()
        }
        Kind::List { of, len } => {
            let count = random.random_range(0..=len.max.unwrap_or(4).min(60) + 1);
            let count = if random.random_bool(0.8) { count.min(3) } else { count };
            (0..count).map(|_| value(random, known, name, *of)).collect::<Vec<_>>().into()
        }
        Kind::Map { value: of, .. } => {
            let count = random.random_range(0..4);
            let members = (0..count).map(|n| (format!("m{n}"), value(random, known, name, *of)));
            members.collect::<Map<_, _>>().into()
        }
        Kind::Text { values, .. } if !values.is_empty() && random.random_range(0..20) > 0 => {
            values[random.random_range(0..values.len())].into()
        }
        Kind::Text { len, pattern, .. } => text(random, known, name, *len, *pattern),
        Kind::Integer(span) | Kind::Long(span) => {
            let (min, max) = (span.min.unwrap_or(-2), span.max.unwrap_or(2_000));
            random.random_range(min.saturating_sub(1)..=max.saturating_add(1)).into()
        }
        Kind::Float(_) | Kind::Timestamp => json!(random.random_range(-1.0..101.0)),
        Kind::Boolean => random.random_bool(0.5).into(),
    }
}

fn text(random: &mut impl Rng, known: &[String], name: &str, len: Span<u64>, pattern: Option<&str>) -> Value {
    let max = usize::try_from(len.max.unwrap_or(300)).unwrap();
    let (likely, resources) = (likely(name), resources(name));
    if random.random_range(0..4) > 0 {
        match (likely.len(), resources.len()) {
            (0, 0) => {}
            (0, count) => return arn(resources[random.random_range(0..count)]).into(),
            (count, _) => return likely[random.random_range(0..count)].into(),
        }
    }
    match (random.random_range(0..30), pattern) {
        (0, _) => "é".repeat(random.random_range(0..max.min(300_000) + 2)).into(),
        (1..=10, Some(pattern)) => samples(pattern).0.into(),
        (1..=4, None) => {
            (0..random.random_range(0..40)).map(|_| random.random::<char>()).collect::<String>().into()
        }
        _ => known[random.random_range(0..known.len())].as_str().into(),
    }
}

/// Pieces of JSON, and of what is none.
const PIECES: [&[u8]; 14] = [
    b"{",
    b"}",
    b"[",
    b"\"",
    b"\\ud800",
    b"\\u0000",
    b"\xff\xfe",
    b"\x00",
    b"1e999",
    b"\"__proto__\":",
    b"null",
    b",",
    b"\xed\xa0\x80",
    b"\\",
];

/// The text of the value, mostly as it is.
fn bytes(random: &mut impl Rng, value: &Value) -> Vec<u8> {
    let mut bytes = value.to_string().into_bytes();
    match random.random_range(0..60) {
        0 => return [b"[".repeat(100_000), b"]".repeat(random.random_range(0..100_000))].concat(),
        1 => return [b"{\"a\":".repeat(50_000), b"1".to_vec(), b"}".repeat(50_000)].concat(),
        2 => return Vec::new(),
        3..=12 => {}
        _ => return bytes,
    }
    for _ in 0..random.random_range(1..4) {
        let from = random.random_range(0..=bytes.len());
        let to = random.random_range(from..=bytes.len().min(from + 20));
        let piece = PIECES[random.random_range(0..PIECES.len())];
        match random.random_range(0..3) {
            0 => drop(bytes.splice(from..to, piece.iter().copied())),
            1 => drop(bytes.splice(from..from, piece.iter().copied())),
            _ => drop(bytes.drain(from..to)),
        }
    }
    bytes
}

/// A request, and how it is shown if something is wrong with its answer.
fn request(random: &mut impl Rng, known: &[String]) -> (At, Request<Body>, String) {
    let operation = Operation::ALL[random.random_range(0..Operation::ALL.len())].shape();
    let value = value(random, known, operation.name, operation.input);
    let body = bytes(random, &value);
    let target: Vec<u8> = match random.random_range(0..60) {
        0 => b"AWSStepFunctions.".to_vec(),
        1 => operation.name.as_bytes().to_vec(),
        2 => format!("AWSStepFunctions.{}\u{e9}", operation.name).into_bytes(),
        _ => format!("AWSStepFunctions.{}", operation.name).into_bytes(),
    };
    let mut request = Request::new(Body::from(body.clone()));
    *request.method_mut() = if random.random_range(0..80) == 0 { Method::PUT } else { Method::POST };
    let paths = ["/x/y", "/?X-Amz-Credential=AK%2F2%2F%ff%2Fs", "//", "/%00"];
    let path = if random.random_range(0..40) == 0 { paths[random.random_range(0..paths.len())] } else { "/" };
    *request.uri_mut() = path.parse().unwrap();
    request.headers_mut().insert("x-amz-target", HeaderValue::from_bytes(&target).unwrap());
    let credentials: [&[u8]; 5] = [
        b"AWS4-HMAC-SHA256 Credential=AK/20261126/us-east-1/states/aws4_request",
        b"AWS4-HMAC-SHA256 Credential=AK/20261126/eu-west-1/states/aws4_request",
        b"Credential=",
        b"Credential=////",
        b"\xff",
    ];
    if random.random_range(0..20) == 0 {
        let value = HeaderValue::from_bytes(credentials[random.random_range(0..credentials.len())]).unwrap();
        request.headers_mut().insert("authorization", value);
    }
    if random.random_range(0..20) == 0 {
        request.headers_mut().insert("content-type", HeaderValue::from_static("text/plain; charset=utf-7"));
    }
    let at = [At::Plain, At::Plain, At::Full, At::Keys][random.random_range(0..4)];
    let shown: String = String::from_utf8_lossy(&body).chars().take(3_000).collect();
    (at, request, format!("{at:?} {} {path} {}: {shown}", operation.name, String::from_utf8_lossy(&target)))
}

/// What is wrong with an answer, if anything is.
fn problem(answer: &Answer) -> Option<String> {
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else { return Some("no JSON".to_owned()) };
    let has_id = answer.headers.contains_key("x-amzn-requestid");
    let is_right = match answer.status {
        200 => body.is_object() && body.get("__type").is_none(),
        400 | 404 | 413 => body["__type"].as_str().is_some_and(|name| name.contains('#')),
        _ => false,
    };
    (!is_right || !has_id).then(|| format!("{} {:.500}", answer.status, body.to_string()))
}

/// Says which request it was when a test ends within it.
struct InHand(String);

impl Drop for InHand {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("in hand: {}", self.0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_asked_is_answered_in_the_shape_of_aws() {
    let seconds = std::env::var("DUET_FUZZ_SECONDS").ok();
    let time = seconds.map(|text| Duration::from_secs(text.parse().expect("a number of seconds")) / 10);
    let seed = time.map_or(1, |_| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let server = Server::new();
    let _held = Cases::of(&server).await;
    let known = known(&[server.token("c:e").await, "1/execution/us-east-1/m:none".to_owned()]);
    let begun = Instant::now();
    let (mut requests, mut done) = (0, 0);
    while time.map_or(requests < REQUESTS, |time| begun.elapsed() < time) {
        let (at, request, shown) = request(&mut random, &known);
        let in_hand = InHand(format!("request {requests} of seed {seed}: {shown}"));
        let started = Instant::now();
        // An hour of the clock that stands still: whoever waits for something does not wait as long.
        let answer = tokio::time::timeout(Duration::from_secs(3_600), server.send(at, request)).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {}", in_hand.0));
        assert_eq!(problem(&answer), None, "{}", in_hand.0);
        assert!(started.elapsed() < ANSWER_TIME_MAX, "{:?} for {}", started.elapsed(), in_hand.0);
        requests += 1;
        done += u32::from(answer.status == 200);
    }
    println!("{requests} requests from seed {seed}, {done} carried out, in {:?}", begun.elapsed());
    // Else it shows nothing.
    assert!(done * 10 > requests, "only {done} of {requests} were carried out");
}

#[test]
fn the_least_of_each_request_keeps_to_the_model() {
    for operation in Operation::ALL {
        let target = format!("AWSStepFunctions.{}", operation.name());
        let body = least(operation.shape().input);
        assert!(api::request::read(&target, body.to_string().as_bytes()).is_ok(), "{target} {body}");
    }
}
