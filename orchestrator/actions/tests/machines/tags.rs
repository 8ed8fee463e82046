//! `TagResource`, `UntagResource`, `ListTagsForResource`

use serde_json::{Value, json};

use crate::common::{World, arn, call, error, named};

async fn tags(world: &World, resource: &str) -> Value {
    world.ok("ListTagsForResource", json!({"resourceArn": resource})).await["tags"].clone()
}

#[tokio::test]
async fn machines_and_activities_have_tags() {
    let world = World::new();
    let machine = world.machine("orders").await;
    world.ok("CreateActivity", json!({"name": "pack"})).await;
    for resource in [machine, arn("activity:pack")] {
        assert_eq!(tags(&world, &resource).await, json!([]));
        let first = json!([{"key": "a", "value": "1"}, {"key": "b"}]);
        let answer = world.ok("TagResource", json!({"resourceArn": resource, "tags": first})).await;
        assert_eq!(answer, json!({}));
        let more = json!([{"key": "a", "value": "2"}, {"key": "c", "value": "3"}]);
        world.ok("TagResource", json!({"resourceArn": resource, "tags": more})).await;
        let all = json!([{"key": "a", "value": "2"}, {"key": "b", "value": ""}, {"key": "c", "value": "3"}]);
        assert_eq!(tags(&world, &resource).await, all);
        let untag = json!({"resourceArn": resource, "tagKeys": ["a", "b", "nothing"]});
        assert_eq!(world.ok("UntagResource", untag).await, json!({}));
        assert_eq!(tags(&world, &resource).await, json!([{"key": "c", "value": "3"}]));
    }
}

#[tokio::test]
async fn a_resource_has_fifty_tags_at_the_most() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let many = |from: u8, to: u8| {
        let tags: Vec<_> = (from..to).map(|n| json!({"key": format!("k{n}"), "value": "v"})).collect();
        json!({"resourceArn": machine, "tags": tags})
    };
    world.ok("TagResource", many(0, 50)).await;
    // They are the same ones.
    world.ok("TagResource", many(0, 50)).await;
    let body = call(&world.service, "TagResource", many(50, 51)).await.unwrap_err();
    let message = format!("A resource can have at most 50 tags: '{machine}'");
    assert_eq!(named(&body), error("TooManyTags", message));
    assert_eq!(body["resourceName"], machine);
    assert_eq!(tags(&world, &machine).await.as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn what_cannot_be_a_tag_is_refused() {
    let world = World::new();
    let machine = world.machine("orders").await;
    for tag in
        [json!({"value": "v"}), json!({"key": "a&b"}), json!({"key": ""}), json!({"key": "k".repeat(129)})]
    {
        let request = json!({"resourceArn": machine, "tags": [tag]});
        assert_eq!(world.fails("TagResource", request).await.0, "ValidationException", "{tag}");
    }
    assert_eq!(tags(&world, &machine).await, json!([]));
}

#[tokio::test]
async fn only_machines_and_activities_have_tags() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let version = world.publish(&machine).await;
    let requests = |resource: &str| {
        [
            ("TagResource", json!({"resourceArn": resource, "tags": []})),
            ("UntagResource", json!({"resourceArn": resource, "tagKeys": []})),
            ("ListTagsForResource", json!({"resourceArn": resource})),
        ]
    };
    for gone in
        [arn("stateMachine:nobody"), arn("activity:nobody"), machine.replace("123456789012", "999999999999")]
    {
        for (action, request) in requests(&gone) {
            let body = call(&world.service, action, request).await.unwrap_err();
            assert_eq!(
                named(&body),
                error("ResourceNotFound", format!("Resource not found: '{gone}'")),
                "{action}"
            );
            assert_eq!(body["resourceName"], gone);
        }
    }
    for bad in [version, arn("execution:orders:e"), arn("stateMachine:orders/each"), "x".to_owned()] {
        for (action, request) in requests(&bad) {
            assert_eq!(world.fails(action, request).await.0, "InvalidArn", "{action} {bad}");
        }
    }
}
