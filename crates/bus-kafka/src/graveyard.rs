//! Keeping dead letters: each becomes a confirmed record of its group's compacted topic.

use std::sync::Arc;

use bus::{BusError, DeadLetter, Headers, Topic};

use crate::config::{ATTRIBUTES_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::error::bus_error;
use crate::names::Names;
use crate::outlet::{Outgoing, Outlet};
use crate::record::{Origin, dead_headers, redriven_headers};
use crate::topics::{Catalogue, Kind};

/// The most that is kept of a reason, in bytes.
const REASON_BYTES_MAX: usize = 64 * 1024;
/// The most that is kept of a stranger's id, topic or key, in bytes.
const NAME_BYTES_MAX: usize = 8 * 1024;

/// The topic of dead letters has one partition; if it has more, they are not read.
const ONLY_PARTITION: Option<i32> = Some(0);

/// Where dead letters are kept and come back from.
#[derive(Clone)]
pub(crate) struct Graveyard {
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) topics: Arc<Catalogue>,
    pub(crate) names: Names,
}

impl Graveyard {
    /// Keeps letters of one group; `Ok` once all of them are confirmed.
    pub(crate) async fn bury(&self, group: &str, letters: Vec<(DeadLetter, Origin)>) -> Result<(), BusError> {
        let topic = self.names.dead_letters(group)?;
        self.topics.ensure(&[(topic.clone(), Kind::DeadLetters)]).await?;
        let letters: Vec<_> =
            letters.into_iter().map(|(letter, origin)| (fitting(letter, &origin), origin)).collect();
        let keys: Vec<_> = letters.iter().map(|(_, origin)| origin.letter_key()).collect();
        let records = letters.iter().zip(&keys).map(|((letter, origin), key)| Outgoing {
            topic: &topic,
            partition: ONLY_PARTITION,
            key: key.as_bytes(),
            value: Some(&letter.message.body),
            headers: dead_headers(letter, origin),
        });
        let sent = self.outlet.send(records).await;
        sent.map_err(|error| {
            self.topics.forget([&topic]);
            bus_error("keeping a dead letter", &error)
        })
    }

    /// Gives a letter's message back to its group, and then marks the letter, by its record's key, as done with.
    pub(crate) async fn exhume(&self, letter: &DeadLetter, record_key: &[u8]) -> Result<(), BusError> {
        let (group, message) = (&letter.group, &letter.message);
        let redrive = self.names.redrive(group)?;
        self.topics.ensure(&[(redrive.clone(), Kind::Redrive)]).await?;
        let again = Outgoing {
            topic: &redrive,
            // Its key's own, so that it goes to the member that has the key.
            partition: None,
            key: message.key.as_bytes(),
            value: Some(&message.body),
            headers: redriven_headers(message, record_key),
        };
        let sent = self.outlet.send(std::iter::once(again)).await;
        sent.map_err(|error| bus_error("redriving a dead letter", &error))?;
        let topic = self.names.dead_letters(group)?;
        let tombstone = Outgoing {
            topic: &topic,
            partition: ONLY_PARTITION,
            key: record_key,
            value: None,
            headers: rdkafka::message::OwnedHeaders::new_with_capacity(0),
        };
        let sent = self.outlet.send(std::iter::once(tombstone)).await;
        sent.map_err(|error| bus_error("removing a dead letter", &error))
    }
}

/// The letter as far as its topic takes it. A message of ours always fits; what strangers sent may have to be cut, which
/// the reason then says.
fn fitting(mut letter: DeadLetter, origin: &Origin) -> DeadLetter {
    let mut cut = Vec::new();
    let message = &mut letter.message;
    if message.id.len() > ATTRIBUTES_BYTES_MAX {
        cut.push(format!("an id of {} bytes", message.id.len()));
        message.id = origin.to_string();
    }
    let attributes = message.bytes() - message.body.len();
    if attributes > ATTRIBUTES_BYTES_MAX {
        cut.push(format!("{attributes} bytes of key and headers"));
        message.headers = Headers::default();
        message.id = shortened(std::mem::take(&mut message.id), NAME_BYTES_MAX);
        message.key = shortened(std::mem::take(&mut message.key), NAME_BYTES_MAX);
        if message.topic.as_str().len() > NAME_BYTES_MAX {
            message.topic = Topic::new("unknown/unknown");
        }
    }
    if message.body.len() > MESSAGE_BYTES_MAX {
        cut.push(format!("{} bytes of value", message.body.len()));
        message.body.truncate(MESSAGE_BYTES_MAX);
    }
    if !cut.is_empty() {
        letter.reason.push_str("; cut short here: ");
        letter.reason.push_str(&cut.join(", "));
    }
    letter.reason = shortened(letter.reason, REASON_BYTES_MAX);
    letter
}

/// The beginning of a text, cut between characters.
fn shortened(mut text: String, bytes_max: usize) -> String {
    if text.len() > bytes_max {
        let end = (0..=bytes_max).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use bus::Message;
    use bytes::Bytes;

    use super::*;

    fn origin() -> Origin {
        Origin { topic: "duet.orders".into(), partition: 1, offset: 2, letter: None }
    }

    fn letter() -> DeadLetter {
        let message = Message {
            id: "1".into(),
            topic: Topic::new("orders/placed"),
            key: "k".into(),
            headers: Headers::default(),
            body: Bytes::from_static(b"{}"),
        };
        DeadLetter { message, group: "g".into(), reason: "why".into(), attempts: 1 }
    }

    #[test]
    fn a_message_of_ours_is_kept_whole() {
        let mut letter = letter();
        letter.message.body = vec![7; MESSAGE_BYTES_MAX].into();
        assert_eq!(fitting(letter.clone(), &origin()), letter);
    }

    #[test]
    fn what_is_too_large_is_cut_and_said() {
        let mut large = letter();
        large.message.body = vec![7; 2 * MESSAGE_BYTES_MAX].into();
        large.message.key = "ü".repeat(ATTRIBUTES_BYTES_MAX);
        large.message.headers.set("x", "y".repeat(ATTRIBUTES_BYTES_MAX));
        large.message.id = "i".repeat(ATTRIBUTES_BYTES_MAX + 1);
        let kept = fitting(large, &origin());
        assert!(kept.message.bytes() <= MESSAGE_BYTES_MAX + ATTRIBUTES_BYTES_MAX, "{}", kept.message.bytes());
        assert_eq!(kept.message.id, "duet.orders/1/2");
        assert!(kept.reason.starts_with("why; cut short here: an id of 65537 bytes"), "{}", kept.reason);
        assert!(kept.reason.ends_with("1843200 bytes of value"), "{}", kept.reason);
    }

    #[test]
    fn long_reasons_are_cut_between_characters() {
        let letter = fitting(DeadLetter { reason: "✗".repeat(REASON_BYTES_MAX), ..letter() }, &origin());
        assert_eq!(letter.reason.len(), REASON_BYTES_MAX - REASON_BYTES_MAX % 3);
    }
}
