//! What is told and written of the children of a Map run: records, and the files that they are in.

use asl::map::{Transformation, WriterConfig};
use serde_json::{Value, json};

use crate::child::ChildEnd;
use crate::context::timestamp;
use crate::execution::Ending;
use crate::identity::Identity;
use crate::status::Status;

/// What is known of a child, as AWS tells it where results are told whole.
pub fn record(identity: &Identity, express: bool, input: &str, end: &ChildEnd) -> Value {
    let mut record = json!({});
    if end.status != Status::Succeeded {
        record["Cause"] = json!(end.cause);
        record["Error"] = json!(end.error);
    }
    record["ExecutionArn"] = identity.execution_arn.as_str().into();
    record["Input"] = input.into();
    record["InputDetails"] = json!({"Included": true});
    record["Name"] = identity.name.as_str().into();
    if let Some(output) = &end.output {
        record["Output"] = output.to_string().into();
    }
    record["OutputDetails"] = json!({"Included": true});
    if !express {
        record["RedriveCount"] = end.redrives.into();
        let is_over = end.status == Status::Succeeded;
        record["RedriveStatus"] = if is_over { "NOT_REDRIVABLE" } else { "REDRIVABLE" }.into();
        if is_over {
            record["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven".into();
        }
    }
    record["StartDate"] = timestamp(end.started_ms).into();
    record["StateMachineArn"] = identity.machine_arn.as_str().into();
    record["Status"] = end.status.name().into();
    record["StopDate"] = timestamp(end.stopped_ms).into();
    if let Value::Object(members) = &mut record {
        members.retain(|_, value| !value.is_null());
    }
    record
}

/// What is written of a child, or told in the state's output: one that did not succeed is always told whole.
pub fn told(
    identity: &Identity,
    express: bool,
    input: Option<&str>,
    end: &ChildEnd,
    transformation: Transformation,
) -> Value {
    match (&end.output, transformation) {
        (Some(output), Transformation::Compact | Transformation::Flatten)
            if end.status == Status::Succeeded =>
        {
            output.clone()
        }
        _ => record(identity, express, input.unwrap_or_default(), end),
    }
}

/// What a task is told of an execution that it has started and waited for, as `DescribeExecution` has it: input (JSON text) and
/// output as text, or as JSON (`.sync:2`).
pub fn nested(identity: &Identity, input: &str, started_ms: u64, ending: &Ending, as_json: bool) -> Value {
    let text = |text: String| match as_json {
        true => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        false => Value::String(text),
    };
    let mut told = json!({});
    if ending.status != Status::Succeeded {
        told["Cause"] = json!(ending.cause);
        told["Error"] = json!(ending.error);
    }
    told["ExecutionArn"] = identity.execution_arn.as_str().into();
    told["Input"] = text(input.to_owned());
    told["InputDetails"] = json!({"Included": true});
    told["Name"] = identity.name.as_str().into();
    if let Some(output) = &ending.output {
        told["Output"] = text(output.to_string());
        told["OutputDetails"] = json!({"Included": true});
    }
    told["RedriveCount"] = 0.into();
    let is_over = ending.status == Status::Succeeded;
    told["RedriveStatus"] = if is_over { "NOT_REDRIVABLE" } else { "REDRIVABLE" }.into();
    if is_over {
        told["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven".into();
    }
    told["StartDate"] = started_ms.into();
    told["StateMachineArn"] = identity.machine_arn.as_str().into();
    told["Status"] = ending.status.name().into();
    told["StopDate"] = ending.at_ms.into();
    if let Value::Object(members) = &mut told {
        members.retain(|_, value| !value.is_null());
    }
    told
}

/// What is told of an item that no child was begun for.
pub fn pending(item: &Value) -> Value {
    json!({"Input": item.to_string(), "InputDetails": {"Included": true}, "Status": "PENDING"})
}

/// The kinds of files that results are in, in the order of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResultKind {
    /// Of children that failed, took too long or were stopped.
    Failed,
    /// Of items that no child was begun for.
    Pending,
    /// Of children that succeeded.
    Succeeded,
}

impl ResultKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Failed, Self::Pending, Self::Succeeded];

    /// The kind of a child that ended so.
    pub fn of(status: Status) -> Self {
        if status == Status::Succeeded { Self::Succeeded } else { Self::Failed }
    }

    /// What the manifest calls it, and its files begin with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "FAILED",
            Self::Pending => "PENDING",
            Self::Succeeded => "SUCCEEDED",
        }
    }
}

/// Largest file of results, in bytes: what AWS puts into one object.
pub const RESULT_FILE_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// The files of one kind as they are made: what is to be written next, and what the manifest says of them. Nothing of their
/// contents is held.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultFiles {
    folder: String,
    kind: ResultKind,
    config: WriterConfig,
    bytes_max: u64,
    files: Vec<(String, u64)>,
    is_open: bool,
}

/// Something to be added to the end of an object; the first addition makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The object.
    pub key: String,
    /// What.
    pub text: String,
}

impl ResultFiles {
    /// Files of that kind in the folder, none of them begun, each of so many bytes at most (but of one record at least).
    pub fn new(folder: &str, kind: ResultKind, config: WriterConfig, bytes_max: u64) -> Self {
        Self { folder: folder.to_owned(), kind, config, bytes_max, files: Vec::new(), is_open: false }
    }

    /// What is to be written for what is told of a child.
    pub fn add(&mut self, told: &Value) -> Vec<Addition> {
        let records = match told {
            Value::Array(elements) if self.config.transformation == Transformation::Flatten => &**elements,
            other => std::slice::from_ref(other),
        };
        let mut additions = Vec::new();
        for record in records {
            let text = record.to_string();
            let is_full =
                self.files.last().is_some_and(|(_, bytes)| bytes + text.len() as u64 + 2 > self.bytes_max);
            if is_full {
                additions.extend(self.close());
            }
            additions.push(self.addition(text));
        }
        additions
    }

    fn addition(&mut self, record: String) -> Addition {
        let is_first = !self.is_open;
        if is_first {
            let extension = if self.config.jsonl { "jsonl" } else { "json" };
            let (folder, kind, number) = (&self.folder, self.kind.name(), self.files.len());
            self.files.push((format!("{folder}/{kind}_{number}.{extension}"), 0));
            self.is_open = true;
        }
        let text = match (self.config.jsonl, is_first) {
            (true, _) => record + "\n",
            (false, true) => format!("[{record}"),
            (false, false) => format!(",{record}"),
        };
        self.appended(text)
    }

    /// What is to be written when no record follows.
    pub fn close(&mut self) -> Option<Addition> {
        let was_open = std::mem::take(&mut self.is_open);
        (was_open && !self.config.jsonl).then(|| self.appended("]".to_owned()))
    }

    fn appended(&mut self, text: String) -> Addition {
        let (key, bytes) =
            self.files.last_mut().map_or((String::new(), None), |(key, bytes)| (key.clone(), Some(bytes)));
        if let Some(bytes) = bytes {
            *bytes += text.len() as u64;
        }
        Addition { key, text }
    }

    /// What the manifest says of the files.
    fn listed(&self) -> Value {
        self.files.iter().map(|(key, bytes)| json!({"Key": key, "Size": bytes})).collect()
    }
}

/// `manifest.json`: which files there are.
pub fn manifest(bucket: &str, map_run_arn: &str, files: &[ResultFiles]) -> Value {
    let mut listed = json!({});
    for kind in ResultKind::ALL {
        let of_kind = files.iter().find(|files| files.kind == kind);
        listed[kind.name()] = of_kind.map_or_else(|| json!([]), ResultFiles::listed);
    }
    json!({"DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": listed})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(
        transformation: Transformation,
        jsonl: bool,
        told: &[Value],
    ) -> (Vec<(String, String)>, ResultFiles) {
        let config = WriterConfig { transformation, jsonl };
        let mut files = ResultFiles::new("jobs/1", ResultKind::Succeeded, config, 12);
        let mut additions: Vec<Addition> = told.iter().flat_map(|told| files.add(told)).collect();
        additions.extend(files.close());
        let mut contents: Vec<(String, String)> = Vec::new();
        for Addition { key, text } in additions {
            match contents.last_mut().filter(|(last, _)| *last == key) {
                Some((_, content)) => content.push_str(&text),
                None => contents.push((key, text)),
            }
        }
        (contents, files)
    }

    #[test]
    fn results_are_in_files_of_a_bounded_size() {
        let (contents, made) =
            files(Transformation::Compact, false, &[json!([1, 2]), json!("abc"), json!(3)]);
        let expected = [("jobs/1/SUCCEEDED_0.json", "[[1,2]]"), ("jobs/1/SUCCEEDED_1.json", "[\"abc\",3]")];
        assert_eq!(contents, expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
        assert_eq!(
            manifest("b", "arn", &[made]),
            json!({"DestinationBucket": "b", "MapRunArn": "arn", "ResultFiles": {
                "FAILED": [], "PENDING": [],
                "SUCCEEDED": [{"Key": "jobs/1/SUCCEEDED_0.json", "Size": 7}, {"Key": "jobs/1/SUCCEEDED_1.json", "Size": 9}],
            }})
        );
    }

    #[test]
    fn arrays_are_taken_apart_and_lines_are_lines() {
        let (contents, _) = files(Transformation::Flatten, true, &[json!([1, [2]]), json!(3)]);
        assert_eq!(contents, [("jobs/1/SUCCEEDED_0.jsonl".to_owned(), "1\n[2]\n3\n".to_owned())]);
        assert!(files(Transformation::Flatten, false, &[json!([])]).0.is_empty());
    }
}
