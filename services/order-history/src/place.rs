//! An order placed over HTTP: accepted once, before anything is published.

use contract::{Event, Order, Style, TerminalState};
use participant::{Effects, NoCalls};
use styles::Post;

use crate::replay::Answer;
use crate::state::OrderRecord;
use crate::{CUSTOMER_INDEX, SOURCE, steps};

/// What the service is asked over HTTP: to take this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The order; its id is the request's key.
    pub order: Order,
    /// The style in which it is to be processed.
    pub style: Style,
    /// W3C trace context, where there is one.
    pub traceparent: Option<String>,
}

/// Where a placed order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It is accepted, now or before, and not recorded yet.
    Accepted,
    /// It was recorded before; how it ended, if it did.
    Recorded(Option<TerminalState>),
    /// Its id belongs to another order, or to this one in the other style.
    Conflict,
}

impl Placed {
    /// Where an order stands that is placed again.
    #[must_use]
    pub fn again(record: &OrderRecord, order: &Order, style: Style) -> Self {
        if record.style != style || record.order != *order {
            Self::Conflict
        } else if record.is_to_be_recorded() {
            Self::Accepted
        } else {
            Self::Recorded(record.status)
        }
    }
}

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
