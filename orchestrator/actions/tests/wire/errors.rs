//! Every error that an action declares is told over HTTP, or it is said why not.

use std::collections::BTreeSet;

use api::{Operation, SERVICE};

use crate::cases::{Case, Cases, NOT_TOLD};
use crate::server::Server;

/// All pairs of an action and an error that it declares.
fn declared() -> BTreeSet<(&'static str, &'static str)> {
    let of = |operation: &Operation| {
        let shape = operation.shape();
        shape.errors.iter().map(|error| (shape.name, SERVICE.shape(*error).name))
    };
    Operation::ALL.iter().flat_map(of).collect()
}

#[tokio::test(start_paused = true)]
async fn every_declared_error_is_told_in_the_words_of_aws() {
    let server = Server::new();
    let cases = Cases::of(&server).await;
    let (mut told, mut wrong) = (BTreeSet::new(), Vec::new());
    for case in &cases.all {
        told.insert((case.action, case.error));
        if let Some(problem) = problem(&server, case).await {
            wrong.push(format!("{} {}: {problem}", case.action, case.error));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.all.len(), wrong.join("\n"));
    let not_told: BTreeSet<_> = NOT_TOLD.iter().map(|(action, error, _)| (*action, *error)).collect();
    let both: Vec<_> = told.intersection(&not_told).collect();
    assert!(both.is_empty(), "these are told, and a reason is given why not: {both:?}");
    let all = declared();
    let known: BTreeSet<_> = told.union(&not_told).copied().collect();
    let missing: Vec<_> = all.difference(&known).collect();
    let unknown: Vec<_> = known.difference(&all).collect();
    assert!(missing.is_empty(), "no case, and no reason why not: {missing:?}");
    assert!(unknown.is_empty(), "no action declares these: {unknown:?}");
    assert_eq!((all.len(), told.len()), (178, 178 - NOT_TOLD.len()));
}

/// What is wrong with the answer, if anything is.
async fn problem(server: &Server, case: &Case) -> Option<String> {
    let answer = server.ask(case.at, case.action, case.body.to_string().into_bytes()).await;
    let body = answer.json();
    // A constraint of the model has a name space of its own.
    let space = match case.message.contains("failed to satisfy constraint") {
        true => "com.amazon.coral.validate#",
        false => "com.amazonaws.swf.service.v2.model#",
    };
    let expected = (400, format!("{space}{}", case.error), case.message.as_str());
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let found = (answer.status, text("__type").to_owned(), text("message"));
    if found != expected {
        return Some(format!("{found:?}\n  expected {expected:?}"));
    }
    let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
    if header("content-type") != Some("application/x-amz-json-1.0") || header("x-amzn-requestid").is_none() {
        return Some(format!("{:?}", answer.headers));
    }
    case.more
        .iter()
        .find(|(name, value)| body[*name] != *value)
        .map(|(name, _)| format!("{name}: {}", body[*name]))
}

#[test]
fn an_error_that_is_not_told_has_a_reason() {
    assert!(NOT_TOLD.iter().all(|(_, _, reason)| reason.len() > 40));
    assert!(NOT_TOLD.len() <= 5, "{}", NOT_TOLD.len());
}
