//! Buckets that are read, and stay as they are: what is written stands before them, and is gone in the end.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;

use items::{Buckets, Contents, Folder, ObjectList, ObjectWriter, Objects, ReadError};
use tempfile::TempDir;

/// Buckets, with what was written since before them.
pub(crate) struct Scratch {
    below: Folder,
    /// Has a folder for each bucket that was written to.
    written: OnceLock<TempDir>,
}

impl Scratch {
    /// Nothing is written to those.
    pub(crate) fn over(below: Folder) -> Self {
        Self { below, written: OnceLock::new() }
    }

    fn written(&self) -> Option<Folder> {
        self.written.get().map(|dir| Folder::new(dir.path().to_owned()))
    }

    fn place(&self, bucket: &str) -> io::Result<PathBuf> {
        let dir = match self.written.get() {
            Some(dir) => dir,
            None => {
                let made = tempfile::tempdir()?;
                self.written.get_or_init(|| made)
            }
        };
        let place = dir.path().join(bucket);
        std::fs::create_dir_all(&place)?;
        Ok(dir.path().to_owned())
    }
}

impl Objects for Scratch {
    fn open(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<Contents, ReadError> {
        let written = self.written().and_then(|written| written.open(bucket, key, version).ok());
        written.map_or_else(|| self.below.open(bucket, key, version), Ok)
    }

    fn list(&self, bucket: &str, prefix: &str) -> Result<ObjectList, ReadError> {
        let mut objects = BTreeMap::new();
        let written = self.written().and_then(|written| written.list(bucket, prefix).ok());
        for object in self.below.list(bucket, prefix)?.chain(written.into_iter().flatten()) {
            let object = object?;
            objects.insert(object.key.clone(), object);
        }
        Ok(Box::new(objects.into_values().map(Ok)))
    }
}

impl Buckets for Scratch {
    fn writer(&self, bucket: &str) -> io::Result<Box<dyn ObjectWriter>> {
        // There must be such a bucket, whose name leads nowhere else.
        drop(self.below.writer(bucket)?);
        Folder::new(self.place(bucket)?).writer(bucket)
    }
}
