//! Which file of a crate names something that stands in which other one.
//!
//! A name that a module only hands on (`pub use`) is followed to the file that defines it, and handing on is no import:
//! a façade may show what is built on it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Item, Visibility};

use crate::modules::{Leaf, Module, Modules, Names, leaves};

/// Renamings that are followed, one after the other.
const DEPTH_MAX: usize = 16;

/// A file, and one that it names something of.
pub type Import = (PathBuf, PathBuf);

/// All imports between different files of a crate.
#[must_use]
pub fn imports(modules: &Modules) -> BTreeSet<Import> {
    let mut found = BTreeSet::new();
    for (path, module) in &modules.by_path {
        for named in named_in(module) {
            let target = modules.absolute(path, &named).and_then(|path| modules.definer(&path, 0));
            found.extend(
                target.filter(|file| *file != module.file).map(|file| (module.file.clone(), file.to_owned())),
            );
        }
    }
    found
}

/// The paths that a module names, as written.
fn named_in(module: &Module) -> Vec<Names> {
    let mut paths = Paths::default();
    for item in &module.items {
        match item {
            Item::Use(item) if !matches!(item.vis, Visibility::Inherited) => {}
            item => paths.visit_item(item),
        }
    }
    paths.0
}

#[derive(Default)]
struct Paths(Vec<Names>);

/// The paths of several names in a text of tokens, which stand apart.
fn paths_in(tokens: &str) -> Vec<Names> {
    let is_name = |token: &str| token.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    let (mut paths, mut path, mut goes_on) = (Vec::new(), Names::new(), false);
    for token in tokens.split_whitespace().chain([""]) {
        match token {
            "::" => goes_on = true,
            name if goes_on && !name.is_empty() && is_name(name) => {
                path.push(name.to_owned());
                goes_on = false;
            }
            name => {
                paths.extend(Some(std::mem::take(&mut path)).filter(|path| path.len() > 1));
                path.extend(Some(name.to_owned()).filter(|name| !name.is_empty() && is_name(name)));
                goes_on = false;
            }
        }
    }
    paths
}

impl<'ast> Visit<'ast> for Paths {
    /// What stands in a macro is no syntax yet: paths are looked for among its tokens.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.0.extend(paths_in(&item.tokens.to_string()));
        visit::visit_macro(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.0.extend(leaves(&item.tree).into_iter().map(|leaf| match leaf {
            Leaf::Name { path, .. } => path,
            Leaf::Glob { mut path } => {
                path.push("*".to_owned());
                path
            }
        }));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 && path.leading_colon.is_none() {
            self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}

impl Modules {
    /// A path as written in a module, from the root of the crate; `None` if it leads out of the crate.
    fn absolute(&self, from: &[String], path: &[String]) -> Option<Names> {
        let mut absolute = from.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                absolute.clear();
                rest = &path[1..];
            }
            "self" | "super" => {
                while let Some(first) = rest.first() {
                    match first.as_str() {
                        "self" => {}
                        "super" => drop(absolute.pop()?),
                        _ => break,
                    }
                    rest = &rest[1..];
                }
            }
            first => {
                let child: Names = from.iter().cloned().chain([first.to_owned()]).collect();
                if !self.by_path.contains_key(&child) {
                    let alias = self.by_path[from].names.get(first)?;
                    // A name that stands for itself comes from another crate.
                    if alias.first().is_some_and(|name| name == first) {
                        return None;
                    }
                    absolute = self.absolute(from, alias)?;
                    rest = &path[1..];
                }
            }
        }
        absolute.extend_from_slice(rest);
        Some(absolute)
    }

    /// The file that defines what a path from the root names; `None` if it is a module, or no file does.
    fn definer(&self, path: &[String], depth: usize) -> Option<&Path> {
        if depth > DEPTH_MAX {
            return None;
        }
        let known = (0..=path.len()).rev().find(|length| self.by_path.contains_key(&path[..*length]))?;
        let (at, rest) = path.split_at(known);
        let module = &self.by_path[at];
        let first = rest.first()?;
        if first == "*" || module.defines.contains(first) {
            return Some(&module.file);
        }
        if let Some(alias) = module.names.get(first) {
            let mut path = self.absolute(at, alias)?;
            path.extend_from_slice(&rest[1..]);
            return self.definer(&path, depth + 1);
        }
        let through = |glob: &Names| {
            let mut path = self.absolute(at, glob)?;
            path.extend_from_slice(rest);
            self.definer(&path, depth + 1)
        };
        module.globs.iter().find_map(through)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate of these files, and what they import of each other.
    fn imports_of(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let name = |file: PathBuf| file.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned();
        let found = imports(&Modules::read(&folder.path().join("lib.rs")));
        found.into_iter().map(|(from, to)| (name(from), name(to))).collect()
    }

    fn pair(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn a_name_is_followed_to_the_file_that_defines_it() {
        let found = imports_of(&[
            ("lib.rs", "mod a; mod b; pub use a::A;"),
            ("a.rs", "mod inner; pub use inner::A;"),
            ("a/inner.rs", "pub struct A;"),
            ("b.rs", "use crate::A; use std::fmt; fn f(_: A) { fmt::Error; }"),
        ]);
        assert_eq!(found, [pair("b.rs", "a/inner.rs")]);
    }

    #[test]
    fn paths_in_code_count_and_so_do_modules_brought_in() {
        let found = imports_of(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "pub fn f() { super::b::g() }"),
            ("b.rs", "use crate::c; pub fn g() { c::h() }"),
            ("c.rs", "pub fn h() {} #[cfg(test)] mod tests { use crate::a::f; }"),
        ]);
        assert_eq!(found, [pair("a.rs", "b.rs"), pair("b.rs", "c.rs")]);
    }

    #[test]
    fn what_stands_in_macros_and_functions_counts() {
        let found = imports_of(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "pub fn f() { assert!(super::b::g(1) == 1, \"{}\", x) }"),
            ("b.rs", "pub fn g(x: u8) -> u8 { use crate::c::h; h(x) }"),
            ("c.rs", "pub fn h(x: u8) -> u8 { x }"),
        ]);
        assert_eq!(found, [pair("a.rs", "b.rs"), pair("b.rs", "c.rs")]);
    }

    #[test]
    fn a_parent_and_its_child_can_be_a_circle() {
        let found = imports_of(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod child; pub struct P; fn f() { child::g() }"),
            ("a/child.rs", "use super::*; pub fn g() -> P { P }"),
        ]);
        assert_eq!(found, [pair("a/child.rs", "a.rs"), pair("a.rs", "a/child.rs")]);
    }
}
