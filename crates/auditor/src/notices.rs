//! Whether everybody was told exactly what they had to be told.

use std::collections::BTreeMap;

use contract::TerminalState;
use contract::command::Milestone;

use crate::findings::OrderFindings;
use crate::machine::name;
use crate::states::OrderNotices;
use crate::states::notices::{Answer, Notice, RestaurantNotice, What};
use crate::verdict::ViolationKind;

/// What the customer has to be told of an order that ended so.
const fn for_customer(outcome: TerminalState) -> &'static [Milestone] {
    match outcome {
        TerminalState::Delivered => &[Milestone::Confirmed, Milestone::OutForDelivery, Milestone::Delivered],
        TerminalState::Rejected => &[Milestone::Rejected],
        TerminalState::Cancelled => &[Milestone::Cancelled],
    }
}

/// What the restaurant has to be told of an order that ended so, after this answer of its own.
const fn for_restaurant(outcome: TerminalState, answer: Answer) -> &'static [RestaurantNotice] {
    use RestaurantNotice::{NewOrder, OrderCancelled};
    match (outcome, answer) {
        (TerminalState::Delivered, _) => &[NewOrder],
        (TerminalState::Rejected, _) | (TerminalState::Cancelled, Answer::NotAsked) => &[],
        (TerminalState::Cancelled, Answer::Declined) => &[NewOrder],
        (TerminalState::Cancelled, Answer::Awaited | Answer::Accepted | Answer::TimedOut) => {
            &[NewOrder, OrderCancelled]
        }
    }
}

/// Compares what was said with what had to be said. `told` is `None` when notifications does not know the order;
/// without an outcome, only that nothing was said twice.
pub(crate) fn check(
    told: Option<&OrderNotices>,
    outcome: Option<TerminalState>,
    found: &mut OrderFindings<'_>,
) {
    let notices = told.map_or(&[][..], |told| &told.notices);
    // How often each was said, and whether it had to be.
    let mut said: BTreeMap<What, (u32, bool)> = BTreeMap::new();
    for notice in notices {
        said.entry(notice.what).or_default().0 += 1;
    }
    if let Some(outcome) = outcome {
        let answer = told.map_or(Answer::NotAsked, |told| told.answer);
        let customer = for_customer(outcome).iter().map(|milestone| What::Customer(*milestone));
        let restaurant = for_restaurant(outcome, answer).iter().map(|notice| What::Restaurant(*notice));
        for what in customer.chain(restaurant) {
            said.entry(what).or_default().1 = true;
        }
    }
    for (what, (times, due)) in &said {
        match (times, due, outcome) {
            (0, _, _) => found.add(ViolationKind::NoticeMissing, format!("{} was not told", text(*what))),
            (1, true, _) | (1, false, None) => {}
            (_, false, Some(outcome)) => {
                let detail = format!("{} was told, though the order is {outcome}", text(*what));
                found.add(ViolationKind::NoticeWrong, detail);
            }
            (times, _, _) => {
                found.add(ViolationKind::NoticeDoubled, format!("{} was told {times} times", text(*what)));
            }
        }
    }
    check_order(notices, found);
}

/// What has to be told before what, where both are told.
const ORDER: [(What, What); 3] = [
    (What::Restaurant(RestaurantNotice::NewOrder), What::Restaurant(RestaurantNotice::OrderCancelled)),
    (What::Customer(Milestone::Confirmed), What::Customer(Milestone::OutForDelivery)),
    (What::Customer(Milestone::OutForDelivery), What::Customer(Milestone::Delivered)),
];

fn check_order(notices: &[Notice], found: &mut OrderFindings<'_>) {
    let place = |what| notices.iter().position(|notice| notice.what == what);
    for (before, behind) in ORDER {
        if let (Some(first), Some(second)) = (place(before), place(behind))
            && second < first
        {
            let detail = format!("{} was told before {}", text(behind), text(before));
            found.add(ViolationKind::IllegalSequence, detail);
        }
    }
}

fn text(what: What) -> String {
    match what {
        What::Customer(milestone) => format!("customer: {}", name(milestone)),
        What::Restaurant(notice) => format!("restaurant: {}", name(notice)),
    }
}
