//! Requests: inputs from within the process, whose callers wait for the answer.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::{Backoff, Health, HealthState};

/// Requests that wait for a participant, at the most; further ones are refused.
pub const REQUESTS_WAITING_MAX: usize = 1024;
/// How long a caller waits for an answer, at the most.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Pauses of who asks until there is an answer.
const AGAIN_AFTER: Duration = Duration::from_millis(5);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(1);

/// Asks a participant; clones ask the same one.
///
/// A request is an input like a message: it joins the next batch, the handler decides it on the state of its key, and
/// everything that follows is committed at once. It costs no transaction of its own and no way over the bus.
///
/// # Guarantees
///
/// - **An answer is a committed fact.** It is given once the decision is committed, and on a state that no other instance
///   had changed meanwhile: after a version conflict the request is decided again, and answered as was decided then. What the
///   decision publishes is in the outbox by then, and perhaps not on the bus yet.
/// - **No answer says nothing.** After an error that [is retryable](AskError::is_retryable) the request may have been carried
///   out; the same holds when the caller goes away. Requests are not remembered in the inbox: a handler tells by the state
///   that what is asked again was done.
/// - **A request that changes nothing writes nothing**, so asking for something is as good as a read, and up to date.
/// - **Nothing waits without limit**: at most [`REQUESTS_WAITING_MAX`] requests, none longer than [`ANSWER_WITHIN`], and none
///   at all while the participant itself waits for its store or its bus.
///
/// # From within
///
/// A participant takes no requests while too many of its calls wait to be made. A [`Caller`](crate::Caller) that asks its own
/// participant would then wait for itself: what it asks goes a way of its own ([`Self::from_within`]), which is always open.
#[derive(Debug)]
pub struct Requests<R, A> {
    /// The way that this one asks by.
    queue: mpsc::Sender<Asking<R, A>>,
    within: mpsc::Sender<Asking<R, A>>,
    health: Arc<OnceLock<Health>>,
}

impl<R, A> Clone for Requests<R, A> {
    fn clone(&self) -> Self {
        let health = Arc::clone(&self.health);
        Self { queue: self.queue.clone(), within: self.within.clone(), health }
    }
}

/// What is asked with a [`Requests`], for [`Participant::with_requests`](crate::Participant::with_requests).
#[derive(Debug)]
pub struct Asked<R, A> {
    queue: mpsc::Receiver<Asking<R, A>>,
    within: mpsc::Receiver<Asking<R, A>>,
    /// Whether the next one is looked for outside first: they take turns, so that neither way waits for the other to be empty.
    is_outside_first: bool,
    health: Arc<OnceLock<Health>>,
}

/// Why a request was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The handler rejected it: terminal, and nothing happened.
    #[error("the request was rejected: {0}")]
    Rejected(String),
    /// Too many requests wait already; nothing happened.
    #[error("{REQUESTS_WAITING_MAX} requests wait already")]
    Full,
    /// The participant waits for its store or its bus; nothing happened.
    #[error("{0}")]
    NotReady(String),
    /// The store failed; it may have happened all the same.
    #[error("the store failed: {0}")]
    Failed(String),
    /// It took too long; it may have happened, or happen yet.
    #[error("there was no answer within {} s", ANSWER_WITHIN.as_secs())]
    Late,
    /// The participant has ended or is ending; it may have happened.
    #[error("the participant has ended")]
    Stopped,
}

impl AskError {
    /// Whether the same request may be answered later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::Rejected(_))
    }
}

/// A request on its way, with whoever waits for the answer.
#[derive(Debug)]
pub(crate) struct Asking<R, A> {
    pub(crate) key: String,
    pub(crate) request: R,
    reply: Option<oneshot::Sender<Result<A, AskError>>>,
}

/// Both ends of a way to ask a participant. It may be asked before it runs, and waits with answering until it does.
#[must_use]
pub fn requests<R, A>() -> (Requests<R, A>, Asked<R, A>) {
    let (sender, receiver) = mpsc::channel(REQUESTS_WAITING_MAX);
    let (within, asked_within) = mpsc::channel(REQUESTS_WAITING_MAX);
    let health = Arc::<OnceLock<Health>>::default();
    let requests = Requests { queue: sender, within, health: Arc::clone(&health) };
    (requests, Asked { queue: receiver, within: asked_within, is_outside_first: false, health })
}

impl<R, A> Requests<R, A> {
    /// Asks about the entity of that key. Cancel-safe in that a dropped call breaks nothing; whether the request is carried
    /// out is then as open as after an error.
    ///
    /// # Errors
    /// [`AskError`]; what may have happened all the same stands there.
    pub async fn ask(&self, key: impl Into<String>, request: R) -> Result<A, AskError> {
        match self.health.get().map(Health::state) {
            Some(HealthState::Waiting(reason)) => return Err(AskError::NotReady(reason)),
            Some(HealthState::Stopped(_)) => return Err(AskError::Stopped),
            Some(HealthState::Starting | HealthState::Ready) | None => {}
        }
        let (reply, answer) = oneshot::channel();
        let asking = Asking { key: key.into(), request, reply: Some(reply) };
        self.queue.try_send(asking).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AskError::Full,
            mpsc::error::TrySendError::Closed(_) => AskError::Stopped,
        })?;
        match timeout(ANSWER_WITHIN, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(AskError::Stopped),
            Err(_) => Err(AskError::Late),
        }
    }

    /// Asks again, with growing pauses, until there is an answer: however long the store or the bus is away. What is asked must
    /// be harmless when it is asked twice.
    ///
    /// # Errors
    /// [`AskError::Rejected`], or [`AskError::Stopped`]: whoever the participant's end concerns as well may wait for it.
    pub async fn insist(&self, key: &str, request: R) -> Result<A, AskError>
    where
        R: Clone,
    {
        let mut backoff = Backoff::new(AGAIN_AFTER, AGAIN_AFTER_MAX, 0);
        loop {
            match self.ask(key, request.clone()).await {
                Err(error) if error.is_retryable() && error != AskError::Stopped => {
                    tokio::time::sleep(backoff.next_delay()).await;
                }
                answer => return answer,
            }
        }
    }

    /// The same, for those who make the participant's own calls. What they ask is always taken, as what their calls come to is;
    /// each call should ask one thing at a time.
    #[must_use]
    pub fn from_within(&self) -> Self {
        Self { queue: self.within.clone(), ..self.clone() }
    }
}

impl<R, A> Asked<R, A> {
    /// From now on who asks is told what this says.
    pub(crate) fn heed(&self, health: &Health) {
        // A participant runs once, so it is set once.
        let _ = self.health.set(health.clone());
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queue.len() + self.within.len()
    }

    /// The next request that somebody waits for; without room for others, of those from within. Cancel-safe.
    pub(crate) async fn next(&mut self, has_room: bool) -> Option<Asking<R, A>> {
        loop {
            let asking = if self.is_outside_first {
                tokio::select! {
                    biased;
                    Some(asking) = self.queue.recv(), if has_room => asking,
                    Some(asking) = self.within.recv() => asking,
                    else => return None,
                }
            } else {
                tokio::select! {
                    biased;
                    Some(asking) = self.within.recv() => asking,
                    Some(asking) = self.queue.recv(), if has_room => asking,
                    else => return None,
                }
            };
            self.is_outside_first = !self.is_outside_first;
            if asking.is_awaited() {
                return Some(asking);
            }
        }
    }

    /// The same, those that are there: so many at most, a quarter of them from outside if there are so many, before those from
    /// within, which may never end.
    pub(crate) fn ready(&mut self, room: usize, has_room: bool) -> Vec<Asking<R, A>> {
        let outside = if has_room { room.div_ceil(4).min(room.saturating_sub(1)) } else { 0 };
        let mut ready: Vec<_> = awaited(&mut self.queue).take(outside).collect();
        let left = room - ready.len();
        ready.extend(awaited(&mut self.within).take(left));
        if has_room {
            let left = room - ready.len();
            ready.extend(awaited(&mut self.queue).take(left));
        }
        ready
    }
}

/// The requests that are there and that somebody waits for; the others are dropped.
fn awaited<R, A>(queue: &mut mpsc::Receiver<Asking<R, A>>) -> impl Iterator<Item = Asking<R, A>> {
    std::iter::from_fn(move || queue.try_recv().ok()).filter(Asking::is_awaited)
}

impl<R, A> Asking<R, A> {
    fn is_awaited(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| !reply.is_closed())
    }

    pub(crate) fn answer(&mut self, answer: Result<A, AskError>) {
        if let Some(reply) = self.reply.take() {
            // Whoever asked may be gone.
            let _ = reply.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_from_outside_gets_through_however_much_is_asked_from_within() {
        let (requests, mut asked) = requests::<&str, ()>();
        let mut answers = Vec::new();
        for _ in 0..20 {
            for (queue, request) in [(&requests.queue, "outside"), (&requests.within, "within")] {
                let (reply, answer) = oneshot::channel();
                answers.push(answer);
                queue.try_send(Asking { key: String::new(), request, reply: Some(reply) }).unwrap();
            }
        }
        let outside =
            |taken: &[Asking<&str, ()>]| taken.iter().filter(|asking| asking.request == "outside").count();
        for (room, has_room, expected) in [(8, true, 2), (4, false, 0), (1, true, 0), (0, true, 0)] {
            let taken = asked.ready(room, has_room);
            assert_eq!((taken.len(), outside(&taken)), (room, expected), "{room} {has_room}");
        }
        let mut taken = Vec::new();
        for _ in 0..4 {
            taken.push(asked.next(true).await.unwrap());
        }
        assert_eq!(outside(&taken), 2);
        drop(answers);
    }
}
