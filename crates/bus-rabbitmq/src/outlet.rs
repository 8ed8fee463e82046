//! Publishing with confirms, pipelined.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bus::BusError;
use bytes::Bytes;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel};
use tokio::time::timeout;

use crate::confirms::{Confirms, Trouble, Unconfirmed};
use crate::error::{answer, refused};
use crate::link::{Link, Session};

/// Messages of one call that may be unconfirmed at a time.
const UNCONFIRMED_MAX: usize = 4096;
/// Bytes of bodies of one call that may be unconfirmed at a time.
const UNCONFIRMED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Something to be published.
pub(crate) struct Outgoing {
    pub(crate) exchange: ShortString,
    pub(crate) routing_key: ShortString,
    pub(crate) properties: BasicProperties,
    pub(crate) body: Bytes,
    /// Whether it is published only if it reaches a queue.
    pub(crate) mandatory: bool,
}

/// Why not everything was confirmed.
pub(crate) enum SendError {
    /// The broker refused a message although it is well: a queue that it goes to is full.
    Refused,
    /// The rest.
    Bus(BusError),
}

impl From<BusError> for SendError {
    fn from(error: BusError) -> Self {
        Self::Bus(error)
    }
}

/// A channel with publisher confirms, opened again when its connection was lost.
pub(crate) struct Outlet {
    link: Arc<Link>,
    open: Mutex<Option<Open>>,
    confirm_timeout: Duration,
}

#[derive(Clone)]
struct Open {
    session: Arc<Session>,
    channel: Channel,
    confirms: Arc<Confirms>,
}

impl Outlet {
    pub(crate) fn new(link: Arc<Link>, confirm_timeout: Duration) -> Self {
        Self { link, open: Mutex::new(None), confirm_timeout }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The channel on the present connection. A new one is first shown to `prepare`, which may declare things.
    async fn open<F>(&self, prepare: impl FnOnce(Channel) -> F) -> Result<Open, BusError>
    where
        F: Future<Output = Result<(), BusError>>,
    {
        let session = self.link.session()?;
        let usable =
            |open: &&Open| open.session.number == session.number && open.channel.status().connected();
        if let Some(open) = self.lock().as_ref().filter(usable) {
            return Ok(open.clone());
        }
        let channel = session.channel().await?;
        answer("ask for confirms", channel.confirm_select(ConfirmSelectOptions::default())).await?;
        prepare(channel.clone()).await?;
        let open = Open { session, channel, confirms: Arc::default() };
        *self.lock() = Some(open.clone());
        Ok(open)
    }

    /// Publishes all of it in order and waits until the broker has confirmed every one, those that are mandatory in a queue.
    /// After an error any part may have been taken.
    pub(crate) async fn send<F>(
        &self,
        messages: impl Iterator<Item = Result<Outgoing, BusError>> + Send,
        prepare: impl FnOnce(Channel) -> F,
    ) -> Result<(), SendError>
    where
        F: Future<Output = Result<(), BusError>>,
    {
        // A broker that takes nothing does not answer when a channel is opened either.
        let session = self.link.session()?;
        self.unblocked(&session).await?;
        let open = timeout(self.confirm_timeout, self.open(prepare)).await;
        let open = open.map_err(|_| self.unconfirmed(&session))??;
        let mut sending = Sending::begin(self, open);
        for message in messages {
            let message = message?;
            while sending.unconfirmed.messages >= UNCONFIRMED_MAX
                || sending.unconfirmed.bytes >= UNCONFIRMED_BYTES_MAX
            {
                sending.confirm_more().await?;
            }
            sending.push(message);
        }
        while sending.unconfirmed.messages > 0 {
            sending.confirm_more().await?;
        }
        sending.whole = true;
        Ok(())
    }

    /// Waits, for as long as a confirm may take, until the broker takes messages.
    async fn unblocked(&self, session: &Session) -> Result<(), BusError> {
        let mut blocked = session.blocked();
        let freed = async {
            tokio::select! {
                _ = blocked.wait_for(Option::is_none) => {}
                () = self.link.lost(session.number) => {}
            }
        };
        if timeout(self.confirm_timeout, freed).await.is_ok() {
            return Ok(());
        }
        Err(self.unconfirmed(session))
    }

    fn unconfirmed(&self, session: &Session) -> BusError {
        let waited_ms = self.confirm_timeout.as_millis();
        BusError::Unavailable(match &*session.blocked().borrow() {
            Some(reason) => format!("RabbitMQ takes no messages ({reason}), after {waited_ms} ms"),
            None => format!("no confirm from RabbitMQ within {waited_ms} ms"),
        })
    }

    /// Gives up a channel with messages that were not confirmed: its next user gets a new one.
    fn abandon(&self, open: &Open) {
        let mut current = self.lock();
        let is_it = |current: &Open| {
            current.session.number == open.session.number && current.channel.id() == open.channel.id()
        };
        if current.as_ref().is_some_and(is_it) {
            *current = None;
        }
        drop(current);
        let channel = open.channel.clone();
        if channel.status().connected()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // To close it now would overtake what is still to be written for it, which the broker takes for a fault
            // of the whole connection.
            runtime.spawn(async move { channel.wait_for_confirms().await });
        }
    }
}

/// One call's messages that are not confirmed yet.
struct Sending<'s> {
    outlet: &'s Outlet,
    open: Open,
    call: u64,
    unconfirmed: Unconfirmed,
    /// Whether everything was confirmed.
    whole: bool,
}

impl<'s> Sending<'s> {
    fn begin(outlet: &'s Outlet, open: Open) -> Self {
        let call = open.confirms.begin();
        Self { outlet, open, call, unconfirmed: Unconfirmed::default(), whole: false }
    }

    /// Queues a message to be written, without waiting.
    fn push(&mut self, message: Outgoing) {
        let channel = self.open.channel.clone();
        let Outgoing { exchange, routing_key, properties, body, mandatory } = message;
        let bytes = body.len();
        let publishing = async move {
            let options = BasicPublishOptions { mandatory, ..BasicPublishOptions::default() };
            channel.basic_publish(exchange, routing_key, options, &body, properties).await
        };
        self.unconfirmed = self.open.confirms.push(self.call, bytes, publishing);
    }

    /// Waits until something more is confirmed.
    async fn confirm_more(&mut self) -> Result<(), SendError> {
        let progress = self.open.confirms.progress(self.call, self.unconfirmed);
        match timeout(self.outlet.confirm_timeout, progress).await {
            Ok(Ok(unconfirmed)) => {
                self.unconfirmed = unconfirmed;
                Ok(())
            }
            Ok(Err(Trouble::Refused)) => Err(SendError::Refused),
            // Giving up the channel has everything declared before the next message is sent.
            Ok(Err(Trouble::Returned(routing_key))) => Err(SendError::Bus(BusError::Unavailable(format!(
                "RabbitMQ has no queue for {routing_key}, which a group should have: it is declared again"
            )))),
            Ok(Err(Trouble::Failed(error))) => Err(refused("publish", &error).into()),
            Err(_) => Err(self.outlet.unconfirmed(&self.open.session).into()),
        }
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.open.confirms.end(self.call);
        if !self.whole {
            self.outlet.abandon(&self.open);
        }
    }
}

/// Polls a future once, for what it does before it would wait; what it would wait for is of no interest.
pub(crate) fn begin<T>(future: impl Future<Output = lapin::Result<T>>) -> lapin::Result<()> {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Err(error)) => Err(error),
        Poll::Ready(Ok(_)) | Poll::Pending => Ok(()),
    }
}
