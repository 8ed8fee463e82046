//! Which member of a group consumes which shard: pure, so that every member comes to the same answer by itself.
//!
//! Rendezvous hashing with quotas: each shard goes to the member that likes it best (by a hash of both) among those
//! that have not had their share yet. Shares differ by one at the most, and few shards move when a member comes or
//! goes. Each shard also has a standby: whoever would own it if its owner were gone. The standby waits in line behind
//! the owner at the broker, which turns to it the moment the owner is gone, long before the others notice.

/// What a member has to do with a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It consumes the shard.
    Owner,
    /// It waits in line, to consume the shard when the owner is gone.
    Standby,
    /// Nothing.
    None,
}

/// For each shard its owner: a position in `members`, which are sorted, different and not none.
fn owners(members: &[&str], shards: u16) -> Vec<usize> {
    let share = usize::from(shards) / members.len();
    let mut extras = usize::from(shards) % members.len();
    let mut loads = vec![0; members.len()];
    let mut owners = Vec::with_capacity(shards.into());
    for shard in 0..shards {
        let has_room =
            |position: &usize| loads[*position] < share || (loads[*position] == share && extras > 0);
        let best =
            (0..members.len()).filter(has_room).max_by_key(|&position| liking(members[position], shard));
        // The shares add up to the number of shards, so somebody always has room.
        let best = best.unwrap_or_default();
        if loads[best] == share {
            extras -= 1;
        }
        loads[best] += 1;
        owners.push(best);
    }
    owners
}

fn liking(member: &str, shard: u16) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(member.as_bytes(), shard.into())
}

/// The owner of each shard, and what `me` has to do with it. `members` are sorted and different, `me` is one of them.
pub(crate) fn assign<'a>(members: &[&'a str], me: &str, shards: u16) -> Vec<(&'a str, Role)> {
    let owners = owners(members, shards);
    let mut assigned: Vec<(&'a str, Role)> =
        owners.iter().map(|&owner| (members[owner], Role::None)).collect();
    for &gone in members.iter().filter(|&&member| member != me) {
        let rest: Vec<&str> = members.iter().copied().filter(|&member| member != gone).collect();
        let heirs = self::owners(&rest, shards);
        for ((owner, role), heir) in assigned.iter_mut().zip(heirs) {
            if *owner == gone && rest[heir] == me {
                *role = Role::Standby;
            }
        }
    }
    for (owner, role) in &mut assigned {
        if *owner == me {
            *role = Role::Owner;
        }
    }
    assigned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: usize) -> Vec<String> {
        let mut members: Vec<String> = (0..count).map(|n| format!("{:016x}", n * 0x9e37_79b9)).collect();
        members.sort();
        members
    }

    fn refs(members: &[String]) -> Vec<&str> {
        members.iter().map(String::as_str).collect()
    }

    fn with_role(members: &[&str], shards: u16, wanted: Role) -> Vec<Vec<String>> {
        let mut holders = vec![Vec::new(); shards.into()];
        for me in members {
            for (shard, (_, role)) in assign(members, me, shards).into_iter().enumerate() {
                if role == wanted {
                    holders[shard].push((*me).to_owned());
                }
            }
        }
        holders
    }

    #[test]
    fn one_member_owns_everything() {
        assert!(assign(&["a"], "a", 8).iter().all(|assigned| *assigned == ("a", Role::Owner)));
    }

    #[test]
    fn every_shard_has_one_owner_and_one_standby_and_shares_are_even() {
        for count in 2..12 {
            for shards in [1, 4, 8, 13, 64] {
                let members = members(count);
                let members = refs(&members);
                let owners = with_role(&members, shards, Role::Owner);
                let standbys = with_role(&members, shards, Role::Standby);
                for (owner, standby) in owners.iter().zip(&standbys) {
                    assert_eq!((owner.len(), standby.len()), (1, 1), "{count} members, {shards} shards");
                    assert_ne!(owner, standby);
                }
                let share = |me: &str| owners.iter().filter(|owner| owner[0] == me).count();
                let shares: Vec<usize> = members.iter().map(|me| share(me)).collect();
                assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1, "{shares:?}");
            }
        }
    }

    #[test]
    fn the_standby_is_the_owner_once_the_owner_is_gone() {
        let members = members(5);
        let all = refs(&members);
        for gone in &all {
            let rest: Vec<&str> = all.iter().copied().filter(|member| member != gone).collect();
            for (shard, (owner, _)) in assign(&all, all[0], 16).into_iter().enumerate() {
                if owner != *gone {
                    continue;
                }
                let heir = assign(&rest, rest[0], 16)[shard].0;
                assert_eq!(assign(&all, heir, 16)[shard].1, Role::Standby);
            }
        }
    }

    #[test]
    fn few_shards_move_when_a_member_joins() {
        let members = members(6);
        let all = refs(&members);
        for joining in &all {
            let before: Vec<&str> = all.iter().copied().filter(|member| member != joining).collect();
            let moved = assign(&before, before[0], 64)
                .iter()
                .zip(assign(&all, all[0], 64))
                .filter(|(before, after)| before.0 != after.0)
                .count();
            // An even share is about eleven; twice as many is far from all sixty-four.
            assert!(moved <= 24, "{moved} of 64 shards moved");
        }
    }
}
