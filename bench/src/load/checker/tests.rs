use auditor::{Finding, SentOrder};
use contract::{Style, TerminalState};
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
}

impl Scene {
    fn new() -> Self {
        let registry = telemetry::registry();
        let (observed, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
        let board = Arc::new(Board::register(&registry).unwrap());
        let standing = Standing::register(&registry).unwrap();
        let nobody = || Arc::new(MemoryStore::new());
        Self {
            checker: Checker::new(Arc::clone(&observed) as _, Arc::clone(&board), PATIENCE, standing.clone()),
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
        }
    }

    async fn saw(&self, order_id: &str, placed_at: Option<Millis>, closed_at: &[Millis]) {
        let sent = SentOrder {
            order_id: order_id.into(),
            style: Style::Choreography,
            customer_id: "c".into(),
            restaurant_id: "r".into(),
            total_minor: 1900,
            valid: true,
        };
        let closing =
            |at: &Millis| Closing { at: *at, state: TerminalState::Delivered, message_id: at.to_string() };
        let seen = Seen {
            style: sent.style,
            rivals: Vec::new(),
            placed: placed_at.map(|at| Placed { at, sent }),
            closings: closed_at.iter().map(closing).collect(),
        };
        let state = serde_json::to_vec(&seen).unwrap().into();
        let expected = self.observed.get(order_id).await.unwrap().map_or(0, |entity| entity.version);
        let write = EntityWrite { key: order_id.into(), expected, state, ..EntityWrite::default() };
        self.observed.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    }

    async fn round(&mut self, now: Millis) -> Report {
        self.checker.look_round(&self.witnesses, &mut self.ledger, now).await;
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
