//! The conductor from outside: orders, replies, timers and requests in; commands out.

use contract::command::{self, errors};

use super::*;

fn order(customer: &str) -> Order {
    Order { customer_id: customer.into(), ..Order::sample("o-1") }
}

fn placed(customer: &str) -> Message {
    contract::envelope::placed(&order(customer), &Envelope::new(Style::Orchestration), "duet/test", 0)
}

/// What order-history replies to `record-order`, the execution's first task.
fn refused(task: &str) -> Message {
    reply(task, &Reply::failed(errors::DUPLICATE_ORDER, "taken"))
}

fn reply(task: &str, reply: &Reply) -> Message {
    let envelope = Envelope { correlation: Some(task.to_owned()), ..Envelope::new(Style::Orchestration) };
    let encoded = reply.encode(&envelope, "duet/test", 0);
    let contract::Encoded { topic, headers, body } = encoded;
    Message { id: "reply".into(), topic, key: "o-1".into(), headers, body }
}

/// What follows of a message: the execution, the task of the command sent, and the journal's new entries.
fn hears(
    state: Option<OrderExecution>,
    message: &Message,
) -> Result<(OrderExecution, Option<String>), Rejected> {
    let conductor = Conductor::new(Arc::new(crate::definitions()), Durations::default());
    let mut effects = Effects::new("o-1", 7);
    let run = conductor.handle(state, Input::Message(message), &mut effects)?.unwrap();
    let task = effects.messages().first().and_then(|sent| sent.headers.get(command::TASK_HEADER));
    Ok((run, task.map(str::to_owned)))
}

#[test]
fn another_order_under_the_id_of_one_being_executed_is_rejected() {
    let (run, task) = hears(None, &placed("c-1")).unwrap();
    assert!(task.is_some());
    let (same, sent) = hears(Some(run.clone()), &placed("c-1")).unwrap();
    assert_eq!((&same, sent), (&run, None), "a repetition under another message id");
    // As long as it is not known whose the id is, it waits; then it comes again, and is rejected.
    let (run, sent) = hears(Some(run), &placed("c-2")).unwrap();
    assert_eq!((run.rivals.len(), sent), (1, None));
    let (run, _) = hears(Some(run), &placed("c-2")).unwrap();
    assert_eq!(run.rivals.len(), 1, "waits once");
    let (run, sent) = hears(Some(run), &reply(&task.unwrap(), &Reply::done())).unwrap();
    assert!(run.rivals.is_empty() && sent.is_some(), "{run:?}");
    let Rejected(reason) = hears(Some(run), &placed("c-2")).unwrap_err();
    assert_eq!(reason, "another order is being executed under the id o-1");
}

#[test]
fn an_execution_that_is_refused_ends_and_gives_way_to_the_order_that_was_taken() {
    let (run, task) = hears(None, &placed("c-2")).unwrap();
    let refusal = refused(&task.unwrap());
    let (run, sent) = hears(Some(run), &refusal).unwrap();
    assert!(run.was_refused() && sent.is_none(), "{run:?}");
    let (same, sent) = hears(Some(run.clone()), &placed("c-2")).unwrap();
    assert_eq!((&same, sent), (&run, None), "it is not tried again");
    let (other, sent) = hears(Some(run), &placed("c-1")).unwrap();
    assert!(!other.was_refused() && sent.is_some());
    // What was said to the one before, and said again, is not said to it.
    assert_eq!(hears(Some(other.clone()), &refusal).unwrap().0, other);
}

#[test]
fn an_order_that_was_taken_waits_for_one_that_is_refused() {
    let (run, task) = hears(None, &placed("c-2")).unwrap();
    let (run, _) = hears(Some(run), &placed("c-1")).unwrap();
    let (run, sent) = hears(Some(run), &refused(&task.unwrap())).unwrap();
    assert!(sent.is_some() && run.rivals.is_empty(), "{run:?}");
    assert_eq!(run.placed, Some(envelope::fingerprint(&order("c-1"), Style::Orchestration)));
}

#[test]
fn an_execution_from_before_the_order_was_kept_takes_any_as_its_own() {
    let (run, _) = hears(None, &placed("c-1")).unwrap();
    let old = OrderExecution { placed: None, ..run };
    assert_eq!(hears(Some(old.clone()), &placed("c-2")).unwrap().0, old);
}

/// What the conductor says again: the execution, and the functions called with whether a reply is wanted.
fn says_again(run: OrderExecution, journal: &[bytes::Bytes]) -> (OrderExecution, Vec<(String, bool)>) {
    let definitions = crate::definitions();
    let entries = journal.iter().map(|entry| serde_json::from_slice(entry).unwrap());
    let (execution, calls) = engine::unanswered(definitions.current(), entries).unwrap();
    assert_eq!(execution, run.execution, "the journal leads to the execution");
    let replay = Replay { started_ms: execution.started_ms(), calls };
    let conductor = Conductor::new(Arc::new(definitions), Durations::default());
    let mut effects = Effects::new("o-1", 9);
    let run = conductor.handle(Some(run), Input::Request(&replay), &mut effects).unwrap().unwrap();
    let said = effects.messages().iter().map(|sent| {
        assert_eq!(sent.headers.get(envelope::REPLAYED), Some("true"));
        let kind = sent.headers.get("type").unwrap();
        let name = kind.trim_start_matches("duet.command.").trim_end_matches(".v1");
        (name.to_owned(), sent.headers.get(command::TASK_HEADER).is_some())
    });
    let said: Vec<_> = said.collect();
    assert_eq!(effects.take_answer(), Some(Some(said.len())));
    (run, said)
}

#[test]
fn what_an_execution_waits_for_is_asked_again_and_what_it_told_is_told_again() {
    let conductor = Conductor::new(Arc::new(crate::definitions()), Durations::default());
    let (mut state, mut journal, mut task) = (None, Vec::new(), String::new());
    let expected: [&[(&str, bool)]; 5] = [
        &[("record-order", true)],
        &[("authorise-payment", true)],
        &[("request-acceptance", true)],
        &[("capture-payment", true), ("notify-customer", false)],
        &[
            ("notify-customer", false),
            ("start-preparation", false),
            ("dispatch-order", false),
            ("notify-customer", false),
            ("deliver-order", true),
        ],
    ];
    for (n, expected) in expected.into_iter().enumerate() {
        let message = if n == 0 { placed("c-1") } else { reply(&task, &Reply::done()) };
        let mut effects = Effects::new("o-1", 7);
        state = conductor.handle(state, Input::Message(&message), &mut effects).unwrap();
        let asked = effects.messages().iter().find_map(|sent| sent.headers.get(command::TASK_HEADER));
        task = asked.unwrap_or(&task).to_owned();
        journal.extend(effects.journal_entries().iter().cloned());
        // The durations of the workflow are zero, but each is a timer.
        while let Some(timer) =
            state.as_ref().and_then(|run: &OrderExecution| run.execution.pending_timers().first().copied())
            && n == 4
        {
            let mut effects = Effects::new("o-1", 8);
            state = conductor.handle(state, Input::Timer(&timer.id.0.to_string()), &mut effects).unwrap();
            journal.extend(effects.journal_entries().iter().cloned());
        }
        let before = state.clone();
        let (run, said) = says_again(state.unwrap(), &journal);
        let said: Vec<_> = said.iter().map(|(name, asks)| (name.as_str(), *asks)).collect();
        assert_eq!(said, expected, "at {n}");
        assert_eq!(Some(&run), before.as_ref(), "nothing else happens");
        state = Some(run);
    }
}

#[test]
fn what_another_execution_asked_for_is_not_said() {
    let (run, _) = hears(None, &placed("c-1")).unwrap();
    let conductor = Conductor::new(Arc::new(crate::definitions()), Durations::default());
    let mut effects = Effects::new("o-1", 9);
    let replay = Replay { started_ms: 1, calls: Vec::new() };
    conductor.handle(Some(run), Input::Request(&replay), &mut effects).unwrap_err();
    conductor.handle(None, Input::Request(&replay), &mut effects).unwrap();
    assert_eq!(effects.take_answer(), Some(None), "no such execution");
}

#[test]
fn what_was_asked_of_a_function_that_is_gone_keeps_nothing_else_from_being_asked_again() {
    let (run, _) = hears(None, &placed("c-1")).unwrap();
    let call = |function: &str| Call {
        task: TaskId(1),
        state: "Call".into(),
        resource: format!("arn:aws:lambda:eu-west-1:0:function:{function}").into(),
        parameters: json!({}),
        is_awaited: false,
    };
    let calls = vec![call("nobody"), call("notify-customer")];
    let replay = Replay { started_ms: run.execution.started_ms(), calls };
    let conductor = Conductor::new(Arc::new(crate::definitions()), Durations::default());
    let mut effects = Effects::new("o-1", 9);
    conductor.handle(Some(run), Input::Request(&replay), &mut effects).unwrap();
    assert_eq!((effects.messages().len(), effects.take_answer()), (1, Some(Some(1))));
}

/// A flow of one task that calls what nobody offers, and catches that.
const NOBODY: &str = r#"{"StartAt": "Call", "States": {
    "Call": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:0:function:nobody", "Next": "Done",
             "Catch": [{"ErrorEquals": ["Lambda.ResourceNotFoundException"], "ResultPath": "$.e", "Next": "Done"}]},
    "Done": {"Type": "Succeed", "OutputPath": "$.e"}}}"#;

#[test]
fn a_task_whose_function_no_service_offers_fails_and_its_journal_says_so() {
    let definitions = Definitions::load(NOBODY).unwrap();
    let warnings = crate::unknown_functions(definitions.current());
    assert_eq!((warnings.len(), warnings[0].line, warnings[0].column), (1, 2, 42));
    let conductor = Conductor::new(Arc::new(definitions.clone()), Durations::default());
    let mut effects = Effects::new("o-1", 7);
    let run = conductor.handle(None, Input::Message(&placed("c-1")), &mut effects).unwrap().unwrap();
    assert!(effects.messages().is_empty(), "there is nobody to send it to");
    let cause = "no service offers the function 'nobody'";
    let engine::Phase::Ended(ending) = run.execution.phase() else { panic!("{run:?}") };
    let output = json!({"Error": "Lambda.ResourceNotFoundException", "Cause": cause});
    assert_eq!(ending.output, Some(output));
    // The journal alone gives the same, whatever functions there are when it is read.
    let journal = effects.journal_entries().iter().map(|entry| serde_json::from_slice(entry).unwrap());
    let (replayed, _) = engine::replay(definitions.current(), journal).unwrap();
    assert_eq!(replayed, run.execution);
}

#[test]
fn the_span_of_a_stay_is_known_by_the_name_of_its_state() {
    let (run, _) = hears(None, &placed("c-1")).unwrap();
    let stay = waiting(&run.execution).unwrap();
    assert_eq!((&*stay.state, stay.since_ms), ("RecordOrder", 7));
}
