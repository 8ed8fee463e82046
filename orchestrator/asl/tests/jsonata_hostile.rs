//! Expressions that would never end, or take all memory, end soon, and always in the same way.

#![allow(clippy::disallowed_methods, reason = "it measures how long an evaluation takes")]

use std::time::{Duration, Instant};

use asl::jsonata::{EvalError, Expression, Limit};
use asl::random::Random;
use asl::scope::{Context, Scope};
use serde_json::{Value, json};

/// What the expression evaluates to, twice.
fn eval(text: &str) -> Result<Value, EvalError> {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let (build, input) =
        (|| json!({}), json!({ "text": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "n": 1 }));
    let run = || expression.eval(&Scope::of(&input, &Context::new(&build), &Random::new(1, 2)));
    let first = run();
    assert_eq!(first, run(), "{text}: not the same again");
    first
}

/// Doubles something so many times.
fn doubled(twice: &str, times: usize, use_: &str) -> String {
    format!(
        "($d := function($x, $n) {{ $n = 0 ? $x : $d({twice}, $n - 1) }}; $a := $d('a', {times}); $b := $d('a', {times}); {use_})"
    )
}

#[test]
fn hostile_expressions_are_stopped() {
    let object = "{ 'l': $x, 'r': $x }";
    let table = [
        ("($f := function() { $f() }; $f())".to_owned(), Limit::Steps),
        ("($f := function($n) { 1 + $f($n + 1) }; $f(0))".to_owned(), Limit::Depth),
        ("($f := function($x) { $f([$x]) }; $f(1))".to_owned(), Limit::Steps),
        (doubled("$x & $x", 40, "$a"), Limit::Size),
        (doubled("[$x, $x]", 40, "$a"), Limit::Size),
        (doubled("$append($x, $x)", 40, "$a"), Limit::Size),
        (doubled(object, 40, "$a"), Limit::Size),
        (doubled(object, 40, "$a = $b"), Limit::Steps),
        (doubled(object, 40, "$string($a)"), Limit::Size),
        (doubled(object, 40, "$count($a.**)"), Limit::Steps),
        (doubled(object, 40, "$clone($a)"), Limit::Steps),
        (doubled(object, 40, "$hash($a, 'MD5')"), Limit::Steps),
        (doubled("[[$x], [$x]]", 40, "$a ? 1 : 2"), Limit::Steps),
        (doubled("[[$x], [$x]]", 40, "$not($a)"), Limit::Steps),
        ("$match($states.input.text, /^(a+)+$/)".to_owned(), Limit::Steps),
        ("$contains($states.input.text, /(a|aa)+$/)".to_owned(), Limit::Steps),
        ("$pad('x', 2e9)".to_owned(), Limit::Size),
        ("$pad('x', 9000000)".to_owned(), Limit::Size),
        ("[1..9000000]".to_owned(), Limit::Size),
        ("[1..100000].$pad('x', 500000)".to_owned(), Limit::Steps),
        ("[1..100000].[[1..100000]]".to_owned(), Limit::Steps),
        ("$map([1..100000], function($v) { [1..$v] })".to_owned(), Limit::Steps),
        ("$map([1..100000], function($v) { { 'a': { 'b': [{ 'c': [$v] }] } } })".to_owned(), Limit::Steps),
        ("($a := [1..100000]; $map($a, function($v) { $v in $a }))".to_owned(), Limit::Steps),
        ("($a := [1..100000]; $map($a, function($v) { $sum($a) }))".to_owned(), Limit::Steps),
        ("($a := [1..100000]; $map($a, function($v) { $sort($a) }))".to_owned(), Limit::Steps),
        ("$count($distinct([1..20000].{ 'n': $ }))".to_owned(), Limit::Steps),
        ("$replace($pad('', 300000, 'a'), 'a', $pad('', 300000, 'b'))".to_owned(), Limit::Size),
        ("$replace($pad('', 300000, 'a'), /a+/, $pad('', 300000, '$0'))".to_owned(), Limit::Size),
        ("$match($pad('', 500000, 'a'), /a/)".to_owned(), Limit::Steps),
        ("[1..200].$split($pad('', 500000, 'a'), '')".to_owned(), Limit::Size),
        ("$range(0, 1e15, 1)".to_owned(), Limit::Size),
    ];
    for (text, limit) in table {
        let started = Instant::now();
        assert_eq!(eval(&text), Err(EvalError::Limit(limit)), "{text}");
        // Twice; some tenths of a second each when optimised, and on a machine that does something else besides.
        assert!(started.elapsed() < Duration::from_secs(20), "{text}: {:?}", started.elapsed());
    }
}

#[test]
fn deep_texts_are_refused() {
    let deep = 20_000;
    let texts = [
        format!("{}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("{}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("1{}", "+1".repeat(deep)),
        format!("{}1", "-".repeat(deep)),
        format!("$x{}", "[0]".repeat(deep)),
        format!("{}1{}", "function($x){".repeat(deep), "}".repeat(deep)),
        "(".repeat(deep),
    ];
    for text in texts {
        let refused = Expression::parse(&text).map(|_| ()).map_err(|error| error.code);
        // Some of them are no deeper than they are wide: then they are no problem.
        assert!(refused.is_err() || text.starts_with("$x["), "{}…", &text[..10]);
    }
}

#[test]
fn deep_data_is_refused() {
    let deep = |levels: usize| {
        format!("($f := function($x, $n) {{ $n = 0 ? $x : $f({{ 'a': $x }}, $n - 1) }}; $f(1, {levels}))")
    };
    assert!(eval(&deep(900)).is_ok());
    assert_eq!(eval(&deep(5_000)), Err(EvalError::Limit(Limit::Size)));
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
