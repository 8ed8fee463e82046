//! What a Map run reads and writes, between one page and the next.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, Write as _};

use engine::WriteResults;
use engine::results::{Addition, RESULT_FILE_BYTES_MAX, ResultFiles, ResultKind, manifest, pending};
use items::{Buckets, Item, Items, ObjectWriter};
use serde_json::Value;

/// What a Map run reads, and what it will write.
#[derive(Default)]
pub(crate) struct MapFiles {
    /// The items that come, and the one that the last page had no place for.
    pub(crate) items: Option<(Items, Option<Item>)>,
    /// What children gave, a line each: its kind and what is told of it. On disk, since they may be a million.
    results: Option<BufWriter<File>>,
}

impl MapFiles {
    pub(crate) fn keep(&mut self, line: &(&str, Value)) -> std::io::Result<()> {
        let results = match &mut self.results {
            Some(results) => results,
            none => none.insert(BufWriter::new(tempfile::tempfile()?)),
        };
        serde_json::to_writer(&mut *results, line)?;
        results.write_all(b"\n")
    }

    /// Writes what was kept, in the files that AWS has.
    pub(crate) fn write(&mut self, asked: &WriteResults, buckets: &dyn Buckets) -> std::io::Result<()> {
        let mut writer = buckets.writer(&asked.bucket)?;
        let mut files = ResultKind::ALL
            .map(|kind| ResultFiles::new(&asked.folder, kind, asked.config, RESULT_FILE_BYTES_MAX));
        if let Some(results) = self.results.take() {
            let mut kept = results.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            kept.rewind()?;
            for line in BufReader::new(kept).lines() {
                let (kind, told): (String, Value) = serde_json::from_str(&line?)?;
                if let Some(place) = ResultKind::ALL.iter().position(|it| it.name() == kind) {
                    add(&mut *writer, files[place].add(&told))?;
                }
            }
        }
        for item in &asked.pending {
            add(&mut *writer, files[ResultKind::Pending as usize].add(&pending(item)))?;
        }
        for files in &mut files {
            add(&mut *writer, files.close())?;
        }
        let manifest = manifest(&asked.bucket, &asked.map_run_arn, &files);
        let key = format!("{}/manifest.json", asked.folder);
        add(&mut *writer, [Addition { key, text: manifest.to_string() }])?;
        writer.finish()
    }
}

fn add(writer: &mut dyn ObjectWriter, additions: impl IntoIterator<Item = Addition>) -> std::io::Result<()> {
    additions.into_iter().try_for_each(|Addition { key, text }| writer.add(&key, &text))
}
