//! What the fuzz targets do with what they are given. The bodies are those of the tests, and stand beside them.
#![allow(dead_code, reason = "the tests use more of what is beside the bodies")]

#[path = "../../orchestrator/engine/tests/engine/any_machine.rs"]
mod any_machine;
#[path = "../../orchestrator/asl/tests/fuzz/bodies.rs"]
mod bodies;
#[path = "../../orchestrator/asl/tests/fuzz/evaluate.rs"]
mod evaluate;
#[path = "../../orchestrator/asl/tests/fuzz/generate.rs"]
mod generate;
#[path = "../../orchestrator/engine/tests/engine/harness.rs"]
mod harness;
#[path = "../../orchestrator/engine/tests/engine/properties.rs"]
mod properties;

/// Hands bytes to the target of the language that has that name.
///
/// # Panics
/// Something is not as it should be.
pub fn language(target: &str, bytes: &[u8]) {
    let (_, body) = bodies::TARGETS.iter().find(|(name, _)| *name == target).expect("it is a target");
    body(&String::from_utf8_lossy(bytes));
}

/// Runs the machine that the bytes are.
///
/// # Panics
/// Something is not as it should be.
pub fn engine(bytes: &[u8]) {
    any_machine::run(bytes);
}
