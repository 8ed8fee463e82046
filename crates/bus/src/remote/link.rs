//! One connection of a client, made again whenever it is lost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::frame::{
    ConnectionError, Frame, FrameReader, Kind, expect_greeting, send_greeting, write_frame, write_frames,
};
use super::options::RemoteOptions;
use super::wire::{Control, Failure};
use crate::{Backoff, BusError, Capabilities, Subscription};

/// Requests that may wait to be written.
const FRAMES_MAX: usize = 256;

/// The groups that this client declared, by name: they are declared again on every new connection, because a server
/// that was started again knows nothing of them.
pub(super) type Declared = Arc<Mutex<BTreeMap<String, Subscription>>>;

/// What a link needs to know to connect.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) address: String,
    pub(super) options: RemoteOptions,
    pub(super) declared: Declared,
}

/// Who is told of a link's connections and of what is pushed through them.
pub(super) trait Listener: Send + Sync + 'static {
    /// What to subscribe to on each connection.
    fn subscription(&self) -> Option<&Subscription> {
        None
    }
    /// A connection stands and can be used.
    fn connected(&self, _session: &Arc<Session>) {}
    /// Deliveries arrived on the connection.
    fn delivered(&self, _payload: &[u8]) -> Result<(), ConnectionError> {
        Err(ConnectionError::Unexpected(Kind::Deliveries))
    }
    /// The connection is gone.
    fn lost(&self) {}
}

/// Listens to nothing.
pub(super) struct Deaf;

impl Listener for Deaf {}

/// One connection that stands: sends requests and waits for their answers.
pub(super) struct Session {
    frames: mpsc::Sender<Frame>,
    pending: Mutex<Option<BTreeMap<u64, oneshot::Sender<Frame>>>>,
    correlation_next: AtomicU64,
    options: RemoteOptions,
}

impl Session {
    fn pending(&self) -> MutexGuard<'_, Option<BTreeMap<u64, oneshot::Sender<Frame>>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn request(&self, kind: Kind, payload: Vec<u8>) -> Result<Frame, BusError> {
        let lost = || BusError::Unavailable("the connection was lost before the answer came".into());
        let correlation = self.correlation_next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        match &mut *self.pending() {
            Some(pending) => pending.insert(correlation, answer),
            None => return Err(lost()),
        };
        let exchange = async {
            self.frames.send(Frame::new(kind, correlation, payload)).await.map_err(|_| lost())?;
            answered.await.map_err(|_| lost())
        };
        let limit = self.options.request_timeout;
        let late = || Err(BusError::Unavailable(format!("no answer within {limit:?}")));
        let frame = timeout(limit, exchange).await.unwrap_or_else(|_| late())?;
        match frame.kind {
            Kind::Failure => Err(frame.parse::<Failure>()?.into()),
            _ => Ok(frame),
        }
    }

    fn answered(&self, frame: Frame) {
        let waiting = self.pending().as_mut().and_then(|pending| pending.remove(&frame.correlation));
        if let Some(waiting) = waiting {
            // Nobody waits any more when the request's future was dropped.
            let _ = waiting.send(frame);
        }
    }
}

/// A connection that is kept up as long as the link lives.
pub(super) struct Link {
    current: Arc<Mutex<Option<Arc<Session>>>>,
    keeper: JoinHandle<()>,
    /// What the server's bus can do.
    pub(super) capabilities: Capabilities,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Link {
    /// Connects, trying again until the time for it is over, and keeps the connection up from then on.
    pub(super) async fn open(target: Target, listener: Arc<dyn Listener>) -> Result<Self, BusError> {
        let deadline = Instant::now() + target.options.connect_timeout;
        let mut backoff = target.backoff();
        let connection = loop {
            let failed = match Connection::open(&target, &*listener).await {
                Ok(connection) => break connection,
                Err(error) => error,
            };
            let pause = backoff.next_delay();
            if !failed.is_retryable() || Instant::now() + pause > deadline {
                return Err(failed);
            }
            sleep(pause).await;
        };
        let capabilities = connection.capabilities;
        let current = Arc::new(Mutex::new(None));
        // Before the caller goes on, so that its first request finds the connection.
        let running = connection.start(&current, &*listener);
        let keeper = tokio::spawn(keep(target, listener, Arc::clone(&current), running));
        Ok(Self { current, keeper, capabilities })
    }

    /// The connection, if there is one now.
    pub(super) fn session(&self) -> Result<Arc<Session>, BusError> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.clone().ok_or_else(|| BusError::Unavailable("not connected, trying again".into()))
    }

    pub(super) async fn request(&self, kind: Kind, payload: Vec<u8>) -> Result<Frame, BusError> {
        self.session()?.request(kind, payload).await
    }

    pub(super) async fn control(&self, control: &Control) -> Result<Frame, BusError> {
        let payload = serde_json::to_vec(control).map_err(|error| BusError::Protocol(error.to_string()))?;
        self.request(Kind::Control, payload).await
    }
}

impl Target {
    fn backoff(&self) -> Backoff {
        Backoff::new(self.options.backoff_min, self.options.backoff_max, self.options.jitter_seed)
    }

    fn error(&self, error: &ConnectionError) -> BusError {
        let text = format!("{}: {}", self.address, error.chain());
        if error.is_protocol() { BusError::Protocol(text) } else { BusError::Unavailable(text) }
    }
}

/// Runs the connection, and the next one when it is lost, for ever.
async fn keep(
    target: Target,
    listener: Arc<dyn Listener>,
    current: Arc<Mutex<Option<Arc<Session>>>>,
    mut running: Running,
) {
    let mut backoff = target.backoff();
    loop {
        let why = running.run(&*listener).await;
        drop(running);
        *current.lock().unwrap_or_else(PoisonError::into_inner) = None;
        listener.lost();
        tracing::warn!(address = target.address, error = why.chain(), "bus connection lost, trying again");
        running = loop {
            sleep(backoff.next_delay()).await;
            match Connection::open(&target, &*listener).await {
                Ok(connection) => break connection.start(&current, &*listener),
                Err(error) => tracing::warn!(%error, "cannot connect to the bus, trying again"),
            }
        };
        backoff.reset();
        tracing::info!(address = target.address, "bus connection made again");
    }
}

/// A connection that was greeted and prepared, not in use yet.
struct Connection {
    reader: FrameReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    capabilities: Capabilities,
    options: RemoteOptions,
}

impl Connection {
    async fn open(target: &Target, listener: &dyn Listener) -> Result<Self, BusError> {
        let mut connection = Self::greet(target).await.map_err(|error| target.error(&error))?;
        let declared: Vec<Subscription> = {
            let declared = target.declared.lock().unwrap_or_else(PoisonError::into_inner);
            declared.values().cloned().collect()
        };
        let declarations = declared.into_iter().map(Control::Declare);
        let subscription = listener.subscription().cloned().map(Control::Subscribe);
        for control in declarations.chain(subscription) {
            connection.prepare(&control).await.map_err(|error| target.error(&error))??;
        }
        Ok(connection)
    }

    async fn greet(target: &Target) -> Result<Self, ConnectionError> {
        let options = target.options;
        let connecting = TcpStream::connect(&target.address);
        let unreachable = |_| ConnectionError::Silent(options.handshake_timeout);
        let mut stream = timeout(options.handshake_timeout, connecting).await.map_err(unreachable)??;
        stream.set_nodelay(true)?;
        send_greeting(&mut stream).await?;
        expect_greeting(&mut stream, options.handshake_timeout).await?;
        let (input, writer) = stream.into_split();
        let mut reader = FrameReader::new(input, options);
        let welcome = reader.next().await?;
        if welcome.kind != Kind::Welcome {
            return Err(ConnectionError::Unexpected(welcome.kind));
        }
        Ok(Self { capabilities: welcome.parse()?, reader, writer, options })
    }

    /// One request before the connection is in use; the inner error is the bus's refusal.
    async fn prepare(&mut self, control: &Control) -> Result<Result<(), BusError>, ConnectionError> {
        let request = Frame::json(Kind::Control, 0, control)?;
        write_frame(&mut self.writer, &request, self.options.idle_timeout).await?;
        let answer = self.reader.next().await?;
        match answer.kind {
            Kind::Reply => Ok(Ok(())),
            Kind::Failure => Ok(Err(answer.parse::<Failure>()?.into())),
            kind => Err(ConnectionError::Unexpected(kind)),
        }
    }

    /// Makes the connection available.
    fn start(self, current: &Mutex<Option<Arc<Session>>>, listener: &dyn Listener) -> Running {
        let (frames, waiting) = mpsc::channel(FRAMES_MAX);
        let session = Arc::new(Session {
            frames,
            pending: Mutex::new(Some(BTreeMap::new())),
            correlation_next: AtomicU64::new(1),
            options: self.options,
        });
        listener.connected(&session);
        *current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&session));
        Running { session, waiting: Some(waiting), reader: self.reader, writer: Some(self.writer) }
    }
}

/// A connection in use.
struct Running {
    session: Arc<Session>,
    waiting: Option<mpsc::Receiver<Frame>>,
    reader: FrameReader<OwnedReadHalf>,
    writer: Option<OwnedWriteHalf>,
}

impl Running {
    /// Reads and writes until the connection is lost; says why. Every request under way fails then.
    async fn run(&mut self, listener: &dyn Listener) -> ConnectionError {
        let (Some(waiting), Some(writer)) = (self.waiting.take(), self.writer.take()) else {
            return ConnectionError::Closed;
        };
        let ended = tokio::select! {
            ended = read_frames(&mut self.reader, &self.session, listener) => ended,
            ended = write_frames(writer, waiting, self.session.options) => ended,
        };
        ended.err().unwrap_or(ConnectionError::Closed)
    }
}

impl Drop for Running {
    /// Also when the link's keeper is aborted: nobody may wait for an answer that cannot come.
    fn drop(&mut self) {
        *self.session.pending() = None;
    }
}

async fn read_frames(
    reader: &mut FrameReader<OwnedReadHalf>,
    session: &Session,
    listener: &dyn Listener,
) -> Result<(), ConnectionError> {
    loop {
        let frame = reader.next().await?;
        match frame.kind {
            Kind::Deliveries => listener.delivered(&frame.payload)?,
            Kind::Reply | Kind::Failure | Kind::DeadLetters => session.answered(detached(frame)),
            kind => return Err(ConnectionError::Unexpected(kind)),
        }
    }
}

/// The frame with its own copy of the payload: whoever waits for it need not keep the read buffer alive.
fn detached(frame: Frame) -> Frame {
    Frame { payload: Bytes::copy_from_slice(&frame.payload), ..frame }
}
