//! Saying again what may have been lost.

use participant::Effects;

use crate::post::Post;
use crate::service::Service;

/// Asks a service to say again what an order's state implies: what it committed may have been lost after the bus had taken it.
/// Nothing else happens; whoever hears it again does what it has not done yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replay;

/// How many messages were said again; `None` where nothing is known of the order.
pub type Replayed = Option<usize>;

/// Says again what is known of an order, and how much that was.
pub fn replay<S: Service>(order: Option<&S::Order>, effects: &mut Effects<S::Call, S::Answer>) -> Replayed {
    let order = order?;
    let before = effects.messages().len();
    S::say_again(order, &mut Post::about(effects, S::SOURCE, order));
    Some(effects.messages().len() - before)
}
