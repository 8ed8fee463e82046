//! Which member of a group owns which shard.

/// A member's number within its group; later members have higher ones.
pub(super) type MemberId = u64;

/// Who owns each shard. Members share them evenly (their counts differ by one at the most), a change moves as few
/// as that needs, and the same joins and leaves always give the same owners.
pub(super) struct Shards {
    owners: Vec<Option<MemberId>>,
    members: Vec<MemberId>,
}

impl Shards {
    pub(super) fn new(count: usize) -> Self {
        Self { owners: vec![None; count], members: Vec::new() }
    }

    pub(super) fn owner(&self, shard: usize) -> Option<MemberId> {
        self.owners[shard]
    }

    pub(super) fn len(&self) -> usize {
        self.owners.len()
    }

    pub(super) fn join(&mut self, member: MemberId) {
        self.members.push(member);
        self.balance();
    }

    pub(super) fn leave(&mut self, member: MemberId) {
        self.members.retain(|&m| m != member);
        for owner in &mut self.owners {
            if *owner == Some(member) {
                *owner = None;
            }
        }
        self.balance();
    }

    fn balance(&mut self) {
        if self.members.is_empty() {
            return;
        }
        for shard in 0..self.owners.len() {
            if self.owners[shard].is_none() {
                self.owners[shard] = Some(self.lightest().0);
            }
        }
        loop {
            let (light, fewest) = self.lightest();
            let (heavy, most) = self.heaviest();
            if most - fewest <= 1 {
                return;
            }
            if let Some(owner) = self.owners.iter_mut().rev().find(|owner| **owner == Some(heavy)) {
                *owner = Some(light);
            }
        }
    }

    fn count(&self, member: MemberId) -> usize {
        self.owners.iter().filter(|owner| **owner == Some(member)).count()
    }

    /// The member with the fewest shards (the earliest of them) and how many it has.
    fn lightest(&self) -> (MemberId, usize) {
        let counts = self.members.iter().map(|&member| (member, self.count(member)));
        counts.min_by_key(|&(_, count)| count).unwrap_or_default()
    }

    /// The member with the most shards (the earliest of them) and how many it has.
    fn heaviest(&self) -> (MemberId, usize) {
        let counts = self.members.iter().map(|&member| (member, self.count(member)));
        counts.rev().max_by_key(|&(_, count)| count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(shards: &Shards) -> Vec<u64> {
        shards.owners.iter().map(|owner| owner.unwrap_or(0)).collect()
    }

    #[test]
    fn members_share_evenly_and_few_shards_move() {
        let mut shards = Shards::new(6);
        shards.join(1);
        assert_eq!(owners(&shards), [1, 1, 1, 1, 1, 1]);
        shards.join(2);
        assert_eq!(owners(&shards), [1, 1, 1, 2, 2, 2]);
        shards.join(3);
        assert_eq!(owners(&shards), [1, 1, 3, 2, 2, 3]);
        shards.leave(1);
        assert_eq!(owners(&shards), [2, 3, 3, 2, 2, 3]);
        shards.leave(2);
        shards.leave(3);
        assert_eq!(owners(&shards), [0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn members_beyond_the_shards_own_nothing() {
        let mut shards = Shards::new(1);
        shards.join(1);
        shards.join(2);
        assert_eq!(owners(&shards), [1]);
        shards.leave(1);
        assert_eq!(owners(&shards), [2]);
    }
}
