//! Legal sequences: each service's timeline as a walk through a table.

use serde::Serialize;

use crate::states::{history, progress};

/// What entries may follow each other in a timeline.
pub(crate) struct Machine<C: 'static> {
    /// What it may begin with.
    first: &'static [C],
    /// What may follow each entry; what is not listed ends the timeline.
    next: &'static [(C, &'static [C])],
    /// At most one of these may ever happen.
    ends: &'static [C],
    /// Entries that may be repeated, and change nothing.
    asides: &'static [C],
    /// What an aside may stand behind, besides the beginning.
    asides_behind: &'static [C],
}

/// What is wrong with a timeline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Illegal {
    /// Something happened twice.
    Doubled(String),
    /// Something happened that could not happen then.
    OutOfOrder(String),
}

/// An order in its customer's history.
pub(crate) static HISTORY: Machine<history::Change> = {
    use history::Change::{Accepted, Cancelled, Delivered, Recorded, Rejected};
    Machine {
        first: &[Accepted, Recorded, Rejected],
        next: &[(Accepted, &[Recorded, Rejected]), (Recorded, &[Delivered, Cancelled])],
        ends: &[Delivered, Rejected, Cancelled],
        asides: &[],
        asides_behind: &[],
    }
};

/// Payment and progress of an order.
pub(crate) static PROGRESS: Machine<progress::Change> = {
    use progress::Change::{
        Cancelled, Delivered, GatewayUnavailable, OutForDelivery, PaymentAuthorised, PaymentCaptured,
        PaymentDeclined, PaymentVoided, Preparing,
    };
    Machine {
        first: &[PaymentAuthorised, PaymentDeclined, PaymentVoided],
        next: &[
            (PaymentAuthorised, &[PaymentCaptured, PaymentVoided]),
            (PaymentDeclined, &[Cancelled]),
            (PaymentVoided, &[Cancelled]),
            (PaymentCaptured, &[Preparing]),
            (Preparing, &[OutForDelivery]),
            (OutForDelivery, &[Delivered]),
        ],
        ends: &[Delivered, Cancelled],
        asides: &[GatewayUnavailable],
        // Only while a call of the gateway is under way: for the authorisation, the capture or the void.
        asides_behind: &[PaymentAuthorised],
    }
};

impl<C: Copy + PartialEq + Serialize> Machine<C> {
    /// What is wrong with this timeline, if anything; that something happened twice comes first.
    pub(crate) fn check(&self, timeline: impl Iterator<Item = C> + Clone) -> Option<Illegal> {
        self.doubled(timeline.clone()).or_else(|| self.out_of_order(timeline))
    }

    /// Only whether something happened twice.
    fn doubled(&self, timeline: impl Iterator<Item = C>) -> Option<Illegal> {
        // A legal timeline is a handful of entries; a vector is the cheapest set.
        let mut seen: Vec<C> = Vec::new();
        for change in timeline.filter(|change| !self.asides.contains(change)) {
            if seen.contains(&change) {
                return Some(Illegal::Doubled(format!("{} twice", name(change))));
            }
            if self.ends.contains(&change)
                && let Some(other) = seen.iter().find(|other| self.ends.contains(other))
            {
                return Some(Illegal::Doubled(format!(
                    "ended twice: {}, then {}",
                    name(*other),
                    name(change)
                )));
            }
            seen.push(change);
        }
        None
    }

    fn out_of_order(&self, timeline: impl Iterator<Item = C>) -> Option<Illegal> {
        let mut last: Option<C> = None;
        for change in timeline {
            let aside = self.asides.contains(&change);
            let legal = match last {
                None => aside || self.first.contains(&change),
                Some(last) if aside => self.asides_behind.contains(&last),
                Some(last) => self.next.iter().any(|(from, to)| *from == last && to.contains(&change)),
            };
            if !legal {
                let before = last.map_or_else(|| "the beginning".to_owned(), name);
                return Some(Illegal::OutOfOrder(format!("{} behind {before}", name(change))));
            }
            if !aside {
                last = Some(change);
            }
        }
        None
    }
}

/// What a unit variant is called in JSON.
pub(crate) fn name(variant: impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(other) => other.to_string(),
        // A detail in a report must not make the report fail.
        Err(_) => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use progress::Change::*;

    fn progress(timeline: &[progress::Change]) -> Option<Illegal> {
        PROGRESS.check(timeline.iter().copied())
    }

    #[test]
    fn legal_ways_to_the_end() {
        for timeline in [
            vec![],
            vec![PaymentAuthorised, PaymentCaptured, Preparing, OutForDelivery, Delivered],
            vec![
                GatewayUnavailable,
                GatewayUnavailable,
                PaymentAuthorised,
                GatewayUnavailable,
                PaymentCaptured,
            ],
            vec![PaymentDeclined, Cancelled],
            vec![PaymentAuthorised, GatewayUnavailable, PaymentVoided, Cancelled],
            vec![GatewayUnavailable, PaymentVoided, Cancelled],
        ] {
            assert_eq!(progress(&timeline), None, "{timeline:?}");
        }
    }

    #[test]
    fn illegal_ways_say_where_they_went_wrong() {
        let out_of_order = |text: &str| Some(Illegal::OutOfOrder(text.to_owned()));
        let doubled = |text: &str| Some(Illegal::Doubled(text.to_owned()));
        assert_eq!(progress(&[PaymentCaptured]), out_of_order("payment_captured behind the beginning"));
        assert_eq!(
            progress(&[PaymentAuthorised, PaymentVoided, PaymentCaptured]),
            out_of_order("payment_captured behind payment_voided")
        );
        assert_eq!(
            progress(&[PaymentDeclined, GatewayUnavailable]),
            out_of_order("gateway_unavailable behind payment_declined")
        );
        assert_eq!(
            progress(&[PaymentAuthorised, Cancelled]),
            out_of_order("cancelled behind payment_authorised")
        );
        assert_eq!(progress(&[PaymentAuthorised, PaymentAuthorised]), doubled("payment_authorised twice"));
        assert_eq!(
            HISTORY.check([history::Change::Rejected, history::Change::Cancelled].into_iter()),
            doubled("ended twice: rejected, then cancelled")
        );
    }
}
