//! Texts that somebody names: definitions, in JSON or YAML, and other files.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use asl::{Definition, Problem, Problems};
use thiserror::Error;

use crate::yaml::{self, Yaml};

/// Largest text that is read, in bytes.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Largest definition in YAML, in bytes; JSON has AWS's own limit.
const YAML_BYTES_MAX: usize = 1024 * 1024;
/// How definitions' files end.
const ENDS: [&str; 3] = [".asl.json", ".asl.yaml", ".asl.yml"];

/// Why a text cannot be looked at.
#[derive(Debug, Error)]
pub enum SourceError {
    /// It cannot be read.
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// A definition was expected there.
    #[error("{} is a folder; expected a file", .0.display())]
    Folder(PathBuf),
    /// Not in UTF-8.
    #[error("{} is no text in UTF-8: byte {at} cannot be part of it", .file.display())]
    NoText {
        /// Where it was read from.
        file: PathBuf,
        /// The first byte that is none, from 0.
        at: usize,
    },
    /// Nobody means so much.
    #[error("{} has more than {BYTES_MAX} bytes", .0.display())]
    TooLarge(PathBuf),
}

/// Reads a text; `-` is standard input.
///
/// # Errors
/// [`SourceError`] names the file, and what is wrong with it.
pub fn read_text(file: &Path) -> Result<String, SourceError> {
    let unreadable = |error| SourceError::Unreadable(file.into(), error);
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        if file.is_dir() {
            return Err(SourceError::Folder(file.into()));
        }
        let opened = std::fs::File::open(file).map_err(unreadable)?;
        opened.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() as u64 > BYTES_MAX {
        return Err(SourceError::TooLarge(file.into()));
    }
    // Some editors put a mark before a text that says that it is UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes);
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        SourceError::NoText { file: file.into(), at }
    })
}

/// The text of a definition.
#[derive(Debug)]
pub struct Source {
    /// As it was read.
    pub text: String,
    /// The JSON that it stands for, if it is YAML.
    yaml: Option<Result<Yaml, Box<Problem>>>,
}

impl Source {
    /// Reads a definition; `-` is standard input. It is YAML if the file's name says so (`.yaml`, `.yml`); of standard input, if it does not begin
    /// with a brace.
    ///
    /// # Errors
    /// As [`read_text`].
    pub fn read(file: &Path) -> Result<Self, SourceError> {
        let text = read_text(file)?;
        let ends = |end: &str| file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(end));
        let is_yaml = match file.to_str() {
            Some("-") => !text.trim_start().is_empty() && !text.trim_start().starts_with(['{', '[', '"']),
            _ => ends("yaml") || ends("yml"),
        };
        let is_yaml = is_yaml && text.len() <= YAML_BYTES_MAX;
        let yaml = is_yaml.then(|| yaml::to_json(&text));
        Ok(Self { text, yaml })
    }

    /// The definition, with its warnings, which are in their places in the text.
    ///
    /// # Errors
    /// Every problem of it.
    pub fn parse(&self) -> Result<(Definition, Vec<Problem>), Problems> {
        let parsed = match &self.yaml {
            Some(Err(problem)) => return Err(Problems::one((**problem).clone())),
            Some(Ok(yaml)) => asl::parse(&yaml.json).map_err(|problems| problems.each(|it| yaml.place(it))),
            None => asl::parse(&self.text),
        };
        let definition = parsed?;
        let mut warnings = definition.warnings().to_vec();
        if let Some(Ok(yaml)) = &self.yaml {
            warnings.iter_mut().for_each(|it| yaml.place(it));
        }
        Ok((definition, warnings))
    }
}

/// What a state machine is called whose definition is in that file.
pub fn machine_name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = definition_name(&name)
        .or_else(|| [".json", ".yaml", ".yml"].iter().find_map(|end| name.strip_suffix(end)))
        .unwrap_or(&name);
    if name == "-" { "stdin".to_owned() } else { name.to_owned() }
}

/// `NAME` of `NAME.asl.json`, and of the same in YAML.
pub(crate) fn definition_name(file_name: &str) -> Option<&str> {
    ENDS.iter().find_map(|end| file_name.strip_suffix(end)).filter(|name| !name.is_empty())
}

/// The definitions in a folder, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn definitions_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_definition =
            path.file_name().is_some_and(|name| definition_name(&name.to_string_lossy()).is_some());
        if is_definition && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
