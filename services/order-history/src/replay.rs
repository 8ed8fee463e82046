//! What the service says again when it is asked to.

use contract::{Event, Style};
use participant::{Effects, NoCalls};
use styles::Post;

use crate::asked::Answer;
use crate::state::OrderRecord;
use crate::{SOURCE, steps};

/// Says again that the order was placed, and what became of it here: with that its flow begins wherever nobody has heard of it.
/// In the orchestration the workflow asks for everything else.
pub(crate) fn replay(state: Option<&OrderRecord>, effects: &mut Effects<NoCalls, Answer>) {
    let Some(record) = state else { return effects.answer(Answer::Replayed(None)) };
    let before = effects.messages().len();
    let mut post = Post::new(effects, SOURCE, record.style, None);
    post.publish_again(&Event::OrderPlaced { order: record.order.clone() });
    match steps::closed(record) {
        Some(closed) => post.publish_again(&closed),
        None if record.style == Style::Choreography && !record.is_to_be_recorded() => {
            post.publish_again(&Event::OrderRecorded { order: record.order.clone() });
        }
        None => {}
    }
    let said = effects.messages().len() - before;
    effects.answer(Answer::Replayed(Some(said)));
}
