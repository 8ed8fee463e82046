//! Who is in a group, as one member knows it: pure.
//!
//! Each member says hello when it joins, every [`PERIOD`] and when somebody asks, and says in it for which shards it
//! stands in line at the broker. Whoever was not heard of for [`PATIENCE`] is taken for gone. Members that disagree
//! for a while do no harm: at the broker a shard has one consumer at a time, whoever stands in line for it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::assignment::{Role, assign};

/// How often a member says hello.
pub(crate) const PERIOD: Duration = Duration::from_secs(2);
/// How long a member may be silent.
pub(crate) const PATIENCE: Duration = Duration::from_millis(6500);
/// Members that are remembered: far more than there are shards.
const MEMBERS_MAX: usize = 1024;

/// What members tell each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// Who speaks.
    pub(crate) member: String,
    /// A bit for each shard for which it stands in line and does not mean to leave.
    pub(crate) in_line: u64,
    /// Whether the others are to say hello now.
    pub(crate) ask: bool,
    /// Whether it leaves.
    pub(crate) leaving: bool,
}

/// What a hello calls for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The speaker does not know us, or asks: say hello.
    pub(crate) answer: bool,
}

struct Peer {
    heard: Instant,
    in_line: u64,
}

/// One member's view of its group.
pub(crate) struct Membership {
    me: String,
    shards: u16,
    peers: BTreeMap<String, Peer>,
    /// Each shard's owner, and what this member has to do with it.
    assigned: Vec<(String, Role)>,
}

impl Membership {
    pub(crate) fn new(me: String, shards: u16) -> Self {
        let mut membership = Self { me, shards, peers: BTreeMap::new(), assigned: Vec::new() };
        membership.assign();
        membership
    }

    pub(crate) fn me(&self) -> &str {
        &self.me
    }

    /// Whether it knows of others.
    pub(crate) fn has_peers(&self) -> bool {
        !self.peers.is_empty()
    }

    /// Takes note of a hello.
    pub(crate) fn hear(&mut self, hello: Hello, now: Instant) -> Heard {
        if hello.member == self.me {
            return Heard::default();
        }
        if hello.leaving {
            self.peers.remove(&hello.member);
            self.assign();
            return Heard::default();
        }
        let peer = Peer { heard: now, in_line: hello.in_line };
        let is_new = !self.peers.contains_key(&hello.member);
        if is_new && self.peers.len() >= MEMBERS_MAX {
            return Heard::default();
        }
        self.peers.insert(hello.member, peer);
        if is_new {
            self.assign();
        }
        Heard { answer: is_new || hello.ask }
    }

    /// Forgets who was not heard of for too long.
    pub(crate) fn expire(&mut self, now: Instant) {
        let before = self.peers.len();
        self.peers.retain(|_, peer| now.duration_since(peer.heard) < PATIENCE);
        if self.peers.len() != before {
            self.assign();
        }
    }

    /// What this member has to do with each shard.
    pub(crate) fn roles(&self) -> Vec<Role> {
        self.assigned.iter().map(|(_, role)| *role).collect()
    }

    /// Whether the shard's owner, another member, has said after `since` that it stands in line for it. Then a shard
    /// can be given up and does not stay without a consumer.
    pub(crate) fn owner_waits(&self, shard: u16, since: Instant) -> bool {
        let Some((owner, _)) = self.assigned.get(usize::from(shard)) else { return false };
        let waits = |peer: &Peer| peer.heard > since && peer.in_line & (1 << shard) != 0;
        self.peers.get(owner).is_some_and(waits)
    }

    fn assign(&mut self) {
        let mut members: Vec<&str> = self.peers.keys().map(String::as_str).collect();
        members.push(&self.me);
        members.sort_unstable();
        let assigned = assign(&members, &self.me, self.shards);
        self.assigned = assigned.into_iter().map(|(owner, role)| (owner.to_owned(), role)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(member: &str, in_line: u64) -> Hello {
        Hello { member: member.to_owned(), in_line, ask: false, leaving: false }
    }

    fn owned(membership: &Membership) -> u64 {
        let bit = |(shard, role): (usize, &Role)| if *role == Role::Owner { 1 << shard } else { 0 };
        membership.roles().iter().enumerate().map(bit).sum()
    }

    #[test]
    fn two_members_share_as_soon_as_they_know_each_other() {
        let now = Instant::now();
        let mut a = Membership::new("a".into(), 8);
        let mut b = Membership::new("b".into(), 8);
        assert_eq!(owned(&a), 0xff, "alone it owns everything");
        let heard = a.hear(hello("b", 0), now);
        assert!(heard.answer, "a newcomer is answered");
        b.hear(hello("a", 0xff), now);
        assert_eq!(owned(&a) | owned(&b), 0xff);
        assert_eq!(owned(&a) & owned(&b), 0);
        assert_eq!(owned(&a).count_ones(), 4);
        assert!(!a.hear(hello("b", 0), now).answer, "who is known is not answered");
        assert!(a.hear(Hello { ask: true, ..hello("b", 0) }, now).answer, "unless it asks");
        assert_eq!(a.hear(hello("a", 1), now), Heard::default(), "its own voice");
    }

    #[test]
    fn who_is_silent_or_leaves_is_gone() {
        let start = Instant::now();
        let mut a = Membership::new("a".into(), 8);
        a.hear(hello("b", 0), start);
        a.hear(hello("c", 0), start + PERIOD);
        assert!(owned(&a).count_ones() < 4, "three share");
        a.expire(start + PATIENCE - Duration::from_millis(1));
        assert!(owned(&a).count_ones() < 4);
        a.expire(start + PATIENCE);
        assert_eq!(owned(&a).count_ones(), 4, "b was silent");
        assert!(a.has_peers());
        a.hear(Hello { leaving: true, ..hello("c", 0) }, start + PATIENCE);
        assert!(!a.has_peers());
        assert_eq!(owned(&a), 0xff);
    }

    #[test]
    fn a_shard_is_handed_over_only_to_an_owner_that_waits_for_it_and_is_alive() {
        let start = Instant::now();
        let later = start + Duration::from_secs(1);
        let mut a = Membership::new("a".into(), 8);
        a.hear(hello("b", 0), later);
        let bs = 0xff & !owned(&a);
        let shard = bs.trailing_zeros() as u16;
        assert!(!a.owner_waits(shard, start), "b has not said that it stands in line");
        a.hear(hello("b", bs), later);
        assert!(a.owner_waits(shard, start));
        assert!(!a.owner_waits(shard, later), "what b said before is no sign of life");
        let own = owned(&a).trailing_zeros() as u16;
        assert!(!a.owner_waits(own, start), "its own shard is handed to nobody");
    }
}
