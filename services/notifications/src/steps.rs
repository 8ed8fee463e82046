//! The steps of the order flow that belong to restaurants and notices, for both styles. Pure functions on the state.

use contract::command::Milestone;
use contract::{Millis, Style};

use crate::restaurant::Decision;
use crate::state::{Answer, Notice, OrderNotices, RestaurantNotice, What};

/// An order of which nobody was told anything yet. `customer_id` is empty while the customer is not known.
#[must_use]
pub fn open(style: Style, customer_id: String, traceparent: Option<String>) -> OrderNotices {
    OrderNotices {
        style,
        customer_id,
        restaurant_id: None,
        answer: Answer::NotAsked,
        notices: Vec::new(),
        waiting_task: None,
        late_answer: None,
        traceparent,
    }
}

/// What a request for the restaurant's answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// It is asked now.
    Now,
    /// It was asked before and has not answered.
    Before,
    /// It has answered before.
    Answered(Decision),
    /// The order was cancelled before, so it is not asked (any more).
    Cancelled,
}

/// Tells the restaurant of the new order and begins to wait for its answer, unless that was done or the order is
/// cancelled.
pub fn ask_restaurant(order: &mut OrderNotices, restaurant_id: &str, at: Millis) -> Asking {
    let cancelled_before = order.answer == Answer::TimedOut && order.restaurant_id.is_none();
    if order.answer == Answer::NotAsked || cancelled_before {
        order.restaurant_id = Some(restaurant_id.to_owned());
        tell(order, What::Restaurant(RestaurantNotice::NewOrder), None, at);
    }
    match order.answer {
        Answer::NotAsked => {
            order.answer = Answer::Awaited;
            Asking::Now
        }
        Answer::Awaited => Asking::Before,
        Answer::Accepted => Asking::Answered(Decision::Accept),
        Answer::Declined => Asking::Answered(Decision::Decline),
        Answer::TimedOut => {
            tell(order, What::Restaurant(RestaurantNotice::OrderCancelled), None, at);
            Asking::Cancelled
        }
    }
}

/// Takes in the restaurant's decision; `false` when it has answered before or comes too late.
pub fn answer(order: &mut OrderNotices, decision: Decision) -> bool {
    let answer = match decision {
        Decision::Accept => Answer::Accepted,
        Decision::Decline => Answer::Declined,
    };
    match order.answer {
        Answer::Awaited => {
            order.answer = answer;
            true
        }
        Answer::TimedOut => {
            order.late_answer.get_or_insert(answer);
            false
        }
        Answer::NotAsked | Answer::Accepted | Answer::Declined => false,
    }
}

/// Decides that the restaurant's answer is not waited for any longer and tells it that the order is cancelled. A
/// restaurant that has declined knows, and one that was never told of the order is told nothing.
pub fn cancel_acceptance(order: &mut OrderNotices, reason: Option<String>, at: Millis) {
    match order.answer {
        Answer::Declined => return,
        Answer::Accepted => {
            order.late_answer.get_or_insert(Answer::Accepted);
        }
        Answer::NotAsked | Answer::Awaited | Answer::TimedOut => {}
    }
    order.answer = Answer::TimedOut;
    if order.restaurant_id.is_some() {
        tell(order, What::Restaurant(RestaurantNotice::OrderCancelled), reason, at);
    }
}

/// The milestones that lie before this one and at which the customer must have been told.
const fn before(milestone: Milestone) -> &'static [Milestone] {
    match milestone {
        Milestone::Confirmed | Milestone::Rejected | Milestone::Cancelled => &[],
        Milestone::OutForDelivery => &[Milestone::Confirmed],
        Milestone::Delivered => &[Milestone::Confirmed, Milestone::OutForDelivery],
    }
}

/// Tells the customer a milestone, and those before it that it has overtaken, each at most once. After the order's
/// end nothing more is told.
///
/// # Errors
/// The order has ended otherwise; nothing changed and the text says so.
pub fn tell_customer(
    order: &mut OrderNotices,
    milestone: Milestone,
    reason: Option<String>,
    at: Millis,
) -> Result<(), String> {
    let told = |milestone| order.notices.iter().any(|notice| notice.what == What::Customer(milestone));
    let ends = [Milestone::Delivered, Milestone::Rejected, Milestone::Cancelled];
    if let Some(end) = ends.into_iter().find(|end| told(*end)) {
        let contradicts = milestone != end && (ends.contains(&milestone) || end == Milestone::Rejected);
        return if contradicts {
            Err(format!(
                "the customer was told that the order is {end:?}; it cannot be {milestone:?} as well"
            ))
        } else {
            Ok(())
        };
    }
    if milestone == Milestone::Rejected && !order.notices.is_empty() {
        return Err("the order was taken, it cannot be rejected any more".to_owned());
    }
    for earlier in before(milestone) {
        tell(order, What::Customer(*earlier), None, at);
    }
    tell(order, What::Customer(milestone), reason, at);
    Ok(())
}

fn tell(order: &mut OrderNotices, what: What, reason: Option<String>, at: Millis) {
    if !order.notices.iter().any(|notice| notice.what == what) {
        order.notices.push(Notice { at, what, reason });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Milestone::{Cancelled, Confirmed, Delivered, OutForDelivery, Rejected};
    use RestaurantNotice::{NewOrder, OrderCancelled};

    fn order(answer: Answer) -> OrderNotices {
        let mut order = open(Style::Orchestration, "c-1".into(), None);
        if answer != Answer::NotAsked {
            ask_restaurant(&mut order, "r-1", 7);
        }
        OrderNotices { answer, ..order }
    }

    fn told(order: &OrderNotices) -> Vec<What> {
        order.notices.iter().map(|notice| notice.what).collect()
    }

    #[test]
    fn the_restaurant_is_asked_once() {
        let mut order = order(Answer::NotAsked);
        assert_eq!(ask_restaurant(&mut order, "r-1", 7), Asking::Now);
        assert_eq!(ask_restaurant(&mut order, "r-1", 8), Asking::Before);
        assert!(answer(&mut order, Decision::Accept));
        assert_eq!(ask_restaurant(&mut order, "r-1", 9), Asking::Answered(Decision::Accept));
        assert_eq!(told(&order), [What::Restaurant(NewOrder)]);
    }

    #[test]
    fn the_first_answer_counts_and_a_late_one_is_kept() {
        let mut accepted = order(Answer::Awaited);
        assert!(answer(&mut accepted, Decision::Accept));
        assert!(!answer(&mut accepted, Decision::Decline));
        assert_eq!((accepted.answer, accepted.late_answer), (Answer::Accepted, None));

        let mut cancelled = order(Answer::Awaited);
        cancel_acceptance(&mut cancelled, None, 8);
        assert!(!answer(&mut cancelled, Decision::Accept));
        assert_eq!((cancelled.answer, cancelled.late_answer), (Answer::TimedOut, Some(Answer::Accepted)));
    }

    #[test]
    fn a_cancellation_reaches_every_restaurant_that_must_know() {
        let cases = [
            (Answer::Awaited, Answer::TimedOut, None, &[NewOrder, OrderCancelled][..]),
            (Answer::Accepted, Answer::TimedOut, Some(Answer::Accepted), &[NewOrder, OrderCancelled]),
            (Answer::Declined, Answer::Declined, None, &[NewOrder]),
            (Answer::NotAsked, Answer::TimedOut, None, &[]),
        ];
        for (before, after, late, notices) in cases {
            let mut order = order(before);
            cancel_acceptance(&mut order, Some("why".into()), 8);
            cancel_acceptance(&mut order, Some("why".into()), 9);
            let expected: Vec<_> = notices.iter().map(|notice| What::Restaurant(*notice)).collect();
            assert_eq!(
                (order.answer, order.late_answer, told(&order)),
                (after, late, expected),
                "{before:?}"
            );
        }
    }

    #[test]
    fn a_request_behind_its_cancellation_is_told_but_not_asked() {
        let mut order = order(Answer::NotAsked);
        cancel_acceptance(&mut order, None, 8);
        for at in [9, 10] {
            assert_eq!(ask_restaurant(&mut order, "r-1", at), Asking::Cancelled);
        }
        assert_eq!(told(&order), [NewOrder, OrderCancelled].map(What::Restaurant));
    }

    #[test]
    fn the_customer_hears_each_milestone_once_and_in_order() {
        let cases = [
            (&[Confirmed, OutForDelivery, Delivered][..], &[Confirmed, OutForDelivery, Delivered][..]),
            (&[Confirmed, Confirmed], &[Confirmed]),
            (&[Delivered, Confirmed, OutForDelivery, Delivered], &[Confirmed, OutForDelivery, Delivered]),
            (&[Cancelled, Cancelled, Confirmed], &[Cancelled]),
            (&[Rejected, Rejected], &[Rejected]),
        ];
        for (arrivals, expected) in cases {
            let mut order = order(Answer::NotAsked);
            for milestone in arrivals {
                tell_customer(&mut order, *milestone, None, 7).unwrap();
            }
            assert_eq!(told(&order), expected.iter().copied().map(What::Customer).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_order_ends_once_for_its_customer() {
        for (first, second) in
            [(Delivered, Cancelled), (Cancelled, Delivered), (Rejected, Confirmed), (Confirmed, Rejected)]
        {
            let mut order = order(Answer::NotAsked);
            tell_customer(&mut order, first, None, 7).unwrap();
            let before = order.clone();
            assert!(tell_customer(&mut order, second, None, 8).is_err(), "{first:?}, {second:?}");
            assert_eq!(order, before);
        }
    }
}
