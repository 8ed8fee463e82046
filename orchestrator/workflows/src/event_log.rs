//! Where the events of executions are logged: the program's log, and a file.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use executions::{EventLog, LoggedEvent};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use prometheus::{IntCounter, Registry};
use telemetry::registered;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// What may wait to be written, in bytes.
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Lines that are written at once, in bytes.
const WRITTEN_BYTES_MAX: usize = 1024 * 1024;
/// How long an execution's errand waits until its events are written: a disk that hangs holds nobody up for longer.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

/// Logs to the program's log (target `execution_events`, level info) and, if it is given one, to a file: a line of JSON for each event.
///
/// The file is opened for each write, so that it can be moved away at any time; it is not flushed to the disk. What cannot be written is
/// dropped, counted, and told once.
pub(crate) struct Log {
    file: Option<File>,
    logged: IntCounter,
    dropped: IntCounter,
}

struct File {
    lines: mpsc::UnboundedSender<Lines>,
    shared: Arc<Shared>,
}

/// What writing threads and those who log have in common.
#[derive(Default)]
struct Shared {
    /// Of lines that are not written yet, in bytes.
    waiting: AtomicUsize,
    /// Somebody has waited in vain: until something is written again, nobody waits.
    hangs: AtomicBool,
    /// That some were dropped unwritten was told, and nothing was written since.
    is_told: AtomicBool,
}

struct Lines {
    text: String,
    events: u64,
    /// Told when they are written, or are given up.
    done: oneshot::Sender<()>,
}

impl Log {
    /// To that file as well, if there is one, counting in that registry.
    ///
    /// # Errors
    /// There is no thread to be had, or the registry has metrics of these names already (as an I/O error, too).
    pub(crate) fn start(file: Option<PathBuf>, registry: &Registry) -> io::Result<Self> {
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(format!("duet_workflow_log_{name}_total"), help);
            registered(registry, counter).map_err(io::Error::other)
        };
        let logged = counter("events", "Events of executions logged, each time.")?;
        let dropped = counter(
            "events_dropped",
            "Events of executions that could not be written to the file of --execution-logs.",
        )?;
        let file = file.map(|path| File::start(path, dropped.clone())).transpose()?;
        Ok(Self { file, logged, dropped })
    }
}

impl EventLog for Log {
    fn log(&self, events: Vec<LoggedEvent>) -> BoxFuture<'static, ()> {
        let count = events.len() as u64;
        self.logged.inc_by(count);
        if tracing::enabled!(target: "execution_events", tracing::Level::INFO) {
            events.iter().for_each(tell);
        }
        let Some(file) = &self.file else { return std::future::ready(()).boxed() };
        let mut text = String::new();
        for event in &events {
            // There is nothing in it that JSON cannot say.
            text.push_str(&serde_json::to_string(event).unwrap_or_default());
            text.push('\n');
        }
        let (done, written) = oneshot::channel();
        let bytes = text.len();
        let waiting = file.shared.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let is_taken =
            waiting <= WAITING_BYTES_MAX && file.lines.send(Lines { text, events: count, done }).is_ok();
        if !is_taken {
            file.shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
            self.dropped.inc_by(count);
            if !file.shared.is_told.swap(true, Ordering::Relaxed) {
                tracing::error!(
                    "execution logs wait to be written, and more come than may wait: until some are written, they are dropped"
                );
            }
            return std::future::ready(()).boxed();
        }
        let shared = Arc::clone(&file.shared);
        async move {
            if !shared.hangs.load(Ordering::Relaxed) && timeout(WRITTEN_WITHIN, written).await.is_err() {
                shared.hangs.store(true, Ordering::Relaxed);
                tracing::error!(
                    within_s = WRITTEN_WITHIN.as_secs(),
                    "execution logs are not written: until they are, they wait in memory, and executions go on"
                );
            }
        }
        .boxed()
    }
}

fn tell(event: &LoggedEvent) {
    let LoggedEvent {
        id,
        event_type,
        details,
        redrive_count,
        previous_event_id,
        event_timestamp,
        execution_arn,
    } = event;
    let details = details.as_ref().map(tracing::field::display);
    tracing::info!(
        target: "execution_events",
        id,
        "type" = event_type,
        details,
        redrive_count,
        previous_event_id,
        event_timestamp,
        execution_arn,
        "an execution's event"
    );
}

impl File {
    fn start(path: PathBuf, dropped: IntCounter) -> io::Result<Self> {
        let (lines, taken) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::default());
        let writer =
            Writer { path, taken, shared: Arc::clone(&shared), dropped, failed: None, is_torn: false };
        // A thread of its own: a disk that hangs must not hold up the runtime, nor its end.
        std::thread::Builder::new().name("execution-logs".to_owned()).spawn(|| writer.run())?;
        Ok(Self { lines, shared })
    }
}

struct Writer {
    path: PathBuf,
    taken: mpsc::UnboundedReceiver<Lines>,
    shared: Arc<Shared>,
    dropped: IntCounter,
    /// How many were dropped since writing began to fail.
    failed: Option<u64>,
    /// The last line may have been written in part.
    is_torn: bool,
}

impl Writer {
    fn run(mut self) {
        while let Some(first) = self.taken.blocking_recv() {
            let (mut text, mut events, mut waiting) = (first.text, first.events, vec![first.done]);
            while text.len() < WRITTEN_BYTES_MAX
                && let Ok(more) = self.taken.try_recv()
            {
                text.push_str(&more.text);
                events += more.events;
                waiting.push(more.done);
            }
            let written = self.append(&text);
            self.heed(written, events);
            self.shared.waiting.fetch_sub(text.len(), Ordering::Relaxed);
            self.shared.hangs.store(false, Ordering::Relaxed);
            self.shared.is_told.store(false, Ordering::Relaxed);
            for done in waiting {
                // Who does not wait any more does not hear.
                let _ = done.send(());
            }
        }
    }

    /// Writes lines behind what is in the file, on a line of their own where the last one may be torn.
    fn append(&mut self, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        if self.is_torn {
            file.write_all(b"\n")?;
        }
        let written = file.write_all(text.as_bytes());
        self.is_torn = written.is_err();
        written
    }

    fn heed(&mut self, written: io::Result<()>, events: u64) {
        match (written, self.failed) {
            (Ok(()), None) => {}
            (Ok(()), Some(dropped)) => {
                self.failed = None;
                tracing::info!(file = %self.path.display(), dropped, "execution logs are written again");
            }
            (Err(error), failed) => {
                self.dropped.inc_by(events);
                self.failed = Some(failed.unwrap_or(0) + events);
                if failed.is_none() {
                    tracing::error!(
                        file = %self.path.display(),
                        %error,
                        "execution logs cannot be written: until they can, they are dropped"
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn event(id: u64) -> LoggedEvent {
        LoggedEvent {
            id: id.to_string(),
            event_type: "ExecutionStarted".to_owned(),
            details: None,
            redrive_count: "0".to_owned(),
            previous_event_id: "0".to_owned(),
            event_timestamp: "1".to_owned(),
            execution_arn: "arn".to_owned(),
        }
    }

    #[tokio::test]
    async fn what_is_waited_for_is_in_the_file_in_order_and_the_file_may_be_moved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let log = Log::start(Some(path.clone()), &Registry::new()).unwrap();
        drop(log.log(vec![event(1), event(2)]));
        log.log(vec![event(3)]).await;
        let read = |path: &Path| -> Vec<LoggedEvent> {
            let text = std::fs::read_to_string(path).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        assert_eq!(read(&path), [event(1), event(2), event(3)]);
        let moved = folder.path().join("moved");
        std::fs::rename(&path, &moved).unwrap();
        log.log(vec![event(4)]).await;
        assert_eq!((read(&path), read(&moved).len(), log.logged.get()), (vec![event(4)], 3, 4));
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_dropped_and_counted_and_the_next_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        std::fs::create_dir(&path).unwrap();
        let log = Log::start(Some(path.clone()), &Registry::new()).unwrap();
        log.log(vec![event(1), event(2)]).await;
        assert_eq!(log.dropped.get(), 2);
        std::fs::remove_dir(&path).unwrap();
        log.log(vec![event(3)]).await;
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!((text.lines().count(), log.dropped.get()), (1, 2), "{text}");
    }
}
