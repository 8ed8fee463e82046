//! A connection to the broker that is made again whenever it is lost.
//!
//! lapin has a recovery of its own, which is not used: a connection here lives once, and whoever holds a channel of
//! it finds out by an error that it is over, asks the link for the session that came after it and declares there
//! what it needs. So nothing ever waits for a confirm or a delivery of a connection that does not exist any more.

use std::sync::Arc;
use std::time::Duration;

use bus::BusError;
use futures::StreamExt;
use lapin::types::LongString;
use lapin::{Connection, ConnectionProperties, Event};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::RabbitOptions;
use crate::backoff::backoff;
use crate::error::{answer, not_connected};

/// How often a connection is looked at, should its end have brought no event.
const LOOK: Duration = Duration::from_secs(1);
/// The longest patience with one attempt to connect again.
const ATTEMPT_MAX: Duration = Duration::from_secs(300);

/// One connection that stands, or stood.
pub(crate) struct Session {
    /// Counts the link's connections.
    pub(crate) number: u64,
    connection: Connection,
    blocked: watch::Sender<Option<String>>,
}

impl Session {
    /// A new channel.
    pub(crate) async fn channel(&self) -> Result<lapin::Channel, BusError> {
        answer("open a channel", self.connection.create_channel()).await
    }

    /// Why the broker takes no messages at present, if it does not. Changes are told to the receiver.
    pub(crate) fn blocked(&self) -> watch::Receiver<Option<String>> {
        self.blocked.subscribe()
    }

    /// An error while the broker says that it takes no messages.
    pub(crate) fn takes_messages(&self) -> Result<(), BusError> {
        match &*self.blocked.borrow() {
            Some(reason) => Err(BusError::Unavailable(format!("RabbitMQ takes no messages ({reason})"))),
            None => Ok(()),
        }
    }

    /// The largest frame of this connection, in bytes.
    pub(crate) fn frame_bytes_max(&self) -> usize {
        match self.connection.configuration().frame_max() {
            0 => usize::MAX,
            bytes => bytes as usize,
        }
    }

    /// Waits until the connection is over; says why.
    async fn ended(&self, mut events: impl futures::Stream<Item = Event> + Unpin) -> String {
        let mut why = "it was closed".to_owned();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if !self.connection.status().connected() {
                return why;
            }
            tokio::select! {
                event = events.next() => match event {
                    Some(Event::ConnectionBlocked(reason)) => {
                        tracing::warn!(reason, "RabbitMQ takes no messages");
                        self.blocked.send_replace(Some(reason));
                    }
                    Some(Event::ConnectionUnblocked) => {
                        tracing::info!("RabbitMQ takes messages again");
                        self.blocked.send_replace(None);
                    }
                    // Also a channel's error, after which the connection still stands.
                    Some(Event::Error(error)) => why = error.to_string(),
                    Some(_) => {}
                    None => sleep(LOOK).await,
                },
                _ = looks.tick() => {}
            }
        }
    }
}

#[derive(Clone)]
enum Current {
    Up(Arc<Session>),
    Down(String),
}

/// What makes a connection, and what it is for.
struct Target {
    options: RabbitOptions,
    purpose: &'static str,
}

impl Target {
    /// One attempt.
    async fn connect(&self, number: u64, patience: Duration) -> Result<Connected, BusError> {
        let (connection, events) = connect(&self.options, self.purpose, patience).await?;
        let blocked = watch::Sender::new(None);
        Ok(Connected { session: Arc::new(Session { number, connection, blocked }), events })
    }
}

type Events = futures::stream::BoxStream<'static, Event>;

/// One attempt to connect. `purpose` is a word for the broker's list of connections.
pub(crate) async fn connect(
    options: &RabbitOptions,
    purpose: &str,
    patience: Duration,
) -> Result<(Connection, Events), BusError> {
    let place = options.to_string();
    let tls = options.tls()?;
    let name = format!("duet {} {purpose}", options.namespace);
    let properties = ConnectionProperties::default()
        .with_client_property("product".into(), LongString::from("duet"))
        .with_client_property("version".into(), LongString::from(env!("CARGO_PKG_VERSION")))
        .with_connection_name(LongString::from(name));
    let runtime = lapin::runtime::default_runtime().map_err(|error| not_connected(&place, &error))?;
    let connecting = Connection::connect_uri_with_config(options.uri().clone(), properties, tls, runtime);
    match timeout(patience, connecting).await {
        Ok(Ok(connection)) => {
            let events = connection.events_listener().boxed();
            Ok((connection, events))
        }
        Ok(Err(error)) => Err(not_connected(&place, &error)),
        Err(_) => {
            Err(BusError::Unavailable(format!("{place}: no connection within {} ms", patience.as_millis())))
        }
    }
}

struct Connected {
    session: Arc<Session>,
    events: Events,
}

/// A connection that is kept up as long as the link lives.
pub(crate) struct Link {
    current: Arc<watch::Sender<Current>>,
    keeper: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
        // Whoever waits for a session waits no more; the connection closes with its last channel.
        self.current.send_replace(Current::Down("it was closed".to_owned()));
    }
}

impl Link {
    /// Connects once, and keeps the connection up from then on. `purpose` is a word for the broker's list of
    /// connections.
    pub(crate) async fn open(options: &RabbitOptions, purpose: &'static str) -> Result<Self, BusError> {
        let target = Target { options: options.clone(), purpose };
        let first = target.connect(1, options.connect_timeout).await?;
        let current = Arc::new(watch::Sender::new(Current::Up(Arc::clone(&first.session))));
        let keeper = tokio::spawn(keep(target, Arc::clone(&current), first));
        Ok(Self { current, keeper })
    }

    /// The connection, if there is one now.
    pub(crate) fn session(&self) -> Result<Arc<Session>, BusError> {
        match &*self.current.borrow() {
            Current::Up(session) => Ok(Arc::clone(session)),
            Current::Down(why) => {
                Err(BusError::Unavailable(format!("not connected to RabbitMQ ({why}), trying again")))
            }
        }
    }

    /// Waits until there is a connection.
    pub(crate) async fn connected(&self) {
        let mut changes = self.current.subscribe();
        // An error means that the link is gone, and so is whoever asks.
        let _ = changes.wait_for(|current| matches!(current, Current::Up(_))).await;
    }

    /// Waits until that connection is not the current one any more.
    pub(crate) async fn lost(&self, number: u64) {
        let mut changes = self.current.subscribe();
        let is_other = |current: &Current| match current {
            Current::Up(session) => session.number != number,
            Current::Down(_) => true,
        };
        let _ = changes.wait_for(is_other).await;
    }
}

/// Watches the connection, and makes the next one when it is lost, for ever.
async fn keep(target: Target, current: Arc<watch::Sender<Current>>, mut connected: Connected) {
    loop {
        let Connected { session, events } = connected;
        let why = session.ended(events).await;
        let number = session.number;
        drop(session);
        tracing::warn!(rabbitmq = %target.options, purpose = target.purpose, why, "connection lost, trying again");
        current.send_replace(Current::Down(why));
        connected = connect_again(&target, &current, number + 1).await;
        current.send_replace(Current::Up(Arc::clone(&connected.session)));
        tracing::info!(rabbitmq = %target.options, purpose = target.purpose, "connection made again");
    }
}

async fn connect_again(target: &Target, current: &watch::Sender<Current>, number: u64) -> Connected {
    let mut backoff = backoff();
    let mut patience = target.options.connect_timeout;
    loop {
        sleep(backoff.next_delay()).await;
        let attempted = tokio::time::Instant::now();
        match target.connect(number, patience).await {
            Ok(connected) => return connected,
            Err(error) => {
                tracing::warn!(%error, purpose = target.purpose, "cannot connect to RabbitMQ, trying again");
                current.send_replace(Current::Down(error.to_string()));
            }
        }
        // lapin cannot end an attempt that hangs before the other side does, so these become rarer.
        if attempted.elapsed() >= patience {
            patience = patience.saturating_mul(2).min(ATTEMPT_MAX);
        }
    }
}
