//! Publishing with confirms, pipelined.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bus::BusError;
use futures::future::{MaybeDone, maybe_done};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation, PublisherConfirm};
use tokio::time::timeout;

use crate::error::{answer, refused};
use crate::link::{Link, Session};

/// Messages of one call that may be unconfirmed at a time.
const UNCONFIRMED_MAX: usize = 4096;
/// Bytes of bodies of one call that may be unconfirmed at a time.
const UNCONFIRMED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Something to be published.
pub(crate) struct Outgoing<'a> {
    pub(crate) exchange: ShortString,
    pub(crate) routing_key: ShortString,
    pub(crate) properties: BasicProperties,
    pub(crate) body: &'a [u8],
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
        let open = Open { session, channel };
        *self.lock() = Some(open.clone());
        Ok(open)
    }

    /// Publishes all of it in order and waits until the broker has confirmed every one. After an error any part may
    /// have been taken.
    pub(crate) async fn send<'a, F>(
        &self,
        messages: impl Iterator<Item = Result<Outgoing<'a>, BusError>> + Send,
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
        let mut sending =
            Sending { outlet: self, open, unconfirmed: VecDeque::new(), bytes: 0, whole: false };
        for message in messages {
            let message = message?;
            while sending.unconfirmed.len() >= UNCONFIRMED_MAX || sending.bytes >= UNCONFIRMED_BYTES_MAX {
                sending.confirm_next().await?;
            }
            sending.push(message);
        }
        while !sending.unconfirmed.is_empty() {
            sending.confirm_next().await?;
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

type Written<'a> =
    Pin<Box<MaybeDone<Pin<Box<dyn Future<Output = lapin::Result<PublisherConfirm>> + Send + 'a>>>>>;

/// One call's messages that are not confirmed yet.
struct Sending<'s, 'a> {
    outlet: &'s Outlet,
    open: Open,
    unconfirmed: VecDeque<(Written<'a>, usize)>,
    bytes: usize,
    /// Whether everything was confirmed.
    whole: bool,
}

impl<'a> Sending<'_, 'a> {
    /// Queues a message to be written, without waiting.
    fn push(&mut self, message: Outgoing<'a>) {
        let channel = self.open.channel.clone();
        let bytes = message.body.len();
        let writing = async move {
            let Outgoing { exchange, routing_key, properties, body } = message;
            let options = BasicPublishOptions::default();
            channel.basic_publish(exchange, routing_key, options, body, properties).await
        };
        let writing: Pin<Box<dyn Future<Output = _> + Send + 'a>> = Box::pin(writing);
        let mut written = Box::pin(maybe_done(writing));
        // The first poll queues the frames. Nobody is to be woken when they are written: the confirm comes later.
        let _ = written.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.bytes += bytes;
        self.unconfirmed.push_back((written, bytes));
    }

    /// Waits for the confirm of the oldest one.
    async fn confirm_next(&mut self) -> Result<(), SendError> {
        let Some((mut written, bytes)) = self.unconfirmed.pop_front() else { return Ok(()) };
        self.bytes -= bytes;
        let confirmed = async {
            written.as_mut().await;
            match written.as_mut().take_output() {
                Some(confirm) => confirm?.await.map(Some),
                None => Ok(None),
            }
        };
        match timeout(self.outlet.confirm_timeout, confirmed).await {
            Ok(Ok(Some(Confirmation::Ack(_)))) => Ok(()),
            Ok(Ok(_)) => Err(SendError::Refused),
            Ok(Err(error)) => Err(refused("publish", &error).into()),
            Err(_) => Err(self.outlet.unconfirmed(&self.open.session).into()),
        }
    }
}

impl Drop for Sending<'_, '_> {
    fn drop(&mut self) {
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
