//! With which features cargo builds a selection of packages and all that they are built on.

use std::collections::BTreeSet;
use std::process::Command;

/// A line a package, as `NAME VERSION [FEATURE,…]`; two lines of one that also runs in the compiler, with other features. `selection` are
/// flags like `--workspace`.
///
/// # Panics
/// If cargo cannot be asked.
#[must_use]
pub fn features(selection: &[&str]) -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--offline", "--prefix=none", "--edges=normal,build,dev", "--format={p} [{f}]"]);
    let output = command.args(selection).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Cargo marks what it has said before.
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    lines.map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}
