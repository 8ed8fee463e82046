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
    /// Its library and programs, not tests, examples and benchmarks.
    pub built: Vec<Built>,
    /// The crates of the workspace that it is built on. Those that only its tests use do not count.
    pub knows: BTreeSet<String>,
}

/// A library or program.
#[derive(Debug, Deserialize)]
pub struct Built {
    kind: Vec<String>,
    /// The file that all of its others are declared in.
    #[serde(rename = "src_path")]
    pub root: PathBuf,
    /// Whether `cargo test` makes a program of the tests in it.
    pub test: bool,
    /// Whether `cargo test` runs the examples of its documentation.
    pub doctest: bool,
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
    targets: Vec<Built>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

impl Built {
    fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|is| is == kind)
    }
}

impl Member {
    /// The files of that library or program, if it is one of its own: those of `src`, but that a program beside a library is one file.
    #[must_use]
    pub fn files<'a>(&self, of: &'a Built, all: &'a [PathBuf]) -> Vec<&'a Path> {
        if of.is("bin") && self.built.len() > 1 {
            return vec![&of.root];
        }
        let others = |file: &Path| self.built.iter().any(|built| built.root == file && built.root != of.root);
        let folder = of.root.parent().unwrap();
        all.iter().map(PathBuf::as_path).filter(|file| file.starts_with(folder) && !others(file)).collect()
    }
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
    let knows = |dependency: &Dependency| {
        let is_ours = dependency.path.as_ref().is_some_and(|path| path.starts_with(root));
        is_ours && dependency.kind.as_deref() != Some("dev")
    };
    Member {
        folder: folder.to_string_lossy().into_owned(),
        built: package.targets.into_iter().filter(|target| target.is("lib") || target.is("bin")).collect(),
        knows: package.dependencies.into_iter().filter(knows).map(|dependency| dependency.name).collect(),
    }
}
