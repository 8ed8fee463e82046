//! The order flow, path by path: which functions are called, in which order, and how it ends.

use crate::harness::{Answer, Script, error, order_definition, order_input};
use engine::Status;

/// Runs an order whose functions answer as the script says (an empty success where it says nothing), and compares the
/// calls and the end.
fn check(script: &[(&str, Answer)], calls: &[&str], ends: (Status, Option<&str>)) {
    let definition = order_definition();
    let run = Script::new(script).run(&definition, order_input());
    assert_eq!(run.calls(), calls);
    assert_eq!((run.execution.status(), run.error()), ends);
}

#[test]
fn an_order_is_delivered_in_seven_steps() {
    let definition = order_definition();
    let run = Script::new(&[]).run(&definition, order_input());
    assert_eq!(run.journal.len(), 7);
    assert_eq!(
        run.calls(),
        [
            "record-order",
            "authorise-payment",
            "request-acceptance",
            "capture-payment",
            "notify-customer confirmed",
            "start-preparation",
            "dispatch-order",
            "notify-customer out_for_delivery",
            "deliver-order",
            "notify-customer delivered",
            "close-order delivered",
        ]
    );
    assert_eq!(run.execution.status(), Status::Succeeded);
}

#[test]
fn a_rejected_order_ends_with_a_notice() {
    check(
        &[("record-order", error("OrderRejected"))],
        &["record-order", "notify-customer rejected"],
        (Status::Failed, Some("OrderRejected")),
    );
}

#[test]
fn a_declined_payment_cancels() {
    check(
        &[("authorise-payment", error("PaymentDeclined"))],
        &["record-order", "authorise-payment", "close-order cancelled", "notify-customer cancelled"],
        (Status::Failed, Some("OrderCancelled")),
    );
}

#[test]
fn a_silent_gateway_is_asked_five_times_and_then_voided() {
    check(
        &[("authorise-payment", error("PaymentUnavailable").always())],
        &[
            "record-order",
            "authorise-payment",
            "authorise-payment",
            "authorise-payment",
            "authorise-payment",
            "authorise-payment",
            "void-payment",
            "close-order cancelled",
            "notify-customer cancelled",
        ],
        (Status::Failed, Some("OrderCancelled")),
    );
}

#[test]
fn a_restaurant_that_declines_or_stays_silent_undoes_all() {
    for answer in [error("RestaurantDeclined"), Answer::Silence] {
        check(
            &[("request-acceptance", answer)],
            &[
                "record-order",
                "authorise-payment",
                "request-acceptance",
                "cancel-acceptance",
                "void-payment",
                "close-order cancelled",
                "notify-customer cancelled",
            ],
            (Status::Failed, Some("OrderCancelled")),
        );
    }
}

#[test]
fn a_capture_is_repeated_until_it_succeeds() {
    let definition = order_definition();
    let run = Script::new(&[("capture-payment", error("PaymentUnavailable").times(40))])
        .run(&definition, order_input());
    assert_eq!(run.calls().iter().filter(|call| **call == "capture-payment").count(), 41);
    assert_eq!(run.execution.status(), Status::Succeeded);
}
