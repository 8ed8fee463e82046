//! Mutated JSONata expressions: whatever the text is, it is refused, or comes to a value or an error, the same each time.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use serde::Deserialize;
use serde_json::{Value, json};

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
    let (inputs, were_read) = super::run(
        "jsonata",
        super::A_THIRD,
        |random| mutated(random, &expressions),
        |text| bodies::jsonata(text, input),
    );
    // Else it shows nothing.
    assert!(were_read * 4 > inputs, "only {were_read} of {inputs} were read");
}

/// Calls with numbers in each place where a number can stand.
const WITH_NUMBERS: [&str; 53] = [
    "{n} + {m}",
    "{n} - {m}",
    "{n} * {m}",
    "{n} / {m}",
    "{n} % {m}",
    "-{n}",
    "{n} < {m}",
    "{n} & {m}",
    "[{n}..{m}]",
    "$states.input[{n}]",
    "$range({n}, {m})",
    "$range({n}, {m}, 1)",
    "$range(0, {n}, {m})",
    "$pad('foo', {n})",
    "$pad('foo', {n}, '#')",
    "$substring('foo', {n})",
    "$substring('foo', {n}, {m})",
    "$split('a b', ' ', {n})",
    "$split('a b', / /, {n})",
    "$replace('aa', 'a', 'b', {n})",
    "$replace('aa', /a/, 'b', {n})",
    "$match('aa', /a/, {n})",
    "$formatBase({n})",
    "$formatBase({n}, {m})",
    "$formatNumber({n}, '#,##0.00')",
    "$formatNumber({n}, '#0.0##e0')",
    "$formatNumber({n}, '00%')",
    "$formatNumber({n}, '0\u{2030}')",
    "$formatInteger({n}, 'w')",
    "$formatInteger({n}, 'Ww;o')",
    "$formatInteger({n}, 'I')",
    "$formatInteger({n}, 'A')",
    "$formatInteger({n}, '#,##0;o')",
    "$round({n})",
    "$round({n}, {m})",
    "$power({n}, {m})",
    "$sqrt({n})",
    "[$abs({n}), $floor({n}), $ceil({n})]",
    "$fromMillis({n})",
    "$fromMillis(0, '[Y]', $string({n}))",
    "$fromMillis({n}, '[Y,9-99][M,2][D#1] [FNn,3-3] [W] [w] [d] [X] [x] [H]:[m]:[s].[f001] [z] [P]')",
    "$partition([1..5], {n})",
    "$random({n})",
    "$sum([{n}, {m}])",
    "$average([{n}, {m}])",
    "$max([{n}, {m}])",
    "$string({n})",
    "$string([{n}], true)",
    "$toMillis($string({n}), '[Y]')",
    "$parseInteger($string({n}), '#0')",
    "$sort([{n}, {m}, 0])",
    "$fromMillis(0, '[Y,' & $string({n}) & ']')",
    "$formatNumber(1, $pad('', {n}, '0'))",
];

/// Numbers at the ends of what a double is, and of what it is turned into.
const NUMBERS: [&str; 20] = [
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "-0.5",
    "1e-320",
    "2147483647",
    "2147483648",
    "-2147483649",
    "4294967296",
    "9007199254740993",
    "8640000000000001",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e22",
    "1e308",
    "-1e308",
    "1.7976931348623157e308",
];

#[test]
fn no_number_is_too_great_or_too_small_for_a_function() {
    for call in WITH_NUMBERS {
        for n in NUMBERS {
            for m in &NUMBERS[..if call.contains("{m}") { NUMBERS.len() } else { 1 }] {
                let text = format!("$states.input.({})", call.replace("{n}", n).replace("{m}", m));
                assert!(bodies::jsonata(&text, &json!({ "a": 1 })), "{text} was not read");
            }
        }
    }
}
