//! Where a cell's orders come from: the generator or a file, one after another.

use std::time::Duration;

use contract::{Millis, Order};
use workload::generate::Generator;
use workload::orders_file::{Orders, OrdersFileError};

use super::protocol::{SourceSpec, Spec};

/// The orders of a cell, each once.
pub(super) struct Source {
    orders: Kind,
    /// The arrival pattern to replay: how many times faster, and when it began.
    pattern: Option<(f64, Option<Millis>)>,
}

enum Kind {
    Generated(Box<Generator>, u64),
    File(Box<Orders>),
}

/// An order with when it is due since the pattern's beginning, where there is a pattern.
pub(super) struct Next {
    pub(super) order: Order,
    pub(super) due: Option<Duration>,
}

impl Source {
    pub(super) fn open(spec: &Spec) -> Result<Self, OrdersFileError> {
        Ok(match &spec.source {
            SourceSpec::Generated { invalid_rate } => {
                let generator = Generator::new(spec.seed, *invalid_rate);
                Self { orders: Kind::Generated(Box::new(generator), 0), pattern: None }
            }
            SourceSpec::File { path, rules, skip_bad, duplicates, speed } => {
                let orders = Orders::open(path, *rules, *skip_bad, duplicates.clone())?;
                Self { orders: Kind::File(Box::new(orders)), pattern: speed.map(|speed| (speed, None)) }
            }
        })
    }

    /// The next order; `None` when there are no more.
    pub(super) fn next(&mut self) -> Result<Option<Next>, OrdersFileError> {
        let order = match &mut self.orders {
            Kind::Generated(generator, n) => {
                *n += 1;
                Some(generator.order(*n - 1))
            }
            Kind::File(orders) => orders.next_order()?,
        };
        Ok(order.map(|order| Next { due: self.due(&order), order }))
    }

    fn due(&mut self, order: &Order) -> Option<Duration> {
        let (speed, began) = self.pattern.as_mut()?;
        let at = order.placed_at_millis()?;
        let began = *began.get_or_insert(at);
        let real_ms = u64::try_from(at - began).unwrap_or(0);
        Some(Duration::from_millis(real_ms).div_f64(*speed))
    }
}
