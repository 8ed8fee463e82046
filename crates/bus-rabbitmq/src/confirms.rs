//! What a channel has sent and the broker has not confirmed yet.
//!
//! A message that must reach a queue and does not (`mandatory`) comes back before it is confirmed. lapin hands what came back
//! to whichever confirm of the channel is completed next: maybe to that of another call. So the calls that share a channel
//! read its confirms together: whoever finds one completed reads all that are completed by then. As what came back was handed
//! over before its own confirm was completed, no call ends before it is known. It counts for every call under way: their
//! messages are published again, which those that had arrived survive as duplicates.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use lapin::message::BasicReturnMessage;
use lapin::{Confirmation, PublisherConfirm};

/// Why a call's messages are not all published.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// The broker refused one although it is well: a queue that it goes to is full.
    Refused,
    /// One came back: there is no queue for this routing key.
    Returned(String),
    /// The channel or the connection is over.
    Failed(lapin::Error),
}

/// What of a call is not confirmed yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unconfirmed {
    pub(crate) messages: usize,
    /// Of bodies.
    pub(crate) bytes: usize,
}

/// The unconfirmed messages of all calls on a channel.
pub(crate) struct Confirms {
    state: Mutex<State>,
    callers: Arc<Callers>,
    waker: Waker,
}

#[derive(Default)]
struct State {
    confirming: FuturesUnordered<Pin<Box<dyn Future<Output = Confirmed> + Send>>>,
    calls: BTreeMap<u64, Call>,
    next: u64,
}

#[derive(Default)]
struct Call {
    unconfirmed: Unconfirmed,
    trouble: Option<Trouble>,
}

struct Confirmed {
    call: u64,
    bytes: usize,
    outcome: lapin::Result<Confirmation>,
}

/// Who waits for confirms: all are woken by each, as one of them reads what there is for all.
#[derive(Default)]
struct Callers(Mutex<BTreeMap<u64, Waker>>);

impl Callers {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes them, each once until it waits again; all but `except`.
    fn wake_all(&self, except: Option<u64>) {
        let mut waiting = self.lock();
        let stays = except.and_then(|call| waiting.remove_entry(&call));
        let woken = std::mem::take(&mut *waiting);
        waiting.extend(stays);
        drop(waiting);
        woken.into_values().for_each(Waker::wake);
    }
}

impl Wake for Callers {
    fn wake(self: Arc<Self>) {
        self.wake_all(None);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all(None);
    }
}

impl Default for Confirms {
    fn default() -> Self {
        let callers = Arc::<Callers>::default();
        Self { state: Mutex::default(), waker: Waker::from(Arc::clone(&callers)), callers }
    }
}

impl Confirms {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is made in steps that cannot panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins, which ends with [`end`](Self::end).
    pub(crate) fn begin(&self) -> u64 {
        let mut state = self.lock();
        let call = state.next;
        state.next += 1;
        state.calls.insert(call, Call::default());
        call
    }

    /// Nobody waits for this call any more.
    pub(crate) fn end(&self, call: u64) {
        self.lock().calls.remove(&call);
        self.callers.lock().remove(&call);
    }

    /// Begins to publish a message of the call, without waiting: its frames are queued when this returns, in the order of
    /// these calls.
    pub(crate) fn push(
        &self,
        call: u64,
        bytes: usize,
        publishing: impl Future<Output = lapin::Result<PublisherConfirm>> + Send + 'static,
    ) -> Unconfirmed {
        let mut confirming = Box::pin(async move {
            let outcome = async { publishing.await?.await };
            Confirmed { call, bytes, outcome: outcome.await }
        });
        // Nothing of it is completed before it is among the others.
        let mut state = self.lock();
        let polled = confirming.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let known = state.calls.entry(call).or_default();
        known.unconfirmed.messages += 1;
        known.unconfirmed.bytes += bytes;
        let unconfirmed = known.unconfirmed;
        match polled {
            Poll::Ready(confirmed) => drop(state.take(confirmed)),
            Poll::Pending => state.confirming.push(confirming),
        }
        unconfirmed
    }

    /// Waits until less of the call is unconfirmed than what was `seen`. Cancel-safe.
    pub(crate) async fn progress(&self, call: u64, seen: Unconfirmed) -> Result<Unconfirmed, Trouble> {
        std::future::poll_fn(|context| self.poll(call, seen, context)).await
    }

    fn poll(
        &self,
        call: u64,
        seen: Unconfirmed,
        context: &mut Context<'_>,
    ) -> Poll<Result<Unconfirmed, Trouble>> {
        self.callers.lock().insert(call, context.waker().clone());
        let mut state = self.lock();
        let concerns_others = state.take_completed(&self.waker, call);
        let found = state.calls.get(&call).map(|known| (known.unconfirmed, known.trouble.clone()));
        drop(state);
        if concerns_others {
            self.callers.wake_all(Some(call));
        }
        match found.unwrap_or_default() {
            (_, Some(trouble)) => Poll::Ready(Err(trouble)),
            (unconfirmed, None) if unconfirmed != seen => Poll::Ready(Ok(unconfirmed)),
            _ => Poll::Pending,
        }
    }
}

impl State {
    /// Reads all confirms that are completed; whether some of them say something to other calls.
    fn take_completed(&mut self, waker: &Waker, own: u64) -> bool {
        let mut concerns_others = false;
        let mut context = Context::from_waker(waker);
        while let Poll::Ready(Some(confirmed)) = self.confirming.poll_next_unpin(&mut context) {
            let of_another = confirmed.call != own;
            let for_all = self.take(confirmed);
            concerns_others |= of_another || for_all;
        }
        concerns_others
    }

    /// Whether it says something to all calls.
    fn take(&mut self, confirmed: Confirmed) -> bool {
        let Confirmed { call, bytes, outcome } = confirmed;
        let (trouble, returned) = match outcome {
            Ok(Confirmation::Ack(returned)) => (None, returned),
            Ok(Confirmation::Nack(returned)) => (Some(Trouble::Refused), returned),
            Ok(Confirmation::NotRequested) => (Some(Trouble::Refused), None),
            Err(error) => (Some(Trouble::Failed(error)), None),
        };
        // A call that was given up is not known any more.
        if let Some(known) = self.calls.get_mut(&call) {
            known.unconfirmed.messages -= 1;
            known.unconfirmed.bytes -= bytes;
            known.trouble = known.trouble.take().or(trouble);
        }
        let Some(returned) = returned else { return false };
        self.came_back(&returned);
        true
    }

    fn came_back(&mut self, returned: &BasicReturnMessage) {
        for known in self.calls.values_mut() {
            known.trouble.get_or_insert_with(|| Trouble::Returned(returned.routing_key.to_string()));
        }
    }
}
