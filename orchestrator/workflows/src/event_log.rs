//! Where the events of executions are logged: the program's log, and a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use executions::{EventLog, LoggedEvent};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use prometheus::{IntCounter, Registry};
use serde_json::Value;
use telemetry::registered;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// What may wait to be written, in bytes, about.
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Lines that are written at once, in bytes, about.
const WRITTEN_BYTES_MAX: usize = 1024 * 1024;
/// What an event takes beside what it says of data, in bytes, about.
const EVENT_BYTES: usize = 256;
/// How long an execution's errand waits until its events are written: a disk that hangs holds nobody up for longer.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);
/// How long the end of the program waits for what is to be written still.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Logs to the program's log (target `execution_events`, level info) and, if it is given one, to a file: a line of JSON for each event.
///
/// Who logs hands events over, and does nothing else: a thread of its own makes lines of them, in their order. The file is opened for each
/// write, so that it can be moved away at any time; it is not flushed to the disk. What cannot be written is dropped, counted, and told once.
pub(crate) struct Log {
    events: mpsc::UnboundedSender<Handed>,
    shared: Arc<Shared>,
    logged: IntCounter,
    dropped: IntCounter,
}

/// What the writing thread and those who log have in common.
#[derive(Default)]
struct Shared {
    /// Of events that are not written yet, in bytes, about.
    waiting_bytes: AtomicUsize,
    /// How many these are.
    waiting_events: AtomicU64,
    /// Somebody has waited in vain: until something is written again, nobody waits.
    hangs: AtomicBool,
    /// That some were dropped unwritten was told, and nothing was written since.
    is_told: AtomicBool,
}

/// What the writing thread is handed.
enum Handed {
    Events {
        events: Vec<LoggedEvent>,
        bytes: usize,
        /// Told when they are written, or are given up.
        done: oneshot::Sender<()>,
    },
    /// Nothing comes any more: told once all that came before is written, or given up.
    End(oneshot::Sender<()>),
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
            "Events of executions that were not logged: more came than could be, or the file of --execution-logs could not be written.",
        )?;
        let (events, handed) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::default());
        let file =
            file.map(|path| Appended { path, dropped: dropped.clone(), failed: None, is_sound: false });
        let writer = Writer { handed, shared: Arc::clone(&shared), file };
        // A thread of its own: a disk that hangs must not hold up the runtime, nor its end.
        std::thread::Builder::new().name("execution-logs".to_owned()).spawn(|| writer.run())?;
        Ok(Self { events, shared, logged, dropped })
    }

    /// Waits until all that was logged is written, but not for ever: says how much was not.
    pub(crate) async fn end(&self) {
        self.end_within(ENDS_WITHIN).await;
    }

    async fn end_within(&self, within: Duration) {
        let (done, written) = oneshot::channel();
        // Without a writer nothing waits for it, either.
        let is_handed = self.events.send(Handed::End(done)).is_ok();
        if !is_handed || timeout(within, written).await.is_ok() {
            return;
        }
        let events = self.shared.waiting_events.load(Ordering::Relaxed);
        self.dropped.inc_by(events);
        tracing::error!(
            events,
            within_s = within.as_secs(),
            "execution logs are not written as the program ends: these events are dropped"
        );
    }
}

impl EventLog for Log {
    fn log(&self, events: Vec<LoggedEvent>) -> BoxFuture<'static, ()> {
        let shared = Arc::clone(&self.shared);
        let (count, bytes) = (events.len() as u64, events.iter().map(bytes_of).sum());
        let (done, written) = oneshot::channel();
        let waiting = shared.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        shared.waiting_events.fetch_add(count, Ordering::Relaxed);
        let handed = Handed::Events { events, bytes, done };
        if waiting > WAITING_BYTES_MAX || self.events.send(handed).is_err() {
            shared.no_longer_waits(bytes, count);
            self.dropped.inc_by(count);
            if !shared.is_told.swap(true, Ordering::Relaxed) {
                tracing::error!(
                    "execution logs wait to be written, and more come than may wait: until some are written, they are dropped"
                );
            }
            return std::future::ready(()).boxed();
        }
        self.logged.inc_by(count);
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

impl Shared {
    fn no_longer_waits(&self, bytes: usize, events: u64) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.waiting_events.fetch_sub(events, Ordering::Relaxed);
    }
}

/// What an event takes in memory and as a line, about: looking at it costs less than writing it.
fn bytes_of(event: &LoggedEvent) -> usize {
    fn of(value: &Value) -> usize {
        size_of::<Value>()
            + match value {
                Value::String(text) => text.len(),
                Value::Array(values) => values.iter().map(of).sum(),
                Value::Object(members) => members.iter().map(|(name, value)| name.len() + of(value)).sum(),
                Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            }
    }
    EVENT_BYTES + event.details.as_ref().map_or(0, of)
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

/// The thread that writes.
struct Writer {
    handed: mpsc::UnboundedReceiver<Handed>,
    shared: Arc<Shared>,
    file: Option<Appended>,
}

impl Writer {
    fn run(mut self) {
        while let Some(mut handed) = self.handed.blocking_recv() {
            let (mut taken, mut bytes, mut waiting) = (Vec::new(), 0, Vec::new());
            let mut end = None;
            loop {
                match handed {
                    Handed::Events { events, bytes: more, done } => {
                        taken.extend(events);
                        bytes += more;
                        waiting.push(done);
                    }
                    // What came meanwhile is written, too; what comes from now on is not taken.
                    Handed::End(done) => {
                        self.handed.close();
                        end = Some(done);
                    }
                }
                match self.handed.try_recv() {
                    Ok(next) if bytes < WRITTEN_BYTES_MAX => handed = next,
                    Ok(next) => {
                        self.write(&taken);
                        self.written(&mut taken, &mut bytes, &mut waiting);
                        handed = next;
                    }
                    Err(_) => break,
                }
            }
            self.write(&taken);
            self.written(&mut taken, &mut bytes, &mut waiting);
            if let Some(done) = end {
                // Who does not wait any more does not hear.
                let _ = done.send(());
                return;
            }
        }
    }

    fn write(&mut self, events: &[LoggedEvent]) {
        if let Some(file) = self.file.as_mut().filter(|_| !events.is_empty()) {
            file.write(events);
        }
        if tracing::enabled!(target: "execution_events", tracing::Level::INFO) {
            events.iter().for_each(tell);
        }
    }

    /// Takes note that these are written, and tells those who wait.
    fn written(
        &self,
        events: &mut Vec<LoggedEvent>,
        bytes: &mut usize,
        waiting: &mut Vec<oneshot::Sender<()>>,
    ) {
        self.shared.no_longer_waits(std::mem::take(bytes), events.len() as u64);
        events.clear();
        self.shared.hangs.store(false, Ordering::Relaxed);
        self.shared.is_told.store(false, Ordering::Relaxed);
        for done in waiting.drain(..) {
            // Who does not wait any more does not hear.
            let _ = done.send(());
        }
    }
}

/// The file that lines are appended to.
struct Appended {
    path: PathBuf,
    dropped: IntCounter,
    /// How many were dropped since writing began to fail.
    failed: Option<u64>,
    /// This process has written its last line, and to its end.
    is_sound: bool,
}

impl Appended {
    fn write(&mut self, events: &[LoggedEvent]) {
        let mut text = String::new();
        for event in events {
            // There is nothing in it that JSON cannot say.
            text.push_str(&serde_json::to_string(event).unwrap_or_default());
            text.push('\n');
        }
        let written = self.append(&text);
        self.heed(written, events.len() as u64);
    }

    /// Writes lines behind what is in the file, on a line of their own where the last one is torn: by a write that failed, or by a crash.
    fn append(&mut self, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        if !self.is_sound && is_torn(&file, &self.path)? {
            file.write_all(b"\n")?;
        }
        let written = file.write_all(text.as_bytes());
        self.is_sound = written.is_ok();
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

/// Whether the last line of the file at `path`, which is open for writing, has no end. What is no ordinary file has no last line.
fn is_torn(file: &File, path: &Path) -> io::Result<bool> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    let mut written = File::open(path)?;
    written.seek(SeekFrom::End(-1))?;
    written.read_exact(&mut last)?;
    Ok(last != *b"\n")
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
    async fn a_line_that_a_crash_has_torn_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let whole = serde_json::to_string(&event(1)).unwrap();
        for (before, expected) in [
            (format!("{whole}\n{{\"id\":\"2"), [true, false, true]),
            (format!("{whole}\n{whole}\n"), [true; 3]),
        ] {
            std::fs::write(&path, before).unwrap();
            let log = Log::start(Some(path.clone()), &Registry::new()).unwrap();
            log.log(vec![event(3)]).await;
            let text = std::fs::read_to_string(&path).unwrap();
            let readable: Vec<_> =
                text.lines().map(|line| serde_json::from_str::<LoggedEvent>(line).is_ok()).collect();
            assert_eq!(readable, expected, "{text}");
        }
    }

    #[tokio::test]
    async fn the_end_waits_for_what_is_to_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let log = Log::start(Some(path.clone()), &Registry::new()).unwrap();
        for id in 1..=1_000 {
            drop(log.log(vec![event(id)]));
        }
        log.end().await;
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!((text.lines().count(), log.dropped.get()), (1_000, 0));
        // What comes afterwards is not taken for written.
        log.log(vec![event(1)]).await;
        log.end().await;
        assert_eq!((log.dropped.get(), log.logged.get()), (1, 1_000));
    }

    /// Nobody reads from the pipe, as nobody does from a disk that hangs.
    #[tokio::test]
    async fn who_logs_is_not_held_up_nor_the_end_for_long_and_what_is_lost_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let log = Log::start(Some(path), &Registry::new()).unwrap();
        let great = |id| LoggedEvent { details: Some("x".repeat(1_000_000).into()), ..event(id) };
        for id in 1..=100 {
            drop(log.log(vec![great(id)]));
        }
        let dropped = log.dropped.get();
        assert!((30..50).contains(&dropped), "64 MB wait, and no more: {dropped}");
        log.end_within(Duration::from_millis(10)).await;
        assert_eq!((log.dropped.get(), log.logged.get()), (100, 100 - dropped));
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
