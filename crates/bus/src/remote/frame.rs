//! Frames and greetings: what both sides share.
//!
//! A frame is its length (four bytes, big-endian, of what follows), its kind (one byte), a correlation number (eight
//! bytes, big-endian) and a payload. A connection begins with each side's greeting: [`MAGIC`] and the protocol
//! version (two bytes, big-endian).

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::options::RemoteOptions;
use super::wire::WireError;

const MAGIC: &[u8; 8] = b"DUET-BUS";
const VERSION: u16 = 1;
const GREETING_BYTES: usize = MAGIC.len() + 2;
const HEADER_BYTES: usize = 9;
/// The largest request of administration, in bytes.
const CONTROL_BYTES_MAX: usize = 256 * 1024;
/// Frames that wait are written together up to this size.
const WRITE_BYTES: usize = 256 * 1024;
/// A buffer that grew beyond this is given back once it is empty.
const KEPT_CAPACITY: usize = 1024 * 1024;
/// A sender of many messages begins another frame after this many bytes.
pub(super) const FRAME_BYTES_SOFT: usize = 1024 * 1024;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Either way: nothing, but I am here.
    Ping = 0,
    /// To the server: a `Control`.
    Control = 1,
    /// To the server: an origin and messages.
    Publish = 2,
    /// To the server: settlements.
    Settle = 3,
    /// To the client: a `Reply`.
    Reply = 4,
    /// To the client: a `Failure`.
    Failure = 5,
    /// To the client: dead letters.
    DeadLetters = 6,
    /// To the client: deliveries; correlates to nothing.
    Deliveries = 7,
    /// To the client, first of all: the bus's `Capabilities`.
    Welcome = 8,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Ping,
        Self::Control,
        Self::Publish,
        Self::Settle,
        Self::Reply,
        Self::Failure,
        Self::DeadLetters,
        Self::Deliveries,
        Self::Welcome,
    ];
}

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) correlation: u64,
    pub(super) payload: Bytes,
}

impl Frame {
    pub(super) fn new(kind: Kind, correlation: u64, payload: Vec<u8>) -> Self {
        Self { kind, correlation, payload: payload.into() }
    }

    pub(super) fn json(kind: Kind, correlation: u64, content: &impl Serialize) -> Result<Self, WireError> {
        Ok(Self::new(kind, correlation, serde_json::to_vec(content)?))
    }

    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, WireError> {
        Ok(serde_json::from_slice(&self.payload)?)
    }

    fn write(&self, out: &mut BytesMut) {
        // A payload's length is bounded by the peer's `frame_bytes_max`, far below four gigabytes.
        let length = (HEADER_BYTES + self.payload.len()) as u32;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&[self.kind as u8]);
        out.extend_from_slice(&self.correlation.to_be_bytes());
        out.extend_from_slice(&self.payload);
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectionError {
    #[error("the connection failed")]
    Io(#[from] std::io::Error),
    #[error("the other side closed the connection")]
    Closed,
    #[error("the other side was silent for {0:?}")]
    Silent(Duration),
    #[error("the other side took nothing for {0:?}")]
    Stuck(Duration),
    #[error("no greeting within {0:?}: is this a duet bus?")]
    NoGreeting(Duration),
    #[error("not a duet bus: the other side began with {0:?}")]
    Stranger(String),
    #[error("the other side speaks version {theirs} of the protocol, this one {VERSION}")]
    Version { theirs: u16 },
    #[error("a frame of {bytes} bytes, {limit} at the most")]
    FrameTooLarge { bytes: usize, limit: usize },
    #[error("a frame of {0} bytes is shorter than its header")]
    FrameTooShort(usize),
    #[error("a frame of the unknown kind {0}")]
    UnknownKind(u8),
    #[error("a frame of kind {0:?} out of place")]
    Unexpected(Kind),
    #[error("malformed frame")]
    Malformed(#[from] WireError),
}

impl ConnectionError {
    /// Whether the other side breaks the protocol, so that trying again will not help.
    pub(super) fn is_protocol(&self) -> bool {
        !matches!(self, Self::Io(_) | Self::Closed | Self::Silent(_) | Self::Stuck(_))
    }

    /// The error with its cause, for a message that carries no source.
    pub(super) fn chain(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}

/// Sends this side's greeting.
pub(super) async fn send_greeting(stream: &mut (impl AsyncWrite + Unpin)) -> Result<(), ConnectionError> {
    let mut greeting = [0; GREETING_BYTES];
    greeting[..MAGIC.len()].copy_from_slice(MAGIC);
    greeting[MAGIC.len()..].copy_from_slice(&VERSION.to_be_bytes());
    Ok(stream.write_all(&greeting).await?)
}

/// Reads and checks the other side's greeting.
pub(super) async fn expect_greeting(
    stream: &mut (impl AsyncRead + Unpin),
    limit: Duration,
) -> Result<(), ConnectionError> {
    timeout(limit, read_greeting(stream)).await.unwrap_or(Err(ConnectionError::NoGreeting(limit)))
}

async fn read_greeting(stream: &mut (impl AsyncRead + Unpin)) -> Result<(), ConnectionError> {
    let mut greeting = [0; GREETING_BYTES];
    let mut filled = 0;
    while filled < GREETING_BYTES {
        let read = stream.read(&mut greeting[filled..]).await?;
        filled += read;
        let begun = &greeting[..filled.min(MAGIC.len())];
        if !MAGIC.starts_with(begun) {
            // Judged as soon as it differs: a stranger may wait for more from us, or hang up.
            return Err(ConnectionError::Stranger(greeting[..filled].escape_ascii().to_string()));
        }
        if read == 0 {
            return Err(ConnectionError::Closed);
        }
    }
    let theirs = u16::from_be_bytes([greeting[MAGIC.len()], greeting[MAGIC.len() + 1]]);
    if theirs == VERSION { Ok(()) } else { Err(ConnectionError::Version { theirs }) }
}

/// Reads frames. Cancel-safe: what was read of a frame is kept.
pub(super) struct FrameReader<R> {
    stream: R,
    buffer: BytesMut,
    options: RemoteOptions,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(super) fn new(stream: R, options: RemoteOptions) -> Self {
        Self { stream, buffer: BytesMut::with_capacity(64 * 1024), options }
    }

    /// The next frame that says something.
    pub(super) async fn next(&mut self) -> Result<Frame, ConnectionError> {
        loop {
            match self.take()? {
                Some(Frame { kind: Kind::Ping, .. }) => {}
                Some(frame) => return Ok(frame),
                None => {
                    let limit = self.options.idle_timeout;
                    let read = timeout(limit, self.stream.read_buf(&mut self.buffer)).await;
                    if read.map_err(|_| ConnectionError::Silent(limit))?? == 0 {
                        return Err(ConnectionError::Closed);
                    }
                }
            }
        }
    }

    /// The frame at the beginning of the buffer, if it is there as a whole.
    fn take(&mut self) -> Result<Option<Frame>, ConnectionError> {
        let Some(prefix) = self.buffer.first_chunk::<4>() else {
            self.make_room();
            return Ok(None);
        };
        let bytes = u32::from_be_bytes(*prefix) as usize;
        let limit = self.options.frame_bytes_max;
        if bytes > limit {
            return Err(ConnectionError::FrameTooLarge { bytes, limit });
        }
        if bytes < HEADER_BYTES {
            return Err(ConnectionError::FrameTooShort(bytes));
        }
        if self.buffer.len() < 4 + bytes {
            // Grows with what arrives, not with what a stranger announces.
            self.make_room();
            return Ok(None);
        }
        self.buffer.advance(4);
        let mut payload = self.buffer.split_to(bytes).freeze();
        let code = payload.get_u8();
        let correlation = payload.get_u64();
        let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == code);
        let kind = kind.ok_or(ConnectionError::UnknownKind(code))?;
        if kind == Kind::Control && bytes > CONTROL_BYTES_MAX {
            return Err(ConnectionError::FrameTooLarge { bytes, limit: CONTROL_BYTES_MAX });
        }
        Ok(Some(Frame { kind, correlation, payload }))
    }

    fn make_room(&mut self) {
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_CAPACITY {
            self.buffer = BytesMut::new();
        }
        self.buffer.reserve(64 * 1024);
    }
}

/// Writes one frame at once.
pub(super) async fn write_frame(
    stream: &mut (impl AsyncWrite + Unpin),
    frame: &Frame,
    limit: Duration,
) -> Result<(), ConnectionError> {
    let mut out = BytesMut::with_capacity(4 + HEADER_BYTES + frame.payload.len());
    frame.write(&mut out);
    Ok(timeout(limit, stream.write_all(&out)).await.map_err(|_| ConnectionError::Stuck(limit))??)
}

/// Writes the frames that come through the channel, those that wait together, and a ping whenever there is
/// nothing else for a while. Ends well when the channel closes.
pub(super) async fn write_frames(
    mut stream: impl AsyncWrite + Unpin,
    mut frames: mpsc::Receiver<Frame>,
    options: RemoteOptions,
) -> Result<(), ConnectionError> {
    let mut out = BytesMut::with_capacity(64 * 1024);
    loop {
        match timeout(options.heartbeat, frames.recv()).await {
            Ok(Some(frame)) => frame.write(&mut out),
            Ok(None) => return Ok(()),
            Err(_) => Frame::new(Kind::Ping, 0, Vec::new()).write(&mut out),
        }
        while out.len() < WRITE_BYTES {
            let Ok(frame) = frames.try_recv() else { break };
            frame.write(&mut out);
        }
        let limit = options.idle_timeout;
        timeout(limit, stream.write_all(&out)).await.map_err(|_| ConnectionError::Stuck(limit))??;
        out.clear();
        if out.capacity() > KEPT_CAPACITY {
            out = BytesMut::with_capacity(64 * 1024);
        }
    }
}
