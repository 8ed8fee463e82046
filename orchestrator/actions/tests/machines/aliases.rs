//! `CreateStateMachineAlias`, `UpdateStateMachineAlias`, `DescribeStateMachineAlias`, `DeleteStateMachineAlias`,
//! `ListStateMachineAliases`

use serde_json::{Value, json};

use crate::common::{BEGIN, World, arn, call, error, with};

fn routes(weights: &[(&str, i64)]) -> Value {
    weights
        .iter()
        .map(|(version, weight)| json!({"stateMachineVersionArn": version, "weight": weight}))
        .collect()
}

fn alias(name: &str, weights: &[(&str, i64)]) -> Value {
    json!({"name": name, "routingConfiguration": routes(weights)})
}

/// A machine with two versions.
async fn two() -> (World, String, String) {
    let world = World::new();
    let machine = world.machine("orders").await;
    let first = world.publish(&machine).await;
    let second = world.next_version(&machine, "B").await;
    (world, first, second)
}

#[tokio::test]
async fn an_alias_leads_to_versions() {
    let (world, first, second) = two().await;
    world.clock.forward(1_000);
    let request = with(alias("prod", &[(&first, 90), (&second, 10)]), json!({"description": "d"}));
    let made = world.ok("CreateStateMachineAlias", request.clone()).await;
    let named = arn("stateMachine:orders:prod");
    assert_eq!(made, json!({"stateMachineAliasArn": named, "creationDate": BEGIN + 1}));
    world.clock.forward(1_000);
    assert_eq!(world.ok("CreateStateMachineAlias", request.clone()).await, made);
    let described = world.ok("DescribeStateMachineAlias", json!({"stateMachineAliasArn": named})).await;
    let expected = json!({"stateMachineAliasArn": named, "creationDate": BEGIN + 1, "updateDate": BEGIN + 1});
    assert_eq!(described, with(request, expected));
}

#[tokio::test]
async fn another_alias_of_the_name_is_refused() {
    let (world, first, second) = two().await;
    let request = with(alias("prod", &[(&first, 100)]), json!({"description": "d"}));
    world.ok("CreateStateMachineAlias", request.clone()).await;
    for other in [json!({"description": "e"}), json!({"description": null}), alias("prod", &[(&second, 100)])]
    {
        let refused = world.fails("CreateStateMachineAlias", with(request.clone(), other)).await;
        let message = "Failed to create alias because an alias with the same name and a different routing configuration or \
                       description already exists.";
        assert_eq!(refused, error("ConflictException", message));
    }
}

#[tokio::test]
async fn routes_are_one_or_two_versions_of_a_machine() {
    let (world, first, second) = two().await;
    let other = world.machine("refunds").await;
    let foreign = world.publish(&other).await;
    let machine = arn("stateMachine:orders");
    let received = |all: &[&str]| format!("Received: [{}]", all.join(", "));
    for (weights, message) in [
        (vec![(&first, 99)], "Sum of routing configuration weights must equal 100. Received: 99".to_owned()),
        (
            vec![(&first, 60), (&second, 50)],
            "Sum of routing configuration weights must equal 100. Received: 110".to_owned(),
        ),
        (
            vec![(&first, 50), (&first, 50)],
            format!(
                "Routing configuration must contain distinct state machine version ARNs. {}",
                received(&[&first, &first])
            ),
        ),
        (
            vec![(&first, 50), (&foreign, 50)],
            format!(
                "Routing configuration must contain versions of the same state machine. {}",
                received(&[&first, &foreign])
            ),
        ),
        (
            vec![(&machine, 100)],
            format!(
                "Routing configuration must contain state machine version ARNs. {}",
                received(&[&machine])
            ),
        ),
    ] {
        let weights: Vec<(&str, i64)> =
            weights.into_iter().map(|(arn, weight)| (arn.as_str(), weight)).collect();
        let body =
            call(&world.service, "CreateStateMachineAlias", alias("prod", &weights)).await.unwrap_err();
        assert_eq!(crate::common::named(&body), error("ValidationException", message));
        assert_eq!(body["reason"], "INVALID_ROUTING_CONFIGURATION");
    }
    for (weights, constraint) in [
        (vec![], "Member must have length greater than or equal to 1"),
        (
            vec![(first.as_str(), 50), (&second, 50), (&foreign, 0)],
            "Member must have length less than or equal to 2",
        ),
        (vec![(first.as_str(), 101)], "Member must have value less than or equal to 100"),
    ] {
        let (kind, message) = world.fails("CreateStateMachineAlias", alias("prod", &weights)).await;
        assert_eq!(kind, "ValidationException");
        assert!(message.ends_with(constraint), "{message}");
    }
    let refused = world.fails("CreateStateMachineAlias", alias("prod", &[("x", 100)])).await;
    assert_eq!(refused.0, "InvalidArn");
}

#[tokio::test]
async fn versions_that_are_not_there_are_led_to_by_nothing() {
    let (world, first, _) = two().await;
    for missing in [arn("stateMachine:orders:9"), arn("stateMachine:nobody:1")] {
        let body = call(&world.service, "CreateStateMachineAlias", alias("prod", &[(&missing, 100)])).await;
        let body = body.unwrap_err();
        let message = format!("Request references a resource that does not exist: '{missing}'");
        assert_eq!(crate::common::named(&body), error("ResourceNotFound", message));
        assert_eq!(body["resourceName"], missing);
    }
    let (kind, _) = world.fails("CreateStateMachineAlias", alias("7", &[(&first, 100)])).await;
    assert_eq!(kind, "ValidationException", "an alias is not called as a version is");
}

#[tokio::test]
async fn an_alias_is_updated() {
    let (world, first, second) = two().await;
    world.ok("CreateStateMachineAlias", alias("prod", &[(&first, 100)])).await;
    let named = arn("stateMachine:orders:prod");
    let update = |members: Value| with(json!({"stateMachineAliasArn": named}), members);
    world.clock.forward(1_000);
    let updated = world.ok("UpdateStateMachineAlias", update(json!({"description": "d"}))).await;
    assert_eq!(updated, json!({"updateDate": BEGIN + 1}));
    world.clock.forward(1_000);
    let both = json!({"routingConfiguration": routes(&[(&first, 0), (&second, 100)])});
    let updated = world.ok("UpdateStateMachineAlias", update(both.clone())).await;
    assert_eq!(updated, json!({"updateDate": BEGIN + 2}));
    world.clock.forward(1_000);
    assert_eq!(
        world.ok("UpdateStateMachineAlias", update(both.clone())).await,
        updated,
        "it changes nothing"
    );
    let turned = json!({"routingConfiguration": routes(&[(&second, 100), (&first, 0)])});
    assert_eq!(world.ok("UpdateStateMachineAlias", update(turned)).await, updated, "nor does another order");
    let described = world.ok("DescribeStateMachineAlias", update(json!({}))).await;
    let expected = json!({"stateMachineAliasArn": named, "name": "prod", "description": "d", "creationDate": BEGIN,
                          "updateDate": BEGIN + 2});
    assert_eq!(described, with(expected, both));
}

#[tokio::test]
async fn what_cannot_be_updated_is_refused() {
    let (world, first, _) = two().await;
    let other = world.machine("refunds").await;
    let foreign = world.publish(&other).await;
    world.ok("CreateStateMachineAlias", alias("prod", &[(&first, 100)])).await;
    let named = arn("stateMachine:orders:prod");
    for (members, reason) in [
        (json!({}), "MISSING_REQUIRED_PARAMETER"),
        (json!({"routingConfiguration": routes(&[(&first, 1)])}), "INVALID_ROUTING_CONFIGURATION"),
        (json!({"routingConfiguration": routes(&[(&foreign, 100)])}), "INVALID_ROUTING_CONFIGURATION"),
    ] {
        let update = with(json!({"stateMachineAliasArn": named}), members);
        let body = call(&world.service, "UpdateStateMachineAlias", update).await.unwrap_err();
        assert_eq!(body["reason"], reason, "{body}");
    }
    let missing = arn("stateMachine:orders:9");
    let update = json!({"stateMachineAliasArn": named, "routingConfiguration": routes(&[(&missing, 100)])});
    assert_eq!(world.fails("UpdateStateMachineAlias", update).await.0, "ResourceNotFound");
}

#[tokio::test]
async fn an_alias_that_is_not_there_is_not_found() {
    let (world, first, _) = two().await;
    world.ok("CreateStateMachineAlias", alias("prod", &[(&first, 100)])).await;
    let named = json!({"stateMachineAliasArn": arn("stateMachine:orders:prod")});
    assert_eq!(world.ok("DeleteStateMachineAlias", named.clone()).await, json!({}));
    for gone in [arn("stateMachine:orders:prod"), arn("stateMachine:nobody:prod")] {
        let message = format!("Request references a resource that does not exist: '{gone}'");
        let named = json!({"stateMachineAliasArn": gone});
        for action in ["DeleteStateMachineAlias", "DescribeStateMachineAlias", "UpdateStateMachineAlias"] {
            let request = with(named.clone(), json!({"description": "d"}));
            assert_eq!(world.fails(action, request).await, error("ResourceNotFound", &message), "{action}");
        }
    }
    for action in ["DeleteStateMachineAlias", "DescribeStateMachineAlias", "UpdateStateMachineAlias"] {
        for (bad, kind) in [
            (arn("stateMachine:orders"), "InvalidArn"),
            (first.clone(), "InvalidArn"),
            (arn("stateMachine:orders/each"), "ValidationException"),
        ] {
            let request = json!({"stateMachineAliasArn": bad, "description": "d"});
            assert_eq!(world.fails(action, request).await.0, kind, "{action} {bad}");
        }
    }
}

#[tokio::test]
async fn a_machine_has_a_hundred_aliases_at_the_most() {
    let (world, first, _) = two().await;
    for number in 0..100 {
        world.ok("CreateStateMachineAlias", alias(&format!("a{number}"), &[(&first, 100)])).await;
    }
    let one_more = alias("b", &[(&first, 100)]);
    assert_eq!(
        world.fails("CreateStateMachineAlias", one_more.clone()).await.0,
        "ServiceQuotaExceededException"
    );
    let one = json!({"stateMachineAliasArn": arn("stateMachine:orders:a50")});
    world.ok("DeleteStateMachineAlias", one).await;
    world.ok("CreateStateMachineAlias", one_more).await;
}

#[tokio::test]
async fn aliases_are_listed_in_pages_the_newest_first() {
    let (world, first, second) = two().await;
    for (name, version) in [("a", &first), ("b", &second), ("c", &first), ("d", &second)] {
        world.ok("CreateStateMachineAlias", alias(name, &[(version, 100)])).await;
    }
    let listed = async |of: &str, token: Option<Value>| {
        let mut request = json!({"stateMachineArn": of, "maxResults": 2});
        request["nextToken"] = token.unwrap_or_default();
        world.ok("ListStateMachineAliases", request).await
    };
    let item = |name: &str| json!({"stateMachineAliasArn": arn(&format!("stateMachine:orders:{name}")), "creationDate": BEGIN});
    let machine = arn("stateMachine:orders");
    let page = listed(&machine, None).await;
    assert_eq!(page["stateMachineAliases"], json!([item("d"), item("c")]));
    // One is made and one deleted meanwhile.
    world.ok("CreateStateMachineAlias", alias("e", &[(&first, 100)])).await;
    let deleted = json!({"stateMachineAliasArn": arn("stateMachine:orders:c")});
    world.ok("DeleteStateMachineAlias", deleted).await;
    let rest = listed(&machine, Some(page["nextToken"].clone())).await;
    assert_eq!(rest, json!({"stateMachineAliases": [item("b"), item("a")]}));
    assert_eq!(listed(&first, None).await, json!({"stateMachineAliases": [item("e"), item("a")]}));
    let token = json!({"stateMachineArn": second, "nextToken": page["nextToken"]});
    assert_eq!(
        world.fails("ListStateMachineAliases", token).await.0,
        "InvalidToken",
        "it is of another list"
    );
}

#[tokio::test]
async fn aliases_of_what_is_not_there_are_not_listed() {
    let (world, ..) = two().await;
    for (of, kind) in [
        ("stateMachine:nobody", "StateMachineDoesNotExist"),
        ("stateMachine:nobody:1", "StateMachineDoesNotExist"),
        ("stateMachine:orders:9", "ResourceNotFound"),
        ("stateMachine:orders:prod", "InvalidArn"),
        ("execution:orders:e", "InvalidArn"),
    ] {
        let refused = world.fails("ListStateMachineAliases", json!({"stateMachineArn": arn(of)})).await;
        assert_eq!(refused.0, kind, "{of}");
    }
}
