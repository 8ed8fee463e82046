//! `CreateActivity`, `DescribeActivity`, `DeleteActivity`, `ListActivities`

use serde_json::{Value, json};
use store::{Commit, EntityWrite, Store};

use crate::common::{BEGIN, World, arn, error};

#[tokio::test]
async fn an_activity_is_made_and_described() {
    let world = World::new();
    let made = world.ok("CreateActivity", json!({"name": "pack"})).await;
    assert_eq!(made, json!({"activityArn": arn("activity:pack"), "creationDate": BEGIN}));
    let described = world.ok("DescribeActivity", json!({"activityArn": arn("activity:pack")})).await;
    let expected = json!({"activityArn": arn("activity:pack"), "name": "pack", "creationDate": BEGIN,
                          "encryptionConfiguration": {"type": "AWS_OWNED_KEY"}});
    assert_eq!(described, expected);
}

#[tokio::test]
async fn the_same_request_again_answers_the_same() {
    let world = World::new();
    let made =
        world.ok("CreateActivity", json!({"name": "pack", "tags": [{"key": "a", "value": "b"}]})).await;
    world.clock.forward(1_000);
    for other in [json!({"name": "pack"}), json!({"name": "pack", "tags": [{"key": "c", "value": "d"}]})] {
        assert_eq!(world.ok("CreateActivity", other).await, made);
    }
    let tags = world.ok("ListTagsForResource", json!({"resourceArn": arn("activity:pack")})).await;
    assert_eq!(tags, json!({"tags": [{"key": "a", "value": "b"}]}));
}

#[tokio::test]
async fn the_encryption_of_an_activity_stays() {
    let world = World::new();
    let encryption =
        json!({"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k", "kmsDataKeyReusePeriodSeconds": 300});
    let request = json!({"name": "pack", "encryptionConfiguration": encryption});
    let made = world.ok("CreateActivity", request.clone()).await;
    assert_eq!(world.ok("CreateActivity", request).await, made);
    let described = world.ok("DescribeActivity", json!({"activityArn": arn("activity:pack")})).await;
    assert_eq!(described["encryptionConfiguration"], encryption);
    let refused = world.fails("CreateActivity", json!({"name": "pack"})).await;
    let message = format!(
        "Activity Already Exists: '{}'. EncryptionConfiguration may not be updated.",
        arn("activity:pack")
    );
    assert_eq!(refused, error("ActivityAlreadyExists", message));
    let wrong = json!({"name": "sort", "encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}});
    assert_eq!(world.fails("CreateActivity", wrong).await.0, "InvalidEncryptionConfiguration");
}

#[tokio::test]
async fn what_cannot_be_an_activity_is_refused() {
    let world = World::new();
    let refused = world.fails("CreateActivity", json!({"name": "a b"})).await;
    assert_eq!(refused, error("InvalidName", "Invalid Name: 'a b'"));
    let tags: Vec<_> = (0..51).map(|n| json!({"key": format!("k{n}")})).collect();
    let refused = world.fails("CreateActivity", json!({"name": "pack", "tags": tags})).await;
    assert_eq!(refused.0, "TooManyTags");
}

#[tokio::test]
async fn a_region_has_so_many_activities_at_the_most() {
    let world = World::new();
    world.ok("CreateActivity", json!({"name": "pack"})).await;
    let full = EntityWrite {
        key: "activities/us-east-1".to_owned(),
        expected: 1,
        state: "100000".into(),
        ..EntityWrite::default()
    };
    world.store.commit(&Commit { entities: vec![full], ..Commit::default() }).await.unwrap();
    assert_eq!(world.fails("CreateActivity", json!({"name": "sort"})).await.0, "ActivityLimitExceeded");
    world.ok("CreateActivity", json!({"name": "pack"})).await;
    world.ok("DeleteActivity", json!({"activityArn": arn("activity:pack")})).await;
    world.ok("CreateActivity", json!({"name": "sort"})).await;
}

#[tokio::test]
async fn a_deleted_activity_is_gone_and_may_be_made_again() {
    let world = World::new();
    world.ok("CreateActivity", json!({"name": "pack", "tags": [{"key": "a", "value": "b"}]})).await;
    let named = json!({"activityArn": arn("activity:pack")});
    for _ in 0..2 {
        assert_eq!(world.ok("DeleteActivity", named.clone()).await, json!({}));
        let message = format!("Activity Does Not Exist: '{}'", arn("activity:pack"));
        assert_eq!(
            world.fails("DescribeActivity", named.clone()).await,
            error("ActivityDoesNotExist", message)
        );
    }
    world.clock.forward(1_000);
    assert_eq!(world.ok("CreateActivity", json!({"name": "pack"})).await["creationDate"], BEGIN + 1);
    let tags = world.ok("ListTagsForResource", json!({"resourceArn": arn("activity:pack")})).await;
    assert_eq!(tags, json!({"tags": []}));
}

#[tokio::test]
async fn activities_are_listed_in_full_pages() {
    let world = World::new();
    for number in 0..6 {
        world.ok("CreateActivity", json!({"name": format!("a{number}")})).await;
    }
    for gone in ["a4", "a3", "a0"] {
        world.ok("DeleteActivity", json!({"activityArn": arn(&format!("activity:{gone}"))})).await;
    }
    let item = |name: &str| json!({"activityArn": arn(&format!("activity:{name}")), "name": name, "creationDate": BEGIN});
    let mut first = world.ok("ListActivities", json!({"maxResults": 2})).await;
    let token: Value = first.as_object_mut().unwrap().remove("nextToken").unwrap();
    assert_eq!(first, json!({"activities": [item("a5"), item("a2")]}));
    let second = world.ok("ListActivities", json!({"maxResults": 2, "nextToken": token})).await;
    assert_eq!(second, json!({"activities": [item("a1")]}));
}

#[tokio::test]
async fn an_arn_is_that_of_an_activity() {
    let world = World::new();
    for action in ["DescribeActivity", "DeleteActivity"] {
        for bad in ["pack".to_owned(), arn("stateMachine:pack"), arn("activity:a:b")] {
            assert_eq!(
                world.fails(action, json!({"activityArn": bad})).await.0,
                "InvalidArn",
                "{action} {bad}"
            );
        }
    }
}
