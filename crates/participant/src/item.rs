//! The inputs that a batch holds.

use std::collections::BTreeMap;

use bus::Delivery;
use store::OutboxId;

use crate::requests::Asking;
use crate::{CallId, Handler};

/// What a batch holds for a handler.
pub(crate) type ItemOf<H> = Item<<H as Handler>::Outcome, <H as Handler>::Request, <H as Handler>::Answer>;

/// What a batch holds.
#[derive(Debug)]
pub(crate) enum Item<O, R, A> {
    Delivery(Delivery),
    /// Some timer of the key is due.
    Due(String),
    /// What came of a call.
    Outcome {
        id: CallId,
        outcome: O,
        /// The outbox row that the call stands in.
        row: OutboxId,
    },
    /// Somebody asks.
    Request(Asking<R, A>),
}

impl<O, R, A> Item<O, R, A> {
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Delivery(delivery) => &delivery.message.key,
            Self::Due(key) => key,
            Self::Outcome { id, .. } => &id.key,
            Self::Request(asking) => &asking.key,
        }
    }
}

/// The keys of a batch, each once, in the order of their first input.
pub(crate) fn keys<O, R, A>(batch: &[Item<O, R, A>]) -> Vec<&str> {
    group(batch).into_iter().map(|(key, _)| key).collect()
}

/// The inputs of each key, by their places in the batch, in the order of their first one.
pub(crate) fn group<O, R, A>(batch: &[Item<O, R, A>]) -> Vec<(&str, Vec<usize>)> {
    let mut order: Vec<(&str, Vec<usize>)> = Vec::with_capacity(batch.len());
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, item) in batch.iter().enumerate() {
        let place = *places.entry(item.key()).or_insert_with(|| {
            order.push((item.key(), Vec::with_capacity(1)));
            order.len() - 1
        });
        order[place].1.push(index);
    }
    order
}
