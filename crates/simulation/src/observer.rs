//! An observer that counts, and so is right only if every message counts once.
//!
//! The services tolerate a duplicate by their own state (an order is not delivered twice). Not every domain can: a
//! loyalty point is a point, and a second one is one too many. The observer is such a participant: it adds up the
//! messages of each kind that it sees of an order, and nothing but the inbox keeps it from counting one twice.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use bus::Topic;
use contract::envelope::REPLAYED;
use contract::{Event, Style, topics};
use participant::{Effects, Handler, Input, NoCalls, Rejected};
use serde::{Deserialize, Serialize};
use store::{Read, StoreError};

/// The observer's consumer group.
pub(crate) const NAME: &str = "observer";

/// What was seen of one order.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// How often each type of message was seen.
    counts: BTreeMap<String, u32>,
    /// The types that were said again: whoever says so does not want them to be counted.
    again: BTreeSet<String>,
}

pub(crate) struct Observer;

/// Everything that happens in the choreography, and the exit of orders in the orchestration.
pub(crate) fn subscriptions() -> Vec<Topic> {
    let events = Event::KINDS.iter().map(|(_, topic)| topic.clone());
    events.chain([topics::closed(Style::Orchestration)]).collect()
}

impl Handler for Observer {
    type State = Tally;
    type Call = NoCalls;
    type Outcome = NoCalls;
    type Request = Infallible;
    type Answer = Infallible;

    fn handle(
        &self,
        state: Option<Tally>,
        input: Input<'_, NoCalls>,
        _: &mut Effects<NoCalls>,
    ) -> Result<Option<Tally>, Rejected> {
        let Input::Message(message) = input else { return Ok(state) };
        let kind =
            message.headers.get("type").ok_or_else(|| Rejected("a message without a type".to_owned()))?;
        let mut tally = state.unwrap_or_default();
        if message.headers.get(REPLAYED).is_some() {
            tally.again.insert(kind.to_owned());
        } else {
            *tally.counts.entry(kind.to_owned()).or_default() += 1;
        }
        Ok(Some(tally))
    }
}

const PLACED: &str = "duet.order.placed.v1";
const CLOSED: &str = "duet.order.closed.v1";

/// The orders of which the observer counted anything but once, with what it was. Under the ids of `rivals` several were placed.
pub(crate) async fn miscounted(
    store: &dyn Read,
    rivals: &BTreeSet<String>,
) -> Result<Vec<(String, String)>, StoreError> {
    let mut found = Vec::new();
    let mut after = 0;
    loop {
        let page = store.scan(after, 100).await?;
        let Some((last, ..)) = page.last() else { return Ok(found) };
        after = *last;
        for (_, order_id, entity) in page {
            let tally: Tally = serde_json::from_slice(&entity.state).unwrap_or_default();
            let may_repeat = |kind: &str| kind == PLACED && rivals.contains(&order_id);
            let doubled = tally.counts.iter().filter(|(kind, count)| **count != 1 && !may_repeat(kind));
            found.extend(
                doubled.map(|(kind, count)| (order_id.clone(), format!("{kind} was counted {count} times"))),
            );
            if !tally.counts.contains_key(CLOSED) && !tally.again.contains(CLOSED) {
                found.push((order_id, "its exit was never seen".to_owned()));
            }
        }
    }
}
