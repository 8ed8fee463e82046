//! One consumer group: its queues, its members and its dead letters, behind one lock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::options::MemoryOptions;
use super::queue::{Entry, Queue};
use super::shards::{MemberId, Shards};
use crate::slots::{SLOTS_MAX, Slots};
use crate::{BusError, DeadLetter, Delivery, Depth, Message, Origin, Outcome, Settlement, Token};

/// The reason of a dead letter that was retried too often.
pub(super) const DELIVERY_LIMIT_REASON: &str = "delivery limit";

/// A group that members share by handle.
pub(super) struct Group {
    name: String,
    options: MemoryOptions,
    state: Mutex<State>,
}

/// What the lock guards. It is never held across an await.
pub(super) struct State {
    shards: Shards,
    members: Vec<Member>,
    /// Where each shard's messages wait: a position in `members`; unused while there is none.
    positions: Vec<usize>,
    /// Where messages wait while the group has no member.
    unowned: Queue,
    ready: usize,
    dead: VecDeque<Dead>,
    seq_next: u64,
    member_next: MemberId,
}

struct Member {
    id: MemberId,
    queue: Queue,
    unsettled: Slots<Entry>,
    unsettled_max: usize,
    notify: Arc<Notify>,
}

struct Dead {
    message: Arc<Message>,
    reason: String,
    attempts: u32,
}

impl Group {
    pub(super) fn new(name: String, options: MemoryOptions) -> Self {
        let shards = options.shards.max(1);
        let state = State {
            shards: Shards::new(shards),
            members: Vec::new(),
            positions: vec![0; shards],
            unowned: Queue::default(),
            ready: 0,
            dead: VecDeque::new(),
            seq_next: 0,
            member_next: 0,
        };
        Self { name, options, state: Mutex::new(state) }
    }

    /// A panic while the lock was held would have left the state whole (nothing in a critical section panics
    /// but an allocation), so a poisoned lock is taken as it is.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the group has room for `adding` more messages of that origin.
    pub(super) fn admit(&self, state: &State, origin: Origin, adding: usize) -> Result<(), BusError> {
        let capacity = self.options.capacity;
        if adding > capacity {
            let what = format!("messages for group {} in one call", self.name);
            return Err(BusError::Limit { what, limit: capacity as u64 });
        }
        let edge_max = capacity / 4;
        let (full, limit) = match origin {
            Origin::Edge => (state.ready > edge_max || state.ready + adding > capacity, edge_max),
            Origin::Participant => (state.ready + adding > capacity, capacity),
        };
        if full { Err(self.full(state.ready, limit)) } else { Ok(()) }
    }

    fn full(&self, ready: usize, limit: usize) -> BusError {
        BusError::Full { group: self.name.clone(), ready: ready as u64, limit: limit as u64 }
    }

    pub(super) fn join(&self, unsettled_max: usize) -> (MemberId, Arc<Notify>) {
        let mut state = self.lock();
        let id = state.member_next;
        state.member_next += 1;
        let notify = Arc::new(Notify::new());
        state.members.push(Member {
            id,
            queue: Queue::default(),
            unsettled: Slots::default(),
            unsettled_max: unsettled_max.clamp(1, SLOTS_MAX),
            notify: Arc::clone(&notify),
        });
        state.shards.join(id);
        state.redistribute(Vec::new());
        (id, notify)
    }

    pub(super) fn leave(&self, id: MemberId) {
        let mut state = self.lock();
        let Some(position) = state.members.iter().position(|member| member.id == id) else { return };
        let mut member = state.members.remove(position);
        let mut homeless = member.unsettled.take_where(|_| true);
        state.ready += homeless.len();
        homeless.extend(member.queue.take_all());
        state.shards.leave(id);
        state.redistribute(homeless);
    }

    /// Takes up to `max` deliveries for the member, as far as its limit of unsettled ones allows; may be none.
    pub(super) fn take(&self, id: MemberId, max: usize) -> Vec<Delivery> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(member) = state.members.iter_mut().find(|member| member.id == id) else { return Vec::new() };
        let room = member.unsettled_max.saturating_sub(member.unsettled.len());
        let mut deliveries = Vec::with_capacity(max.min(room).min(state.ready));
        while deliveries.len() < max.min(room) {
            let Some(mut entry) = member.queue.pop() else { break };
            entry.attempts = entry.attempts.saturating_add(1);
            let (attempt, message) = (entry.attempts, Arc::clone(&entry.message));
            let token = Token(member.unsettled.insert(entry));
            deliveries.push(Delivery { token, attempt, message });
        }
        state.ready -= deliveries.len();
        if member.queue.is_empty() {
            member.queue.release_when_empty();
        } else if deliveries.len() < room {
            // Another call to receive may be waiting beside this one: pass the wake-up on.
            member.notify.notify_one();
        }
        deliveries
    }

    /// Applies settlements; unknown tokens are stale and ignored. Dead letters that find no room stay unsettled and
    /// make the call fail, but hold up none of the others.
    pub(super) fn settle(&self, id: MemberId, settlements: Vec<Settlement>) -> Result<(), BusError> {
        // Freed once the lock is released.
        let mut done = Vec::with_capacity(settlements.len());
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(member) = state.members.iter_mut().find(|member| member.id == id) else { return Ok(()) };
        let mut dead_full = false;
        for Settlement { token: Token(token), outcome } in settlements {
            let reason = match outcome {
                Outcome::Done => {
                    done.extend(member.unsettled.remove(token));
                    continue;
                }
                Outcome::Retry => None,
                Outcome::DeadLetter { reason } => Some(reason),
            };
            let Some(attempts) = member.unsettled.get(token).map(|entry| entry.attempts) else { continue };
            let exhausted = attempts >= self.options.delivery_limit;
            let reason = reason.or_else(|| exhausted.then(|| DELIVERY_LIMIT_REASON.to_owned()));
            if reason.is_some() && state.dead.len() >= self.options.dead_letters_max {
                dead_full = true;
                continue;
            }
            let Some(entry) = member.unsettled.remove(token) else { continue };
            match reason {
                Some(reason) => state.dead.push_back(Dead { message: entry.message, reason, attempts }),
                None => {
                    state.ready += 1;
                    member.queue.put_back(entry);
                }
            }
        }
        let waking = (!member.queue.is_empty()).then(|| Arc::clone(&member.notify));
        drop(guard);
        if let Some(notify) = waking {
            notify.notify_one();
        }
        if dead_full {
            let limit = self.options.dead_letters_max as u64;
            return Err(BusError::DeadLettersFull { group: self.name.clone(), limit });
        }
        Ok(())
    }

    pub(super) fn depth(&self) -> Depth {
        let state = self.lock();
        let unsettled: usize = state.members.iter().map(|member| member.unsettled.len()).sum();
        Depth { ready: state.ready as u64, unsettled: unsettled as u64, dead: state.dead.len() as u64 }
    }

    pub(super) fn dead_letters(&self, limit: usize) -> Vec<DeadLetter> {
        let state = self.lock();
        let letter = |dead: &Dead| DeadLetter {
            message: Message::clone(&dead.message),
            group: self.name.clone(),
            reason: dead.reason.clone(),
            attempts: dead.attempts,
        };
        state.dead.iter().take(limit).map(letter).collect()
    }

    pub(super) fn redrive(&self, message_id: &str) -> Result<bool, BusError> {
        let mut state = self.lock();
        let Some(index) = state.dead.iter().position(|dead| dead.message.id == message_id) else {
            return Ok(false);
        };
        if state.ready >= self.options.capacity {
            return Err(self.full(state.ready, self.options.capacity));
        }
        if let Some(dead) = state.dead.remove(index) {
            let shard = shard_of(&dead.message.key, state.shards.len());
            state.push(shard, dead.message);
        }
        state.wake();
        Ok(true)
    }
}

/// The shard of a key: the same in every process and run.
pub(super) fn shard_of(key: &str, shards: usize) -> u32 {
    let hash = xxhash_rust::xxh3::xxh3_64(key.as_bytes());
    // The remainder is below the number of shards, which options keep far below u32::MAX.
    (hash % shards.max(1) as u64) as u32
}

impl State {
    /// Adds a message at the end; the caller has checked that there is room.
    pub(super) fn push(&mut self, shard: u32, message: Arc<Message>) {
        let entry = Entry { seq: self.seq_next, attempts: 0, shard, message };
        self.seq_next += 1;
        self.ready += 1;
        self.queue_of(shard).push(entry);
    }

    /// Wakes the members that have something to receive.
    pub(super) fn wake(&self) {
        for member in self.members.iter().filter(|member| !member.queue.is_empty()) {
            member.notify.notify_one();
        }
    }

    fn queue_of(&mut self, shard: u32) -> &mut Queue {
        let position = self.positions[shard as usize];
        match self.members.get_mut(position) {
            Some(member) => &mut member.queue,
            None => &mut self.unowned,
        }
    }

    /// After a change of owners: brings every waiting message, and those of `homeless`, to its shard's owner, with
    /// what a former owner had not settled before them.
    fn redistribute(&mut self, mut homeless: Vec<Entry>) {
        for (shard, position) in self.positions.iter_mut().enumerate() {
            let owner = self.shards.owner(shard);
            *position = self.members.iter().position(|member| Some(member.id) == owner).unwrap_or(usize::MAX);
        }
        homeless.extend(self.unowned.take_all());
        for member in &mut self.members {
            let (id, shards) = (member.id, &self.shards);
            let moved = member.unsettled.take_where(|entry| shards.owner(entry.shard as usize) != Some(id));
            self.ready += moved.len();
            homeless.extend(moved);
            homeless.extend(member.queue.take_all());
        }
        // Mostly sorted runs one behind the other, which a stable sort merges.
        homeless.sort_by_key(|entry| entry.seq);
        for entry in homeless {
            self.queue_of(entry.shard).push(entry);
        }
        self.wake();
    }
}
