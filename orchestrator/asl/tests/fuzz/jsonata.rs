//! Mutated JSONata expressions: whatever the text is, it is refused, or comes to a value or an error, the same each time.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use serde::Deserialize;
use serde_json::Value;

use crate::bodies;

const CASES: &str = include_str!("../jsonata-suite/cases.json");
const DATASETS: &str = include_str!("../jsonata-suite/datasets.json");
/// The longest expression, in characters.
const CHARS_MAX: usize = 2_000;

/// Pieces that the language gives a meaning to.
const TOKENS: [&str; 44] = [
    "$",
    "$$",
    "$x",
    ".",
    "[",
    "]",
    "[]",
    "{",
    "}",
    "(",
    ")",
    ":",
    ":=",
    ";",
    ",",
    "?",
    "??",
    "?:",
    "~>",
    "^",
    "<",
    ">",
    "..",
    "*",
    "**",
    "%",
    "@$v",
    "#$i",
    "/a+/",
    "|",
    "&",
    "'",
    "`",
    "null",
    "1e308",
    "-1",
    "function($x){",
    "$map(",
    "$states.input",
    "$eval(",
    "$parse(",
    "$range(",
    "\u{1f600}",
    "/*",
];

#[derive(Deserialize)]
struct Case {
    expr: String,
}

fn mutated(random: &mut impl Rng, expressions: &[Case]) -> String {
    let some = |random: &mut _| &expressions[RngExt::random_range(random, 0..expressions.len())].expr;
    let mut chars: Vec<char> = some(random).chars().collect();
    for _ in 0..random.random_range(0..5) {
        let (from, to) = super::range(random, chars.len());
        match random.random_range(0..4) {
            0 => drop(chars.drain(from..to)),
            1 => chars = [&chars[..to], &chars[from..]].concat(),
            2 => {
                let token = TOKENS[random.random_range(0..TOKENS.len())];
                chars.splice(from..from, token.chars());
            }
            _ => {
                let other: Vec<char> = some(random).chars().collect();
                let (first, last) = super::range(random, other.len());
                chars.splice(from..to, other[first..last].iter().copied());
            }
        }
        chars.truncate(CHARS_MAX);
    }
    // Most of them read an input, which AWS has in a variable.
    let text: String = chars.into_iter().collect();
    if random.random_range(0..4) == 0 { text } else { format!("$states.input.({text})") }
}

#[test]
fn an_expression_comes_to_a_value_or_an_error_whatever_it_is() {
    let expressions: Vec<Case> = serde_json::from_str(CASES).expect("the suite is in the checkout");
    let datasets: BTreeMap<String, Value> = serde_json::from_str(DATASETS).expect("so is its data");
    let input = &datasets["dataset5"];
    let (inputs, were_read) =
        super::run("jsonata", |random| mutated(random, &expressions), |text| bodies::jsonata(text, input));
    // Else it shows nothing.
    assert!(were_read * 4 > inputs, "only {were_read} of {inputs} were read");
}
