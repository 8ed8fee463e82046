//! What is around an execution in a case: time, executions that it starts, objects that it reads and writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::results::{Addition, RESULT_FILE_BYTES_MAX, ResultFiles, ResultKind, manifest, pending, told};
use engine::{
    ChildEnd, Ending, Fact, Identity, MapNews, MapRunId, ReadItems, StartChild, Status, WriteResults,
};
use items::{Contents, Object, ObjectList, Objects, Page, ReadError, items, page};
use serde_json::Value;

/// What is around an execution.
pub(crate) struct Surroundings {
    pub(crate) now_ms: u64,
    pub(crate) calls: Vec<Value>,
    /// The histories of executions that Maps started, in the order in which these ended.
    pub(crate) children: Vec<Vec<String>>,
    /// What `DescribeMapRun` tells of the Map runs that have ended.
    pub(crate) runs: Vec<Value>,
    objects: Arc<Stored>,
    written: BTreeMap<String, String>,
    ended: Vec<(MapRunId, Identity, bool, String, ChildEnd)>,
}

/// Objects by `bucket/key`.
#[derive(Default)]
struct Stored(BTreeMap<String, String>);

impl Objects for Stored {
    fn open(&self, bucket: &str, key: &str, _: Option<&str>) -> Result<Contents, ReadError> {
        let found = self.0.get(&format!("{bucket}/{key}"));
        let found = found.ok_or_else(|| ReadError("The specified key does not exist.".to_owned()))?;
        Ok(Box::new(std::io::Cursor::new(found.clone())))
    }

    fn list(&self, bucket: &str, prefix: &str) -> Result<ObjectList, ReadError> {
        let place = format!("{bucket}/{prefix}");
        let found = self.0.iter().filter(|(name, _)| name.starts_with(&place));
        let found: Vec<_> = found
            .map(|(name, text)| {
                let (key, size) = (name[bucket.len() + 1..].to_owned(), text.len() as u64);
                Ok(Object { key, size, modified_s: 1_700_000_000, etag: "\"e\"".to_owned() })
            })
            .collect();
        Ok(Box::new(found.into_iter()))
    }
}

impl Surroundings {
    pub(crate) fn new(now_ms: u64, objects: &BTreeMap<String, Value>) -> Self {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let objects = Stored(objects.iter().map(|(name, value)| (name.clone(), text(value))).collect());
        Self {
            now_ms,
            calls: Vec::new(),
            children: Vec::new(),
            runs: Vec::new(),
            objects: Arc::new(objects),
            written: BTreeMap::new(),
            ended: Vec::new(),
        }
    }

    /// An object that was written, as text or as JSON.
    pub(crate) fn written(&self, key: &str, as_text: bool) -> Value {
        match self.written.get(key) {
            Some(text) if as_text => text.as_str().into(),
            Some(text) => serde_json::from_str(text).unwrap(),
            None => Value::Null,
        }
    }

    /// Says how a child ended.
    pub(crate) fn ended(
        &mut self,
        child: StartChild,
        (started_ms, redrives): (u64, u32),
        ending: Ending,
    ) -> Fact {
        let Ending { status, at_ms, output, error, cause, .. } = ending;
        let text = child.start.input.to_string();
        let input = (child.is_told_whole || status != Status::Succeeded).then(|| text.clone());
        let attempt = child.attempt;
        let end = ChildEnd {
            status,
            started_ms,
            stopped_ms: at_ms,
            output,
            error,
            cause,
            attempt,
            redrives,
            input,
        };
        let (run, index, express) = (child.run, child.index, child.start.express);
        if let Some(identity) = child.start.identity.filter(|_| child.written.is_some()) {
            self.ended.retain(|other| other.1 != *identity);
            self.ended.push((run, *identity, express, text, end.clone()));
        }
        Fact::MapRun { run, news: MapNews::ChildEnded { index, end: Box::new(end) } }
    }

    pub(crate) fn read(&self, asked: &ReadItems) -> Fact {
        let objects: Arc<dyn Objects> = self.objects.clone();
        let from = asked.from;
        let page = items(&asked.resource, &asked.arguments, &asked.config, &objects).and_then(|mut all| {
            all.by_ref().take(usize::try_from(from).unwrap()).collect::<Result<Vec<_>, _>>()?;
            page(&mut all, &mut None, asked.items_max, asked.bytes_max)
        });
        let news = match page {
            Ok(Page { items, of_object, is_last }) => MapNews::Items { from, items, of_object, is_last },
            Err(error) => MapNews::Unreadable { from, cause: error.to_string() },
        };
        Fact::MapRun { run: asked.run, news }
    }

    pub(crate) fn write(&mut self, asked: &WriteResults) -> Fact {
        if asked.bucket == "none" {
            let cause = "The specified bucket does not exist.".to_owned();
            return Fact::MapRun { run: asked.run, news: MapNews::NotWritten { cause } };
        }
        let mut files = ResultKind::ALL
            .map(|kind| ResultFiles::new(&asked.folder, kind, asked.config, RESULT_FILE_BYTES_MAX));
        let mut additions = Vec::new();
        for (_, identity, express, input, end) in self.ended.iter().filter(|it| it.0 == asked.run) {
            let told = told(identity, *express, Some(input), end, asked.config.transformation);
            let kind = ResultKind::of(end.status);
            additions.extend(files[kind as usize].add(&told));
        }
        for item in &asked.pending {
            additions.extend(files[ResultKind::Pending as usize].add(&pending(item)));
        }
        additions.extend(files.iter_mut().filter_map(ResultFiles::close));
        // What was written before is written anew.
        self.written.retain(|key, _| !key.starts_with(&asked.folder));
        for Addition { key, text } in additions {
            self.written.entry(key).or_default().push_str(&text);
        }
        let manifest = manifest(&asked.bucket, &asked.map_run_arn, &files);
        self.written.insert(format!("{}/manifest.json", asked.folder), manifest.to_string());
        Fact::MapRun { run: asked.run, news: MapNews::Written }
    }
}
