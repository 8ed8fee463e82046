//! Made-up paths and calls of intrinsic functions, right ones and such as are wrong somewhere, and what must be true of each.

use asl::path::Path;
use asl::random::Random;
use asl::template::{Expression, Place};
use asl::{Context, Scope, Variables};
use rand::{Rng, RngExt};
use serde_json::{Map, Value, json};

use crate::generate::{self, one};

/// Pieces that the grammar of paths and calls gives a meaning to.
const PIECES: [&str; 44] = [
    "$",
    "$$",
    "$v",
    "@",
    ".",
    "..",
    "*",
    "[",
    "]",
    "(",
    ")",
    "'",
    "\"",
    "\\",
    ",",
    ":",
    "-",
    "?",
    "!",
    "&&",
    "||",
    "==",
    "!=",
    "<=",
    ">",
    "=~",
    "/a+/i",
    "/(/",
    "in",
    "nin",
    "subsetof",
    "anyof",
    "noneof",
    "size",
    "empty",
    "contains",
    "true",
    "null",
    "1e9",
    "{}",
    " ",
    "é",
    "States.Array(",
    "{'a':1}",
];

/// A path or a call; one in three is spoilt.
pub(crate) fn text(random: &mut impl Rng) -> String {
    let mut text = if random.random() { generate::path(random) } else { generate::call(random, 0) };
    if random.random_range(0..3) == 0 {
        for _ in 0..random.random_range(1..4) {
            let places: Vec<usize> =
                text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
            let (from, to) = (one(random, &places), one(random, &places));
            let end = if random.random() { from } else { to.max(from) };
            let count = if random.random_range(0..20) == 0 { 2_000 } else { 1 };
            text.replace_range(from..end, &one(random, &PIECES).repeat(count));
        }
    }
    text
}

/// Reads the text and evaluates it on that data. Whether it was read.
///
/// # Panics
/// Something is not as it should be.
pub(crate) fn read(text: &str, data: &[Value]) -> bool {
    let Ok(expression) = Expression::parse(text) else { return false };
    assert_eq!(Expression::parse(text).as_ref(), Ok(&expression), "read again, it is the same");
    for data in data {
        let said = evaluated(&expression, data);
        assert_eq!(evaluated(&expression, data), said, "evaluated again, it is the same");
    }
    true
}

fn evaluated(expression: &Expression, data: &Value) -> Result<Value, String> {
    let build = || json!({"Execution": {"Id": "e-1", "Input": data}});
    let context = Context::new(&build);
    let random = Random::new(1, 2);
    let variables = Map::from_iter([("v".to_owned(), data.clone())]);
    let scopes = [&variables];
    let scope = Scope { variables: Variables::new(&scopes), ..Scope::of(data, &context, &random) };
    if let Expression::Path(path) = expression {
        check(path, &scope);
    }
    expression.eval(&scope, &Place::Field("x.$")).map_err(|error| error.to_string())
}

fn check(path: &Path, scope: &Scope<'_>) {
    match path.select(scope) {
        Ok(value) => assert!(path.is_definite() || value.is_array(), "{path} gives {value}"),
        Err(why) => assert!(!why.to_string().is_empty(), "{path}"),
    }
    assert!(!path.is_reference() || path.is_definite(), "{path} leads to one place");
    assert_eq!(Path::parse(&path.to_string()).as_ref(), Ok(path), "what is written reads back");
}
