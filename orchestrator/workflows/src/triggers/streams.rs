//! What a bus can give a new rule.

use contract::FieldError;

use super::begins::Begins;
use super::book::Known;
use super::spec::Draft;

/// What a bus gives a group of a stream that it has not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streams {
    /// What is published once it has subscribed.
    FromNow,
    /// All that is kept, unless the group is new: Kafka.
    Kept,
}

impl Streams {
    /// Whether it matters if the group is there already, where no rule is enabled.
    pub(crate) fn asks_for_the_group(self, before: &Known) -> bool {
        self == Self::Kept && before.streams().is_empty()
    }

    /// Whether the rule can begin as it wants to, where these are enabled; `is_there`: the group is there already.
    ///
    /// # Errors
    /// How it would begin.
    pub(crate) fn check(self, draft: &Draft, before: &Known, is_there: bool) -> Result<(), FieldError> {
        let (stream, streams) = (draft.stream(), before.streams());
        let (is_read, is_new) = (streams.contains(stream), streams.is_empty() && !is_there);
        let expected = match (self, draft.begins()) {
            _ if !draft.is_enabled() => return Ok(()),
            (Self::Kept, Begins::Now) if !is_read && !is_new => format!(
                "beginning: of the stream {stream} Kafka gives this group, which does not read it yet, all that it still keeps, or all since the \
                 group read it last"
            ),
            (Self::FromNow, Begins::Beginning) => {
                "now: this bus gives a group what is published once it has subscribed".to_owned()
            }
            (Self::Kept, Begins::Beginning) if is_new => {
                "now: of its first streams Kafka gives this group what is published from now on".to_owned()
            }
            _ => return Ok(()),
        };
        Err(FieldError { field: "from".to_owned(), value: draft.begins().shown().to_owned(), expected })
    }
}
