//! Expressions that would never end, or take all memory, end soon, and always in the same way: within [`CPU_MS_MAX`] and
//! [`GROWN_MB_MAX`].

#![allow(clippy::print_stdout, reason = "a process says what it found")]

mod expressions;
mod measured;

use std::sync::Mutex;

use asl::jsonata::{EvalError, Expression};
use asl::random::Random;
use asl::scope::{Context, Scope};
use measured::{answer, measured};
use serde_json::{Value, json};

/// How long an expression may be compiled and evaluated, in milliseconds of the processor. A second when optimised as programs are;
/// tests are built with `opt-level = 1`, and that is some three times slower.
const CPU_MS_MAX: u64 = if cfg!(debug_assertions) { 4_000 } else { 1_000 };
/// How much memory that may take, in MB.
const GROWN_MB_MAX: u64 = 64;

/// Evaluates all, some at a time, and says what was not as expected of all of them.
fn check(test: &str, expressions: Vec<(String, &'static str)>) {
    if answer() {
        return;
    }
    let (left, wrong) = (Mutex::new(expressions.into_iter()), Mutex::new(Vec::new()));
    let work = || {
        let next = || left.lock().expect("nobody panics").next();
        while let Some((text, expected)) = next() {
            let measured = measured(test, &text);
            let is_right = measured.as_ref().is_ok_and(|measured| {
                let is_expected = |outcome: &String| outcome.split(' ').next() == Some(expected);
                measured.outcomes.iter().all(is_expected)
                    && measured.cpu_ms <= CPU_MS_MAX
                    && measured.grown_mb <= GROWN_MB_MAX
            });
            let begin: String = text.chars().take(120).collect();
            println!("{begin}: {measured:?}");
            if !is_right {
                wrong.lock().expect("nobody panics").push(format!("{begin}: not {expected}: {measured:?}"));
            }
        }
    };
    let at_a_time = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..at_a_time).for_each(|_| drop(scope.spawn(work))));
    let wrong = wrong.into_inner().expect("nobody panics");
    assert!(wrong.is_empty(), "{} were not as expected:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn hostile_expressions_are_stopped() {
    check("hostile_expressions_are_stopped", expressions::evaluated());
}

#[test]
fn long_and_deep_texts_are_compiled_or_refused() {
    check("long_and_deep_texts_are_compiled_or_refused", expressions::long());
}

/// What the expression evaluates to, twice.
fn eval(text: &str) -> Result<Value, EvalError> {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let (build, input) = (|| json!({}), json!({ "n": 1 }));
    let run = || expression.eval(&Scope::of(&input, &Context::new(&build), &Random::new(1, 2)));
    let first = run();
    assert_eq!(first, run(), "{text}: not the same again");
    first
}

#[test]
fn deep_data_is_refused() {
    let deep = |levels: usize| {
        format!("($f := function($x, $n) {{ $n = 0 ? $x : $f({{ 'a': $x }}, $n - 1) }}; $f(1, {levels}))")
    };
    assert!(eval(&deep(900)).is_ok());
    assert_eq!(eval(&deep(5_000)), Err(EvalError::Limit(asl::jsonata::Limit::Size)));
}

#[test]
fn large_but_honest_work_is_done() {
    let table = [
        ("$sum([1..100000])", json!(5_000_050_000_u64)),
        ("$count([1..20000].{ 'id': $, 'name': 'n' & $, 'even': $ % 2 = 0 })", json!(20_000)),
        ("$count($filter([1..20000], function($v) { $v % 2 = 0 and $v > 10 }))", json!(9_995)),
        ("$reduce([1..1000], function($a, $v) { $append($a, [$v]) }, []) ~> $count()", json!(1000)),
        ("$count($distinct([1..50000].($ % 7000)))", json!(7000)),
        ("$length($join([1..10000].$string(), ','))", json!(48_893)),
        ("$count($match($pad('', 5000, 'ab'), /ab/))", json!(2500)),
        ("$count($sort([1..10000], function($l, $r) { $l < $r }))", json!(10_000)),
    ];
    for (text, expected) in table {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
}
