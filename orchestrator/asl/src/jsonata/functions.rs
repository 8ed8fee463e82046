//! AWS's own functions, and the one that it does not have.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use jlens_core::{Bindings, Error, HostFunction};
use md5::Md5;
use serde_json::Value;
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha384, Sha512};

use super::limits::ARRAY_ITEMS_MAX;
use crate::random::Random;

/// The code of a failure that JSONata has none for.
pub(super) const FAILED: &str = "";

type Arguments<'a> = &'a [Option<Value>];
type Returned = jlens_core::Result<Option<Value>>;

/// Whether there is a function of that name.
pub(super) fn is_built_in(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        let own = ["partition", "range", "hash", "random", "uuid", "parse", "eval"];
        jlens_core::function_catalog().iter().map(|function| function.name).chain(own).collect()
    });
    NAMES.contains(name)
}

/// The functions whose result follows from their arguments.
pub(super) fn fixed() -> &'static Bindings {
    static FIXED: LazyLock<Bindings> = LazyLock::new(|| {
        Bindings::new()
            .function("partition", function(2, partition))
            .function("range", function(3, range))
            .function("hash", function(2, hash))
            .function("parse", function(1, parse))
            .function("eval", function(2, |_| Err(Error::new("T1006"))))
    });
    &FIXED
}

/// All of them, with numbers that follow from `seed`.
pub(super) fn random(seed: u64) -> Bindings {
    let numbers = Mutex::new(Random::new(seed, 0));
    let uuids = Mutex::new(Random::new(seed, 1));
    let next = move |arguments: Arguments<'_>| match argument(arguments, 0) {
        None => Ok(Some(numbers.lock().unwrap_or_else(PoisonError::into_inner).next_unit().into())),
        Some(_) => {
            let seed = integer(arguments, 0, "random")?;
            Ok(Some(java_random(seed).into()))
        }
    };
    let uuid = move |_: Arguments<'_>| {
        Ok(Some(uuids.lock().unwrap_or_else(PoisonError::into_inner).next_uuid().into()))
    };
    fixed().clone().function("random", function(1, next)).function("uuid", function(0, uuid))
}

/// The first double of `java.util.Random` with that seed, as its documentation has it: what AWS answers.
fn java_random(seed: i64) -> f64 {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;
    let mut state = (seed.cast_unsigned() ^ MULTIPLIER) & MASK;
    let mut next = |bits: u32| {
        state = (state.wrapping_mul(MULTIPLIER) + 0xB) & MASK;
        state >> (48 - bits)
    };
    let (high, low) = (next(26), next(27));
    ((high << 27) + low) as f64 / (1_u64 << 53) as f64
}

fn function(arity: usize, body: impl Fn(Arguments<'_>) -> Returned + Send + Sync + 'static) -> HostFunction {
    HostFunction::new(arity, move |arguments, _| body(arguments)).without_input()
}

fn argument<'a>(arguments: Arguments<'a>, index: usize) -> Option<&'a Value> {
    arguments.get(index)?.as_ref()
}

/// JSONata's own error for an argument of the wrong kind.
fn wrong(index: usize, name: &str) -> Error {
    Error::new("T0410").with("index", index + 1).with("token", name)
}

fn failed(message: impl Into<String>) -> Error {
    Error::new(FAILED).with("message", message.into())
}

fn integer(arguments: Arguments<'_>, index: usize, name: &str) -> jlens_core::Result<i64> {
    let double = argument(arguments, index).and_then(Value::as_f64).filter(|double| double.fract() == 0.0);
    double.map(|double| double as i64).ok_or_else(|| wrong(index, name))
}

fn text<'a>(arguments: Arguments<'a>, index: usize, name: &str) -> jlens_core::Result<&'a str> {
    argument(arguments, index).and_then(Value::as_str).ok_or_else(|| wrong(index, name))
}

/// `$partition(array, size)`: the array in pieces of that size, the last one perhaps smaller.
fn partition(arguments: Arguments<'_>) -> Returned {
    let Some(array) = argument(arguments, 0) else { return Ok(None) };
    let size = integer(arguments, 1, "partition")?;
    let size = usize::try_from(size).ok().filter(|size| *size > 0).ok_or_else(|| wrong(1, "partition"))?;
    let one = std::slice::from_ref(array);
    let items = array.as_array().map_or(one, Vec::as_slice);
    Ok(Some(items.chunks(size).map(|piece| Value::Array(piece.to_vec())).collect()))
}

/// `$range(first, last, step)`: the numbers from the first on, up to the last if they meet it.
fn range(arguments: Arguments<'_>) -> Returned {
    let (first, last) = (integer(arguments, 0, "range")?, integer(arguments, 1, "range")?);
    let step = integer(arguments, 2, "range")?;
    if step == 0 {
        return Err(wrong(2, "range"));
    }
    let (first, last, step) = (i128::from(first), i128::from(last), i128::from(step));
    let count = ((last - first) / step + 1).max(0);
    let within = (last - first).signum() * step.signum() >= 0;
    let count = if within { usize::try_from(count).unwrap_or(usize::MAX) } else { 0 };
    if count > ARRAY_ITEMS_MAX {
        return Err(Error::new("U1001"));
    }
    let numbers = std::iter::successors(Some(first), |number| Some(number + step)).take(count);
    Ok(Some(numbers.map(|number| Value::from(number as f64)).collect()))
}

/// `$hash(text, algorithm)`: the hash of the text's bytes, in hexadecimal.
fn hash(arguments: Arguments<'_>) -> Returned {
    let data = text(arguments, 0, "hash")?.as_bytes();
    let digest = match text(arguments, 1, "hash")? {
        "MD5" => Md5::digest(data).to_vec(),
        "SHA-1" => Sha1::digest(data).to_vec(),
        "SHA-256" => Sha256::digest(data).to_vec(),
        "SHA-384" => Sha384::digest(data).to_vec(),
        "SHA-512" => Sha512::digest(data).to_vec(),
        _ => return Err(wrong(1, "hash")),
    };
    Ok(Some(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()))
}

/// `$parse(text)`: the JSON that the text is.
fn parse(arguments: Arguments<'_>) -> Returned {
    let text = text(arguments, 0, "parse")?;
    serde_json::from_str(text).map(Some).map_err(|error| failed(format!("Invalid JSON: {error}")))
}
