//! `PublishStateMachineVersion`, `ListStateMachineVersions`, `DeleteStateMachineVersion`

use registry::machines::{self, Change, Machine, Version};
use serde_json::{Value, json};
use store::StoreError;

use crate::common::{BEGIN, BEGIN_MS, World, arn, error, pass};

async fn listed(world: &World, machine: &str) -> Vec<String> {
    let answer = world.ok("ListStateMachineVersions", json!({"stateMachineArn": machine})).await;
    let versions = answer["stateMachineVersions"].as_array().unwrap().clone();
    let last = |item: &Value| {
        item["stateMachineVersionArn"].as_str().unwrap().rsplit(':').next().unwrap().to_owned()
    };
    versions.iter().map(last).collect()
}

#[tokio::test]
async fn a_revision_is_published_once() {
    let world = World::new();
    let machine = world.machine("orders").await;
    world.clock.forward(500);
    let request = |description: &str| json!({"stateMachineArn": machine, "description": description});
    let first = world.ok("PublishStateMachineVersion", request("a")).await;
    let expected =
        json!({"stateMachineVersionArn": arn("stateMachine:orders:1"), "creationDate": BEGIN as f64 + 0.5});
    assert_eq!(first, expected);
    world.clock.forward(500);
    for description in ["a", "b"] {
        assert_eq!(world.ok("PublishStateMachineVersion", request(description)).await, first);
    }
    let described =
        world.ok("DescribeStateMachine", json!({"stateMachineArn": arn("stateMachine:orders:1")})).await;
    assert_eq!(described["description"], "a");
    assert_eq!(world.next_version(&machine, "B").await, arn("stateMachine:orders:2"));
    assert_eq!(listed(&world, &machine).await, ["2", "1"]);
}

#[tokio::test]
async fn only_the_expected_revision_is_published() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let request = |revision: &str| json!({"stateMachineArn": machine, "revisionId": revision});
    let refused = world.fails("PublishStateMachineVersion", request("r1")).await;
    let message = "Failed to publish the State Machine version for revision r1. The current State Machine revision is INITIAL.";
    assert_eq!(refused, error("ConflictException", message));
    world.ok("PublishStateMachineVersion", request("INITIAL")).await;
    let update = json!({"stateMachineArn": machine, "definition": pass("B")});
    let revision = world.ok("UpdateStateMachine", update).await["revisionId"].clone();
    assert_eq!(world.fails("PublishStateMachineVersion", request("INITIAL")).await.0, "ConflictException");
    let published = world.ok("PublishStateMachineVersion", request(revision.as_str().unwrap())).await;
    assert_eq!(published["stateMachineVersionArn"], arn("stateMachine:orders:2"));
}

#[tokio::test]
async fn a_number_is_given_once() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let first = world.publish(&machine).await;
    assert_eq!(
        world.ok("DeleteStateMachineVersion", json!({"stateMachineVersionArn": first})).await,
        json!({})
    );
    assert_eq!(listed(&world, &machine).await, [""; 0]);
    assert_eq!(
        world.fails("DescribeStateMachine", json!({"stateMachineArn": first})).await.0,
        "StateMachineDoesNotExist"
    );
    // The revision has no version any more.
    assert_eq!(world.publish(&machine).await, arn("stateMachine:orders:2"));
    // It is gone already, or never was.
    for gone in [first, arn("stateMachine:orders:77"), arn("stateMachine:nobody:1")] {
        world.ok("DeleteStateMachineVersion", json!({"stateMachineVersionArn": gone})).await;
    }
    assert_eq!(listed(&world, &machine).await, ["2"]);
}

#[tokio::test]
async fn a_version_that_an_alias_leads_to_stays() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let version = world.publish(&machine).await;
    let route = json!([{"stateMachineVersionArn": version, "weight": 100}]);
    for name in ["prod", "test"] {
        world.ok("CreateStateMachineAlias", json!({"name": name, "routingConfiguration": route})).await;
    }
    let refused = world.fails("DeleteStateMachineVersion", json!({"stateMachineVersionArn": version})).await;
    let message = "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: \
                   [prod, test]";
    assert_eq!(refused, error("ConflictException", message));
    for name in ["prod", "test"] {
        let alias = arn(&format!("stateMachine:orders:{name}"));
        world.ok("DeleteStateMachineAlias", json!({"stateMachineAliasArn": alias})).await;
    }
    world.ok("DeleteStateMachineVersion", json!({"stateMachineVersionArn": version})).await;
}

#[tokio::test]
async fn a_machine_has_a_thousand_versions_at_the_most() {
    let world = World::new();
    let machine = world.machine("orders").await;
    // All but the last at once: each is written with all before it.
    let publish = |found: Option<Machine>| {
        let mut machine = found.unwrap();
        let revision = machine.current.clone();
        let version = |number| {
            let revision = revision.clone();
            Version { number, revision, description: None, created_ms: BEGIN_MS }
        };
        machine.versions = (1..1_000).map(version).collect();
        machine.published = 999;
        Ok::<_, StoreError>(Change::Put(Box::new(machine), ()))
    };
    machines::change(&world.store, "us-east-1", "us-east-1/orders", publish).await.unwrap();
    let update = json!({"stateMachineArn": machine, "definition": pass("S"), "publish": true});
    let published = world.ok("UpdateStateMachine", update).await;
    assert_eq!(published["stateMachineVersionArn"], arn("stateMachine:orders:1000"));
    world.ok("UpdateStateMachine", json!({"stateMachineArn": machine, "definition": pass("B")})).await;
    let publish = json!({"stateMachineArn": machine});
    assert_eq!(world.fails("PublishStateMachineVersion", publish).await.0, "ServiceQuotaExceededException");
    let update = json!({"stateMachineArn": machine, "definition": pass("C"), "publish": true});
    assert_eq!(world.fails("UpdateStateMachine", update).await.0, "ServiceQuotaExceededException");
    let described = world.ok("DescribeStateMachine", json!({"stateMachineArn": machine})).await;
    assert_eq!(described["definition"], pass("B"), "what cannot be published is not updated either");
    let oldest = arn("stateMachine:orders:1");
    world.ok("DeleteStateMachineVersion", json!({"stateMachineVersionArn": oldest})).await;
    assert_eq!(world.publish(&machine).await, arn("stateMachine:orders:1001"));
}

#[tokio::test]
async fn versions_are_listed_in_pages_the_newest_first() {
    let world = World::new();
    let machine = world.machine("orders").await;
    for state in ["B", "C", "D", "E"] {
        world.next_version(&machine, state).await;
    }
    let page = |token: Option<Value>| {
        let mut request = json!({"stateMachineArn": machine, "maxResults": 2});
        request["nextToken"] = token.unwrap_or_default();
        request
    };
    let first = world.ok("ListStateMachineVersions", page(None)).await;
    let of = |number: u8| json!({"stateMachineVersionArn": arn(&format!("stateMachine:orders:{number}")), "creationDate": BEGIN});
    assert_eq!(first["stateMachineVersions"], json!([of(4), of(3)]));
    // One is published and one deleted meanwhile.
    world.next_version(&machine, "F").await;
    let deleted = json!({"stateMachineVersionArn": arn("stateMachine:orders:3")});
    world.ok("DeleteStateMachineVersion", deleted).await;
    let second = world.ok("ListStateMachineVersions", page(Some(first["nextToken"].clone()))).await;
    assert_eq!(second, json!({"stateMachineVersions": [of(2), of(1)]}));
}

#[tokio::test]
async fn who_is_not_there_has_no_versions() {
    let world = World::new();
    let nobody = arn("stateMachine:nobody");
    assert_eq!(listed(&world, &nobody).await, [""; 0]);
    let refused = world.fails("PublishStateMachineVersion", json!({"stateMachineArn": nobody})).await;
    assert_eq!(
        refused,
        error("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{nobody}'"))
    );
}

#[tokio::test]
async fn an_arn_is_that_of_a_machine_or_a_version() {
    let world = World::new();
    world.machine("orders").await;
    for (action, field, bad) in [
        ("PublishStateMachineVersion", "stateMachineArn", "stateMachine:orders:1"),
        ("ListStateMachineVersions", "stateMachineArn", "stateMachine:orders:1"),
        ("ListStateMachineVersions", "stateMachineArn", "activity:a"),
        ("DeleteStateMachineVersion", "stateMachineVersionArn", "stateMachine:orders"),
        ("DeleteStateMachineVersion", "stateMachineVersionArn", "stateMachine:orders:prod"),
    ] {
        assert_eq!(world.fails(action, json!({field: arn(bad)})).await.0, "InvalidArn", "{action} {bad}");
    }
    for (action, field) in [
        ("PublishStateMachineVersion", "stateMachineArn"),
        ("ListStateMachineVersions", "stateMachineArn"),
        ("DeleteStateMachineVersion", "stateMachineVersionArn"),
    ] {
        let labelled = json!({field: arn("stateMachine:orders/each")});
        let refused = crate::common::call(&world.service, action, labelled).await.unwrap_err();
        assert_eq!(refused["reason"], "API_DOES_NOT_SUPPORT_LABELED_ARNS", "{action}");
    }
    let token = json!({"stateMachineArn": arn("stateMachine:orders"), "nextToken": "x"});
    let refused = world.fails("ListStateMachineVersions", token).await;
    assert_eq!(refused, error("InvalidToken", "Invalid Token: 'Invalid token'"));
}
