//! What Map runs have done with buckets: items read, results written.

use asl::map::{Map, Mode, WriterConfig};
use asl::{Definition, StateKind};
use engine::results::{Addition, RESULT_FILE_BYTES_MAX, ResultFiles, ResultKind, manifest, pending, told};
use engine::{Fact, MapNews};
use items::{Buckets, ObjectWriter, Page, ReadError};
use serde_json::Value;

use crate::errand::{ItemsWanted, Outcome, Results};
use crate::errands::{Errands, patiently};
use crate::files::{NO_BUCKETS, blocking};
use crate::lists;
use crate::nesting::child_end;
use crate::stored::{Place, Stored};

/// Keys that are found at once.
const KEYS_AT_ONCE: usize = 1_000;
/// Rows that are read before what they say is written.
const ROWS_AT_ONCE: usize = 200;

fn map_of<'d>(definition: &'d Definition, name: &str) -> Option<&'d Map> {
    match &definition.state_named(name)?.kind {
        StateKind::Map(map) => Some(map),
        _ => None,
    }
}

impl<C> Errands<C> {
    /// Reads items for a Map run of the execution under `key`.
    pub(crate) async fn read_items(&self, key: &str, wanted: &ItemsWanted) -> Outcome {
        let from = wanted.from;
        let definition = patiently(|| self.catalogue.find(self.reader(), &wanted.definition)).await;
        let definition = definition.ok().flatten();
        let news = match definition.as_ref().and_then(|definition| map_of(definition, &wanted.map)) {
            Some(map) => match self.files.page(key, map, wanted).await {
                Ok(Page { items, of_object, is_last }) => MapNews::Items { from, items, of_object, is_last },
                Err(ReadError(cause)) => MapNews::Unreadable { from, cause },
            },
            None => {
                let cause = "The definition of the Map cannot be read.".to_owned();
                MapNews::Unreadable { from, cause }
            }
        };
        Outcome::Told(Fact::MapRun { run: wanted.run, news })
    }

    /// Writes the results of a Map run: of all its children that have ended.
    pub(crate) async fn write_results(&self, results: &Results) -> Outcome {
        let news = match self.written(results).await {
            Ok(()) => MapNews::Written,
            Err(cause) => MapNews::NotWritten { cause },
        };
        Outcome::Told(Fact::MapRun { run: results.run, news })
    }

    async fn written(&self, results: &Results) -> Result<(), String> {
        let buckets = self.files.buckets.clone().ok_or(NO_BUCKETS)?;
        let definition = patiently(|| self.catalogue.find(self.reader(), &results.definition)).await;
        let definition = definition.map_err(|error| error.to_string())?;
        let config = definition.as_ref().and_then(|definition| writer_of(definition, &results.map));
        let config = config.ok_or("The definition of the Map cannot be read.")?;
        let mut writing = Writing::begin(&*buckets, results, config).map_err(|error| error.to_string())?;
        for keys in self.children(&results.name).await?.chunks(ROWS_AT_ONCE) {
            let mut lines = Vec::with_capacity(keys.len());
            for key in keys {
                let stored = self.described(key).await.map_err(|error| error.to_string())?;
                let Some(stored) = stored else { continue };
                lines.extend(self.line(key, &stored, config).await?);
            }
            writing = blocking(move || writing.children(lines)).await?.map_err(|error| error.to_string())?;
        }
        let (items, arn, bucket) =
            (results.pending.clone(), results.map_run_arn.clone(), results.bucket.clone());
        let ended = blocking(move || writing.end(&items, &bucket, &arn)).await?;
        ended.map_err(|error| error.to_string())
    }

    /// The keys of all children of a Map run, in the order in which they began.
    async fn children(&self, run: &str) -> Result<Vec<String>, String> {
        let ((index, value), mut keys, mut cursor) = (lists::place(run, None), Vec::new(), None);
        loop {
            let found = patiently(|| self.reader().linked(index, &value, cursor, KEYS_AT_ONCE)).await;
            let (page, next) = found.map_err(|error| error.to_string())?;
            keys.extend(page);
            if next.is_none() {
                keys.reverse();
                return Ok(keys);
            }
            cursor = next;
        }
    }

    /// What is written of a child, if it has ended and is somebody.
    async fn line(
        &self,
        key: &str,
        stored: &Stored,
        config: WriterConfig,
    ) -> Result<Option<(ResultKind, Value)>, String> {
        let (Some(end), Place::Here(execution)) = (child_end(stored, None), &stored.place) else {
            return Ok(None);
        };
        let Some(identity) = execution.identity() else { return Ok(None) };
        let input = self.input(key, stored).await.map_err(|error| error.to_string())?;
        let told = told(identity, execution.is_express(), Some(&input), &end, config.transformation);
        Ok(Some((ResultKind::of(end.status), told)))
    }
}

fn writer_of(definition: &Definition, map: &str) -> Option<WriterConfig> {
    match &map_of(definition, map)?.mode {
        Mode::Distributed(distributed) => distributed.writer.as_ref().map(|writer| writer.config),
        Mode::Inline => None,
    }
}

/// Results on their way into the files that AWS has.
struct Writing {
    writer: Box<dyn ObjectWriter>,
    files: [ResultFiles; 3],
    folder: String,
}

impl Writing {
    fn begin(buckets: &dyn Buckets, results: &Results, config: WriterConfig) -> std::io::Result<Self> {
        let folder = results.folder.clone();
        let files =
            ResultKind::ALL.map(|kind| ResultFiles::new(&folder, kind, config, RESULT_FILE_BYTES_MAX));
        Ok(Self { writer: buckets.writer(&results.bucket)?, files, folder })
    }

    fn add(&mut self, additions: impl IntoIterator<Item = Addition>) -> std::io::Result<()> {
        additions.into_iter().try_for_each(|Addition { key, text }| self.writer.add(&key, &text))
    }

    fn children(mut self, lines: Vec<(ResultKind, Value)>) -> std::io::Result<Self> {
        for (kind, told) in lines {
            let additions = self.files[kind as usize].add(&told);
            self.add(additions)?;
        }
        Ok(self)
    }

    fn end(mut self, items: &[Value], bucket: &str, map_run_arn: &str) -> std::io::Result<()> {
        for item in items {
            let additions = self.files[ResultKind::Pending as usize].add(&pending(item));
            self.add(additions)?;
        }
        for kind in ResultKind::ALL {
            let addition = self.files[kind as usize].close();
            self.add(addition)?;
        }
        let key = format!("{}/manifest.json", self.folder);
        let text = manifest(bucket, map_run_arn, &self.files).to_string();
        self.add([Addition { key, text }])?;
        self.writer.finish()
    }
}
