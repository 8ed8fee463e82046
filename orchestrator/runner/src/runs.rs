//! Children of Maps, and what Maps read and write.

use std::sync::Arc;

use asl::resource::Resource;
use engine::results::{ResultKind, told};
use engine::{ChildEnd, Ending, Fact, MapNews, MapRunId, ReadItems, StartChild, Status, WriteResults};
use items::{Buckets, Items, Objects, Page, ReadError};
use serde_json::Value;

use crate::answer::Reply;
use crate::asked::{Answer, Asked};
use crate::one_text::OneText;
use crate::outcome::RunError;
use crate::parent::{Parent, ToldChild};
use crate::stop::Stop;
use crate::world::{Hosted, World};

impl World<'_> {
    pub(crate) fn start_child(&mut self, of: &Arc<str>, child: StartChild) {
        let StartChild { run, index, written, is_told_whole, start, .. } = child;
        let parent = self.hosted.get(of).map(|hosted| (hosted.definition, hosted.is_part));
        let Some((definition, is_part)) = parent else { return };
        let told = ToldChild {
            identity: start.identity.clone(),
            express: start.express,
            input: start.input.to_string(),
            is_told_whole,
            written,
        };
        let name = start.identity.as_ref().map(|it| format!("{}:{}", it.machine_name, it.name));
        let parent = Parent::Map { execution: Arc::clone(of), run, index, child: Box::new(told) };
        let id: Arc<str> = start.execution.as_str().into();
        let name = name.or_else(|| Some(start.execution.clone()));
        self.hosted.insert(Arc::clone(&id), Hosted::new(definition, name, Some(parent), is_part));
        self.due.fact(self.now_ms, &id, Fact::ChildStarted(Box::new(start)));
    }

    /// Tells a Map how its child ended, and keeps what is to be written of it.
    pub(crate) fn child_ended(
        &mut self,
        (execution, run, index): (Arc<str>, MapRunId, u64),
        child: ToldChild,
        started_ms: u64,
        ending: &Ending,
    ) -> Result<(), RunError> {
        let Ending { status, at_ms, output, error, cause, .. } = ending.clone();
        let (attempt, redrives) = (0, 0);
        let mut end = ChildEnd {
            status,
            started_ms,
            stopped_ms: at_ms,
            output,
            error,
            cause,
            attempt,
            redrives,
            input: None,
        };
        if let (Some(transformation), Some(identity)) = (child.written, &child.identity) {
            let told = told(identity, child.express, Some(&child.input), &end, transformation);
            let line = (ResultKind::of(status).name(), told);
            let files = self.files.entry((Arc::clone(&execution), run)).or_default();
            files.keep(&line).map_err(|error| RunError::Spool(error.to_string()))?;
        }
        if child.is_told_whole || status != Status::Succeeded {
            end.input = Some(child.input);
        }
        let news = MapNews::ChildEnded { index, end: Box::new(end) };
        self.due.fact(self.now_ms, &execution, Fact::MapRun { run, news });
        Ok(())
    }

    pub(crate) fn read_items(&mut self, of: &Arc<str>, asked: &ReadItems) -> Result<(), RunError> {
        let place = (Arc::clone(of), asked.run);
        if self.files.get(&place).is_none_or(|files| files.items.is_none()) {
            let opened = self.open_items(asked)?;
            match opened {
                Ok(items) => self.files.entry(place.clone()).or_default().items = Some((items, None)),
                Err(error) => {
                    self.tell_map(of, asked.run, MapNews::Unreadable { from: asked.from, cause: error.0 });
                    return Ok(());
                }
            }
        }
        let Some((items, held)) = self.files.get_mut(&place).and_then(|files| files.items.as_mut()) else {
            return Ok(());
        };
        let from = asked.from;
        let news = match items::page(items, held, asked.items_max, asked.bytes_max) {
            Ok(Page { items, of_object, is_last }) => MapNews::Items { from, items, of_object, is_last },
            Err(error) => MapNews::Unreadable { from, cause: error.0 },
        };
        // A file that is read to its end stays open no longer: there may be thousands of Maps.
        if !matches!(news, MapNews::Items { is_last: false, .. })
            && let Some(files) = self.files.get_mut(&place)
        {
            files.items = None;
        }
        self.tell_map(of, asked.run, news);
        Ok(())
    }

    /// The items that a Map asks for: those of an answer, or of a bucket.
    fn open_items(&mut self, asked: &ReadItems) -> Result<Result<Items, ReadError>, RunError> {
        let answer = self.answer_for(&asked.state, &asked.resource, &asked.arguments)?;
        Ok(match (answer, &self.buckets) {
            (Some(Answer::Result(Value::Array(items)) | Answer::Returned(Value::Array(items))), _) => {
                Ok(Box::new(items.into_iter().map(|item| Ok(item.into()))))
            }
            // Anything else is what is in the object.
            (Some(Answer::Result(data) | Answer::Returned(data)), _) => {
                let text = data.as_str().map_or_else(|| data.to_string(), str::to_owned);
                let objects: Arc<dyn Objects> = Arc::new(OneText(text));
                items::items(&asked.resource, &asked.arguments, &asked.config, &objects)
            }
            (Some(Answer::Failed { error, cause }), _) => Err(ReadError(cause.unwrap_or(error))),
            (None, Some(folder)) => {
                let objects: Arc<dyn Objects> = Arc::<dyn Buckets>::clone(folder);
                items::items(&asked.resource, &asked.arguments, &asked.config, &objects)
            }
            (None, None) => {
                let state = asked.state.to_string();
                return Err(RunError::NoBuckets { state, does: "reads its items" });
            }
        })
    }

    /// What a mock or function answers in the place of a bucket.
    fn answer_for(
        &mut self,
        state: &Arc<str>,
        resource: &str,
        parameters: &Value,
    ) -> Result<Option<Answer>, RunError> {
        let Some(resource) = Resource::parse(resource) else { return Ok(None) };
        let asked = Asked { state: Arc::clone(state), resource, parameters: parameters.clone() };
        let reply = self.answers.answer(&asked)?;
        Ok(reply.and_then(|reply| match reply {
            Reply::Told(course) => course.end.map(|(_, answer)| answer),
            Reply::Work(job) => Some(job(&Stop::default())),
        }))
    }

    pub(crate) fn write_results(&mut self, of: &Arc<str>, asked: &WriteResults) -> Result<(), RunError> {
        let written = match (self.answer_for(&asked.state, &asked.resource, &asked.arguments)?, &self.buckets)
        {
            (Some(Answer::Failed { error, cause }), _) => Err(cause.unwrap_or(error)),
            (Some(_), _) => Ok(()),
            (None, Some(folder)) => {
                let folder = Arc::clone(folder);
                let files = self.files.entry((Arc::clone(of), asked.run)).or_default();
                files.write(asked, &*folder).map_err(|error| error.to_string())
            }
            (None, None) => {
                let state = asked.state.to_string();
                return Err(RunError::NoBuckets { state, does: "writes its results" });
            }
        };
        let news = written.map_or_else(|cause| MapNews::NotWritten { cause }, |()| MapNews::Written);
        self.tell_map(of, asked.run, news);
        Ok(())
    }

    fn tell_map(&mut self, of: &Arc<str>, run: MapRunId, news: MapNews) {
        self.due.fact(self.now_ms, of, Fact::MapRun { run, news });
    }
}
