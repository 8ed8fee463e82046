//! Work that goes on while the execution's clock does: a thread for each piece, and not too many at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::time::Instant;

use crate::answer::Job;
use crate::asked::Answer;
use crate::stop::Stop;

/// Most pieces of work at once; others wait.
const AT_ONCE_MAX: usize = 40;

/// Work, each piece with a `T` that says whose it is. What is still being done when this is dropped is told to stop.
pub(crate) struct Work<T> {
    sender: Sender<(u64, Answer)>,
    done: Receiver<(u64, Answer)>,
    waiting: VecDeque<(T, Job)>,
    /// Those that somebody waits for.
    wanted: BTreeMap<u64, (T, Stop)>,
    /// How many are at work, whether anybody waits for them or not.
    at_work: usize,
    begun: u64,
}

impl<T> Work<T> {
    pub(crate) fn new() -> Self {
        let (sender, done) = channel();
        Self { sender, done, waiting: VecDeque::new(), wanted: BTreeMap::new(), at_work: 0, begun: 0 }
    }

    pub(crate) fn begin(&mut self, whose: T, job: Job) {
        self.waiting.push_back((whose, job));
        self.fill();
    }

    /// Whether nothing is being done that anybody waits for.
    pub(crate) fn is_idle(&self) -> bool {
        self.wanted.is_empty() && self.waiting.is_empty()
    }

    /// Tells all other work to stop, and forgets it.
    pub(crate) fn keep(&mut self, is_wanted: impl Fn(&T) -> bool) {
        self.waiting.retain(|(whose, _)| is_wanted(whose));
        self.wanted.retain(|_, (whose, stop)| {
            let keep = is_wanted(whose);
            if !keep {
                stop.now();
            }
            keep
        });
    }

    /// Those that are being done, or wait for it.
    pub(crate) fn whose(&self) -> impl Iterator<Item = &T> {
        self.wanted.values().map(|(whose, _)| whose).chain(self.waiting.iter().map(|(whose, _)| whose))
    }

    /// The next piece that is done, if one is within that time.
    pub(crate) fn next(&mut self, within: Duration) -> Option<(T, Answer)> {
        let end = Instant::now() + within;
        loop {
            match self.done.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok((number, answer)) => {
                    self.at_work -= 1;
                    self.fill();
                    if let Some((whose, _)) = self.wanted.remove(&number) {
                        return Some((whose, answer));
                    }
                }
                // It has a sender of its own: it is never disconnected.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn fill(&mut self) {
        while self.at_work < AT_ONCE_MAX
            && let Some((whose, job)) = self.waiting.pop_front()
        {
            let (sender, stop, number) = (self.sender.clone(), Stop::default(), self.begun);
            self.wanted.insert(number, (whose, stop.clone()));
            self.begun += 1;
            self.at_work += 1;
            std::thread::spawn(move || {
                let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(&stop)));
                let answer = answer.unwrap_or_else(|_| Answer::Failed {
                    error: asl::error::RUNTIME.to_owned(),
                    cause: Some("the function's answer could not be got".to_owned()),
                });
                // Nobody hears it once the execution has ended.
                let _ = sender.send((number, answer));
            });
        }
    }
}

impl<T> Drop for Work<T> {
    fn drop(&mut self) {
        self.keep(|_| false);
    }
}
