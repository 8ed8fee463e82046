//! The crates of the workspace, as `cargo metadata` tells them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// All crates of the workspace.
#[derive(Debug)]
pub struct Workspace {
    /// The folder with the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// By name.
    pub crates: BTreeMap<String, Member>,
}

/// A crate of the workspace.
#[derive(Debug)]
pub struct Member {
    /// Its folder, relative to [`Workspace::root`], as documents name it.
    pub folder: String,
    /// The roots of its library and programs, not those of tests, examples and benchmarks.
    pub roots: Vec<PathBuf>,
    /// The crates of the workspace that it is built on. Those that only its tests use do not count.
    pub knows: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Panics
    /// If cargo cannot be asked, or its answer is not understood.
    #[must_use]
    pub fn read() -> Self {
        let mut command = Command::new(env!("CARGO"));
        command.args(["metadata", "--format-version", "1", "--no-deps", "--offline"]);
        let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let Metadata { packages, workspace_root: root } = serde_json::from_slice(&output.stdout).unwrap();
        let crates =
            packages.into_iter().map(|package| (package.name.clone(), member(package, &root))).collect();
        Self { root, crates }
    }

    /// All crates of the workspace that a crate is built on, with those under them.
    ///
    /// # Panics
    /// If there is no crate of that name.
    #[must_use]
    pub fn knows<'a>(&'a self, name: &'a str) -> BTreeSet<&'a str> {
        let mut known = BTreeSet::new();
        let mut open = vec![name];
        while let Some(next) = open.pop() {
            let member = self.crates.get(next).unwrap_or_else(|| panic!("there is no crate {next}"));
            open.extend(member.knows.iter().map(String::as_str).filter(|name| known.insert(*name)));
        }
        known
    }

    /// All files of the project with one of these endings, relative to [`Workspace::root`]; not what is built, fetched or
    /// carried along.
    ///
    /// # Panics
    /// If a folder cannot be read.
    #[must_use]
    pub fn files(&self, endings: &[&str]) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut open = vec![self.root.clone()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if path.is_dir() && !path.is_symlink() {
                    let is_ours = !["target", "third_party", "node_modules"].contains(&name.as_str());
                    if is_ours && (!name.starts_with('.') || name == ".ci") {
                        open.push(path);
                    }
                } else if endings.iter().any(|ending| name.ends_with(ending)) {
                    files.push(path.strip_prefix(&self.root).unwrap().to_owned());
                }
            }
        }
        files.sort();
        files
    }
}

fn member(package: Package, root: &Path) -> Member {
    let folder = package.manifest_path.parent().unwrap().strip_prefix(root).unwrap();
    let is_built = |target: &Target| target.kind.iter().any(|kind| kind == "lib" || kind == "bin");
    let knows = |dependency: &Dependency| {
        let is_ours = dependency.path.as_ref().is_some_and(|path| path.starts_with(root));
        is_ours && dependency.kind.as_deref() != Some("dev")
    };
    Member {
        folder: folder.to_string_lossy().into_owned(),
        roots: package.targets.into_iter().filter(is_built).map(|target| target.src_path).collect(),
        knows: package.dependencies.into_iter().filter(knows).map(|dependency| dependency.name).collect(),
    }
}
