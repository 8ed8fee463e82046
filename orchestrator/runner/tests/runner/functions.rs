//! Functions that are programs, or answer over HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use runner::{Function, Functions, Layers, Settings};
use serde_json::{Value, json};

use crate::harness::{FUNCTION, Ran, ran, settings, task};

const PATIENCE: Duration = Duration::from_secs(30);

fn program(dir: &Path, script: &str) -> String {
    let path = dir.join("function.sh");
    std::fs::write(&path, script).unwrap();
    // Started by its interpreter: a file that was just written and is still open in a child being forked cannot be executed.
    format!("f=/bin/sh {}", path.display())
}

fn call(function: &str, patience: Duration, settings: &Settings) -> Ran {
    let functions = Functions::new(&[function.parse().unwrap()], patience).unwrap();
    ran(&task(FUNCTION, ""), json!({"n": 1}), settings, &mut Layers::default().and(functions))
}

fn run_script(script: &str) -> Value {
    let dir = tempfile::tempdir().unwrap();
    call(&program(dir.path(), script), PATIENCE, &settings()).came_to()
}

#[test]
fn a_program_is_given_json_and_answers_json() {
    assert_eq!(run_script("cat"), json!({"n": 1}));
    assert_eq!(run_script("echo '  [1, 2]'"), json!([1, 2]), "it need not read");
    assert_eq!(run_script(":"), json!(null), "and need not answer");
}

/// The error, and the message in its cause, which is an object as Lambda gives it.
fn failed(came_to: &Value) -> (String, String) {
    let cause: Value = serde_json::from_str(came_to[1].as_str().unwrap()).unwrap();
    assert_eq!(cause["errorType"], came_to[0]);
    (came_to[0].as_str().unwrap().to_owned(), cause["errorMessage"].as_str().unwrap().to_owned())
}

#[test]
fn a_program_that_fails_is_an_error_of_the_task_as_lambda_would_name_it() {
    let exited = "Error: Runtime exited with error: ";
    for (script, error, message) in [
        ("echo 'no luck' >&2; exit 3", "Runtime.ExitError", format!("{exited}exit status 3\nno luck")),
        (
            "for n in 1 2 3 4 5 6 7; do echo $n >&2; done; exit 1",
            "Runtime.ExitError",
            format!("{exited}exit status 1\n3\n4\n5\n6\n7"),
        ),
        ("kill -9 $$", "Runtime.ExitError", format!("{exited}signal: 9 (SIGKILL)")),
        (
            r#"echo '{"errorType": "Declined", "errorMessage": "no money"}'"#,
            "Declined",
            "no money".to_owned(),
        ),
        (
            r#"echo '{"errorType": "Declined", "errorMessage": "no money"}'; exit 1"#,
            "Declined",
            "no money".to_owned(),
        ),
        (
            "echo nonsense",
            "Runtime.MarshalError",
            "/bin/sh answered what is no JSON (expected ident at line 1 column 2): nonsense".to_owned(),
        ),
        // It never reads what it is given, and writes for ever: no more than may be answered is kept.
        (
            "exec yes",
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).".to_owned(),
        ),
    ] {
        assert_eq!(failed(&run_script(script)), (error.to_owned(), message), "{script}");
    }
    let nameless = run_script(r#"echo '{"errorMessage": "no money"}'; exit 1"#);
    assert_eq!(nameless[0], "Lambda.Unknown");
    assert!(nameless[1].as_str().unwrap().ends_with("Returned payload: {\"errorMessage\":\"no money\"}"));
}

#[test]
fn an_answer_larger_than_a_payload_is_a_data_limit_exceeded() {
    let came_to = run_script("printf '\"%300000s\"' x");
    assert_eq!(came_to[0], "States.DataLimitExceeded");
}

#[test]
fn a_program_that_does_not_end_is_ended() {
    let dir = tempfile::tempdir().unwrap();
    let ran = call(&program(dir.path(), "exec sleep 600"), Duration::from_millis(300), &settings());
    let told = ("Sandbox.Timedout".to_owned(), "Error: Task timed out after 0.30 seconds".to_owned());
    assert_eq!(failed(&ran.came_to()), told);
}

#[test]
fn on_real_time_functions_work_at_the_same_time() {
    let dir = tempfile::tempdir().unwrap();
    // Each waits until the other is there.
    let script = format!(
        "cd {}; touch $$; until [ $(ls | wc -l) = 3 ]; do sleep 0.05; done; echo 1",
        dir.path().display()
    );
    let functions = Functions::new(&[program(dir.path(), &script).parse().unwrap()], PATIENCE).unwrap();
    let branch = format!(
        r#"{{"StartAt": "NAME", "States": {{"NAME": {{"Type": "Task", "Resource": "{FUNCTION}", "End": true}}}}}}"#
    );
    let definition = format!(
        r#"{{"StartAt": "P", "States": {{"P": {{"Type": "Parallel", "End": true, "Branches": [{}, {}]}}}}}}"#,
        branch.replace("NAME", "A"),
        branch.replace("NAME", "B")
    );
    let settings = Settings { real_time: true, ..settings() };
    let ran = ran(&definition, json!({}), &settings, &mut Layers::default().and(functions));
    assert_eq!(ran.came_to(), json!([1, 1]));
}

/// Answers one request with that, and gives what was posted.
fn serve(status: &str, body: &str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("f=http://{}/f", listener.local_addr().unwrap());
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut asked, mut buffer) = (String::new(), [0; 4096]);
        while !asked.ends_with("{\"n\":1}") {
            let count = stream.read(&mut buffer).unwrap();
            asked += std::str::from_utf8(&buffer[..count]).unwrap();
        }
        // Who has read enough goes away.
        let _ = stream.write_all(answer.as_bytes());
        asked
    });
    (url, served)
}

#[test]
fn a_function_over_http_is_posted_to() {
    for (status, body, came_to) in [
        ("200 OK", r#"{"a": 1}"#, json!({"a": 1})),
        ("500 Internal Server Error", "it broke", json!(["Lambda.ServiceException", "it broke"])),
        ("429 Too Many Requests", "later", json!(["Lambda.TooManyRequestsException", "later"])),
        (
            "200 OK",
            r#"{"errorType": "E", "errorMessage": "m"}"#,
            json!(["E", r#"{"errorType":"E","errorMessage":"m"}"#]),
        ),
    ] {
        let (url, served) = serve(status, body);
        let got = call(&url, PATIENCE, &settings()).came_to();
        assert!(served.join().unwrap().starts_with("POST /f HTTP/1.1\r\n"));
        match came_to[0].as_str() {
            Some(error) if error.starts_with("Lambda.") => {
                assert_eq!(got[0], came_to[0]);
                assert!(got[1].as_str().unwrap().ends_with(&format!("answered {status}: {body}")), "{got}");
            }
            _ => assert_eq!(got, came_to),
        }
    }
    let large = "x".repeat(6_291_557);
    let (url, served) = serve("200 OK", &large);
    assert_eq!(call(&url, PATIENCE, &settings()).came_to()[0], "Function.ResponseSizeTooLarge");
    served.join().unwrap();
    let nobody = { TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    let got = call(&format!("f=http://{nobody}/f"), PATIENCE, &settings()).came_to();
    assert_eq!(got[0], "Lambda.ServiceException");
    assert!(got[1].as_str().unwrap().starts_with("no answer at http://"), "{got}");
}

#[test]
fn what_is_no_function_is_refused() {
    for (text, told) in [
        ("f", "found \"f\", expected NAME=./program, NAME=lambda:./bootstrap or NAME=http://…"),
        ("=./f", "expected NAME="),
        ("f=", "expected NAME="),
        ("f=./not/there", "the function \"f\" is \"./not/there\", and there is no program of that name"),
        ("f=ftp://example.com/", "only http:// and https:// can be asked"),
    ] {
        let error = text.parse::<Function>().unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}
