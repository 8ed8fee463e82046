//! Looking at queues, and giving back what was taken from them.

use std::time::Duration;

use bus::BusError;
use lapin::Channel;
use lapin::options::QueueDeclareOptions;
use lapin::types::{FieldTable, ShortString};
use tokio::time::{Instant, sleep};

use crate::error::{answer, is_not_found};
use crate::link::Session;

/// How long messages that were given back may take to be there again.
const RETURN_PATIENCE: Duration = Duration::from_secs(5);
const RETURN_PAUSE: Duration = Duration::from_millis(2);

/// How many messages wait in a queue; nothing if there is no such queue (and then the channel is over).
pub(crate) async fn ready(channel: &Channel, queue: &ShortString) -> Result<Option<u32>, BusError> {
    let doing = format!("look at queue {queue}");
    let options = QueueDeclareOptions::durable().passive();
    let declared = async {
        match channel.queue_declare(queue.clone(), options, FieldTable::default()).await {
            Ok(queue) => Ok(Some(queue.message_count())),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(error),
        }
    };
    answer(&doing, declared).await
}

/// Closes a channel, which gives back what was taken through it and not settled.
pub(crate) async fn close(channel: &Channel) {
    if let Err(error) = answer("close a channel", channel.close(200, "done".into())).await {
        // Then it is closed already.
        tracing::debug!(%error, "a channel was closed");
    }
}

/// What a closed channel gives back is there a moment later.
pub(crate) async fn wait_until_ready(
    session: &Session,
    queue: &ShortString,
    count: u32,
) -> Result<(), BusError> {
    let channel = session.channel().await?;
    let deadline = Instant::now() + RETURN_PATIENCE;
    while ready(&channel, queue).await?.is_some_and(|ready| ready < count) && Instant::now() < deadline {
        sleep(RETURN_PAUSE).await;
    }
    Ok(())
}
