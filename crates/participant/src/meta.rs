//! A participant's bookkeeping for one key, kept in the key's own row: the inbox, the timers, and the number of
//! messages and calls sent so far (from which their ids are made).

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::Millis;

/// How many handled inputs of a key its inbox remembers.
pub const INBOX_WINDOW: usize = 64;

const FORMAT: u8 = 1;

/// A 128-bit hash of an input's id (XXH3). Two different ids of one key colliding within a window of 64 has a chance
/// of about 2^-117.
pub(crate) type Fingerprint = u128;

pub(crate) fn fingerprint(id: &str) -> Fingerprint {
    xxhash_rust::xxh3::xxh3_128(id.as_bytes())
}

/// A timer that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// By which the handler sets, cancels and recognises it.
    pub name: String,
    /// When it is due.
    pub due: Millis,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) sequence: u64,
    inbox: Vec<Fingerprint>,
    pub(crate) timers: BTreeMap<String, Millis>,
}

/// The stored bookkeeping cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the bookkeeping of the entity is corrupt")]
pub struct Corrupt;

/// The timers of a stored entity, by name.
///
/// # Errors
/// The stored bytes are not a participant's bookkeeping.
pub fn timers(entity: &store::Entity) -> Result<Vec<Timer>, Corrupt> {
    let meta = Meta::decode(&entity.meta)?;
    Ok(meta.timers.into_iter().map(|(name, due)| Timer { name, due }).collect())
}

impl Meta {
    pub(crate) fn has_handled(&self, id: Fingerprint) -> bool {
        self.inbox.contains(&id)
    }

    pub(crate) fn remember(&mut self, id: Fingerprint) {
        if self.inbox.len() == INBOX_WINDOW {
            self.inbox.remove(0);
        }
        self.inbox.push(id);
    }

    pub(crate) fn next_due(&self) -> Option<Millis> {
        self.timers.values().min().copied()
    }

    pub(crate) fn encode(&self) -> Bytes {
        let timers = self.timers.keys().map(|name| name.len() + 10).sum::<usize>();
        let mut out = Vec::with_capacity(11 + 16 * self.inbox.len() + timers);
        out.push(FORMAT);
        out.extend(self.sequence.to_le_bytes());
        // Both counts are bounded: the inbox by its window, a timer's name where it is set (see `decide`).
        out.push(self.inbox.len() as u8);
        for id in &self.inbox {
            out.extend(id.to_le_bytes());
        }
        for (name, due) in &self.timers {
            out.extend((name.len() as u16).to_le_bytes());
            out.extend(name.as_bytes());
            out.extend(due.to_le_bytes());
        }
        Bytes::from(out)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Corrupt> {
        fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Result<&'a [u8], Corrupt> {
            let (head, tail) = bytes.split_at_checked(n).ok_or(Corrupt)?;
            *bytes = tail;
            Ok(head)
        }
        fn array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Corrupt> {
            take(bytes, N)?.try_into().map_err(|_| Corrupt)
        }
        let mut rest = bytes;
        let [format] = array(&mut rest)?;
        if format != FORMAT {
            return Err(Corrupt);
        }
        let sequence = u64::from_le_bytes(array(&mut rest)?);
        let [count] = array(&mut rest)?;
        let inbox = (0..count)
            .map(|_| Ok(Fingerprint::from_le_bytes(array(&mut rest)?)))
            .collect::<Result<Vec<_>, Corrupt>>()?;
        let mut timers = BTreeMap::new();
        while !rest.is_empty() {
            let length = u16::from_le_bytes(array(&mut rest)?);
            let name = take(&mut rest, usize::from(length))?.to_vec();
            let name = String::from_utf8(name).map_err(|_| Corrupt)?;
            timers.insert(name, Millis::from_le_bytes(array(&mut rest)?));
        }
        Ok(Self { sequence, inbox, timers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookkeeping_survives_the_way_there_and_back() {
        let mut meta = Meta { sequence: 7, ..Meta::default() };
        for n in 0..100 {
            meta.remember(fingerprint(&format!("m{n}")));
        }
        meta.timers.insert("answer".into(), 1_700_000_000_000);
        meta.timers.insert("ünï".into(), -1);
        assert_eq!(Meta::decode(&meta.encode()).unwrap(), meta);
        assert_eq!(meta.next_due(), Some(-1));
    }

    #[test]
    fn the_inbox_remembers_its_window_and_no_more() {
        let mut meta = Meta::default();
        for n in 0..=INBOX_WINDOW {
            meta.remember(n as Fingerprint);
        }
        assert!(!meta.has_handled(0));
        assert!((1..=INBOX_WINDOW).all(|n| meta.has_handled(n as Fingerprint)));
    }

    #[test]
    fn corrupt_bookkeeping_is_an_error_and_no_panic() {
        let whole = Meta { sequence: 1, inbox: vec![1, 2], timers: [("t".into(), 5)].into() }.encode();
        for end in 0..whole.len() {
            let cut = Meta::decode(&whole[..end]);
            assert!(cut.is_err() || end == 11 + 31, "cut at {end}: {cut:?}");
        }
        assert!(Meta::decode(&[9, 0, 0]).is_err());
    }
}
