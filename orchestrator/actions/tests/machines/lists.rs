//! `ListStateMachines`

use serde_json::{Value, json};

use crate::common::{BEGIN, World, arn, create, error, with};

fn names(page: &Value) -> Vec<&str> {
    let machines = page["stateMachines"].as_array().unwrap();
    machines.iter().map(|machine| machine["name"].as_str().unwrap()).collect()
}

fn page(size: u32, token: &Value) -> Value {
    json!({"maxResults": size, "nextToken": token})
}

#[tokio::test]
async fn machines_are_listed_those_made_last_first() {
    let world = World::new();
    world.ok("CreateStateMachine", with(create("a"), json!({"type": "EXPRESS"}))).await;
    world.clock.forward(1_000);
    world.machine("b").await;
    let item = |name: &str, kind: &str, since: i64| {
        let machine = arn(&format!("stateMachine:{name}"));
        json!({"stateMachineArn": machine, "name": name, "type": kind, "creationDate": since})
    };
    let expected = json!({"stateMachines": [item("b", "STANDARD", BEGIN + 1), item("a", "EXPRESS", BEGIN)]});
    assert_eq!(world.ok("ListStateMachines", json!({})).await, expected);
    assert_eq!(world.ok("ListStateMachines", json!({"maxResults": 0})).await, expected);
    let elsewhere = world.service.in_region("eu-west-1");
    assert_eq!(
        crate::common::ok(&elsewhere, "ListStateMachines", json!({})).await,
        json!({"stateMachines": []})
    );
}

#[tokio::test]
async fn a_page_is_full_unless_it_is_the_last() {
    let world = World::new();
    for number in 0..10 {
        let machine = world.machine(&format!("m{number}")).await;
        // Every other one is deleted, and the first three.
        if number % 2 == 0 || number < 3 {
            world.ok("DeleteStateMachine", json!({"stateMachineArn": machine})).await;
        }
    }
    let first = world.ok("ListStateMachines", page(2, &Value::Null)).await;
    assert_eq!(names(&first), ["m9", "m7"]);
    // Others are made meanwhile, and one is gone.
    world.machine("new").await;
    world.ok("DeleteStateMachine", json!({"stateMachineArn": arn("stateMachine:m7")})).await;
    let second = world.ok("ListStateMachines", page(2, &first["nextToken"])).await;
    assert_eq!(names(&second), ["m5", "m3"]);
    assert_eq!(second.get("nextToken"), None, "what follows was deleted");
}

#[tokio::test]
async fn a_hundred_are_listed_unless_it_is_said() {
    let world = World::new();
    for number in 0..101 {
        world.machine(&format!("m{number}")).await;
    }
    let first = world.ok("ListStateMachines", json!({})).await;
    assert_eq!(names(&first).len(), 100);
    let second = world.ok("ListStateMachines", json!({"nextToken": first["nextToken"]})).await;
    assert_eq!((names(&second), second.get("nextToken")), (vec!["m0"], None));
    assert_eq!(names(&world.ok("ListStateMachines", json!({"maxResults": 1000})).await).len(), 101);
}

#[tokio::test]
async fn a_token_is_good_for_its_list_and_for_a_day() {
    let world = World::new();
    for name in ["a", "b"] {
        world.machine(name).await;
        world.ok("CreateActivity", json!({"name": name})).await;
    }
    let invalid = error("InvalidToken", "Invalid Token: 'Invalid token'");
    let machines = world.ok("ListStateMachines", json!({"maxResults": 1})).await["nextToken"].clone();
    let activities = world.ok("ListActivities", json!({"maxResults": 1})).await["nextToken"].clone();
    for token in [&activities, &json!("x")] {
        assert_eq!(world.fails("ListStateMachines", page(1, token)).await, invalid);
    }
    assert_eq!(world.fails("ListActivities", page(1, &machines)).await, invalid);
    world.clock.forward(24 * 60 * 60 * 1000 - 1);
    assert_eq!(names(&world.ok("ListStateMachines", page(1, &machines)).await), ["a"]);
    world.clock.forward(1);
    assert_eq!(world.fails("ListStateMachines", page(1, &machines)).await, invalid);
    let (kind, message) = world.fails("ListStateMachines", json!({"maxResults": 1001})).await;
    assert_eq!(kind, "ValidationException");
    assert!(message.ends_with("Member must have value less than or equal to 1000"), "{message}");
}
