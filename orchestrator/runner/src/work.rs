//! Work that goes on while the execution's clock does: a thread for each piece, and not too many at once.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crate::answer::Answer;

/// Most pieces of work at once; others wait.
const AT_ONCE_MAX: usize = 40;

pub(crate) type Job = Box<dyn FnOnce() -> Answer + Send>;

/// Work by a number of type `T` that says whose it is.
pub(crate) struct Work<T> {
    sender: Sender<(T, Answer)>,
    done: Receiver<(T, Answer)>,
    waiting: VecDeque<(T, Job)>,
    at_work: usize,
}

impl<T: Send + 'static> Work<T> {
    pub(crate) fn new() -> Self {
        let (sender, done) = channel();
        Self { sender, done, waiting: VecDeque::new(), at_work: 0 }
    }

    pub(crate) fn begin(&mut self, whose: T, job: Job) {
        self.waiting.push_back((whose, job));
        self.fill();
    }

    /// Whether nothing is being done.
    pub(crate) fn is_idle(&self) -> bool {
        self.at_work == 0
    }

    /// The next piece that is done, if one is within that time.
    pub(crate) fn next(&mut self, within: Duration) -> Option<(T, Answer)> {
        match self.done.recv_timeout(within) {
            Ok(done) => {
                self.at_work -= 1;
                self.fill();
                Some(done)
            }
            // It has a sender of its own: it is never disconnected.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    fn fill(&mut self) {
        while self.at_work < AT_ONCE_MAX
            && let Some((whose, job)) = self.waiting.pop_front()
        {
            let sender = self.sender.clone();
            self.at_work += 1;
            std::thread::spawn(move || {
                let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                let answer = answer.unwrap_or_else(|_| Answer::Failed {
                    error: asl::error::RUNTIME.to_owned(),
                    cause: Some("the function's answer could not be got".to_owned()),
                });
                // Nobody hears it once the execution has ended.
                let _ = sender.send((whose, answer));
            });
        }
    }
}
