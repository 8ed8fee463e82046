//! The input that is being read, in a file: what overflows the stack or never ends leaves nothing else of it.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// A file with the input in hand, removed when this is dropped.
pub(crate) struct InHand {
    path: PathBuf,
    file: File,
    is_kept: bool,
}

impl InHand {
    /// For a run with inputs of that kind from that seed. Says where the file is, past what a test's output is held back by: a
    /// process that is aborted shows none of that.
    pub(crate) fn new(kind: &str, seed: u64) -> Self {
        let path = std::env::temp_dir().join(format!("asl-fuzz-{kind}-{seed}-{}.json", std::process::id()));
        let file = File::create(&path).expect("a file for the input in hand");
        let said = format!("fuzz: {kind} inputs from seed {seed}, the one in hand in {}\n", path.display());
        std::io::stderr().write_all(said.as_bytes()).expect("said");
        Self { path, file, is_kept: false }
    }

    /// From now on it is this.
    pub(crate) fn is(&mut self, text: &str) {
        self.file.rewind().expect("a file can be rewound");
        self.file.set_len(0).expect("a file can be emptied");
        self.file.write_all(text.as_bytes()).expect("the input in hand is written");
    }

    /// Leaves the file where it is.
    pub(crate) fn keep(&mut self) -> &Path {
        self.is_kept = true;
        &self.path
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
