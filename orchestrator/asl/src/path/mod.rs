//! JSONPath as AWS has it: the dialect of Jayway's JsonPath 2.0, with the roots `$` (the data), `$$` (the context object) and `$name`
//! (a variable).
//!
//! | written | selects |
//! | --- | --- |
//! | `.name`, `['name']`, `["name"]` | a member of an object |
//! | `['a','b']` | at the end of a path, an object with those members |
//! | `[n]`, `[(@.length-n)]` | an element of an array, counted from its beginning or end |
//! | `[0,2]` | several elements |
//! | `[a:b]`, `[a:]`, `[:b]` | the elements from `a` up to, not including, `b`; a step (`[a:b:c]`) is read and has no effect |
//! | `[*]`, `.*` | all members or elements |
//! | `..` before any of these | it, at any depth |
//! | `[?(…)]` | the elements, or the object itself, for which a condition holds |
//!
//! A path that can select one value at most is *definite*: it gives that value, or an error when there is none. Any other gives an
//! array, which is empty where nothing matches; but a member or an element that is named and is not there is an error behind a
//! slice, a filter, `..` and the members of an object, and only behind the elements of an array it is not.
//!
//! AWS evaluates with Jayway's JsonPath, and not with a recent one: it says `Property ['length()'] not found in path $['list']`, takes
//! text without quotes in a condition, and knows no functions. All three are so in 1.2 and 2.0 and in none after them, so
//! the answers and errors here are those of 2.0 (`tests/jayway.json` has them, from Jayway itself). The operators that came later (`in`,
//! `size`, `contains`, …) are taken as well. What AWS takes though no standard does is taken too: `$.[0]`, `$.a.[0].b`,
//! `$.[?(…)]`, `$.x-y`, and text without quotes in a condition (`@.Name==Receipt`). Functions (`$.list.length()`) are not part of it: a name with
//! parentheses is a member's name, which no object has.
//!
//! The work of one selection is bounded by a number of steps that depends on the path and the data alone, so that replay agrees
//! with the run.

mod budget;
mod compare;
mod cursor;
mod decimal;
mod error;
mod eval;
mod grammar;
#[cfg(test)]
mod jayway;
mod pattern;
mod syntax;
#[cfg(test)]
mod tests;

pub use error::PathError;
pub(crate) use syntax::Segment;
pub use syntax::{Path, Root};
