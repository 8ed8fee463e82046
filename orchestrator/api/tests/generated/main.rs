//! `src/generated.rs` is what AWS's model says, and no more. Where a new model is meant, it is written anew:
//!
//! ```sh
//! DUET_WRITE_GENERATED=1 cargo test -p api --test generated
//! ```
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

mod names;
mod tables;
mod types;

use std::path::Path;

use serde_json::Value;

const HEADER: &str = "\
//! Operations, requests, answers, errors and the table of all shapes.
// Made from model/service-2.json by `DUET_WRITE_GENERATED=1 cargo test -p api --test generated`: not to be changed by hand.
#![allow(missing_docs, reason = \"the names are those of AWS, and explained in its API reference\")]

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::shape::{Kind, Member, OperationShape, Service, Shape, ShapeId, Span};
";

#[test]
fn the_generated_file_is_what_the_model_says() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let model = std::fs::read_to_string(here.join("model/service-2.json")).unwrap();
    let model: Value = serde_json::from_str(&model).unwrap();
    let text = format!(
        "{HEADER}\n{}\n{}\n{}",
        types::operations(&model),
        types::types(&model),
        tables::tables(&model)
    );
    let file = here.join("src/generated.rs");
    if std::env::var_os("DUET_WRITE_GENERATED").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = text.lines().zip(stored.lines()).enumerate().find(|(_, (made, stored))| made != stored);
    assert_eq!(differs, None, "src/generated.rs is not what the model says: write it anew");
    assert_eq!(text.len(), stored.len());
}
