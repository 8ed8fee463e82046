//! What the policy does, event by event.

use super::Action::{Kill, Start, Tell, Terminate};
use super::*;

const PATIENCE: Patience = Patience {
    backoff_base: Duration::from_millis(100),
    backoff_cap: Duration::from_secs(1),
    healthy_after: Duration::from_secs(30),
    told_after: Duration::from_secs(3),
    stop_within: Duration::from_secs(20),
};
const BUS: ProcessId = ProcessId::first(Program::Bus);
const STATUS: ProcessId = ProcessId::first(Program::OrderStatus);
const HISTORY: ProcessId = ProcessId::first(Program::OrderHistory);

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn status(instance: u32) -> ProcessId {
    ProcessId { program: Program::OrderStatus, instance }
}

fn exit(code: Option<i32>) -> Exit {
    Exit { code, signal: code.is_none().then_some(9), reason: None }
}

/// A system of these processes, all of them ready at 1 s.
fn running(ids: &[ProcessId]) -> Policy {
    let mut policy = Policy::new(PATIENCE, 7);
    for &id in ids {
        assert_eq!(policy.handle(Event::Add(id), s(0)), [Start(id)]);
        assert_eq!(policy.handle(Event::Ready(id), s(1)), [Tell(Notice::Ready(id))]);
    }
    assert!(policy.all_ready());
    policy
}

/// Lets it crash at `now`; returns the pause before it is started again.
fn crash(policy: &mut Policy, id: ProcessId, now: Duration) -> Duration {
    let actions = policy.handle(Event::Ended(id, exit(None)), now);
    let [Tell(Notice::Crashed(told, _, after))] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!((*told, policy.next_due()), (id, Some(now + *after)));
    *after
}

#[test]
fn a_crashed_process_is_started_again_after_a_pause() {
    let mut policy = running(&[HISTORY, STATUS]);
    let after = crash(&mut policy, STATUS, s(5));
    assert!(after >= PATIENCE.backoff_base / 2 && after <= PATIENCE.backoff_base, "{after:?}");
    assert_eq!(policy.tick(s(5)), [], "not yet");
    assert_eq!(policy.tick(s(5) + after), [Start(STATUS)]);
    assert_eq!(policy.members()[&STATUS].restarts, 1);
    assert_eq!(policy.members()[&HISTORY].restarts, 0);
    assert_eq!(policy.handle(Event::Ready(STATUS), s(6)), [Tell(Notice::Ready(STATUS))]);
    assert!(policy.all_ready());
}

#[test]
fn pauses_grow_up_to_the_longest_and_start_over_once_it_has_been_ready_for_a_while() {
    let mut policy = running(&[STATUS]);
    let mut now = s(5);
    let mut crash_and_restart = |policy: &mut Policy, ready_for: Option<Duration>| {
        if let Some(ready_for) = ready_for {
            policy.handle(Event::Ready(STATUS), now);
            now += ready_for;
        }
        let after = crash(policy, STATUS, now);
        now += after;
        assert_eq!(policy.tick(now), [Start(STATUS)]);
        after
    };
    for n in 0..10_u32 {
        // Being ready for a moment is no sign of health.
        let after = crash_and_restart(&mut policy, Some(s(1)));
        let whole = (PATIENCE.backoff_base * 2_u32.pow(n)).min(PATIENCE.backoff_cap);
        assert!(after >= whole / 2 && after <= whole, "pause {n} is {after:?}");
    }
    let after = crash_and_restart(&mut policy, Some(PATIENCE.healthy_after));
    assert!(after <= PATIENCE.backoff_base, "{after:?}");
}

#[test]
fn health_also_counts_when_the_broker_went_away_before_the_crash() {
    let mut policy = running(&[STATUS]);
    for _ in 0..8 {
        let after = crash(&mut policy, STATUS, s(5));
        policy.tick(s(5) + after);
    }
    policy.handle(Event::Ready(STATUS), s(10));
    policy.handle(Event::NotReady(STATUS, "bus: gone".into()), s(60));
    assert!(crash(&mut policy, STATUS, s(61)) <= PATIENCE.backoff_base);
}

#[test]
fn wrong_flags_are_not_tried_again() {
    let mut policy = running(&[STATUS]);
    let wrong = Exit { reason: Some("--seed: found x".into()), ..exit(Some(64)) };
    let told = policy.handle(Event::Ended(STATUS, wrong.clone()), s(2));
    assert_eq!(told, [Tell(Notice::Failed(STATUS, wrong.clone()))]);
    assert_eq!((policy.next_due(), policy.tick(s(1000))), (None, vec![]));
    assert_eq!(policy.members()[&STATUS].last_exit, Some(wrong));
    assert!(!policy.all_ready());
}

#[test]
fn what_cannot_be_started_is_tried_again() {
    let mut policy = Policy::new(PATIENCE, 7);
    policy.handle(Event::Add(STATUS), s(0));
    let actions = policy.handle(Event::NotStarted(STATUS, "no memory".into()), s(0));
    let [Tell(Notice::NotStarted(_, reason, after))] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!((reason.as_str(), policy.tick(*after)), ("no memory", vec![Start(STATUS)]));
}

#[test]
fn one_that_waits_says_so_after_a_while_and_one_that_was_ready_at_once() {
    let mut policy = Policy::new(PATIENCE, 7);
    policy.handle(Event::Add(STATUS), s(0));
    assert_eq!(policy.handle(Event::NotReady(STATUS, "bus: refused".into()), s(1)), []);
    assert_eq!(policy.next_due(), Some(PATIENCE.told_after));
    assert_eq!(policy.tick(s(3)), [Tell(Notice::Waiting(STATUS, "bus: refused".into()))]);
    assert_eq!((policy.next_due(), policy.tick(s(9))), (None, vec![]), "it is told once");
    policy.handle(Event::Ready(STATUS), s(10));
    let told = policy.handle(Event::NotReady(STATUS, "bus: gone".into()), s(20));
    assert_eq!(told, [Tell(Notice::NotReady(STATUS, "bus: gone".into()))]);
    policy.handle(Event::NotReady(STATUS, "bus: refused".into()), s(21));
    let now = &policy.members()[&STATUS].state;
    assert_eq!(*now, State::NotReady { reason: "bus: refused".into() });
    assert_eq!(policy.handle(Event::Ready(STATUS), s(22)), [Tell(Notice::Ready(STATUS))]);
}

#[test]
fn the_bus_ends_after_all_others() {
    let mut policy = running(&[BUS, HISTORY, STATUS]);
    assert_eq!(policy.handle(Event::Stop, s(5)), [Terminate(HISTORY), Terminate(STATUS)]);
    let ended = |policy: &mut Policy, id| policy.handle(Event::Ended(id, exit(Some(0))), s(6));
    assert_eq!(ended(&mut policy, STATUS), [Tell(Notice::Stopped(STATUS, exit(Some(0))))]);
    assert_eq!(ended(&mut policy, HISTORY), [Tell(Notice::Stopped(HISTORY, exit(Some(0)))), Terminate(BUS)]);
    assert!(!policy.is_done());
    ended(&mut policy, BUS);
    assert!(policy.is_done());
    assert_eq!(policy.handle(Event::Add(status(2)), s(7)), [], "nothing is started any more");
}

#[test]
fn what_does_not_end_is_killed_and_told() {
    let mut policy = running(&[STATUS]);
    policy.handle(Event::Stop, s(5));
    assert_eq!(policy.handle(Event::Stop, s(6)), [], "asking twice does not give it more time");
    assert_eq!(policy.next_due(), Some(s(25)));
    assert_eq!(policy.tick(s(24)), []);
    assert_eq!(policy.tick(s(25)), [Tell(Notice::Killing(STATUS, s(20))), Kill(STATUS)]);
    assert_eq!(policy.tick(s(26)), []);
    policy.handle(Event::Ended(STATUS, exit(None)), s(26));
    assert!(policy.is_done());
}

#[test]
fn what_waits_for_its_restart_needs_no_asking_to_end() {
    let mut policy = running(&[HISTORY, STATUS]);
    crash(&mut policy, STATUS, s(5));
    policy.handle(Event::Ended(HISTORY, exit(Some(64))), s(5));
    assert_eq!(policy.handle(Event::Stop, s(5)), []);
    assert!(policy.is_done());
    assert_eq!(policy.tick(s(1000)), []);
}

#[test]
fn instances_come_with_the_lowest_free_numbers_and_the_highest_go() {
    let mut policy = running(&[HISTORY, STATUS]);
    assert_eq!(policy.scale(Program::OrderStatus, 1), []);
    let more = policy.scale(Program::OrderStatus, 3);
    assert_eq!(more, [Event::Add(status(2)), Event::Add(status(3))]);
    for event in more {
        policy.handle(event, s(2));
    }
    let fewer = policy.scale(Program::OrderStatus, 1);
    assert_eq!(fewer, [Event::Remove(status(3)), Event::Remove(status(2))]);
    assert_eq!(policy.handle(fewer[0].clone(), s(3)), [Terminate(status(3))]);
    // The leaving one does not count, and its number is not free yet.
    assert_eq!(policy.scale(Program::OrderStatus, 3), [Event::Add(status(4))]);
    policy.handle(Event::Ended(status(3), exit(Some(0))), s(4));
    assert!(!policy.members().contains_key(&status(3)));
    assert_eq!(policy.scale(Program::OrderStatus, 3), [Event::Add(status(3))]);
}

#[test]
fn one_that_leaves_is_not_started_again() {
    let mut policy = running(&[STATUS, status(2)]);
    policy.handle(Event::Remove(status(2)), s(2));
    let told = policy.handle(Event::Ended(status(2), exit(Some(1))), s(3));
    assert_eq!(told, [Tell(Notice::Stopped(status(2), exit(Some(1))))]);
    assert_eq!(policy.next_due(), None);

    let mut policy = running(&[STATUS, status(2)]);
    crash(&mut policy, status(2), s(2));
    assert_eq!(policy.handle(Event::Remove(status(2)), s(2)), []);
    assert_eq!((policy.members().len(), policy.next_due()), (1, None));
}

/// See docs/TIMEOUTS.md.
#[test]
fn an_outer_time_out_is_longer_than_what_it_waits_for() {
    let http = daemon::HttpLimits::default();
    assert!(http.request_timeout > order_history::http::room::ANSWER_WITHIN + participant::ANSWER_WITHIN);
    // A Kafka bus's, the longest.
    let goodbye = s(2);
    let ending = participant::Options::default().shutdown_grace + http.drain_timeout + goodbye;
    assert!(Patience::default().stop_within > ending);
}
