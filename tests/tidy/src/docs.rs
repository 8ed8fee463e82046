//! What documents say that there is: files that they link to or name.

use std::path::Path;

use crate::table::quoted;

/// What a document names and nobody has.
///
/// A link leads to a file, from the document's folder. A path in code quotes that ends as files do is one from the project's root, or
/// from the folder of the document.
#[must_use]
pub fn missing(document: &Path, text: &str, root: &Path) -> Vec<String> {
    let folder = root.join(document.parent().unwrap_or(Path::new("")));
    let text = without_blocks(text);
    let dead = links(&text).filter(|link| !folder.join(link).exists());
    let named = quoted(&text).filter(|name| is_path(name));
    let unknown = named.filter(|name| !root.join(name).exists() && !folder.join(name).exists());
    dead.chain(unknown).map(str::to_owned).collect()
}

/// The targets of links to files, without what is said of a place in them.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    let files = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    files.map(|target| target.split('#').next().unwrap_or(target))
}

/// Whether it is a path of a file and nothing else: no command, no pattern.
fn is_path(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    let endings = [".rs", ".json", ".md", ".toml", ".yml"];
    let is_there = name.contains('/') && !name.starts_with('/') && !name.starts_with("..");
    is_there && name.chars().all(plain) && endings.iter().any(|ending| name.ends_with(ending))
}

/// The text without its blocks of code.
fn without_blocks(text: &str) -> String {
    text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        for there in ["there.md", "src/there.rs"] {
            std::fs::write(folder.path().join(there), "").unwrap();
        }
        let text = "[a](there.md#x) [b](gone.md) [c](https://example.org/gone.md) `src/there.rs` `src/gone.rs`\n\
                    `duet up a/b.rs`\n```sh\ncat `src/gone.rs`\n```\n";
        let missing = missing(Path::new("README.md"), text, folder.path());
        assert_eq!(missing, ["gone.md", "src/gone.rs"]);
    }
}
