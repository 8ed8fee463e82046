//! What a start finds that was begun before, and what is kept of what it gives.

use participant::Effects;

use crate::given::{Given, INPUT_HERE_BYTES_MAX};
use crate::parent::Parent;
use crate::record;
use crate::request::Answer;
use crate::stored::{Extent, Stored};

/// Answers who asks for what has begun before; `is_same`: it is what they ask for. A parent that asks again (after a crash) means its
/// own, however that is doing.
pub(crate) fn begun_before<C>(
    stored: Stored,
    is_same: bool,
    parent: Option<&Parent>,
    effects: &mut Effects<C, Answer>,
) -> Stored {
    let is_own = parent.is_some() && stored.parent.as_deref() == parent;
    let started_ms = stored.started_ms;
    effects.answer(if is_own || is_same {
        Answer::Started { started_ms, is_new: false, ending: stored.ending().cloned() }
    } else {
        Answer::Exists { started_ms }
    });
    stored
}

/// What of it stands in the row; a long input goes to the journal.
pub(crate) fn kept<C>(given: &Given, journal: &mut Extent, effects: &mut Effects<C, Answer>) -> Box<Given> {
    let mut kept = Box::new(given.clone());
    if let Some(input) = kept.input.take_if(|input| input.len() > INPUT_HERE_BYTES_MAX) {
        effects.journal(record::of_input(&input));
        journal.entries += 1;
    }
    kept
}
