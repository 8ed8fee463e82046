//! What arrives, and where.

use std::sync::Arc;

use bytes::Bytes;

use super::kit::{Scene, ids, receive, settle};
use crate::{Bus, BusError, Depth, HEADERS_MAX, Message, Outcome};

/// Id, topic, key, headers in their order, and every byte of the body arrive as published.
pub async fn every_attribute_arrives_byte_for_byte(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let mut message = scene.message("kind", "order-1", "id-1");
    message.headers.set("ce-type", "placed");
    message.headers.set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    message.headers.set("empty", "");
    message.body = (0..=255).collect::<Vec<u8>>().into();
    let empty = Message { body: Bytes::new(), ..scene.message("kind", "order-1", "id-2") };
    scene.publish(&[message.clone(), empty.clone()]).await;
    let deliveries = receive(&consumer, 2).await;
    assert_eq!(*deliveries[0].message, message);
    assert_eq!(*deliveries[1].message, empty);
    assert_eq!(deliveries[0].attempt, 1);
}

/// Keys, ids and header values may hold any text.
pub async fn unicode_keys_and_headers_arrive(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let mut messages = Vec::new();
    for (n, text) in
        ["Größe ✓", "注文", "🍕🍕", "with\nline\tand \"quotes\"", "a;b=c,d"].into_iter().enumerate()
    {
        let mut message = scene.message("kind", text, format!("{n}-{text}"));
        message.headers.set("note", text);
        messages.push(message);
    }
    scene.publish(&messages).await;
    let mut received: Vec<Message> = receive(&consumer, messages.len())
        .await
        .iter()
        .map(|delivery| Message::clone(&delivery.message))
        .collect();
    received.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(received, messages);
}

/// Each group gets each message of its topics.
pub async fn every_group_gets_every_message(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let mut consumers = Vec::new();
    for group in ["g1", "g2", "g3"] {
        consumers.push(scene.subscribe(&scene.subscription(group, &["kind"])).await);
    }
    let messages: Vec<Message> = (0..20).map(|n| scene.numbered(n, 1)).collect();
    scene.publish(&messages).await;
    for consumer in &consumers {
        let deliveries = receive(consumer, 20).await;
        let expected: Vec<&str> = messages.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids(&deliveries), expected);
        settle(consumer, &deliveries, Outcome::Done).await;
    }
}

/// What is published after the declaration waits for the first consumer.
pub async fn a_declared_group_keeps_messages_until_it_is_consumed(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let subscription = scene.subscription("g", &["kind"]);
    scene.declare(&subscription).await;
    scene.declare(&subscription).await;
    scene.publish(&[scene.message("kind", "k", "1"), scene.message("kind", "k", "2")]).await;
    let consumer = scene.subscribe(&subscription).await;
    assert_eq!(ids(&receive(&consumer, 2).await), ["1", "2"]);
}

/// A topic that the group did not name is not delivered to it, even of the same stream and key.
pub async fn only_subscribed_topics_are_delivered(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["wanted", "wanted-too"])).await;
    scene
        .publish(&[
            scene.message("unwanted", "k", "1"),
            scene.message("wanted", "k", "2"),
            scene.message("unwanted", "k", "3"),
            scene.message("wanted-too", "k", "4"),
        ])
        .await;
    assert_eq!(ids(&receive(&consumer, 2).await), ["2", "4"]);
}

/// A later declaration with other topics holds from then on.
pub async fn declaring_again_replaces_the_topics(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    scene.declare(&scene.subscription("g", &["old", "kept"])).await;
    let now = scene.subscription("g", &["kept", "new"]);
    scene.declare(&now).await;
    let messages = ["old", "kept", "new"].map(|kind| scene.message(kind, "k", kind));
    scene.publish(&messages).await;
    let consumer = scene.subscribe(&now).await;
    assert_eq!(ids(&receive(&consumer, 2).await), ["kept", "new"]);
}

/// Publishing no message succeeds, and so does settling no delivery.
pub async fn publishing_nothing_is_fine(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    scene.publish(&[]).await;
    settle(&consumer, &[], Outcome::Done).await;
    scene.publish(&[scene.message("kind", "k", "1")]).await;
    assert_eq!(ids(&receive(&consumer, 1).await), ["1"]);
}

/// A message above the declared limit is refused for good; one at the limit, and its neighbours, pass.
pub async fn too_large_messages_are_refused_and_their_neighbours_are_not(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let limit_bytes = scene.bus.capabilities().message_bytes_max;
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let of_size = |id: &str, size| Message { body: vec![7; size].into(), ..scene.message("kind", "k", id) };
    scene.publish(&[of_size("before", 10)]).await;
    let refusal = scene.publisher().await.publish(&[of_size("large", limit_bytes + 1)]).await;
    match refusal {
        Err(error @ BusError::TooLarge { .. }) => assert!(!error.is_retryable()),
        other => panic!("too large a message was answered by {other:?}"),
    }
    scene.publish(&[of_size("largest", limit_bytes), of_size("after", 10)]).await;
    let deliveries = receive(&consumer, 3).await;
    assert_eq!(ids(&deliveries), ["before", "largest", "after"]);
    assert_eq!(deliveries[1].message.body.len(), limit_bytes);
}

/// A message with as many headers as there may be passes with all of them; one with more is refused for good.
pub async fn too_many_headers_are_refused(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let with_headers = |count: usize| {
        let mut message = scene.message("kind", "k", count.to_string());
        (0..count).for_each(|n| message.headers.set(format!("h{n}"), n.to_string()));
        message
    };
    match scene.publisher().await.publish(&[with_headers(HEADERS_MAX + 1)]).await {
        Err(error @ BusError::Limit { .. }) => assert!(!error.is_retryable()),
        other => panic!("too many headers were answered by {other:?}"),
    }
    let most = with_headers(HEADERS_MAX);
    scene.publish(std::slice::from_ref(&most)).await;
    assert_eq!(receive(&consumer, 1).await[0].message.headers, most.headers);
}

/// The depth counts what waits, and nothing once all is settled.
pub async fn depth_follows_what_happens(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let subscription = scene.subscription("g", &["kind"]);
    assert_eq!(scene.depth("g").await, None, "of a group that nobody declared");
    scene.declare(&subscription).await;
    scene.depth_becomes("g", Depth::default()).await;
    let messages: Vec<Message> = (0..3).map(|n| scene.numbered(n, 3)).collect();
    scene.publish(&messages).await;
    scene.depth_becomes("g", Depth { ready: 3, ..Depth::default() }).await;
    let consumer = scene.subscribe(&subscription).await;
    let deliveries = receive(&consumer, 3).await;
    scene.depth_becomes("g", Depth { unsettled: 3, ..Depth::default() }).await;
    settle(&consumer, &deliveries, Outcome::Done).await;
    scene.depth_becomes("g", Depth::default()).await;
}
