//! Where the binaries are.
//!
//! `cargo test` builds a package's binaries only for that package's own integration tests. So cargo is asked for all of
//! them, once in each test program: what is there already is never older than its source.
//!
//! Nothing is compiled twice by this, because three things are the same as under `cargo test --workspace`, and under
//! `cargo test -p tests`: the profile; the features, which is why a test target is named here (without one, those of
//! dev-dependencies are left out) and why `tests/Cargo.toml` turns some on (`cargo test -p tidy`); and how what runs in the compiler is
//! built (the root `Cargo.toml`). With `DUET_REQUIRE_FRESH` in the environment it is checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use contract::groups;
use serde_json::Value;

/// Every binary there is.
pub const ALL: [&str; 5] =
    ["duet", groups::ORDER_HISTORY, groups::ORDER_STATUS, groups::NOTIFICATIONS, groups::ORCHESTRATOR];

/// Set where `cargo test --workspace` has just built everything, as CI does: then it is an error to build a library again.
const REQUIRE_FRESH: &str = "DUET_REQUIRE_FRESH";

/// The binary of that name, built from this very source.
///
/// # Panics
/// It cannot be built.
#[must_use]
pub fn path(name: &str) -> &'static Path {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    BUILT.get_or_init(build).get(name).unwrap_or_else(|| panic!("no package builds the binary {name}"))
}

fn build() -> BTreeMap<String, PathBuf> {
    let profile = if cfg!(debug_assertions) { "test" } else { "release" };
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo has told these tests of their package is no business of another build: a build script that looks at it would run again.
    for (name, _) in std::env::vars_os() {
        let is_of_package =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_of_package) {
            cargo.env_remove(name);
        }
    }
    let built = cargo
        .args(["build", "--quiet", "--workspace", "--bins", "--test", "end_to_end", "--profile", profile])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "the binaries cannot be built:\n{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let messages = String::from_utf8(built.stdout).unwrap();
    let messages: Vec<Value> = messages.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    if std::env::var_os(REQUIRE_FRESH).is_some() {
        let again: Vec<_> = messages.iter().filter(|message| is_compiled_library(message)).collect();
        assert!(again.is_empty(), "{REQUIRE_FRESH} is set, and these were compiled again: {again:#?}");
    }
    messages.iter().filter_map(binary).collect()
}

/// Whether one of cargo's messages tells of a library that was not there yet.
fn is_compiled_library(message: &Value) -> bool {
    message["fresh"] == false && message["target"]["kind"] == serde_json::json!(["lib"])
}

/// The binary that one of cargo's messages tells of.
fn binary(message: &Value) -> Option<(String, PathBuf)> {
    let target = &message["target"];
    let is_binary = target["kind"].as_array()?.iter().any(|kind| kind == "bin");
    let executable = message["executable"].as_str().filter(|_| is_binary)?;
    Some((target["name"].as_str()?.to_owned(), executable.into()))
}
