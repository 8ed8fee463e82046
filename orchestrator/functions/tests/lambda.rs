//! Programs for Lambda, with AWS's own runtime in them.
#![allow(
    clippy::disallowed_methods,
    clippy::exit,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and a program ends as it likes and reads the clock"
)]

use std::sync::Arc;
use std::time::Duration;

use functions::{Failed, Function, Functions};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};

/// What the other tests start: it is a program of Lambda's, and not a test.
#[tokio::test]
#[ignore = "the other tests start it as a program"]
async fn program() {
    let works = service_fn(|event: LambdaEvent<Value>| async move {
        let (given, context) = event.into_parts();
        match given["do"].as_str().unwrap_or_default() {
            "fail" => return Err(Box::<dyn std::error::Error + Send + Sync>::from("no soup today")),
            "exit" => {
                eprintln!("the last that was heard of it");
                std::process::exit(3);
            }
            "exit later" => {
                tokio::spawn(async {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    std::process::exit(3);
                });
            }
            "hang" => std::future::pending().await,
            "say much" => return Ok(json!("x".repeat(7_000_000))),
            _ => {}
        }
        let left = context.deadline().duration_since(std::time::SystemTime::now()).unwrap();
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(json!({
            "given": given, "id": context.request_id, "process": std::process::id(),
            "function": context.invoked_function_arn, "left_s": left.as_secs(),
        }))
    });
    let _ = lambda_runtime::run(works).await;
}

fn functions() -> Functions {
    let own = std::env::current_exe().unwrap();
    let program = format!("soup=lambda:{} --ignored --exact --nocapture program", own.display());
    let functions: Vec<Function> =
        [&*program, "none=lambda:false", "mute=lambda:sleep 600"].map(|text| text.parse().unwrap()).into();
    Functions::new(&functions, Duration::from_secs(20), 4)
}

async fn soup(functions: &Functions, what: &str) -> Result<Value, Failed> {
    functions.invoke("soup", &json!({"do": what}), Some("execution/m:a/1")).await.unwrap()
}

fn process(answer: &Value) -> u64 {
    answer["process"].as_u64().unwrap()
}

#[tokio::test]
async fn a_program_is_invoked_and_kept_for_the_next_call() {
    let functions = functions();
    let answer = soup(&functions, "cook").await.unwrap();
    assert_eq!((&answer["given"], &answer["id"]), (&json!({"do": "cook"}), &json!("execution-m:a-1")));
    assert_eq!(answer["function"], "arn:aws:lambda:us-east-1:123456789012:function:soup");
    assert!((10..=20).contains(&answer["left_s"].as_u64().unwrap()), "{answer}");
    let again = soup(&functions, "cook").await.unwrap();
    assert_eq!(process(&answer), process(&again));

    let (one, other) = tokio::join!(soup(&functions, "cook"), soup(&functions, "cook"));
    assert_ne!(process(&one.unwrap()), process(&other.unwrap()), "each has one call at a time");
}

#[tokio::test]
async fn what_a_program_fails_of_is_told_as_lambda_tells_it() {
    let functions = functions();
    let failed = soup(&functions, "fail").await.unwrap_err();
    assert!(failed.cause.contains("no soup today"), "{failed:?}");
    let failed = soup(&functions, "say much").await.unwrap_err();
    assert_eq!(failed.error, "Function.ResponseSizeTooLarge");
    let failed = soup(&functions, "exit").await.unwrap_err();
    assert_eq!(failed.error, "Runtime.ExitError");
    let told = ["exit status 3", "the last that was heard of it"].map(|part| failed.cause.contains(part));
    assert_eq!(told, [true, true], "{failed:?}");
    let failed = functions.invoke("none", &json!({}), None).await.unwrap().unwrap_err();
    assert_eq!(failed.error, "Runtime.ExitError");
    assert!(soup(&functions, "cook").await.is_ok());
}

#[tokio::test]
async fn a_program_that_died_while_it_had_nothing_to_do_is_replaced() {
    let functions = functions();
    let before = soup(&functions, "exit later").await.unwrap();
    for _ in 0..20 {
        let answer = soup(&functions, "cook").await;
        // It may die at a call, too: then that call fails.
        match answer {
            Ok(answer) if process(&answer) == process(&before) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(_) => return,
            Err(failed) => assert_eq!(failed.error, "Runtime.ExitError"),
        }
    }
    panic!("it lives");
}

#[tokio::test]
async fn a_program_that_takes_too_long_ends_with_its_call() {
    let own = std::env::current_exe().unwrap();
    let program = format!("soup=lambda:{} --ignored --exact --nocapture program", own.display());
    let functions = [program.parse().unwrap(), "mute=lambda:sleep 600".parse().unwrap()];
    let functions = Arc::new(Functions::new(&functions, Duration::from_secs(3), 1));
    let before = process(&soup(&functions, "cook").await.unwrap());
    assert_eq!(soup(&functions, "hang").await.unwrap_err().error, "Sandbox.Timedout");
    let after = process(&soup(&functions, "cook").await.unwrap());
    assert_ne!(before, after);
    // It never asks for its invocation.
    let mute = functions.invoke("mute", &json!({}), None).await.unwrap();
    assert_eq!(mute.unwrap_err().error, "Sandbox.Timedout");
    let ended = async || {
        let is_there = std::path::Path::new(&format!("/proc/{before}")).exists();
        let state = std::fs::read_to_string(format!("/proc/{before}/stat")).unwrap_or_default();
        !is_there || state.contains(") Z")
    };
    while !ended().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
