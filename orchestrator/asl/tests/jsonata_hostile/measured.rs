//! An expression, compiled and evaluated in a process of its own: what it came to, how long it took the processor, and how much
//! memory. What a process has had at the most is never less than before, so one process cannot measure two; and an expression that
//! ends the process ends no test.

use std::io::Write as _;
use std::process::{Command, Stdio};

use asl::jsonata::{EvalError, Expression, Limit};
use asl::random::Random;
use asl::scope::{Context, Scope};
use procfs::process::Process;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a process finds in its environment that is to evaluate what it is given on standard input.
const TO_EVALUATE: &str = "ASL_HOSTILE_TO_EVALUATE";
/// What stands before its answer, among what the test harness says.
const ANSWER: &str = "answer: ";

/// What became of an expression.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// [`outcome`], the first time and the second.
    pub(crate) outcomes: [String; 2],
    /// Milliseconds of the processor, to compile it and to evaluate it once.
    pub(crate) cpu_ms: u64,
    /// How much more memory the process had at the most than before, in MB.
    pub(crate) grown_mb: u64,
}

/// What an expression comes to, in a word: `ok`, `steps`, `depth`, `size`, `nothing`, `function`, or the code of its error.
fn outcome(result: &Result<Value, EvalError>) -> String {
    match result {
        Ok(_) => "ok",
        Err(EvalError::Limit(Limit::Steps)) => "steps",
        Err(EvalError::Limit(Limit::Depth)) => "depth",
        Err(EvalError::Limit(Limit::Size)) => "size",
        Err(EvalError::Undefined) => "nothing",
        Err(EvalError::UnsupportedResultType) => "function",
        Err(EvalError::Threw { code, .. }) => code.as_deref().unwrap_or("threw"),
    }
    .to_owned()
}

/// Milliseconds that this process has been at work.
fn cpu_ms() -> u64 {
    let stat = Process::myself().and_then(|process| process.stat()).expect("/proc is there");
    (stat.utime + stat.stime) * 1000 / procfs::ticks_per_second()
}

/// The most memory that this process has had, in KB.
fn peak_kb() -> u64 {
    let status = Process::myself().and_then(|process| process.status()).expect("/proc is there");
    status.vmhwm.expect("a process has memory")
}

fn measure(text: &str) -> Measured {
    let (cpu, peak) = (cpu_ms(), peak_kb());
    let compiled = Expression::parse(text);
    let build = || json!({});
    let input = json!({ "text": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "n": 1, "deep": { "a": [{ "b": 1 }, { "b": [2, 3] }] } });
    let run = || match &compiled {
        Ok(expression) => {
            outcome(&expression.eval(&Scope::of(&input, &Context::new(&build), &Random::new(1, 2))))
        }
        Err(error) => format!("refused {}", error.code.as_deref().unwrap_or("by AWS")),
    };
    let first = run();
    let (cpu_ms, grown_mb) = (cpu_ms() - cpu, (peak_kb() - peak) / 1024);
    Measured { outcomes: [first, run()], cpu_ms, grown_mb }
}

/// Evaluates the expression in another process, which runs the test of that name, and there [`answer`].
pub(crate) fn measured(test: &str, text: &str) -> Result<Measured, String> {
    let mut process = Command::new(std::env::current_exe().expect("it has a path"))
        .args(["--exact", test, "--nocapture"])
        .env(TO_EVALUATE, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    process.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads");
    let ended = process.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stdout);
    let answer = said.lines().find_map(|line| line.split_once(ANSWER));
    match answer {
        Some((_, answer)) if ended.status.success() => {
            serde_json::from_str(answer).map_err(|error| error.to_string())
        }
        _ => Err(format!("{}: {}", ended.status, String::from_utf8_lossy(&ended.stderr))),
    }
}

/// If this is such a process, measures, says so, and is done.
pub(crate) fn answer() -> bool {
    if std::env::var_os(TO_EVALUATE).is_none() {
        return false;
    }
    let text = std::io::read_to_string(std::io::stdin()).expect("it is given something");
    let answer = serde_json::to_string(&measure(&text)).expect("it is JSON");
    println!("{ANSWER}{answer}");
    true
}
