//! Made-up paths and calls of intrinsic functions, right ones and such as are wrong somewhere.

use rand::{Rng, RngExt};

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
