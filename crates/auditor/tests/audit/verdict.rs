//! What the verdict counts, lists and says.

use std::sync::Mutex;

use crate::world::{Path, World};
use auditor::states::history;
use auditor::{
    ExecutionView, Finding, Limits, Paths, SentLedger, SentWriter, Verdict, ViolationKind, audit,
    audit_watched, audit_within,
};
use contract::Style;
use contract::command::Milestone;

async fn judge(world: &World) -> Verdict {
    audit(&world.evidence().await, &world.sent).await.unwrap()
}

#[tokio::test]
async fn one_of_those_placed_under_an_id_is_taken_and_the_others_are_refused() {
    let mut world = World::sound();
    // The same in the other style: its execution was refused, as the dead letter of the other way round was.
    let mut other_style = world.sent_mut("c-delivered").clone();
    other_style.style = Style::Orchestration;
    world.sent.insert(0, other_style);
    let refused = ExecutionView { finished: true, succeeded: false, refused: true };
    world.executions.insert("c-delivered".into(), refused);
    // Another content, and over HTTP.
    let mut other = world.sent_mut("o-delivered").clone();
    other.customer_id = "c-other".into();
    world.sent.insert(0, other.clone());
    let accepted = history::Entry { at: 0, what: history::Change::Accepted };
    world.history_mut("o-delivered").timeline.insert(0, accepted);
    let verdict = judge(&world).await;
    assert!(verdict.is_clean(), "{verdict}");
    assert_eq!((verdict.duplicates_in_input, verdict.styles[&Style::Choreography].delivered), (2, 2));

    // What was taken is one of those that were sent.
    world.history_mut("o-delivered").order.customer_id = "c-nobody".into();
    assert!(judge(&world).await.violations_by_kind.contains_key(&ViolationKind::Altered));
    world.history_mut("o-delivered").order.customer_id = "c-other".into();
    let found = judge(&world).await.violations_by_kind;
    assert!(found.contains_key(&ViolationKind::NoticeWrong), "the other customer was told: {found:?}");
    // Refused means refused.
    world.executions.insert("c-delivered".into(), ExecutionView { refused: false, ..refused });
    assert!(judge(&world).await.violations_by_kind.contains_key(&ViolationKind::BothStyles));
}

#[tokio::test]
async fn outcomes_and_paths_are_counted_by_style() {
    let verdict = judge(&World::sound()).await;
    assert_eq!(verdict.styles.len(), 2);
    for style in Style::ALL {
        let summary = &verdict.styles[&style];
        assert_eq!((summary.accepted, summary.unaccounted), (7, 0));
        assert_eq!((summary.delivered, summary.rejected, summary.cancelled), (2, 1, 4));
        let told = [
            (Milestone::Confirmed, 2),
            (Milestone::OutForDelivery, 2),
            (Milestone::Delivered, 2),
            (Milestone::Rejected, 1),
            (Milestone::Cancelled, 4),
        ];
        let expected = Paths {
            payments_declined: 1,
            gateway_tries_lost: 4,
            gateway_retried: 1,
            authorisations_given_up: 1,
            restaurant_declined: 1,
            restaurant_timed_out: 1,
            late_answers: 1,
            captures: 2,
            voids: 2,
            new_orders_told: 4,
            cancellations_told: 1,
            customer_notices: told.into_iter().collect(),
        };
        assert_eq!(summary.paths, expected);
    }
}

#[tokio::test]
async fn many_passes_find_what_one_pass_finds() {
    let mut world = World::sound();
    for n in 0..50 {
        world.add(&format!("c-more-{n}"), Style::Choreography, Path::Delivered);
    }
    world.histories.remove("c-more-7");
    world.sent.retain(|sent| sent.order_id != "c-more-11");
    let evidence = world.evidence().await;
    let whole = audit(&evidence, &world.sent).await.unwrap();
    assert_eq!(whole.violations_by_kind, [(ViolationKind::Lost, 1), (ViolationKind::NeverSent, 4)].into());
    for orders_per_pass in [0, 1, 7, 63] {
        let limits = Limits { orders_per_pass, ..Limits::default() };
        assert_eq!(audit_within(&evidence, &world.sent, limits).await.unwrap(), whole);
    }
}

#[tokio::test]
async fn each_order_is_told_of_whatever_the_pass() {
    let world = World::sound();
    let (evidence, told) = (world.evidence().await, Mutex::new(Vec::new()));
    let limits = Limits { orders_per_pass: 3, ..Limits::default() };
    let watch = |done, of| told.lock().unwrap().push((done, of));
    audit_watched(&evidence, &world.sent, limits, &watch).await.unwrap();
    let all = world.sent.len() as u64;
    assert_eq!(told.into_inner().unwrap(), (1..=all).map(|done| (done, all)).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_list_is_bounded_the_counts_are_not() {
    let mut world = World::sound();
    world.histories.clear();
    let limits = Limits { violations_listed: 3, ..Limits::default() };
    let verdict = audit_within(&world.evidence().await, &world.sent, limits).await.unwrap();
    assert_eq!(verdict.violations.len(), 3);
    assert_eq!(verdict.violations_total, 14);
    assert_eq!(verdict.violations_by_kind, [(ViolationKind::Lost, 14)].into());
    assert!(verdict.to_string().contains("and 11 more"), "{verdict}");
}

#[tokio::test]
async fn an_id_that_was_sent_again_counts_once() {
    let mut world = World::sound();
    world.sent.push(world.sent[0].clone());
    let verdict = judge(&world).await;
    assert_eq!((verdict.verdict, verdict.duplicates_in_input), (Finding::Clean, 1));
    assert_eq!(verdict.styles[&Style::Choreography].accepted, 7);
}

#[tokio::test]
async fn what_the_orchestrator_keeps_besides_executions_is_no_stranger() {
    let mut world = World::sound();
    // An entity that the view says is no execution.
    world.executions.remove("o-delivered");
    let mut evidence = world.evidence().await;
    let executions = evidence.witnesses.orchestrator.as_mut().unwrap();
    executions.view = Box::new(|_, _| Ok(None));
    let verdict = audit(&evidence, &world.sent).await.unwrap();
    assert!(!verdict.violations_by_kind.contains_key(&ViolationKind::NeverSent));
    assert_eq!(verdict.violations_by_kind, [(ViolationKind::ExecutionMissing, 7)].into());
}

#[tokio::test]
async fn without_an_orchestrator_executions_are_not_asked_for() {
    let world = World::sound();
    let mut evidence = world.evidence().await;
    evidence.witnesses.orchestrator = None;
    assert!(audit(&evidence, &world.sent).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_world_sent_from_a_file_reads_the_same() {
    let world = World::sound();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sent.ndjson");
    let mut writer = SentWriter::create(&path).unwrap();
    for order in &world.sent {
        writer.write(order).unwrap();
    }
    writer.finish().unwrap();
    let evidence = world.evidence().await;
    let from_file = audit(&evidence, &SentLedger::new(&path)).await.unwrap();
    assert_eq!(from_file, audit(&evidence, &world.sent).await.unwrap());
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_not_a_verdict() {
    let evidence = World::sound().evidence().await;
    let error = audit(&evidence, &SentLedger::new("no/such/file")).await.unwrap_err();
    assert_eq!(error.to_string(), "the list of the orders sent cannot be read");
}

#[tokio::test]
async fn nothing_sent_is_clean_and_says_so() {
    let verdict = judge(&World::default()).await;
    assert!(verdict.is_clean());
    assert!(verdict.to_string().ends_with("No orders were sent."), "{verdict}");
}

#[tokio::test]
async fn the_report_says_the_verdict_first_and_names_every_order() {
    let mut world = World::sound();
    let clean = judge(&world).await.to_string();
    assert!(clean.starts_with("VERDICT: clean. All 14 orders accounted for"), "{clean}");
    world.histories.remove("c-delivered");
    world.outboxes.push(crate::world::Service::Status);
    let text = judge(&world).await.to_string();
    assert!(text.starts_with("VERDICT: violated. 2 violations among 14 orders:"), "{text}");
    assert!(
        text.contains("c-delivered  lost: sent in choreography; order-history does not know it"),
        "{text}"
    );
    assert!(text.contains("(system)     outbox_left: order-status has 1 outbox rows left"), "{text}");
}

#[tokio::test]
async fn the_verdict_survives_json() {
    let mut world = World::sound();
    world.histories.remove("c-delivered");
    let verdict = judge(&world).await;
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["verdict"], "violated");
    assert_eq!(json["violations"][0]["kind"], "lost");
    assert_eq!(json["styles"]["choreography"]["accepted"], 7);
    assert_eq!(serde_json::from_value::<Verdict>(json).unwrap(), verdict);
}

#[tokio::test]
async fn orders_judged_one_by_one_add_up_to_the_same_findings() {
    let mut world = World::sound();
    world.pay("c-delivered", auditor::states::Operation::Capture, 1900);
    assert!(world.histories.remove("o-payment-declined").is_some());
    let evidence = world.evidence().await;
    let whole = audit(&evidence, &world.sent).await.unwrap();
    let (mut styles, mut violations) = (std::collections::BTreeMap::new(), Vec::new());
    for sent in &world.sent {
        let mut moves = world.ledger.clone();
        moves.retain(|entry| entry.order_id == sent.order_id);
        let judged = evidence.witnesses.judge(sent, &moves).await.unwrap();
        judged.count_in(&mut styles);
        violations.extend(judged.violations);
    }
    violations.sort();
    assert!(!violations.is_empty());
    assert_eq!((styles, violations), (whole.styles, whole.violations));
}
