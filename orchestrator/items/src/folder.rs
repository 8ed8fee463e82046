//! Buckets that are folders of this machine.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use md5::{Digest as _, Md5};

use crate::error::ReadError;
use crate::source::{Buckets, Contents, Object, ObjectList, ObjectWriter, Objects};

/// A folder whose folders are buckets. Keys lead nowhere else.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// That one.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    fn bucket(&self, bucket: &str) -> io::Result<PathBuf> {
        let folder = self.0.join(plain(bucket)?);
        if folder.is_dir() {
            return Ok(folder);
        }
        Err(io::Error::new(io::ErrorKind::NotFound, format!("The specified bucket does not exist: {bucket}")))
    }
}

/// A path of plain names, which leads nowhere else.
fn plain(key: &str) -> io::Result<&Path> {
    let path = Path::new(key);
    if !key.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(path);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{key:?} names no file of a folder")))
}

fn unreadable(error: impl std::fmt::Display) -> ReadError {
    ReadError(error.to_string())
}

impl Objects for Folder {
    fn open(&self, bucket: &str, key: &str, _: Option<&str>) -> Result<Contents, ReadError> {
        let path = self.bucket(bucket).map_err(unreadable)?.join(plain(key).map_err(unreadable)?);
        // What is no file is not even opened: a pipe would wait for somebody to write into it.
        let opened = std::fs::metadata(&path)
            .and_then(|about| if about.is_file() { File::open(&path).map(Some) } else { Ok(None) });
        match opened {
            Ok(Some(file)) => Ok(Box::new(file)),
            Ok(None) => Err(ReadError(format!("The specified key does not exist: {key}"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(ReadError(format!("The specified key does not exist: {key}")))
            }
            Err(error) => Err(unreadable(error)),
        }
    }

    fn list(&self, bucket: &str, prefix: &str) -> Result<ObjectList, ReadError> {
        let folder = self.bucket(bucket).map_err(unreadable)?;
        let mut keys = Vec::new();
        gather(&folder, "", prefix, &mut keys).map_err(unreadable)?;
        keys.sort_unstable();
        Ok(Box::new(keys.into_iter().map(move |key| object(&folder, key).map_err(unreadable))))
    }
}

impl Buckets for Folder {
    fn writer(&self, bucket: &str) -> io::Result<Box<dyn ObjectWriter>> {
        Ok(Box::new(Writer { folder: self.bucket(bucket)?, open: VecDeque::new(), made: HashSet::new() }))
    }
}

/// The keys of all files that begin so; also of those that links lead to, but folders behind links are not looked into: they may lead
/// round in circles. What is neither, or cannot be looked at, is no object.
fn gather(folder: &Path, above: &str, prefix: &str, keys: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let key = format!("{above}{name}");
        if entry.file_type()?.is_dir() {
            let below = format!("{key}/");
            if below.starts_with(prefix) || prefix.starts_with(&below) {
                gather(&entry.path(), &below, prefix, keys)?;
            }
        } else if key.starts_with(prefix)
            && std::fs::metadata(entry.path()).is_ok_and(|about| about.is_file())
        {
            keys.push(key);
        }
    }
    Ok(())
}

fn object(folder: &Path, key: String) -> io::Result<Object> {
    let path = folder.join(&key);
    let about = path.metadata()?;
    let modified = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mut hash = Md5::new();
    let (mut file, mut part) = (BufReader::new(File::open(&path)?), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut part)? {
            0 => break,
            count => hash.update(&part[..count]),
        }
    }
    let etag: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let modified_s = modified.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
    Ok(Object { key, size: about.len(), modified_s, etag: format!("\"{etag}\"") })
}

/// Writes files into the folder of a bucket.
struct Writer {
    folder: PathBuf,
    /// Those that were written to last.
    open: VecDeque<(String, BufWriter<File>)>,
    /// Those that it has made: what stood there before was replaced.
    made: HashSet<String>,
}

/// Most objects that are open at once: there are three kinds of results, and they come mixed.
const OPEN_MAX: usize = 4;

impl ObjectWriter for Writer {
    fn add(&mut self, key: &str, text: &str) -> io::Result<()> {
        let place = match self.open.iter().position(|(open, _)| *open == key) {
            Some(place) => place,
            None => {
                let file = BufWriter::new(self.file(key)?);
                self.open.push_back((key.to_owned(), file));
                if self.open.len() > OPEN_MAX
                    && let Some((_, mut file)) = self.open.pop_front()
                {
                    settled(&mut file)?;
                }
                self.open.len() - 1
            }
        };
        self.open[place].1.write_all(text.as_bytes())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.open.iter_mut().try_for_each(|(_, file)| settled(file))?;
        // A new file is found after a crash if each folder on the way to it knows the next.
        let above = |key: &str| Path::new(key).ancestors().skip(1).map(Path::to_owned).collect::<Vec<_>>();
        let folders: BTreeSet<PathBuf> = self.made.iter().flat_map(|key| above(key)).collect();
        folders.into_iter().try_for_each(|folder| File::open(self.folder.join(folder))?.sync_all())
    }
}

/// Has what was written to a file outlast a crash of the machine: who asked for it is told once that it is there.
fn settled(file: &mut BufWriter<File>) -> io::Result<()> {
    file.flush()?;
    file.get_ref().sync_all()
}

impl Writer {
    /// Adds to an object that it has made, or makes it.
    fn file(&mut self, key: &str) -> io::Result<File> {
        let path = self.folder.join(plain(key)?);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if self.made.insert(key.to_owned()) {
            return File::create(path);
        }
        File::options().append(true).open(path)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_are_objects_and_nothing_else_is() {
        let root = std::env::temp_dir().join(format!("items-folder-{}", std::process::id()));
        let bucket = root.join("b");
        std::fs::create_dir_all(bucket.join("in")).unwrap();
        std::fs::write(bucket.join("in/one"), "1").unwrap();
        for (to, at) in [("in/one", "link"), ("nowhere", "broken"), ("..", "in/up")] {
            symlink(to, bucket.join(at)).unwrap();
        }
        let folder = Folder::new(root.clone());
        let keys: Vec<String> = folder.list("b", "").unwrap().map(|object| object.unwrap().key).collect();
        assert_eq!(keys, ["in/one", "link"]);
        assert!(folder.open("b", "link", None).is_ok());
        for key in ["broken", "in", "in/up", "none"] {
            let refused = folder.open("b", key, None).err().unwrap();
            assert_eq!(refused, ReadError(format!("The specified key does not exist: {key}")));
        }
        let mut writer = folder.writer("b").unwrap();
        writer.add("out/a/x", "hi").unwrap();
        writer.finish().unwrap();
        assert_eq!(std::fs::read_to_string(bucket.join("out/a/x")).unwrap(), "hi");
        std::fs::remove_dir_all(&root).unwrap();
    }
}
