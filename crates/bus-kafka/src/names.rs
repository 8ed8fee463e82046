//! What things are called on the broker: everything of one bus begins with its namespace.

use bus::BusError;

/// Kafka's own limit for the name of a topic.
const NAME_BYTES_MAX: usize = 249;
/// Ends the name of the topic that keeps a group's dead letters.
const DEAD_LETTERS: &str = ".dead-letters";
/// Ends the name of the topic through which a group's dead letters come back to it.
const REDRIVE: &str = ".redrive";

/// Makes names within a namespace, and knows its own again.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    namespace: String,
}

impl Names {
    /// A namespace that can be told from every other: it has no dot, and a dot ends it in each name.
    pub(crate) fn new(namespace: &str) -> Result<Self, BusError> {
        if is_namespace(namespace) {
            Ok(Self { namespace: namespace.to_owned() })
        } else {
            Err(BusError::Protocol(format!("the namespace {namespace:?} must be {NAMESPACE_EXPECTED}")))
        }
    }

    /// The topic of a stream.
    pub(crate) fn stream(&self, stream: &str) -> Result<String, BusError> {
        if stream.ends_with(DEAD_LETTERS) || stream.ends_with(REDRIVE) {
            let refusal = format!("the stream {stream:?} would be taken for a group's own topic");
            return Err(BusError::Protocol(refusal));
        }
        self.join("stream", stream, "")
    }

    /// The consumer group.
    pub(crate) fn group(&self, group: &str) -> Result<String, BusError> {
        self.join("group", group, "")
    }

    /// The compacted topic that keeps a group's dead letters.
    pub(crate) fn dead_letters(&self, group: &str) -> Result<String, BusError> {
        self.join("group", group, DEAD_LETTERS)
    }

    /// The topic that brings a group's dead letters back to it.
    pub(crate) fn redrive(&self, group: &str) -> Result<String, BusError> {
        self.join("group", group, REDRIVE)
    }

    /// Whether a topic or group of the broker is of this namespace.
    pub(crate) fn owns(&self, name: &str) -> bool {
        name.strip_prefix(self.namespace.as_str()).is_some_and(|rest| rest.starts_with('.'))
    }

    fn join(&self, what: &str, name: &str, suffix: &str) -> Result<String, BusError> {
        let joined = format!("{}.{name}{suffix}", self.namespace);
        if name.is_empty() || !name.bytes().all(|b| is_plain(b) || b == b'.') {
            let refusal = format!(
                "the {what} {name:?} cannot be named on Kafka: only letters, digits, '.', '_' and '-'"
            );
            return Err(BusError::Protocol(refusal));
        }
        if joined.len() > NAME_BYTES_MAX {
            let refusal = format!("the name {joined:?} is longer than Kafka's {NAME_BYTES_MAX} bytes");
            return Err(BusError::Protocol(refusal));
        }
        Ok(joined)
    }
}

/// What a namespace has to look like, in words.
pub(crate) const NAMESPACE_EXPECTED: &str = "1 to 100 letters, digits, '_' and '-'";

pub(crate) fn is_namespace(namespace: &str) -> bool {
    (1..=100).contains(&namespace.len()) && namespace.bytes().all(is_plain)
}

fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_the_namespace() {
        let names = Names::new("duet").unwrap();
        assert_eq!(names.stream("order-status.commands").unwrap(), "duet.order-status.commands");
        assert_eq!(names.group("order-status").unwrap(), "duet.order-status");
        assert_eq!(names.dead_letters("order-status").unwrap(), "duet.order-status.dead-letters");
        assert_eq!(names.redrive("order-status").unwrap(), "duet.order-status.redrive");
    }

    #[test]
    fn a_namespace_owns_what_it_named_and_nothing_else() {
        let names = Names::new("duet").unwrap();
        assert!(names.owns("duet.choreography"));
        assert!(names.owns("duet.g.dead-letters"));
        for other in ["duet", "duet-2.choreography", "duet_x", "due.t", "other", ""] {
            assert!(!names.owns(other), "{other}");
        }
    }

    #[test]
    fn what_kafka_or_a_neighbour_could_not_tell_apart_is_refused() {
        for namespace in ["", "a.b", "a b", "größe", &"x".repeat(101)] {
            assert!(Names::new(namespace).is_err(), "{namespace}");
        }
        let names = Names::new("duet").unwrap();
        for stream in ["", "a/b", "a b", "g.redrive", "g.dead-letters", &"x".repeat(250)] {
            assert!(matches!(names.stream(stream), Err(BusError::Protocol(_))), "{stream}");
        }
    }
}
