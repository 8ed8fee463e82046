//! The files of a crate as modules: what each defines, and what it hands on from others.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// A path of names, from the root of the crate.
pub type Names = Vec<String>;

/// All modules of a library or program.
#[derive(Default)]
pub struct Modules {
    /// By path; the root's is empty.
    pub by_path: HashMap<Names, Module>,
}

/// A module: a file, or a part of one.
pub struct Module {
    /// The file that it stands in.
    pub file: PathBuf,
    /// What stands in it, without the modules in it and without tests.
    pub items: Vec<Item>,
    /// Names that its `use` brings in, with what they stand for, as written.
    pub names: HashMap<String, Names>,
    /// Modules all of whose names it hands on (`pub use …::*`), as written.
    pub globs: Vec<Names>,
    /// What it defines itself.
    pub defines: Vec<String>,
}

impl Modules {
    /// Reads the file and all that it declares.
    ///
    /// # Panics
    /// If a file is missing or no Rust.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let mut modules = Self::default();
        modules.read_file(root, Vec::new());
        modules
    }

    fn read_file(&mut self, file: &Path, path: Names) {
        let text =
            std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add(file, path, syntax.items);
    }

    fn add(&mut self, file: &Path, path: Names, items: Vec<Item>) {
        let mut module = Module {
            file: file.to_owned(),
            items: Vec::new(),
            names: HashMap::new(),
            globs: Vec::new(),
            defines: Vec::new(),
        };
        for item in items {
            match item {
                Item::Mod(child) if is_of_tests(&child.attrs) => {}
                Item::Mod(child) => {
                    let name = child.ident.to_string();
                    let mut path = path.clone();
                    path.push(name.clone());
                    match child.content {
                        Some((_, items)) => self.add(file, path, items),
                        None => self.read_file(&child_file(file, &path, &name), path),
                    }
                }
                item => module.take(item),
            }
        }
        self.by_path.insert(path, module);
    }
}

impl Module {
    fn take(&mut self, item: Item) {
        match &item {
            Item::Use(item) => self.take_use(item),
            item => self.defines.extend(name_of(item)),
        }
        self.items.push(item);
    }

    fn take_use(&mut self, item: &ItemUse) {
        let is_handed_on = !matches!(item.vis, Visibility::Inherited);
        for leaf in leaves(&item.tree) {
            match leaf {
                Leaf::Name { path, name } => drop(self.names.insert(name, path)),
                Leaf::Glob { path } if is_handed_on => self.globs.push(path),
                Leaf::Glob { .. } => {}
            }
        }
    }
}

/// What a `use` ends in.
#[derive(Debug, PartialEq, Eq)]
pub enum Leaf {
    /// A name, perhaps another than in its path.
    Name {
        /// The path, as written.
        path: Names,
        /// The name by which it is known from here on.
        name: String,
    },
    /// All names in there.
    Glob {
        /// The path, as written.
        path: Names,
    },
}

/// All that a `use` brings in.
#[must_use]
pub fn leaves(tree: &UseTree) -> Vec<Leaf> {
    fn walk(tree: &UseTree, mut path: Names, leaves: &mut Vec<Leaf>) {
        match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                walk(&tree.tree, path, leaves);
            }
            UseTree::Name(tree) if tree.ident == "self" => {
                let name = path.last().cloned().unwrap_or_default();
                leaves.push(Leaf::Name { path, name });
            }
            UseTree::Name(tree) => {
                path.push(tree.ident.to_string());
                leaves.push(Leaf::Name { path, name: tree.ident.to_string() });
            }
            UseTree::Rename(tree) => {
                path.push(tree.ident.to_string());
                leaves.push(Leaf::Name { path, name: tree.rename.to_string() });
            }
            UseTree::Glob(_) => leaves.push(Leaf::Glob { path }),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| walk(tree, path.clone(), leaves));
            }
        }
    }
    let mut found = Vec::new();
    walk(tree, Vec::new(), &mut found);
    found
}

/// Whether it is there for tests alone.
fn is_of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("cfg") && list.is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

/// Where the module that a file declares stands: beside it, or in the folder of the file's name.
fn child_file(file: &Path, path: &[String], name: &str) -> PathBuf {
    let stem = file.file_stem().unwrap().to_string_lossy();
    let is_folder = path.len() == 1 || stem == "mod";
    let folder = if is_folder { file.parent().unwrap().to_owned() } else { file.with_extension("") };
    let beside = folder.join(format!("{name}.rs"));
    if beside.exists() { beside } else { folder.join(name).join("mod.rs") }
}

fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(ident.to_string())
}
