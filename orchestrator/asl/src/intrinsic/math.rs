//! The functions of numbers.

use serde_json::Value;

use crate::java_random::JavaRandom;
use crate::random::Random;

pub(super) fn add(left: i64, right: i64) -> Result<Value, String> {
    left.checked_add(right).map(Value::from).ok_or_else(|| "the sum is out of range".to_owned())
}

/// A number from `start` up to, not including, `end`. The same seed gives the same number, as Java's generator does.
pub(super) fn random(start: i64, end: i64, seed: Option<Value>, random: &Random) -> Result<Value, String> {
    let span = end.checked_sub(start).filter(|span| *span > 0);
    let span = span.ok_or("the end must be greater than the start")?;
    let number = match (seed, i32::try_from(span)) {
        (None, _) => (random.next_u64() % span.cast_unsigned()).cast_signed(),
        (Some(seed), Ok(span)) => {
            let seed = seed.as_i64().ok_or("the seed must be an integer")?;
            JavaRandom::new(seed).next_below(span).into()
        }
        (Some(_), Err(_)) => return Err("with a seed, the range must be smaller than 2147483648".to_owned()),
    };
    Ok(Value::from(start + number))
}
