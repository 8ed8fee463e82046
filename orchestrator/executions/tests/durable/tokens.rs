//! What is handed in with a token.

use std::sync::Arc;

use engine::token::{Token, TokenKey, decode, encode};
use engine::{Ending, Fact, Status, TaskId};
use executions::{Answer, HandedIn, Request, Start, execution_key};
use serde_json::json;
use store::Store;
use store::memory::MemoryStore;

use crate::common::{CALLBACK, Running, check_journal, keep, parallel_of, somebody, start};

fn hand_in(token: Token) -> Request {
    let fact = Fact::TaskSucceeded { task: token.task(), output: json!("handed in") };
    Request::HandIn(Box::new(HandedIn { token, fact }))
}

fn bare(name: &str, task: u64) -> Token {
    decode(&format!("{task}/{}", execution_key("m", name))).unwrap()
}

fn sealed(name: &str, task: TaskId, key: &TokenKey) -> Token {
    decode(&encode(&execution_key("m", name), task, Some(key))).unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_was_given_no_token_hands_in_nothing() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    // A small one stands in its row, a great one in its journal.
    for (name, branches) in [("small", 1), ("great", 60)] {
        let definition = keep(&*store, "m", parallel_of(branches, CALLBACK)).await;
        let (key, other) = (TokenKey::new([1; 16]), TokenKey::new([2; 16]));
        let mut identity = somebody(name);
        identity.token_key = Some(key.clone());
        let Request::Start(request) = start(&definition, json!({})) else { unreachable!() };
        let request = Start { identity: Some(identity), ..*request };
        running.ask(name, Request::Start(Box::new(request))).await.unwrap();
        let waiting = running.waiting();
        assert_eq!(waiting.len(), branches);
        for (_, task) in &waiting {
            for wrong in [bare(name, task.0), sealed(name, *task, &other)] {
                assert_eq!(running.ask(name, hand_in(wrong)).await.unwrap(), Answer::InvalidToken);
            }
        }
        assert_eq!(running.ending(name).await, None);
        for (_, task) in &waiting {
            let told = running.ask(name, hand_in(sealed(name, *task, &key))).await.unwrap();
            assert!(matches!(told, Answer::Told { was_awaited: true, .. }), "{told:?}");
        }
        let Ending { status, .. } = running.ending(name).await.unwrap();
        assert_eq!(status, Status::Succeeded);
        let task = waiting[0].1;
        let late = running.ask(name, hand_in(sealed(name, task, &key))).await.unwrap();
        assert!(matches!(late, Answer::Told { was_awaited: false, .. }), "{late:?}");
        let wrong = running.ask(name, hand_in(sealed(name, task, &other))).await.unwrap();
        assert_eq!(wrong, Answer::InvalidToken, "also of one that has ended");
        check_journal(&*store, name, &definition).await;
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_execution_of_before_there_were_keys_takes_the_tokens_that_it_gave() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let states = parallel_of(1, CALLBACK);
    let definition = keep(&*store, "m", states).await;
    running.start("a", &definition, json!({})).await;
    let (_, task) = running.waiting().pop().unwrap();
    let sealed = sealed("a", task, &TokenKey::new([1; 16]));
    assert_eq!(running.ask("a", hand_in(sealed)).await.unwrap(), Answer::InvalidToken);
    let told = running.ask("a", hand_in(bare("a", task.0))).await.unwrap();
    assert!(matches!(told, Answer::Told { was_awaited: true, .. }), "{told:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_hands_out_no_token_is_not_ended_by_one() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    // What nothing is known of waits for somebody who tells it otherwise.
    let definition =
        keep(&*store, "m", parallel_of(1, "arn:aws:lambda:us-east-1:000000000000:function:other")).await;
    running.start("a", &definition, json!({})).await;
    let (_, task) = running.waiting().pop().unwrap();
    assert_eq!(running.ask("a", hand_in(bare("a", task.0))).await.unwrap(), Answer::InvalidToken);
    assert_eq!(running.ending("a").await, None);
    running.stop().await;
}
