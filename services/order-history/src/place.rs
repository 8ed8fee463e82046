//! An order placed over HTTP: accepted once, before anything is published.

use contract::Event;
use participant::{Effects, NoCalls};
use styles::Post;

use crate::asked::{Answer, Place, Placed};
use crate::state::OrderRecord;
use crate::{CUSTOMER_INDEX, SOURCE, steps};

/// Accepts the order if its id is new: it and the `order.placed` that its flow begins with are one decision. Placed again it
/// has no effect, so that it does not matter whether whoever placed it got the first answer.
pub(crate) fn place(
    state: Option<OrderRecord>,
    place: &Place,
    effects: &mut Effects<NoCalls, Answer>,
) -> OrderRecord {
    let Place { order, style, traceparent } = place;
    if let Some(record) = state {
        effects.answer(Answer::Placed(Placed::again(&record, order, *style)));
        return record;
    }
    let mut post = Post::new(effects, SOURCE, *style, traceparent.as_deref());
    post.publish(&Event::OrderPlaced { order: order.clone() });
    post.effects.link(CUSTOMER_INDEX, order.customer_id.as_str());
    post.effects.answer(Answer::Placed(Placed::Accepted));
    steps::accept(order.clone(), *style, effects.now())
}
