//! The auditor can fail: each fault, seeded into a sound world, is found under its name and with its order, and
//! nothing else is.

use crate::world::{Path, Service, TOTAL_MINOR, World};
use auditor::ViolationKind::{self, *};
use auditor::states::notices::{Answer, RestaurantNotice, What};
use auditor::states::progress::{self, Payment, Progress};
use auditor::states::{Operation, history};
use auditor::{Finding, audit};
use contract::command::Milestone;
use contract::{Style, TerminalState};

/// The order that a violation names; none for what concerns the system as a whole.
const SYSTEM: Option<&str> = None;

const NEW_ORDER: What = What::Restaurant(RestaurantNotice::NewOrder);
const ORDER_CANCELLED: What = What::Restaurant(RestaurantNotice::OrderCancelled);

/// Spoils a sound world and checks that exactly these violations are found.
#[track_caller]
fn check<'a>(
    spoil: impl FnOnce(&mut World),
    expected: impl IntoIterator<Item = (Option<&'a str>, ViolationKind)>,
) {
    let mut world = World::sound();
    spoil(&mut world);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let verdict = runtime.block_on(async { audit(&world.evidence().await, &world.sent).await.unwrap() });
    let found: Vec<_> =
        verdict.violations.iter().map(|found| (found.order_id.as_deref(), found.kind)).collect();
    let expected: Vec<_> = expected.into_iter().collect();
    assert_eq!(found, expected, "{:#?}", verdict.violations);
    assert_eq!(verdict.verdict == Finding::Violated, !expected.is_empty());
    assert_eq!(verdict.violations_total, expected.len() as u64);
}

/// The same fault with one order, found once.
#[track_caller]
fn finds(order: &str, kind: ViolationKind, spoil: impl FnOnce(&mut World)) {
    check(spoil, [(Some(order), kind)]);
}

#[test]
fn a_sound_world_is_clean() {
    check(|_| (), []);
}

#[test]
fn an_order_that_nobody_knows_is_lost() {
    finds("c-delivered", Lost, |world| {
        world.histories.remove("c-delivered");
        world.progresses.remove("c-delivered");
        world.notices.remove("c-delivered");
        world.ledger.retain(|entry| entry.order_id != "c-delivered");
    });
    finds("o-rejected", Lost, |world| {
        world.histories.remove("o-rejected");
        world.executions.remove("o-rejected");
    });
}

#[test]
fn an_order_that_is_not_closed_is_stuck() {
    finds("o-delivered", Stuck, |world| {
        let record = world.history_mut("o-delivered");
        record.status = None;
        record.timeline.pop();
    });
}

#[test]
fn an_order_that_is_accepted_and_not_recorded_is_stuck() {
    finds("o-delivered", Stuck, |world| {
        let record = world.history_mut("o-delivered");
        record.status = None;
        record.timeline = vec![history::Entry { at: 0, what: history::Change::Accepted }];
    });
}

#[test]
fn what_happened_twice_is_doubled() {
    let recorded = history::Entry { at: 0, what: history::Change::Recorded };
    finds("c-delivered", Doubled, |world| world.history_mut("c-delivered").timeline.insert(0, recorded));
    finds("c-delivered", Doubled, |world| {
        let record = world.history_mut("c-delivered");
        record.timeline.push(record.timeline[1].clone());
    });
    finds("o-timed-out", Doubled, |world| {
        let delivered = history::Entry { at: 0, what: history::Change::Delivered };
        world.history_mut("o-timed-out").timeline.insert(1, delivered);
    });
    finds("o-retried", Doubled, |world| {
        let progress = world.progress_mut("o-retried");
        progress.timeline.push(progress.timeline[1].clone());
    });
}

#[test]
fn what_was_never_sent_is_found_wherever_it_is() {
    // The orders of both styles, found in four stores and the ledger.
    check(
        |world| world.sent.retain(|sent| sent.order_id != "o-delivered"),
        [(Some("o-delivered"), NeverSent); 5],
    );
    finds("c-more", NeverSent, |world| {
        let notices = world.notices["c-delivered"].clone();
        world.notices.insert("c-more".into(), notices);
    });
    finds("c-more", NeverSent, |world| {
        world.pay("c-more", Operation::Authorise, TOTAL_MINOR);
        world.pay("c-more", Operation::Void, TOTAL_MINOR);
    });
}

#[test]
fn the_style_stored_is_the_style_sent() {
    finds("c-delivered", WrongStyle, |world| world.history_mut("c-delivered").style = Style::Orchestration);
    finds("c-delivered", WrongStyle, |world| world.progress_mut("c-delivered").style = Style::Orchestration);
    finds("o-delivered", WrongStyle, |world| world.notices_mut("o-delivered").style = Style::Choreography);
}

#[test]
fn the_order_stored_is_the_order_sent() {
    finds("c-delivered", Altered, |world| world.history_mut("c-delivered").order.total_minor = 1);
    finds("c-delivered", Altered, |world| world.history_mut("c-delivered").order.customer_id = "x".into());
    finds("c-delivered", Altered, |world| world.history_mut("c-delivered").order.restaurant_id = "x".into());
    finds("c-delivered", Altered, |world| world.history_mut("c-delivered").order.order_id = "x".into());
    finds("c-delivered", Altered, |world| world.progress_mut("c-delivered").amount_minor = 1);
}

#[test]
fn only_what_is_not_valid_is_rejected() {
    finds("c-rejected", WrongOutcome, |world| world.sent_mut("c-rejected").valid = true);
    finds("o-delivered", WrongOutcome, |world| world.sent_mut("o-delivered").valid = false);
}

#[test]
fn the_services_agree_on_the_end() {
    let no_progress = |world: &mut World| {
        world.progresses.remove("c-payment-declined");
    };
    finds("c-payment-declined", ServicesDisagree, no_progress);
    finds("c-rejected", ServicesDisagree, |world| {
        let progress = world.progresses["c-payment-declined"].clone();
        world.progresses.insert("c-rejected".into(), progress);
    });
    finds("o-delivered", ServicesDisagree, |world| {
        let progress = world.progress_mut("o-delivered");
        progress.timeline.pop();
        progress.progress = Progress::OutForDelivery;
    });
    // The history has it as cancelled, everybody else as delivered.
    check(
        |world| {
            let record = world.history_mut("c-delivered");
            record.status = Some(TerminalState::Cancelled);
            record.timeline[1].what = history::Change::Cancelled;
        },
        [
            (Some("c-delivered"), ServicesDisagree),
            (Some("c-delivered"), ServicesDisagree),
            (Some("c-delivered"), CapturedNotDelivered),
            (Some("c-delivered"), NoticeMissing),
            (Some("c-delivered"), NoticeMissing),
            (Some("c-delivered"), NoticeWrong),
            (Some("c-delivered"), NoticeWrong),
            (Some("c-delivered"), NoticeWrong),
        ],
    );
    // Delivered, though the restaurant never agreed.
    let declined = |world: &mut World| world.notices_mut("o-delivered").answer = Answer::Declined;
    finds("o-delivered", ServicesDisagree, declined);
    finds("o-restaurant-declined", ServicesDisagree, |world| {
        // Undone behind the pivot.
        world.notices_mut("o-restaurant-declined").answer = Answer::Accepted;
        world.tell("o-restaurant-declined", ORDER_CANCELLED);
    });
}

#[test]
fn an_untouched_rejected_order_in_order_status_is_no_fault() {
    let untouched = |world: &mut World| {
        let mut progress = world.progresses["c-delivered"].clone();
        progress.timeline.clear();
        (progress.payment, progress.progress) = (Payment::None, Progress::Pending);
        world.progresses.insert("c-rejected".into(), progress);
    };
    check(untouched, []);
}

#[test]
fn money_moves_once() {
    for (order, operation) in [
        ("c-delivered", Operation::Authorise),
        ("c-delivered", Operation::Capture),
        ("o-timed-out", Operation::Void),
    ] {
        finds(order, MoneyDoubled, |world| world.pay(order, operation, TOTAL_MINOR));
    }
    // Taken, and given back as well.
    finds("o-delivered", MoneyDoubled, |world| world.pay("o-delivered", Operation::Void, TOTAL_MINOR));
}

#[test]
fn money_moves_only_as_authorised() {
    finds("c-delivered", MoneyUnauthorised, |world| world.unpay("c-delivered", Operation::Authorise));
    finds("c-delivered", WrongAmount, |world| {
        world.unpay("c-delivered", Operation::Capture);
        world.pay("c-delivered", Operation::Capture, TOTAL_MINOR + 1);
    });
    finds("o-timed-out", WrongAmount, |world| {
        world.unpay("o-timed-out", Operation::Void);
        world.pay("o-timed-out", Operation::Void, 0);
    });
}

#[test]
fn a_free_order_is_as_good_as_any() {
    let free = |world: &mut World| {
        for id in ["c-delivered", "o-timed-out"] {
            world.sent_mut(id).total_minor = 0;
            world.history_mut(id).order.total_minor = 0;
            world.progress_mut(id).amount_minor = 0;
            world
                .ledger
                .iter_mut()
                .filter(|entry| entry.order_id == id)
                .for_each(|entry| entry.amount_minor = 0);
        }
    };
    check(free, []);
    check(
        |world| {
            free(world);
            world.unpay("o-timed-out", Operation::Void);
        },
        [(Some("o-timed-out"), MoneyNotReturned), (Some("o-timed-out"), PaymentDisagrees)],
    );
}

#[test]
fn money_is_taken_exactly_for_what_was_delivered() {
    check(
        |world| {
            world.unpay("c-restaurant-declined", Operation::Void);
            world.pay("c-restaurant-declined", Operation::Capture, TOTAL_MINOR);
        },
        [
            (Some("c-restaurant-declined"), CapturedNotDelivered),
            (Some("c-restaurant-declined"), PaymentDisagrees),
        ],
    );
    check(
        |world| world.unpay("o-delivered", Operation::Capture),
        [(Some("o-delivered"), DeliveredNotCaptured), (Some("o-delivered"), PaymentDisagrees)],
    );
    check(
        |world| world.unpay("o-timed-out", Operation::Void),
        [(Some("o-timed-out"), MoneyNotReturned), (Some("o-timed-out"), PaymentDisagrees)],
    );
    // The gateway acted, its answer was lost, and nobody asked again.
    check(|world| world.ledger.insert(0, entry_of("c-given-up")), [(Some("c-given-up"), WrongAmount)]);
    finds("o-rejected", MoneyNotReturned, |world| world.pay("o-rejected", Operation::Authorise, TOTAL_MINOR));
}

fn entry_of(order: &str) -> auditor::states::LedgerEntry {
    let (operation, amount_minor) = (Operation::Authorise, TOTAL_MINOR);
    auditor::states::LedgerEntry { order_id: order.into(), operation, amount_minor }
}

#[test]
fn order_status_sees_the_payment_as_the_gateway_does() {
    check(
        |world| {
            // Given back, but order-status still waits for the gateway's answer.
            let progress = world.progress_mut("c-timed-out");
            (progress.payment, progress.progress) = (Payment::Voiding, Progress::Pending);
            progress.timeline.truncate(1);
        },
        [(Some("c-timed-out"), ServicesDisagree), (Some("c-timed-out"), PaymentDisagrees)],
    );
    finds("o-payment-declined", PaymentDisagrees, |world| {
        world.pay("o-payment-declined", Operation::Authorise, TOTAL_MINOR);
        world.pay("o-payment-declined", Operation::Void, TOTAL_MINOR);
    });
}

#[test]
fn an_authorisation_given_up_may_have_been_made_all_the_same() {
    // The answer to the last try came after all, when the flow had decided to void.
    let made = |world: &mut World| {
        world.unpay("o-given-up", Operation::Void);
        world.pay("o-given-up", Operation::Authorise, TOTAL_MINOR);
        world.pay("o-given-up", Operation::Void, TOTAL_MINOR);
        world.progress_mut("o-given-up").timeline[1].what = progress::Change::PaymentAuthorised;
    };
    check(made, []);
    // But without a lost try the restaurant has to be asked.
    finds("o-given-up", ServicesDisagree, |world| {
        made(world);
        world.progress_mut("o-given-up").timeline.remove(0);
    });
}

#[test]
fn everybody_is_told_what_they_have_to_be_told() {
    for (order, what) in [
        ("c-delivered", What::Customer(Milestone::Confirmed)),
        ("c-delivered", What::Customer(Milestone::OutForDelivery)),
        ("o-delivered", What::Customer(Milestone::Delivered)),
        ("o-rejected", What::Customer(Milestone::Rejected)),
        ("c-given-up", What::Customer(Milestone::Cancelled)),
        ("c-delivered", NEW_ORDER),
        ("o-restaurant-declined", NEW_ORDER),
        ("c-timed-out", ORDER_CANCELLED),
    ] {
        finds(order, NoticeMissing, |world| world.untell(order, what));
        finds(order, NoticeDoubled, |world| world.tell(order, what));
    }
    let unknown = |world: &mut World| {
        world.notices.remove("o-payment-declined");
    };
    finds("o-payment-declined", NoticeMissing, unknown);
}

#[test]
fn nobody_is_told_anything_else() {
    for (order, what) in [
        ("c-delivered", What::Customer(Milestone::Cancelled)),
        ("o-timed-out", What::Customer(Milestone::Confirmed)),
        ("c-rejected", What::Customer(Milestone::Cancelled)),
        ("c-rejected", NEW_ORDER),
        ("c-payment-declined", NEW_ORDER),
        ("o-restaurant-declined", ORDER_CANCELLED),
        ("o-delivered", ORDER_CANCELLED),
    ] {
        finds(order, NoticeWrong, |world| world.tell(order, what));
    }
    finds("c-delivered", NoticeWrong, |world| {
        world.notices_mut("c-delivered").customer_id = "somebody".into();
    });
    let elsewhere = |world: &mut World| world.notices_mut("c-delivered").restaurant_id = Some("r-2".into());
    finds("c-delivered", NoticeWrong, elsewhere);
}

#[test]
fn an_order_under_way_is_told_nothing_twice() {
    check(
        |world| {
            let record = world.history_mut("c-delivered");
            record.status = None;
            record.timeline.pop();
            world.tell("c-delivered", NEW_ORDER);
            world.pay("c-delivered", Operation::Capture, TOTAL_MINOR);
        },
        [Stuck, MoneyDoubled, NoticeDoubled].map(|kind| (Some("c-delivered"), kind)),
    );
}

#[test]
fn timelines_are_legal_sequences() {
    finds("c-delivered", IllegalSequence, |world| world.progress_mut("c-delivered").timeline.swap(0, 1));
    finds("c-delivered", IllegalSequence, |world| world.history_mut("c-delivered").timeline.swap(0, 1));
    finds("o-delivered", IllegalSequence, |world| {
        world.progress_mut("o-delivered").timeline.remove(2);
    });
    finds("o-timed-out", IllegalSequence, |world| {
        // Told that it is off before it was told that it is on.
        world.notices_mut("o-timed-out").notices.swap(0, 1);
    });
    finds("c-delivered", IllegalSequence, |world| {
        // On its way before it was confirmed.
        world.notices_mut("c-delivered").notices.swap(1, 2);
    });
    // The state has moved on without its timeline.
    finds("c-delivered", IllegalSequence, |world| {
        world.history_mut("c-delivered").timeline.pop();
    });
    finds("c-delivered", IllegalSequence, |world| {
        world.progress_mut("c-delivered").timeline.pop();
    });
    finds("o-payment-declined", IllegalSequence, |world| {
        let timeline = &mut world.progress_mut("o-payment-declined").timeline;
        timeline.retain(|entry| entry.what != progress::Change::PaymentDeclined);
    });
}

#[test]
fn nothing_is_left_over() {
    finds("c-timed-out", TimerLeft, |world| {
        world.timers.push((Service::Notifications, "c-timed-out".into()));
    });
    for service in [Service::History, Service::Status, Service::Notifications, Service::Orchestrator] {
        check(|world| world.outboxes.push(service), [(SYSTEM, OutboxLeft)]);
    }
    for depth in [
        bus::Depth { ready: 1, ..bus::Depth::default() },
        bus::Depth { unsettled: 1, ..bus::Depth::default() },
    ] {
        check(|world| world.queues.push(("notifications".into(), depth)), [(SYSTEM, QueueLeft)]);
    }
}

#[test]
fn dead_letters_are_those_expected() {
    let dead = |world: &mut World| {
        world.queues.push(("order-status".into(), bus::Depth { dead: 1, ..bus::Depth::default() }));
    };
    check(dead, [(SYSTEM, DeadLetters)]);
    check(|world| world.expected_dead_letters = 1, [(SYSTEM, DeadLetters)]);
    check(
        |world| {
            dead(world);
            world.expected_dead_letters = 1;
        },
        [],
    );
}

#[test]
fn each_order_is_answered_in_its_own_style() {
    finds("c-delivered", BothStyles, |world| {
        let execution = world.executions["o-delivered"];
        world.executions.insert("c-delivered".into(), execution);
    });
    finds("o-delivered", ExecutionMissing, |world| {
        world.executions.remove("o-delivered");
    });
    finds("o-timed-out", ExecutionUnfinished, |world| {
        world.executions.get_mut("o-timed-out").unwrap().finished = false;
    });
    finds("o-delivered", ExecutionFailed, |world| {
        world.executions.get_mut("o-delivered").unwrap().succeeded = false;
    });
}

#[test]
fn what_cannot_be_read_is_found() {
    for service in [Service::Status, Service::Notifications, Service::Orchestrator] {
        finds("o-delivered", CorruptState, |world| world.corrupt.push((service, "o-delivered".into())));
    }
    finds("o-delivered", CorruptState, |world| world.corrupt.push((Service::History, "o-delivered".into())));
}

#[test]
fn what_the_observer_saw_counts() {
    finds("c-delivered", UnexpectedTerminalEvent, |world| {
        world.observed.push(("c-delivered".into(), "closed twice: delivered, then cancelled".into()));
    });
}

#[test]
fn every_kind_of_violation_has_a_test_here() {
    let source = include_str!("faults.rs");
    for kind in ViolationKind::ALL {
        assert!(source.contains(&format!(" {kind:?}")), "no test seeds {kind:?}");
    }
}

#[test]
fn faults_do_not_hide_each_other() {
    check(
        |world| {
            world.histories.remove("c-delivered");
            world.pay("c-delivered", Operation::Capture, TOTAL_MINOR);
            world.add("o-more", Style::Orchestration, Path::Delivered);
            world.history_mut("o-more").status = None;
            world.history_mut("o-more").timeline.pop();
            world.outboxes.push(Service::Status);
        },
        [
            (SYSTEM, OutboxLeft),
            (Some("c-delivered"), Lost),
            (Some("c-delivered"), MoneyDoubled),
            (Some("o-more"), Stuck),
        ],
    );
}
