//! Where the binaries are.
//!
//! `cargo test` builds a package's binaries only for that package's own integration tests. So cargo is asked for all of
//! them, once in each test program. Naming a test target makes it choose the same profile and features as
//! `cargo test --workspace`, so that nothing is compiled twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use contract::groups;
use serde_json::Value;

/// Every binary there is.
pub const ALL: [&str; 5] =
    ["duet", groups::ORDER_HISTORY, groups::ORDER_STATUS, groups::NOTIFICATIONS, groups::ORCHESTRATOR];

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
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bins", "--test", "kill", "--profile", profile])
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
    messages.lines().filter_map(binary).collect()
}

/// The binary that one of cargo's messages tells of.
fn binary(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = &message["target"];
    let is_binary = target["kind"].as_array()?.iter().any(|kind| kind == "bin");
    let executable = message["executable"].as_str().filter(|_| is_binary)?;
    Some((target["name"].as_str()?.to_owned(), executable.into()))
}
