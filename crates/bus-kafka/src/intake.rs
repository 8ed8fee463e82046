//! A member's side of what it receives: the partitions that it has, what it handed out of them, and what became of it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Delivery, Message, Token};
use rdkafka::Message as _;
use rdkafka::consumer::base_consumer::PartitionQueue;

use crate::gaps::{GAPS_MAX, Gap};
use crate::inspector::Place;
use crate::rebalances::MemberContext;
use crate::record::{self, Decoded, Origin, Wanted};
use crate::window::Window;

/// Records of one partition that may be open at a time: settled ones wait here behind one that is not, and beyond this
/// many the partition waits for that one.
const WINDOW_MAX: usize = 65_536;
/// Records looked at in one go; most of them may be of topics that nobody here wants.
const LOOKED_AT_MAX: usize = 4096;
/// Malformed records that may wait to become dead letters; beyond it, nothing is read.
const POISON_MAX: usize = 256;

/// Numbers the times that a partition was assigned, so that what was handed out before means nothing after.
pub(crate) type Lease = u64;

/// Everything that a member has.
#[derive(Default)]
pub(crate) struct Intake {
    shares: BTreeMap<Lease, Share>,
    lease_next: Lease,
    /// Where the next round over the partitions begins.
    cursor: Lease,
    handed: HashMap<Token, Handed>,
    token_next: u64,
    /// How many of those handed out are deliveries; the others are poison.
    delivered: usize,
    poison: usize,
    /// Not told yet.
    gaps: Vec<Gap>,
}

/// One partition, as long as it is assigned.
pub(crate) struct Share {
    place: Place,
    wanted: Arc<Wanted>,
    window: Window,
    /// To be delivered again, in the order of their offsets.
    again: VecDeque<Again>,
    /// Deliveries that are not settled.
    unsettled: usize,
    /// `None` once it is to go to another member: nothing more is handed out.
    queue: Option<PartitionQueue<MemberContext>>,
    /// Set by librdkafka when records have arrived.
    has_arrivals: Arc<AtomicBool>,
    /// The offset that was told to librdkafka last.
    stored: Option<i64>,
}

struct Again {
    offset: i64,
    attempt: u32,
    letter: Option<String>,
    message: Arc<Message>,
}

/// A delivery that is not settled.
pub(crate) struct Handed {
    lease: Lease,
    offset: i64,
    is_poison: bool,
    pub(crate) attempt: u32,
    /// See [`Origin`].
    letter: Option<String>,
    pub(crate) message: Arc<Message>,
}

/// A record that is no message, on its way to the dead letters.
pub(crate) struct Poison {
    pub(crate) token: Token,
    pub(crate) message: Arc<Message>,
    pub(crate) reason: String,
    pub(crate) origin: Origin,
}

/// What one look at the partitions brought.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) poison: Vec<Poison>,
    /// Whether there may be more at once.
    pub(crate) has_more: bool,
    /// Partitions whose offsets began again: their topic was deleted and made anew.
    pub(crate) begun_again: Vec<Place>,
    looked_at: usize,
}

/// Where a group stands in a partition that this member has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// The offset of the next record to be read, if any was.
    pub(crate) position: Option<i64>,
    /// Read and waiting to be delivered again.
    pub(crate) again: u64,
    pub(crate) unsettled: u64,
}

impl Share {
    pub(crate) fn new(
        place: Place,
        wanted: Arc<Wanted>,
        queue: PartitionQueue<MemberContext>,
        has_arrivals: Arc<AtomicBool>,
    ) -> Self {
        Self {
            place,
            wanted,
            window: Window::default(),
            again: VecDeque::new(),
            unsettled: 0,
            queue: Some(queue),
            has_arrivals,
            stored: None,
        }
    }

    fn is_ready(&self) -> bool {
        self.queue.is_some()
            && (!self.again.is_empty()
                || (self.has_arrivals.load(Ordering::Acquire) && self.window.len() < WINDOW_MAX))
    }
}

impl Intake {
    pub(crate) fn add(&mut self, share: Share) {
        self.shares.insert(self.lease_next, share);
        self.lease_next += 1;
    }

    pub(crate) fn has_shares(&self) -> bool {
        !self.shares.is_empty()
    }

    /// Stops handing out these partitions and returns their leases.
    pub(crate) fn freeze(&mut self, places: &[Place]) -> Vec<Lease> {
        let mut leases = Vec::with_capacity(places.len());
        for (&lease, share) in self.shares.iter_mut().filter(|(_, share)| places.contains(&share.place)) {
            share.queue = None;
            share.again.clear();
            leases.push(lease);
        }
        leases
    }

    /// How many deliveries of these partitions are not settled.
    pub(crate) fn unsettled(&self, leases: &[Lease]) -> usize {
        leases.iter().filter_map(|lease| self.shares.get(lease)).map(|share| share.unsettled).sum()
    }

    /// Forgets these partitions and whatever was handed out of them.
    pub(crate) fn remove(&mut self, leases: &[Lease]) {
        for lease in leases {
            self.shares.remove(lease);
        }
        let shares = &self.shares;
        self.handed.retain(|_, handed| shares.contains_key(&handed.lease));
        self.delivered = self.handed.values().filter(|handed| !handed.is_poison).count();
    }

    pub(crate) fn leases(&self) -> Vec<Lease> {
        self.shares.keys().copied().collect()
    }

    /// Lets every partition be looked at again, whatever was heard from it.
    pub(crate) fn look_everywhere(&self) {
        for share in self.shares.values() {
            share.has_arrivals.store(true, Ordering::Release);
        }
    }

    /// Takes up to `max` deliveries while fewer than `unsettled_max` are unsettled.
    pub(crate) fn take(&mut self, max: usize, unsettled_max: usize) -> Taken {
        let room = unsettled_max.saturating_sub(self.delivered);
        let mut taken = Taken::default();
        // One round, which begins where the last one ended: no partition waits for ever for another.
        let later = self.shares.range(self.cursor..).map(|(&lease, _)| lease);
        let round: Vec<Lease> =
            later.chain(self.shares.range(..self.cursor).map(|(&lease, _)| lease)).collect();
        for lease in round {
            let is_enough = taken.deliveries.len() >= room.min(max) || taken.looked_at >= LOOKED_AT_MAX;
            if is_enough || self.poison >= POISON_MAX {
                break;
            }
            self.take_from(lease, room.min(max), &mut taken);
            self.cursor = lease + 1;
        }
        taken.has_more = taken.deliveries.len() < room
            && self.poison < POISON_MAX
            && self.shares.values().any(Share::is_ready);
        taken
    }

    fn take_from(&mut self, lease: Lease, room: usize, taken: &mut Taken) {
        let Some(share) = self.shares.get_mut(&lease).filter(|share| share.is_ready()) else { return };
        let mut poison = self.poison;
        // Another one from where its log begins again: what was handed out before means other records.
        let mut current = lease;
        let mut hand_out = |lease, (offset, attempt, letter), message: &Arc<Message>, is_poison: bool| {
            let token = Token(self.token_next);
            self.token_next += 1;
            self.delivered += usize::from(!is_poison);
            self.poison += usize::from(is_poison);
            self.handed.insert(
                token,
                Handed { lease, offset, is_poison, attempt, letter, message: Arc::clone(message) },
            );
            (token, self.poison)
        };
        while taken.deliveries.len() < room
            && let Some(Again { offset, attempt, letter, message }) = share.again.pop_front()
        {
            share.unsettled += 1;
            let (token, _) = hand_out(lease, (offset, attempt, letter), &message, false);
            taken.deliveries.push(Delivery { token, attempt, message });
        }
        let Some(queue) = &share.queue else { return };
        let mut is_drained = false;
        // Cleared before looking: what arrives from now on sets it again.
        share.has_arrivals.store(false, Ordering::Release);
        while taken.deliveries.len() < room
            && taken.looked_at < LOOKED_AT_MAX
            && poison < POISON_MAX
            && share.window.len() < WINDOW_MAX
        {
            taken.looked_at += 1;
            let record = match queue.poll(Duration::ZERO) {
                None => {
                    is_drained = true;
                    break;
                }
                // The partition's errors mend themselves or end in a rebalance; librdkafka's log tells of them.
                Some(Err(_)) => continue,
                Some(Ok(record)) => record,
            };
            let offset = record.offset();
            if share.window.position().is_some_and(|position| offset < position) {
                share.window = Window::default();
                share.again.clear();
                (share.unsettled, share.stored) = (0, None);
                taken.begun_again.push(share.place.clone());
                current = self.lease_next;
                self.lease_next += 1;
            }
            if let Some(from) = share.window.position().filter(|&position| position < offset)
                && self.gaps.len() < GAPS_MAX
            {
                self.gaps.push(Gap { place: share.place.clone(), from, to: offset });
            }
            let (message, reason) = match record::decode(&record, &share.wanted) {
                Decoded::Unwanted => {
                    share.window.passed(offset);
                    continue;
                }
                Decoded::Message(message) => (Arc::new(message), None),
                Decoded::Malformed { message, reason } => (Arc::new(message), Some(reason)),
            };
            let letter = record::letter_in(&record, &share.wanted);
            share.window.delivered(offset);
            share.unsettled += 1;
            let token;
            (token, poison) = hand_out(current, (offset, 1, letter.clone()), &message, reason.is_some());
            match reason {
                None => taken.deliveries.push(Delivery { token, attempt: 1, message }),
                Some(reason) => {
                    taken.poison.push(Poison {
                        token,
                        message,
                        reason,
                        origin: Origin { letter, ..record::origin_of(&record) },
                    });
                }
            }
        }
        if !is_drained {
            share.has_arrivals.store(true, Ordering::Release);
        }
        if current != lease {
            self.renew(lease, current);
        }
    }

    /// The partition goes on under another lease, which forgets what was handed out under the former one.
    fn renew(&mut self, former: Lease, new: Lease) {
        if let Some(share) = self.shares.remove(&former) {
            self.shares.insert(new, share);
        }
        self.remove(&[]);
    }

    /// The delivery of that token, if it is not settled.
    pub(crate) fn get(&self, token: Token) -> Option<&Handed> {
        self.handed.get(&token)
    }

    /// Where the delivered record stands.
    pub(crate) fn origin(&self, handed: &Handed) -> Option<Origin> {
        let (topic, partition) = self.shares.get(&handed.lease)?.place.clone();
        Some(Origin { topic, partition, offset: handed.offset, letter: handed.letter.clone() })
    }

    /// The delivery is done with; one of an earlier lease, or settled before, is ignored.
    pub(crate) fn done(&mut self, token: Token) {
        let Some(handed) = self.remove_handed(token) else { return };
        if let Some(share) = self.shares.get_mut(&handed.lease) {
            share.unsettled -= 1;
            share.window.settled(handed.offset);
        }
    }

    /// The delivery shall come again.
    pub(crate) fn retry(&mut self, token: Token) {
        let Some(handed) = self.remove_handed(token) else { return };
        let Some(share) = self.shares.get_mut(&handed.lease) else { return };
        share.unsettled -= 1;
        if share.queue.is_none() {
            // It is about to leave: whoever gets the partition will be given it.
            return;
        }
        let at = share.again.partition_point(|again| again.offset < handed.offset);
        let attempt = handed.attempt.saturating_add(1);
        share.again.insert(
            at,
            Again { offset: handed.offset, attempt, letter: handed.letter, message: handed.message },
        );
    }

    fn remove_handed(&mut self, token: Token) -> Option<Handed> {
        let handed = self.handed.remove(&token)?;
        self.delivered -= usize::from(!handed.is_poison);
        Some(handed)
    }

    /// A malformed record is on its way to the dead letters no longer.
    pub(crate) fn buried(&mut self) {
        self.poison = self.poison.saturating_sub(1);
    }

    /// Whether partitions wait for their deliveries to be settled before they go to another member.
    pub(crate) fn is_letting_go(&self) -> bool {
        self.shares.values().any(|share| share.queue.is_none())
    }

    /// The offsets to commit that have moved since this was last asked.
    pub(crate) fn moved(&mut self) -> Vec<(Place, i64)> {
        let mut moved = Vec::new();
        for share in self.shares.values_mut() {
            let committable = share.window.committable();
            if committable != share.stored {
                share.stored = committable;
                moved.extend(committable.map(|offset| (share.place.clone(), offset)));
            }
        }
        moved
    }

    /// Whether offsets were passed over since this was last asked.
    pub(crate) fn has_gaps(&self) -> bool {
        !self.gaps.is_empty()
    }

    /// The offsets that were passed over since this was last asked.
    pub(crate) fn take_gaps(&mut self) -> Vec<Gap> {
        std::mem::take(&mut self.gaps)
    }

    pub(crate) fn standings(&self) -> impl Iterator<Item = (&Place, Standing)> {
        self.shares.values().map(|share| {
            let standing = Standing {
                position: share.window.position(),
                again: share.again.len() as u64,
                unsettled: share.unsettled as u64,
            };
            (&share.place, standing)
        })
    }
}
