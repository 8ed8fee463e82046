//! A participant that drives executions on a thread of its own, and many who ask it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use executions::{Answer, Request};
use participant::{ParticipantError, Requests, SystemClock};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};
use tokio::sync::oneshot;

use crate::common::{Works, participant};

/// Requests on their way at once.
pub(crate) const AT_ONCE: usize = 768;

pub(crate) fn folder() -> tempfile::TempDir {
    let within = std::env::var_os("DUET_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    tempfile::tempdir_in(within).unwrap()
}

pub(crate) fn sqlite(path: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(path, SqliteOptions::default()).unwrap())
}

/// How many executions are to be open at once.
pub(crate) fn open_count() -> usize {
    std::env::var("DUET_BENCH_OPEN").ok().map_or(100_000, |count| count.parse().unwrap())
}

/// A participant on a thread of its own.
pub(crate) struct Life {
    pub(crate) requests: Requests<Request, Answer>,
    pub(crate) works: Works,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<Result<(), ParticipantError>>,
}

impl Life {
    pub(crate) fn on(store: &Arc<dyn Store>) -> Self {
        let works = Works::default();
        let (participant, requests) = participant(Arc::clone(store), &works, Arc::new(SystemClock));
        let (stop, stopped) = oneshot::channel();
        let ended = participant.spawn(async { drop(stopped.await) }).unwrap();
        Self { requests, works, stop, ended }
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.ended.await.unwrap().unwrap();
    }

    /// Asks for all of it, so many at once; `each` gives the key and the request of a number, until there is none.
    pub(crate) async fn ask_all<E>(&self, each: E)
    where
        E: Fn(usize) -> Option<(String, Request)> + Send + Sync + 'static,
    {
        let (each, next) = (Arc::new(each), Arc::new(AtomicU64::new(0)));
        let askers = (0..AT_ONCE).map(|_| {
            let (each, next, requests) = (Arc::clone(&each), Arc::clone(&next), self.requests.clone());
            tokio::spawn(async move {
                while let Some((key, request)) = each(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    requests.ask(key, request).await.unwrap();
                }
            })
        });
        for asker in askers.collect::<Vec<_>>() {
            asker.await.unwrap();
        }
    }
}
