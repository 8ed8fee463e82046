//! Calls of intrinsic functions, with data.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::language("intrinsic", bytes));
