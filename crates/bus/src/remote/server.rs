//! The server: offers a bus to the connections of a listener.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::frame::{
    ConnectionError, FRAME_BYTES_SOFT, Frame, FrameReader, Kind, expect_greeting, send_greeting, write_frame,
    write_frames,
};
use super::options::RemoteOptions;
use super::wire::{self, Control, Failure, Reader, Reply};
use crate::{Bus, BusError, Consumer, Delivery, Origin, Publisher, Subscription};

/// Frames that may wait to be written to one connection.
const FRAMES_MAX: usize = 16;
/// How many deliveries are pushed at a time.
const PUSH_MAX: usize = 256;
/// How many dead letters one request may ask for.
const DEAD_LETTERS_MAX: usize = 10_000;
/// A pause after a failed accept: out of file handles, usually, which takes a moment to pass.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves the bus with the default limits until `shutdown` is ready, then closes every connection.
///
/// What a connection's consumer had not settled is redelivered; publishers that have no answer yet do not know
/// whether their messages were taken, and publish again.
pub async fn serve(listener: TcpListener, bus: Arc<dyn Bus>, shutdown: impl Future<Output = ()> + Send) {
    serve_with(listener, bus, RemoteOptions::default(), shutdown).await;
}

/// Like [`serve`], with other limits.
pub async fn serve_with(
    listener: TcpListener,
    bus: Arc<dyn Bus>,
    options: RemoteOptions,
    shutdown: impl Future<Output = ()> + Send,
) {
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((_, peer)) if connections.len() >= options.connections_max => {
                    tracing::warn!(%peer, limit = options.connections_max, "bus connection refused: too many");
                }
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, peer, Arc::clone(&bus), options));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a bus connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, bus: Arc<dyn Bus>, options: RemoteOptions) {
    match serve_connection(stream, bus, options).await {
        Ok(()) | Err(ConnectionError::Closed) => tracing::debug!(%peer, "bus connection closed"),
        Err(error) => tracing::warn!(%peer, error = error.chain(), "bus connection given up"),
    }
}

async fn serve_connection(
    mut stream: TcpStream,
    bus: Arc<dyn Bus>,
    options: RemoteOptions,
) -> Result<(), ConnectionError> {
    stream.set_nodelay(true)?;
    // A client of another version learns ours before the connection closes.
    let greeted = expect_greeting(&mut stream, options.handshake_timeout).await;
    if matches!(greeted, Ok(()) | Err(ConnectionError::Version { .. })) {
        send_greeting(&mut stream).await?;
    }
    greeted?;
    let welcome = Frame::json(Kind::Welcome, 0, &bus.capabilities())?;
    write_frame(&mut stream, &welcome, options.idle_timeout).await?;
    let (input, output) = stream.into_split();
    let (frames, waiting) = mpsc::channel(FRAMES_MAX);
    let session =
        Session { bus, options, frames, publishers: [None, None], consumer: None, pushing: JoinSet::new() };
    tokio::select! {
        ended = session.run(FrameReader::new(input, options)) => ended,
        ended = write_frames(output, waiting, options) => ended,
    }
}

/// One connection's state. Dropping it drops its consumer, so that the group goes on without it.
struct Session {
    bus: Arc<dyn Bus>,
    options: RemoteOptions,
    frames: mpsc::Sender<Frame>,
    publishers: [Option<Arc<dyn Publisher>>; 2],
    consumer: Option<Arc<dyn Consumer>>,
    pushing: JoinSet<Result<(), ConnectionError>>,
}

impl Session {
    /// Answers requests one after the other, so that messages keep the order in which they were sent.
    async fn run(
        mut self,
        mut reader: FrameReader<tokio::net::tcp::OwnedReadHalf>,
    ) -> Result<(), ConnectionError> {
        loop {
            let frame = tokio::select! {
                frame = reader.next() => frame?,
                Some(pushed) = self.pushing.join_next() => {
                    return pushed.unwrap_or(Err(ConnectionError::Closed));
                }
            };
            let correlation = frame.correlation;
            let answer = match self.answer(&frame).await? {
                Ok(answer) => answer,
                Err(error) => Frame::json(Kind::Failure, correlation, &Failure::from(error))?,
            };
            self.frames.send(answer).await.map_err(|_| ConnectionError::Closed)?;
            // Only now: its first deliveries must come behind the answer.
            if let (Some(consumer), true) = (&self.consumer, self.pushing.is_empty()) {
                self.pushing.spawn(push(Arc::clone(consumer), self.frames.clone()));
            }
        }
    }

    /// The answer to a request; the outer error is the connection's end.
    async fn answer(&mut self, frame: &Frame) -> Result<Result<Frame, BusError>, ConnectionError> {
        let done = match frame.kind {
            Kind::Publish => self.publish(&frame.payload).await?,
            Kind::Settle => {
                let settlements = Reader(&frame.payload).all_by_turns(Reader::settlement).await?;
                match &self.consumer {
                    Some(consumer) => consumer.settle(settlements).await,
                    None => return Err(ConnectionError::Unexpected(frame.kind)),
                }
            }
            Kind::Control => return self.control(frame.correlation, frame.parse()?).await,
            kind => return Err(ConnectionError::Unexpected(kind)),
        };
        reply(frame.correlation, done.map(|()| Reply::Done))
    }

    async fn publish(&mut self, payload: &[u8]) -> Result<Result<(), BusError>, ConnectionError> {
        let mut reader = Reader(payload);
        let origin = reader.origin()?;
        let messages = reader.all_by_turns(Reader::message).await?;
        let slot = &mut self.publishers[usize::from(origin == Origin::Participant)];
        let publisher = match slot {
            Some(publisher) => publisher,
            None => match self.bus.publisher(origin).await {
                Ok(publisher) => slot.insert(publisher),
                Err(error) => return Ok(Err(error)),
            },
        };
        Ok(publisher.publish(&messages).await)
    }

    async fn control(
        &mut self,
        correlation: u64,
        control: Control,
    ) -> Result<Result<Frame, BusError>, ConnectionError> {
        let result = match control {
            Control::Declare(subscription) => self.bus.declare(&subscription).await.map(|()| Reply::Done),
            Control::Subscribe(_) if self.consumer.is_some() => {
                return Err(ConnectionError::Unexpected(Kind::Control));
            }
            Control::Subscribe(subscription) => self.subscribe(&subscription).await.map(|()| Reply::Done),
            Control::Depth { group } => self.bus.depth(&group).await.map(Reply::Depth),
            Control::DeadLetters { group, limit } => {
                let letters = self.bus.dead_letters(&group, limit.min(DEAD_LETTERS_MAX)).await;
                return Ok(letters.map(|letters| self.dead_letters_frame(correlation, &letters)));
            }
            Control::Redrive { group, message_id } => {
                self.bus.redrive(&group, &message_id).await.map(Reply::Redriven)
            }
            Control::Guarantees => self.bus.guarantees().await.map(Reply::Guarantees),
            Control::TakesMessages => self.bus.takes_messages().await.map(|()| Reply::Done),
        };
        reply(correlation, result)
    }

    async fn subscribe(&mut self, subscription: &Subscription) -> Result<(), BusError> {
        self.consumer = Some(self.bus.subscribe(subscription).await?);
        Ok(())
    }

    /// The oldest dead letters that fit into one frame.
    fn dead_letters_frame(&self, correlation: u64, letters: &[crate::DeadLetter]) -> Frame {
        let mut payload = Vec::new();
        for letter in letters {
            let before = payload.len();
            wire::put_dead_letter(&mut payload, letter);
            if payload.len() > self.options.frame_bytes_max / 2 && before > 0 {
                payload.truncate(before);
                break;
            }
        }
        Frame::new(Kind::DeadLetters, correlation, payload)
    }
}

fn reply(
    correlation: u64,
    result: Result<Reply, BusError>,
) -> Result<Result<Frame, BusError>, ConnectionError> {
    match result {
        Ok(reply) => Ok(Ok(Frame::json(Kind::Reply, correlation, &reply)?)),
        Err(error) => Ok(Err(error)),
    }
}

/// Sends the consumer's deliveries as they come. The consumer's own limit of unsettled deliveries is the credit.
async fn push(consumer: Arc<dyn Consumer>, frames: mpsc::Sender<Frame>) -> Result<(), ConnectionError> {
    loop {
        let deliveries = match consumer.receive(PUSH_MAX).await {
            Ok(deliveries) => deliveries,
            Err(error) => {
                tracing::warn!(%error, "cannot receive for a bus connection");
                return Err(ConnectionError::Closed);
            }
        };
        for payload in delivery_payloads(&deliveries) {
            let frame = Frame::new(Kind::Deliveries, 0, payload);
            frames.send(frame).await.map_err(|_| ConnectionError::Closed)?;
        }
    }
}

/// The deliveries as frames of a bounded size.
fn delivery_payloads(deliveries: &[Delivery]) -> Vec<Vec<u8>> {
    let mut payloads = vec![Vec::new()];
    let mut last = 0;
    for delivery in deliveries {
        if payloads[last].len() >= FRAME_BYTES_SOFT {
            payloads.push(Vec::new());
            last += 1;
        }
        wire::put_delivery(&mut payloads[last], delivery);
    }
    payloads
}
