//! What executions begin with: [`Service::target`](actions::Service::target).

use actions::home_key;
use api::Failure;
use executions::Target;
use serde_json::json;

use crate::common::{World, arn, create, error, named, pass, with};

async fn target(world: &World, rest: &str, draw: u64) -> Result<Target, (String, String)> {
    world.service.target(&arn(rest), draw).await.map_err(|failure: Failure| named(&failure.body()))
}

fn fingerprint(state: &str) -> String {
    asl::parse(&pass(state)).unwrap().fingerprint().to_owned()
}

#[tokio::test]
async fn a_machine_is_begun_with_as_it_is_now() {
    let world = World::new();
    let machine = world.machine("orders").await;
    world.publish(&machine).await;
    world.ok("UpdateStateMachine", json!({"stateMachineArn": machine, "definition": pass("B")})).await;
    let found = target(&world, "stateMachine:orders", 0).await.unwrap();
    assert_eq!((found.machine_arn, found.machine_name.as_str()), (machine, "orders"));
    assert_eq!((found.home.as_str(), found.express), ("us-east-1/orders", false));
    assert_eq!(found.revision.fingerprint, fingerprint("B"));
    assert_eq!((found.version_arn, found.alias_arn), (None, None));
}

#[tokio::test]
async fn versions_and_aliases_lead_to_what_was() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let first = world.publish(&machine).await;
    let second = world.next_version(&machine, "B").await;
    world.ok("UpdateStateMachine", json!({"stateMachineArn": machine, "definition": pass("C")})).await;
    let found = target(&world, "stateMachine:orders:1", 0).await.unwrap();
    assert_eq!((found.version_arn.as_deref(), found.alias_arn), (Some(first.as_str()), None));
    assert_eq!((found.revision.fingerprint, found.machine_arn), (fingerprint("A"), machine));
    let routes = json!([{"stateMachineVersionArn": first, "weight": 25}, {"stateMachineVersionArn": second, "weight": 75}]);
    world.ok("CreateStateMachineAlias", json!({"name": "prod", "routingConfiguration": routes})).await;
    let mut counts = [0, 0];
    for draw in 0..100 {
        let found = target(&world, "stateMachine:orders:prod", draw).await.unwrap();
        assert_eq!(found.alias_arn, Some(arn("stateMachine:orders:prod")));
        let number = usize::from(found.version_arn.as_deref() == Some(second.as_str()));
        assert_eq!(found.revision.fingerprint, fingerprint(["A", "B"][number]));
        counts[number] += 1;
    }
    assert_eq!(counts, [25, 75]);
}

#[tokio::test]
async fn a_machine_made_again_has_another_home() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let express = with(create("orders"), json!({"type": "EXPRESS"}));
    world.ok("DeleteStateMachine", json!({"stateMachineArn": machine})).await;
    assert_eq!(target(&world, "stateMachine:orders", 0).await.unwrap_err().0, "StateMachineDoesNotExist");
    world.ok("CreateStateMachine", express).await;
    let found = target(&world, "stateMachine:orders", 0).await.unwrap();
    assert_eq!((found.home, found.express), (home_key("us-east-1", "orders", 2), true));
}

#[tokio::test]
async fn what_nothing_can_begin_with_is_refused() {
    let world = World::new();
    world.machine("orders").await;
    for rest in ["stateMachine:nobody", "stateMachine:orders:1", "stateMachine:orders:prod"] {
        let message = format!("State Machine Does Not Exist: '{}'", arn(rest));
        assert_eq!(target(&world, rest, 0).await.unwrap_err(), error("StateMachineDoesNotExist", message));
    }
    assert_eq!(target(&world, "stateMachine:orders/each", 0).await.unwrap_err().0, "ValidationException");
    assert_eq!(target(&world, "activity:orders", 0).await.unwrap_err().0, "InvalidArn");
}
