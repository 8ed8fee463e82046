//! Collects violations: counts all, keeps the first.

use std::collections::BTreeMap;

use crate::verdict::{Violation, ViolationKind};

pub(crate) struct Findings {
    limit: usize,
    pub(crate) kept: Vec<Violation>,
    pub(crate) by_kind: BTreeMap<ViolationKind, u64>,
}

impl Findings {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::new(), by_kind: BTreeMap::new() }
    }

    /// Something is wrong with an order.
    pub(crate) fn order(&mut self, order_id: &str, kind: ViolationKind, detail: impl Into<String>) {
        self.add(Some(order_id), kind, detail.into());
    }

    /// Something is wrong with the system as a whole.
    pub(crate) fn system(&mut self, kind: ViolationKind, detail: impl Into<String>) {
        self.add(None, kind, detail.into());
    }

    /// What is found about one order.
    pub(crate) fn of<'a>(&'a mut self, order_id: &'a str) -> OrderFindings<'a> {
        OrderFindings { order_id, all: self }
    }

    fn add(&mut self, order_id: Option<&str>, kind: ViolationKind, detail: String) {
        *self.by_kind.entry(kind).or_default() += 1;
        if self.kept.len() < self.limit {
            self.kept.push(Violation { order_id: order_id.map(str::to_owned), kind, detail });
        }
    }
}

pub(crate) struct OrderFindings<'a> {
    order_id: &'a str,
    all: &'a mut Findings,
}

impl OrderFindings<'_> {
    pub(crate) fn add(&mut self, kind: ViolationKind, detail: impl Into<String>) {
        self.all.order(self.order_id, kind, detail);
    }
}
