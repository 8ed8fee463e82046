//! Commands in, replies out; retries are the workflow's.

use super::*;

#[test]
fn orchestration_all_the_way() {
    let authorised = r#"t1: done {"authorisation_id":"authorisation-o-1"}"#;
    life(Settings::default())
        .told(&authorise(), "t1")
        .done()
        .told(&authorise(), "t1")
        .did(&["Authorise#1", authorised, authorised])
        .told(&capture(), "t2")
        .done()
        .told(&capture(), "t3")
        .did(&["Capture#1", "t2: done", "t3: done"])
        .told(&dispatch(), "t4")
        .told(&start(), "t5")
        .told(&dispatch(), "t6")
        .told(&start(), "t7")
        .told(&deliver(), "t8")
        .did(&["t4: done", "t5: done", "t6: done", "t7: done", "t8: done"])
        .ends(Payment::Captured, Progress::Delivered, &ALL_THE_WAY);
}

#[test]
fn orchestration_leaves_retries_to_the_workflow_and_counts_on() {
    life(Settings::default())
        .told(&authorise(), "t1")
        .silent()
        .told(&authorise(), "t2")
        .did(&["Authorise#1", "t1: PaymentUnavailable", "Authorise#2"])
        .gateway(GatewayResult::Declined("no money".into()))
        .told(&authorise(), "t3")
        .told(&void(), "t4")
        .did(&["t2: PaymentDeclined", "t3: PaymentDeclined", "t4: done"])
        .ends(
            Payment::Declined,
            Progress::Cancelled,
            &[Change::GatewayUnavailable, Change::PaymentDeclined, Change::Cancelled],
        );
}

#[test]
fn orchestration_a_later_command_takes_over_the_call_under_way() {
    life(Settings::default())
        .told(&authorise(), "t1")
        .told(&authorise(), "t2")
        .hears(&command(&authorise(), None))
        .done()
        .did(&[
            "Authorise#1",
            "t1: PaymentUnavailable",
            r#"t2: done {"authorisation_id":"authorisation-o-1"}"#,
        ])
        .ends(Payment::Authorised, Progress::Pending, &[Change::PaymentAuthorised]);
}

#[test]
fn orchestration_a_void_goes_ahead_of_the_authorisation_under_way_and_is_final() {
    let life = life(Settings::default()).told(&authorise(), "t1").did(&["Authorise#1"]);
    let under_way = life.asked.clone();
    let mut life = life.told(&void(), "t2").did(&["t1: PaymentUnavailable", "Void#1"]);
    let asked = std::mem::replace(&mut life.asked, under_way);
    // The authorisation's answer, late.
    let mut life = life.done().did(&[]);
    life.asked = asked;
    life.silent()
        .told(&void(), "t3")
        .done()
        .did(&["t2: PaymentUnavailable", "Void#2", "t3: done"])
        .told(&void(), "t4")
        .told(&authorise(), "t5")
        .told(&capture(), "t6")
        .told(&start(), "t7")
        .did(&["t4: done", "t5: IllegalStep", "t6: IllegalStep", "t7: IllegalStep"])
        .ends(
            Payment::Voided,
            Progress::Cancelled,
            &[Change::GatewayUnavailable, Change::PaymentVoided, Change::Cancelled],
        );
}

#[test]
fn orchestration_a_void_may_come_before_everything_else() {
    let life = life(Settings::default()).told(&void(), "t1").done().told(&authorise(), "t2").did(&[
        "Void#1",
        "t1: done",
        "t2: IllegalStep",
    ]);
    assert_eq!(life.state.as_ref().unwrap().amount_minor, 1900, "the late command tells the price");
    life.ends(Payment::Voided, Progress::Cancelled, &[Change::PaymentVoided, Change::Cancelled]);
}

#[test]
fn orchestration_refuses_what_does_not_fit() {
    let other_amount = Command::CapturePayment { order_id: "o-1".into(), amount_minor: 1 };
    life(Settings::default())
        .told(&capture(), "t1")
        .told(&start(), "t2")
        .told(&authorise(), "t3")
        .told(&capture(), "t4")
        .did(&["t1: IllegalStep", "t2: IllegalStep", "Authorise#1", "t4: IllegalStep"])
        .done()
        .told(&other_amount, "t5")
        .told(&start(), "t6")
        .told(&capture(), "t7")
        .told(&void(), "t8")
        .did(&[
            r#"t3: done {"authorisation_id":"authorisation-o-1"}"#,
            "t5: IllegalStep",
            "t6: IllegalStep",
            "Capture#1",
            "t8: IllegalStep",
        ])
        .gateway(GatewayResult::Refused("who are you?".into()))
        .did(&["t7: IllegalStep"]);
}
