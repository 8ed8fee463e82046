//! Orders are judged in time, and nothing counts before its time.

use std::collections::BTreeMap;

use auditor::Finding;
use contract::{Style, TerminalState};
use operate::processes::Program;
use store::memory::MemoryStore;
use store::{Commit, EntityWrite, Read as _, Store as _};

use super::super::observer::{Closing, Placed};
use super::super::verdict::Report;
use super::*;

const PATIENCE: Patience = Patience { settle: Duration::from_secs(5), stuck: Duration::from_secs(60) };

/// A system in which nobody stores anything, and what its observer saw.
struct Scene {
    checker: Checker,
    observed: Arc<MemoryStore>,
    witnesses: Witnesses,
    ledger: LedgerTail,
    folder: tempfile::TempDir,
    board: Arc<Board>,
    standing: Standing,
    hold_ups: HoldUps,
    /// How far the wall clock was set from the steady one.
    set_by: Millis,
}

impl Scene {
    fn new() -> Self {
        let registry = telemetry::registry();
        let (observed, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
        let board = Arc::new(Board::register(&registry).unwrap());
        let standing = Standing::register(&registry).unwrap();
        let hold_ups = HoldUps::default();
        let nobody = || Arc::new(MemoryStore::new());
        Self {
            checker: Checker::new(
                Arc::clone(&observed) as _,
                Arc::clone(&board),
                PATIENCE,
                standing.clone(),
                hold_ups.clone(),
                Former::new("l2"),
            ),
            observed,
            witnesses: Witnesses {
                order_history: nobody(),
                order_status: nobody(),
                notifications: nobody(),
                orchestrator: None,
            },
            ledger: LedgerTail::new(folder.path().join("ledger")),
            folder,
            board,
            standing,
            hold_ups,
            set_by: 0,
        }
    }

    async fn saw(&self, order_id: &str, placed_at: Option<Millis>, closed_at: &[Millis]) {
        let closing = |at: &Millis| Closing {
            at: *at,
            state: TerminalState::Delivered,
            message_id: at.to_string(),
            replayed: false,
        };
        let seen = Seen {
            style: Style::Choreography,
            rivals: Vec::new(),
            placed: placed_at.map(|at| Placed::for_test(order_id, at)),
            closings: closed_at.iter().map(closing).collect(),
        };
        let state = serde_json::to_vec(&seen).unwrap().into();
        let expected = self.observed.get(order_id).await.unwrap().map_or(0, |entity| entity.version);
        let write = EntityWrite { key: order_id.into(), expected, state, ..EntityWrite::default() };
        self.observed.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    }

    /// A former life of the load began to send these.
    async fn former_life_began(&self, orders: &[&str], confirmed: bool) {
        let placed = |order_id: &&str| Placed::for_test(order_id, 1_000);
        let sending = Sending { orders: orders.iter().map(placed).collect(), confirmed };
        let state = serde_json::to_vec(&sending).unwrap().into();
        let write = EntityWrite { key: format!("sent/l1/{}", orders[0]), state, ..EntityWrite::default() };
        self.observed.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    }

    async fn round(&mut self, now: Millis) -> Report {
        let moment = Moment { wall: now, steady: now - self.set_by };
        self.checker.look_round(&self.witnesses, &mut self.ledger, moment).await;
        self.standing.report()
    }
}

fn kinds(report: &Report) -> Vec<ViolationKind> {
    report.verdict.violations_by_kind.keys().copied().collect()
}

#[tokio::test]
async fn an_order_under_way_is_waited_for_and_then_it_is_lost() {
    let mut scene = Scene::new();
    scene.saw("o-1", Some(1_000), &[]).await;
    let report = scene.round(60_999).await;
    assert_eq!((report.verdict.verdict, report.waiting, report.known), (Finding::NotJudged, 1, 1));
    assert_eq!(report.judged_to, Some(1_000), "what was placed from then on is not judged");
    assert_eq!(scene.board.in_flight()[&Style::Choreography], 1);
    let report = scene.round(61_000).await;
    assert_eq!(kinds(&report), [ViolationKind::Lost]);
    assert_eq!((report.waiting, report.judged_to), (1, Some(61_000)));
    // It is looked at again, and stands in the verdict once.
    let report = scene.round(80_000).await;
    assert_eq!(report.verdict.violations_total, 1);
}

#[tokio::test]
async fn what_is_wrong_with_an_order_counts_only_when_it_stays_wrong() {
    let mut scene = Scene::new();
    scene.saw("o-1", Some(1_000), &[2_000]).await;
    for now in [2_001, 7_000, 61_000] {
        assert_eq!(scene.round(now).await.verdict.verdict, Finding::NotJudged, "at {now}");
    }
    // Nobody but the observer knows it: lost, and money, notices and more are not as they have to be.
    let report = scene.round(62_000).await;
    assert_eq!(report.verdict.verdict, Finding::Violated);
    assert!(kinds(&report).contains(&ViolationKind::Lost));
}

#[tokio::test]
async fn an_order_that_ends_is_noticed_within_a_second() {
    let mut scene = Scene::new();
    scene.saw("o-1", Some(1_000), &[]).await;
    scene.round(1_100).await;
    assert_eq!(scene.board.in_flight()[&Style::Choreography], 1);
    scene.saw("o-1", Some(1_000), &[1_200]).await;
    scene.round(2_100).await;
    assert_eq!(scene.board.in_flight()[&Style::Choreography], 0);
    assert_eq!(scene.checker.agenda.peek().unwrap().0.0, 6_200, "judged when it had the time to settle");
}

#[tokio::test]
async fn an_end_without_a_beginning_and_a_second_end_are_found() {
    let mut scene = Scene::new();
    scene.saw("o-1", None, &[1_000]).await;
    scene.saw("o-2", Some(1_000), &[1_001, 1_002]).await;
    let report = scene.round(70_000).await;
    let found = kinds(&report);
    assert!(found.contains(&ViolationKind::NeverSent), "{found:?}");
    assert!(found.contains(&ViolationKind::UnexpectedTerminalEvent), "{found:?}");
}

#[tokio::test]
async fn money_of_strangers_is_counted_and_what_cannot_be_read_is_told() {
    let mut scene = Scene::new();
    let ledger = scene.folder.path().join("ledger");
    std::fs::write(&ledger, "authorise 1900 o-from-before\n").unwrap();
    assert_eq!(scene.round(1_000).await.strangers, 0);
    assert_eq!(scene.round(62_000).await.strangers, 1);
    std::fs::write(&ledger, "").unwrap();
    let report = scene.round(63_000).await;
    assert!(report.trouble.as_deref().is_some_and(|why| why.contains("ledger")), "{:?}", report.trouble);
    assert_eq!(report.verdict.verdict, Finding::NotJudged);
    let why = report.verdict.not_judged.unwrap();
    assert!(why.contains("the gateway's ledger cannot be read"), "{why}");
}

#[tokio::test]
async fn an_order_that_the_bus_confirmed_and_nobody_saw_is_lost() {
    let mut scene = Scene::new();
    scene.board.sending(["o-1"].into_iter(), 1_000);
    // The bus has not answered: nobody has taken responsibility for it, however long that takes.
    let report = scene.round(400_000).await;
    assert_eq!((kinds(&report), report.judged_to), (vec![], Some(400_000)));
    scene.board.sent([("o-1", Style::Choreography)].into_iter(), 401_000);
    assert_eq!(scene.round(402_000).await.judged_to, Some(401_000));
    assert_eq!(kinds(&scene.round(461_000).await), []);
    assert_eq!(kinds(&scene.round(461_001).await), [ViolationKind::Lost]);
    scene.board.placed("o-1", Style::Choreography);
    assert_eq!(kinds(&scene.round(462_000).await), [], "it came after all");
}

#[tokio::test]
async fn of_what_a_former_life_began_only_what_was_confirmed_can_be_lost() {
    let mut scene = Scene::new();
    scene.former_life_began(&["l1-0", "l1-1"], true).await;
    scene.former_life_began(&["l1-2", "l1-3"], false).await;
    for seen in ["l1-0", "l1-2", "by-hand"] {
        scene.saw(seen, Some(1_000), &[]).await;
    }
    scene.round(500_000).await;
    assert_eq!(scene.board.sent_so_far()[&Style::Choreography], 3, "confirmed, or seen");
    assert_eq!(scene.board.others()[&Style::Choreography], 1);
    // However long ago it was sent: this life has waited for it from its beginning on.
    let lost = |report: &Report| {
        let lost = report.verdict.violations.iter().filter(|found| found.detail.contains("confirmed it"));
        lost.map(|found| found.order_id.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(lost(&scene.round(560_000).await), [""; 0]);
    let report = scene.round(560_001).await;
    assert_eq!((lost(&report), report.never_came), (vec!["l1-1".to_owned()], 1));
    assert_eq!(report.judged_to, Some(1_000), "it is not judged to be well because it is old");
    // Another instance of the load may have seen it: what counts is what is stored.
    scene.saw("l1-1", Some(1_000), &[]).await;
    assert_eq!(lost(&scene.round(561_000).await), [""; 0], "it came after all");
}

#[tokio::test]
async fn what_was_in_doubt_and_is_there_is_judged_like_the_others() {
    let mut scene = Scene::new();
    scene.former_life_began(&["l1-0", "l1-1"], false).await;
    let history = MemoryStore::new();
    let write = EntityWrite { key: "l1-0".into(), state: "{".into(), ..EntityWrite::default() };
    history.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    scene.witnesses.order_history = Arc::new(history);
    scene.round(500_000).await;
    let report = scene.round(560_000).await;
    assert_eq!((report.waiting, report.judged_to), (0, Some(1_000)), "they are still looked for");
    let report = scene.round(560_001).await;
    assert_eq!((report.waiting, report.never_came), (1, 1), "one is there, and one is not");
    assert_eq!(kinds(&scene.round(620_000).await), [], "it may have come only when it was found");
    let report = scene.round(620_001).await;
    assert_eq!(scene.board.sent_so_far()[&Style::Choreography], 1);
    assert!(kinds(&report).contains(&ViolationKind::CorruptState), "{report:?}");
    assert!(!kinds(&report).contains(&ViolationKind::NeverSent), "{report:?}");
}

#[tokio::test]
async fn an_order_that_waits_for_a_service_that_is_away_is_held_up_and_not_stuck() {
    let mut scene = Scene::new();
    let away = |programs: &[Program]| programs.iter().map(|program| (*program, String::new())).collect();
    scene.hold_ups.looked(10_000, away(&[]));
    scene.saw("o-1", Some(1_000), &[]).await;
    scene.hold_ups.looked(11_000, away(&[Program::OrderStatus]));
    for now in [61_000, 600_000] {
        assert_eq!(kinds(&scene.round(now).await), [], "at {now}");
    }
    // What it had waited before counts with what it waits afterwards.
    scene.hold_ups.looked(610_000, away(&[Program::Orchestrator]));
    assert_eq!(kinds(&scene.round(660_999).await), []);
    assert_eq!(
        kinds(&scene.round(661_000).await),
        [ViolationKind::Lost],
        "everybody it needs was ready for 60 s"
    );
}

#[tokio::test]
async fn an_order_that_waits_its_turn_behind_others_is_not_stuck_until_those_that_came_later_end() {
    let mut scene = Scene::new();
    scene.saw("o-1", Some(1_000), &[]).await;
    scene.board.sending(["o-2"].into_iter(), 1_000);
    scene.board.sent([("o-2", Style::Choreography)].into_iter(), 1_000);
    // Everybody is ready, and others take a hundred seconds.
    for turn in 0..4 {
        let now = 60_000 + turn * 20_000;
        for n in 0..10 {
            scene.saw(&format!("before-{turn}-{n}"), Some(now - 100_000), &[now]).await;
        }
        let report = scene.round(now + 500).await;
        assert_eq!((kinds(&report), &report.behind), (vec![], &[(Style::Choreography, 100_000)].into()));
    }
    // Now they take one second: it was passed over, and so was the one that nobody has seen.
    for n in 0..15 {
        scene.saw(&format!("after-{n}"), Some(161_000), &[162_000]).await;
    }
    let report = scene.round(162_500).await;
    assert_eq!(report.behind, BTreeMap::new());
    let wrong: Vec<_> =
        report.verdict.violations.iter().filter_map(|found| found.order_id.as_deref()).collect();
    assert!(wrong.contains(&"o-1") && wrong.contains(&"o-2"), "{wrong:?}");
}

#[tokio::test]
async fn where_nothing_ends_any_more_nobody_waits_a_turn() {
    let mut scene = Scene::new();
    scene.saw("o-1", Some(1_000), &[]).await;
    for n in 0..10 {
        scene.saw(&format!("before-{n}"), Some(1_000 - 50_000), &[2_000]).await;
    }
    assert_eq!(kinds(&scene.round(61_999).await), []);
    // The others ended a minute ago.
    assert!(kinds(&scene.round(63_000).await).contains(&ViolationKind::Lost));
}

#[tokio::test]
async fn an_order_that_waited_while_no_load_was_there_is_not_stuck() {
    let mut scene = Scene::new();
    scene.checker.hold_ups = HoldUps::watched_from(300_000);
    scene.saw("o-1", Some(1_000), &[]).await;
    for now in [300_100, 359_999] {
        assert_eq!(kinds(&scene.round(now).await), [], "a service may have been away until {now}");
    }
    assert_eq!(kinds(&scene.round(360_000).await), [ViolationKind::Lost]);
}

#[tokio::test]
async fn an_order_is_not_stuck_because_the_clock_was_set_forward() {
    let mut scene = Scene::new();
    scene.saw("o-1", Some(1_000), &[]).await;
    scene.board.sending(["o-2"].into_iter(), 1_000);
    scene.board.sent([("o-2", Style::Choreography)].into_iter(), 1_000);
    scene.round(30_000).await;
    const HOUR: Millis = 3_600_000;
    scene.set_by = HOUR;
    assert_eq!(kinds(&scene.round(HOUR + 31_000).await), []);
    assert_eq!(kinds(&scene.round(HOUR + 60_000).await), []);
    let report = scene.round(HOUR + 61_001).await;
    assert_eq!(report.verdict.violations_total, 2, "a minute has passed: {:?}", report.verdict);
}

#[tokio::test]
async fn an_order_is_judged_in_time_although_the_clock_was_set_back() {
    const HOUR: Millis = 3_600_000;
    let mut scene = Scene::new();
    scene.saw("o-1", Some(HOUR + 1_000), &[]).await;
    scene.saw("o-2", Some(HOUR + 1_000), &[HOUR + 2_000]).await;
    scene.board.sending(["o-3"].into_iter(), HOUR + 1_000);
    scene.board.sent([("o-3", Style::Choreography)].into_iter(), HOUR + 1_000);
    scene.round(HOUR + 3_000).await;
    scene.set_by = -HOUR;
    // Two more, one seen before the step and one after it.
    scene.saw("o-4", Some(HOUR + 3_500), &[]).await;
    scene.saw("o-5", Some(4_500), &[]).await;
    let report = scene.round(5_000).await;
    assert_eq!((kinds(&report), report.waiting), (vec![], 4));
    assert_eq!(report.judged_to, Some(1_000), "as the clock says now");
    assert_eq!(kinds(&scene.round(60_999).await), []);
    let report = scene.round(61_001).await;
    let wrong =
        |id: &str| report.verdict.violations.iter().any(|found| found.order_id.as_deref() == Some(id));
    assert_eq!(["o-1", "o-3", "o-4", "o-5"].map(wrong), [true, true, false, false], "{report:?}");
    let report = scene.round(65_001).await;
    let wrong =
        |id: &str| report.verdict.violations.iter().any(|found| found.order_id.as_deref() == Some(id));
    assert_eq!(["o-2", "o-4", "o-5"].map(wrong), [true, true, true], "{report:?}");
}
