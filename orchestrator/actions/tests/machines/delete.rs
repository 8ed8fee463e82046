//! `DeleteStateMachine`

use std::time::Duration;

use engine::Status;
use registry::machines::{self, Change, Machine};
use serde_json::json;
use store::StoreError;

use crate::common::runs::wait;
use crate::common::{BEGIN, World, arn, create, error, ok, pass, with};

#[tokio::test]
async fn a_deleted_machine_is_gone_with_its_versions_and_aliases() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let version = world.publish(&machine).await;
    let route = json!([{"stateMachineVersionArn": version, "weight": 100}]);
    world.ok("CreateStateMachineAlias", json!({"name": "prod", "routingConfiguration": route})).await;
    assert_eq!(world.ok("DeleteStateMachine", json!({"stateMachineArn": machine})).await, json!({}));
    let gone =
        |arn: &str| error("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"));
    for (action, request) in [
        ("DescribeStateMachine", json!({"stateMachineArn": machine})),
        ("UpdateStateMachine", json!({"stateMachineArn": machine, "definition": pass("B")})),
        ("PublishStateMachineVersion", json!({"stateMachineArn": machine})),
        ("ListStateMachineAliases", json!({"stateMachineArn": machine})),
    ] {
        assert_eq!(world.fails(action, request).await, gone(&machine), "{action}");
    }
    assert_eq!(
        world.fails("DescribeStateMachine", json!({"stateMachineArn": version})).await,
        gone(&version)
    );
    let alias = json!({"stateMachineAliasArn": arn("stateMachine:orders:prod")});
    assert_eq!(world.fails("DescribeStateMachineAlias", alias).await.0, "ResourceNotFound");
    assert_eq!(
        world.fails("ListTagsForResource", json!({"resourceArn": machine})).await.0,
        "ResourceNotFound"
    );
    assert_eq!(world.ok("ListStateMachines", json!({})).await, json!({"stateMachines": []}));
    // It is gone already, or never was.
    for name in ["orders", "nobody"] {
        let request = json!({"stateMachineArn": arn(&format!("stateMachine:{name}"))});
        assert_eq!(world.ok("DeleteStateMachine", request).await, json!({}));
    }
}

#[tokio::test]
async fn a_machine_made_again_begins_anew() {
    let world = World::new();
    let tagged = with(create("orders"), json!({"publish": true, "tags": [{"key": "a", "value": "b"}]}));
    let made = world.ok("CreateStateMachine", tagged).await;
    let machine = made["stateMachineArn"].as_str().unwrap();
    world.next_version(machine, "B").await;
    world.ok("DeleteStateMachine", json!({"stateMachineArn": machine})).await;
    world.clock.forward(1_000);
    let again = world.ok("CreateStateMachine", with(create("orders"), json!({"type": "EXPRESS"}))).await;
    assert_eq!(again, json!({"stateMachineArn": machine, "creationDate": BEGIN + 1}));
    let described = world.ok("DescribeStateMachine", json!({"stateMachineArn": machine})).await;
    assert_eq!((&described["type"], described.get("revisionId")), (&json!("EXPRESS"), None));
    let tags = world.ok("ListTagsForResource", json!({"resourceArn": machine})).await;
    assert_eq!(tags, json!({"tags": []}));
    assert_eq!(world.publish(machine).await, arn("stateMachine:orders:1"));
}

#[tokio::test]
async fn only_a_machine_is_deleted() {
    let world = World::new();
    let machine = world.machine("orders").await;
    world.publish(&machine).await;
    for (bad, kind) in [
        (arn("stateMachine:orders:1"), "InvalidArn"),
        (arn("activity:orders"), "InvalidArn"),
        (arn("stateMachine:orders/each"), "ValidationException"),
    ] {
        assert_eq!(world.fails("DeleteStateMachine", json!({"stateMachineArn": bad})).await.0, kind, "{bad}");
    }
    world.ok("DescribeStateMachine", json!({"stateMachineArn": machine})).await;
}

#[tokio::test]
async fn a_machine_is_deleted_once_its_executions_have_ended() {
    let mut world = World::new();
    world.ok("CreateStateMachine", with(create("orders"), json!({"definition": wait("W")}))).await;
    let machine = arn("stateMachine:orders");
    let version = world.publish(&machine).await;
    let route = json!([{"stateMachineVersionArn": version, "weight": 100}]);
    let alias = json!({"name": "prod", "routingConfiguration": route});
    // Nobody stops executions here until the participant runs: it begins them, and goes.
    let other = begun_and_left(&mut world, &machine).await;
    other.ok("DeleteStateMachine", json!({"stateMachineArn": machine})).await;
    let described = other.ok("DescribeStateMachine", json!({"stateMachineArn": machine})).await;
    assert_eq!(described["status"], "DELETING");
    assert_eq!(other.ok("ListStateMachines", json!({})).await["stateMachines"][0]["name"], "orders");
    let deleting = error("StateMachineDeleting", format!("State Machine is deleting: '{machine}'"));
    for (action, request) in [
        ("CreateStateMachine", create("orders")),
        ("UpdateStateMachine", json!({"stateMachineArn": machine, "definition": pass("B")})),
        ("PublishStateMachineVersion", json!({"stateMachineArn": machine})),
        ("ListStateMachineAliases", json!({"stateMachineArn": machine})),
        ("CreateStateMachineAlias", alias),
        (
            "UpdateStateMachineAlias",
            json!({"stateMachineAliasArn": arn("stateMachine:orders:prod"), "description": "d"}),
        ),
    ] {
        assert_eq!(other.fails(action, request).await, deleting, "{action}");
    }
    let failure = other.service.target(&machine, 0).await.unwrap_err();
    assert_eq!(crate::common::named(&failure.body()), deleting);
}

/// A world with the same store, whose executions run and are answered by nobody.
async fn begun_and_left(world: &mut World, machine: &str) -> World {
    world.run();
    for name in ["a", "b"] {
        world.start(machine, name).await;
    }
    World::over(world.store.clone())
}

#[tokio::test]
async fn executions_of_a_deleted_machine_are_stopped() {
    let mut world = World::new();
    world.run();
    world.ok("CreateStateMachine", with(create("orders"), json!({"definition": wait("W")}))).await;
    let machine = arn("stateMachine:orders");
    for name in ["a", "b", "c"] {
        world.start(&machine, name).await;
    }
    world.ok("DeleteStateMachine", json!({"stateMachineArn": machine})).await;
    let mut tries = 0;
    while world.service.target(&machine, 0).await.unwrap_err().body()["__type"]
        .as_str()
        .is_some_and(|kind| kind.ends_with("StateMachineDeleting"))
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
        tries += 1;
        assert!(tries < 2_000, "the machine is not deleted");
    }
    for name in ["a", "b", "c"] {
        assert_eq!(world.status("us-east-1/orders", name).await, Status::Aborted);
    }
    world.machine("orders").await;
    let found = world.service.target(&machine, 0).await.unwrap();
    assert_eq!(found.home, "us-east-1/orders~2");
}

#[tokio::test]
async fn a_deletion_that_was_left_undone_goes_on_when_the_machine_is_looked_at() {
    let mut world = World::new();
    world.ok("CreateStateMachine", with(create("orders"), json!({"definition": wait("W")}))).await;
    let machine = arn("stateMachine:orders");
    let left = begun_and_left(&mut world, &machine).await;
    left.ok("DeleteStateMachine", json!({"stateMachineArn": machine})).await;
    // `world` has a participant, and `left` none.
    let mut tries = 0;
    loop {
        let answer =
            crate::common::call(&world.service, "DescribeStateMachine", json!({"stateMachineArn": machine}))
                .await;
        match answer {
            Ok(described) => assert_eq!(described["status"], "DELETING"),
            Err(error) => {
                break assert!(
                    error["message"].as_str().unwrap().starts_with("State Machine Does Not Exist")
                );
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        tries += 1;
        assert!(tries < 2_000, "the machine is not deleted");
    }
    assert_eq!(world.status("us-east-1/orders", "a").await, Status::Aborted);
}

#[tokio::test]
async fn a_deletion_that_was_left_undone_goes_on_with_the_next_process() {
    let mut world = World::new();
    world.ok("CreateStateMachine", with(create("orders"), json!({"definition": wait("W")}))).await;
    let machine = arn("stateMachine:orders");
    let left = begun_and_left(&mut world, &machine).await;
    left.ok("DeleteStateMachine", json!({"stateMachineArn": machine})).await;
    // Nobody asks for the machine: `world` has a participant, and only looks around as it would at its start.
    world.service.go_on_with_deletions();
    let mut tries = 0;
    while world.status("us-east-1/orders", "a").await != Status::Aborted
        || world.status("us-east-1/orders", "b").await != Status::Aborted
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
        tries += 1;
        assert!(tries < 2_000, "the executions still run");
    }
}

#[tokio::test]
async fn a_deletion_of_another_region_goes_on_as_well() {
    let world = World::new();
    let elsewhere = world.service.in_region("eu-west-1");
    ok(&elsewhere, "CreateStateMachine", create("orders")).await;
    let going = |machine: Option<Machine>| -> Result<_, StoreError> {
        Ok(Change::Put(Box::new(Machine { deleting: true, ..machine.unwrap() }), ()))
    };
    let place = "eu-west-1/orders";
    machines::change(&world.store, "eu-west-1", place, going).await.unwrap();
    world.service.go_on_with_deletions();
    let mut tries = 0;
    while machines::find(&world.store, place).await.unwrap().is_none_or(|machine| !machine.deleted) {
        tokio::time::sleep(Duration::from_millis(5)).await;
        tries += 1;
        assert!(tries < 2_000, "the machine is not deleted");
    }
}
