//! The names of what is declared on the broker, all under one namespace, and where a message goes.

use bus::{BusError, Topic};
use lapin::types::ShortString;

/// AMQP's limit for names, routing keys and message ids, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 255;
/// What is added to a namespace and a group's name at the most: `.member.` and sixteen digits, dots.
const SUFFIX_BYTES_MAX: usize = 32;

/// The names in one namespace.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    namespace: String,
    shards: u16,
}

/// A name that is known to be short enough.
fn short(name: String) -> ShortString {
    ShortString::from(name)
}

impl Names {
    pub(crate) fn new(namespace: &str, shards: u16) -> Self {
        Self { namespace: namespace.to_owned(), shards }
    }

    pub(crate) fn shards(&self) -> u16 {
        self.shards
    }

    /// Whether every name made of this group's fits; to be asked before the others.
    pub(crate) fn check_group(&self, group: &str) -> Result<(), BusError> {
        let limit = NAME_BYTES_MAX - SUFFIX_BYTES_MAX - self.namespace.len();
        if group.len() <= limit {
            return Ok(());
        }
        Err(BusError::Limit { what: "bytes in a group's name".to_owned(), limit: limit as u64 })
    }

    /// The exchange that every message is published to.
    pub(crate) fn messages(&self) -> ShortString {
        short(format!("{}.messages", self.namespace))
    }

    /// The exchange that stands for the number of shards.
    pub(crate) fn shards_marker(&self) -> ShortString {
        short(format!("{}.shards", self.namespace))
    }

    /// The queue of one shard of a group.
    pub(crate) fn queue(&self, group: &str, shard: u16) -> ShortString {
        short(format!("{}.{group}.{shard}", self.namespace))
    }

    /// The queue of a group's dead letters.
    pub(crate) fn dead(&self, group: &str) -> ShortString {
        short(format!("{}.{group}.dead", self.namespace))
    }

    /// The queue that holds the list of a group's topics.
    pub(crate) fn topics(&self, group: &str) -> ShortString {
        short(format!("{}.{group}.topics", self.namespace))
    }

    /// The exchange by which the members of a group, its name as routing key, hear of each other.
    pub(crate) fn members(&self) -> ShortString {
        short(format!("{}.members", self.namespace))
    }

    /// The queue by which one member hears of the others.
    pub(crate) fn member(&self, group: &str, member: &str) -> ShortString {
        short(format!("{}.{group}.member.{member}", self.namespace))
    }

    /// The queue whose owner alone may administer the group.
    pub(crate) fn lock(&self, group: &str) -> ShortString {
        short(format!("{}.{group}.lock", self.namespace))
    }

    /// The shard of a key: the same in every process and run.
    pub(crate) fn shard_of(&self, key: &str) -> u16 {
        let hash = xxhash_rust::xxh3::xxh3_64(key.as_bytes());
        // The remainder is below the number of shards.
        (hash % u64::from(self.shards.max(1))) as u16
    }

    /// The routing key of a topic's messages in one shard, where it is short enough.
    pub(crate) fn routing_key(&self, topic: &Topic, shard: u16) -> Result<ShortString, BusError> {
        let too_long = |_| BusError::Limit {
            what: "bytes in a topic's name".to_owned(),
            limit: NAME_BYTES_MAX as u64 - 3,
        };
        ShortString::try_new(format!("{topic}.{shard}")).map_err(too_long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_namespace() {
        let names = Names::new("trial", 8);
        assert_eq!(names.messages().as_str(), "trial.messages");
        assert_eq!(names.queue("order-status", 7).as_str(), "trial.order-status.7");
        assert_eq!(names.dead("order-status").as_str(), "trial.order-status.dead");
        let key = names.routing_key(&Topic::new("choreography/order.placed"), 3).unwrap();
        assert_eq!(key.as_str(), "choreography/order.placed.3");
    }

    #[test]
    fn the_shard_of_a_key_never_changes() {
        let names = Names::new("duet", 8);
        let shards: Vec<u16> = ["", "order-1", "order-2", "Größe"].map(|key| names.shard_of(key)).into();
        assert_eq!(shards, [2, 6, 4, 1]);
        assert!((0..1000).all(|n| names.shard_of(&n.to_string()) < 8));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let names = Names::new("duet", 8);
        assert!(names.check_group(&"g".repeat(200)).is_ok());
        assert!(names.check_group(&"g".repeat(250)).is_err());
        assert!(names.routing_key(&Topic::owned("t".repeat(254)), 1).is_err());
    }
}
