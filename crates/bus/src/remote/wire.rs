//! How messages, deliveries and requests are written as bytes.
//!
//! Numbers are LEB128 varints, strings and bodies carry their length before them. What is rare (administration,
//! errors) is JSON.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    BusError, DeadLetter, Delivery, Depth, Guarantees, HEADERS_MAX, Headers, Message, Origin, Outcome,
    Settlement, Subscription, Token, Topic,
};

/// What cannot be read as what it should be.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("the frame ends within {0}")]
    Short(&'static str),
    #[error("a number is longer than 64 bits")]
    LongNumber,
    #[error("{0} is not UTF-8")]
    NotText(&'static str),
    #[error("{what} has the unknown code {code}")]
    UnknownCode { what: &'static str, code: u64 },
    #[error("{count} {what}, {limit} at the most")]
    TooMany { what: &'static str, count: u64, limit: u64 },
    #[error("malformed JSON")]
    Json(#[from] serde_json::Error),
}

impl From<WireError> for BusError {
    fn from(error: WireError) -> Self {
        match &error {
            WireError::Json(cause) => Self::Protocol(format!("{error}: {cause}")),
            _ => Self::Protocol(error.to_string()),
        }
    }
}

/// A request of administration.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Control {
    Declare(Subscription),
    Subscribe(Subscription),
    Depth { group: String },
    DeadLetters { group: String, limit: usize },
    Redrive { group: String, message_id: String },
    Guarantees,
    TakesMessages,
}

/// The answer to a request that succeeded (dead letters apart, which have their own frame).
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Done,
    Depth(Option<Depth>),
    Redriven(bool),
    Guarantees(Guarantees),
}

/// The answer to a request that failed: a [`BusError`] as it travels.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Failure {
    Unavailable(String),
    Full { group: String, ready: u64, limit: u64 },
    DeadLettersFull { group: String, limit: u64 },
    Limit { what: String, limit: u64 },
    TooLarge { id: String, bytes: usize, limit: usize },
    Protocol(String),
    Closed,
}

impl From<BusError> for Failure {
    fn from(error: BusError) -> Self {
        match error {
            BusError::Unavailable(why) => Self::Unavailable(why),
            BusError::Full { group, ready, limit } => Self::Full { group, ready, limit },
            BusError::DeadLettersFull { group, limit } => Self::DeadLettersFull { group, limit },
            BusError::Limit { what, limit } => Self::Limit { what, limit },
            BusError::TooLarge { id, bytes, limit } => Self::TooLarge { id, bytes, limit },
            BusError::Protocol(why) => Self::Protocol(why),
            BusError::Closed => Self::Closed,
        }
    }
}

impl From<Failure> for BusError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(why) => Self::Unavailable(why),
            Failure::Full { group, ready, limit } => Self::Full { group, ready, limit },
            Failure::DeadLettersFull { group, limit } => Self::DeadLettersFull { group, limit },
            Failure::Limit { what, limit } => Self::Limit { what, limit },
            Failure::TooLarge { id, bytes, limit } => Self::TooLarge { id, bytes, limit },
            Failure::Protocol(why) => Self::Protocol(why),
            Failure::Closed => Self::Closed,
        }
    }
}

pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(super) fn put_message(out: &mut Vec<u8>, message: &Message) {
    put_bytes(out, message.id.as_bytes());
    put_bytes(out, message.topic.as_str().as_bytes());
    put_bytes(out, message.key.as_bytes());
    put_number(out, message.headers.iter().count() as u64);
    for (name, value) in message.headers.iter() {
        put_bytes(out, name.as_bytes());
        put_bytes(out, value.as_bytes());
    }
    put_bytes(out, &message.body);
}

/// The most that [`put_message`] writes for the message.
pub(super) fn message_bytes_max(message: &Message) -> usize {
    const LENGTH_BYTES_MAX: usize = 10;
    message.bytes() + LENGTH_BYTES_MAX * (5 + 2 * message.headers.iter().count())
}

pub(super) fn put_origin(out: &mut Vec<u8>, origin: Origin) {
    out.push(match origin {
        Origin::Edge => 0,
        Origin::Participant => 1,
    });
}

pub(super) fn put_delivery(out: &mut Vec<u8>, delivery: &Delivery) {
    put_number(out, delivery.token.0);
    put_number(out, u64::from(delivery.attempt));
    put_message(out, &delivery.message);
}

pub(super) fn put_dead_letter(out: &mut Vec<u8>, letter: &DeadLetter) {
    put_bytes(out, letter.group.as_bytes());
    put_bytes(out, letter.reason.as_bytes());
    put_number(out, u64::from(letter.attempts));
    put_message(out, &letter.message);
}

/// The most of a dead letter's reason that travels, in bytes.
const REASON_BYTES_MAX: usize = 64 * 1024;

pub(super) fn put_settlement(out: &mut Vec<u8>, token: Token, outcome: &Outcome) {
    put_number(out, token.0);
    match outcome {
        Outcome::Done => out.push(0),
        Outcome::Retry => out.push(1),
        Outcome::DeadLetter { reason } => {
            out.push(2);
            let mut end = reason.len().min(REASON_BYTES_MAX);
            while !reason.is_char_boundary(end) {
                end -= 1;
            }
            put_bytes(out, &reason.as_bytes()[..end]);
        }
    }
}

/// The most messages, deliveries or settlements in a frame, which could else hold millions of empty ones: more than fit
/// into what this client sends ([`message_bytes_max`] counts fifty bytes for each) or this server pushes.
const FRAME_ITEMS_MAX: usize = 262_144;

/// Items that are read before other connections have their turn.
const ITEMS_AT_A_TIME: usize = 1024;

/// Reads what the functions above wrote; never trusts a length.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads items until the end.
    pub(super) fn all<T>(
        mut self,
        read: impl Fn(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        let mut items = Vec::new();
        self.some(&mut items, FRAME_ITEMS_MAX, &read)?;
        Ok(items)
    }

    /// Like [`Self::all`], letting others have their turn in between.
    pub(super) async fn all_by_turns<T>(
        mut self,
        read: impl Fn(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        let mut items = Vec::new();
        while !self.is_empty() {
            self.some(&mut items, ITEMS_AT_A_TIME, &read)?;
            tokio::task::yield_now().await;
        }
        Ok(items)
    }

    /// Reads at most `count` more items.
    fn some<T>(
        &mut self,
        items: &mut Vec<T>,
        count: usize,
        read: impl Fn(&mut Self) -> Result<T, WireError>,
    ) -> Result<(), WireError> {
        let end = items.len() + count;
        while !self.is_empty() {
            if items.len() == FRAME_ITEMS_MAX {
                let (count, limit) = (FRAME_ITEMS_MAX as u64 + 1, FRAME_ITEMS_MAX as u64);
                return Err(WireError::TooMany { what: "items in a frame, or more", count, limit });
            }
            if items.len() == end {
                break;
            }
            items.push(read(self)?);
        }
        Ok(())
    }

    fn byte(&mut self, what: &'static str) -> Result<u8, WireError> {
        let (&byte, rest) = self.0.split_first().ok_or(WireError::Short(what))?;
        self.0 = rest;
        Ok(byte)
    }

    pub(super) fn number(&mut self, what: &'static str) -> Result<u64, WireError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(what)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(WireError::LongNumber);
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(WireError::LongNumber)
    }

    fn bytes(&mut self, what: &'static str) -> Result<&'a [u8], WireError> {
        let length = usize::try_from(self.number(what)?).map_err(|_| WireError::Short(what))?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(WireError::Short(what))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self, what: &'static str) -> Result<String, WireError> {
        let text = std::str::from_utf8(self.bytes(what)?).map_err(|_| WireError::NotText(what))?;
        Ok(text.to_owned())
    }

    fn count(&mut self, what: &'static str) -> Result<u32, WireError> {
        let number = self.number(what)?;
        u32::try_from(number).map_err(|_| WireError::UnknownCode { what, code: number })
    }

    pub(super) fn message(&mut self) -> Result<Message, WireError> {
        let id = self.text("a message id")?;
        let topic = Topic::owned(self.text("a topic")?);
        let key = self.text("a key")?;
        let count = self.number("a number of headers")?;
        if count > HEADERS_MAX as u64 {
            return Err(WireError::TooMany { what: "headers", count, limit: HEADERS_MAX as u64 });
        }
        let mut headers = Headers::with_capacity(count as usize);
        for _ in 0..count {
            headers.set(self.text("a header's name")?, self.text("a header's value")?);
        }
        // A copy: a slice would keep the whole frame alive as long as one of its messages waits.
        let body = Bytes::copy_from_slice(self.bytes("a body")?);
        Ok(Message { id, topic, key, headers, body })
    }

    pub(super) fn origin(&mut self) -> Result<Origin, WireError> {
        match self.byte("an origin")? {
            0 => Ok(Origin::Edge),
            1 => Ok(Origin::Participant),
            code => Err(WireError::UnknownCode { what: "an origin", code: code.into() }),
        }
    }

    /// A delivery: the server's token, the attempt and the message.
    pub(super) fn delivery(&mut self) -> Result<(u64, u32, Message), WireError> {
        Ok((self.number("a token")?, self.count("an attempt")?, self.message()?))
    }

    pub(super) fn dead_letter(&mut self) -> Result<DeadLetter, WireError> {
        let group = self.text("a group")?;
        let reason = self.text("a reason")?;
        let attempts = self.count("a number of attempts")?;
        Ok(DeadLetter { message: self.message()?, group, reason, attempts })
    }

    pub(super) fn settlement(&mut self) -> Result<Settlement, WireError> {
        let token = Token(self.number("a token")?);
        let outcome = match self.byte("an outcome")? {
            0 => Outcome::Done,
            1 => Outcome::Retry,
            2 => Outcome::DeadLetter { reason: self.text("a reason")? },
            code => return Err(WireError::UnknownCode { what: "an outcome", code: code.into() }),
        };
        Ok(Settlement { token, outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        let mut headers = Headers::default();
        headers.set("ce-näme", "wört ✓");
        let body = Bytes::from_static(&[0, 255, 10, 13]);
        Message { id: "i-1".into(), topic: Topic::new("s/k"), key: "schlüssel".into(), headers, body }
    }

    #[test]
    fn a_message_survives_the_wire() {
        let mut out = Vec::new();
        put_message(&mut out, &message());
        assert!(out.len() <= message_bytes_max(&message()));
        assert_eq!(Reader(&out).all(Reader::message).unwrap(), [message()]);
    }

    #[test]
    fn settlements_survive_the_wire() {
        let reason = "cannot parse".to_owned();
        let outcomes = [Outcome::Done, Outcome::Retry, Outcome::DeadLetter { reason }];
        let settlements = outcomes.map(|outcome| Settlement { token: Token(u64::MAX), outcome });
        let mut out = Vec::new();
        settlements
            .iter()
            .for_each(|settlement| put_settlement(&mut out, settlement.token, &settlement.outcome));
        assert_eq!(Reader(&out).all(Reader::settlement).unwrap(), settlements);
    }

    #[test]
    fn every_number_survives_the_wire() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut out = Vec::new();
            put_number(&mut out, number);
            assert_eq!(Reader(&out).number("it").unwrap(), number);
        }
        assert!(matches!(Reader(&[0xff; 11]).number("it"), Err(WireError::LongNumber)));
    }

    #[test]
    fn a_truncated_or_altered_message_is_an_error_or_another_message_but_no_panic() {
        let mut out = Vec::new();
        put_message(&mut out, &message());
        for end in 1..out.len() {
            assert!(Reader(&out[..end]).all(Reader::message).is_err(), "cut at {end}");
        }
        for position in 0..out.len() {
            for byte in 0..=255 {
                let mut altered = out.clone();
                altered[position] = byte;
                let _ = Reader(&altered).all(Reader::message);
            }
        }
    }
}
