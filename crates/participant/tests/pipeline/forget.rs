//! Entities that are forgotten.

use bytes::Bytes;
use store::Read;

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn a_key_that_is_forgotten_begins_anew() {
    let world = World::new().await;
    let running = world.start();
    for life in [100, 200] {
        assert_eq!(running.ask("k", &format!("begin {life}")).await.unwrap(), [format!("begin {life}")]);
        running.ask("k", "more").await.unwrap();
        assert_eq!(world.heard().await, (format!("diary/k/{}", life + 1), "more".to_owned()));
        assert_eq!(world.store.linked("diary", "all", None, 9).await.unwrap().0, ["k"]);
        // What it says last is said, under an id that nothing else has.
        running.ask("k", "forget farewell").await.unwrap();
        assert_eq!(world.heard().await, (format!("diary/k/{}", life + 2), "farewell".to_owned()));
        assert_eq!(world.store.get("k").await.unwrap(), None);
        assert_eq!(world.store.journal("k", 0, 9).await.unwrap(), Vec::<Bytes>::new());
        assert_eq!(world.store.linked("diary", "all", None, 9).await.unwrap().0, Vec::<String>::new());
    }
    running.stop().await;
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_forgotten_without_a_trace() {
    let world = World::new().await;
    let running = world.start();
    running.ask("k", "forget farewell").await.unwrap();
    world.hears("farewell").await;
    assert_eq!(world.store.get("k").await.unwrap(), None);
    running.stop().await;
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_comes_later_in_the_same_batch_stays() {
    let world = World::new().await;
    for (id, text) in [("m1", "before"), ("m2", "forget it"), ("m3", "after")] {
        world.send(id, "k", text).await;
    }
    let running = world.start();
    for text in ["before", "it", "after"] {
        world.hears(text).await;
    }
    running.stop().await;
    assert_eq!(world.texts("k").await, ["after"]);
}
