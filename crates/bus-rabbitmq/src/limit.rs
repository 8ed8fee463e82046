//! What a bare producer and a bare consumer reach on the broker, without this crate's own code in the way.
//!
//! They give the same guarantees: persistent messages in quorum queues, publisher confirms that are waited for,
//! deliveries that are acknowledged. They do it in the way that measures best: confirms pipelined, one
//! acknowledgement for a run of deliveries, two queues.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use bus::{BusError, Limit, Load};
use futures::future::{MaybeDone, maybe_done};
use futures::{FutureExt, StreamExt};
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ExchangeKind, PublisherConfirm};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::RabbitOptions;
use crate::backoff::random;
use crate::error::{answer, refused};
use crate::link::connect;

/// Queues that the messages are spread over.
const QUEUES: u16 = 2;
/// Messages that may be unconfirmed at a time.
const WINDOW: usize = 1000;
/// Deliveries of a queue that are sent ahead, and acknowledged at once at the most.
const PREFETCH: u16 = 256;
/// How long the next delivery or confirm may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures in a namespace of its own, which is gone afterwards. Counts the messages that came in `counted` meanwhile.
///
/// # Errors
/// As [`RabbitBus::connect`](crate::RabbitBus::connect); [`BusError::Unavailable`] when the broker fails meanwhile.
pub async fn limit(options: &RabbitOptions, load: &Load, counted: &AtomicU64) -> Result<Limit, BusError> {
    let bare = Bare::open(options).await?;
    let measured = bare.measure(load, counted).await;
    let removed = bare.remove().await;
    let limit = measured?;
    removed.map(|()| limit)
}

struct Bare {
    /// Both connections, held.
    _connections: [Connection; 2],
    sending: Channel,
    receiving: Vec<Channel>,
    name: ShortString,
}

impl Bare {
    async fn open(options: &RabbitOptions) -> Result<Self, BusError> {
        let (sender, _) = connect(options, "limit: sending", options.connect_timeout).await?;
        let (receiver, _) = connect(options, "limit: receiving", options.connect_timeout).await?;
        let sending = answer("open a channel", sender.create_channel()).await?;
        let mut receiving = Vec::new();
        for _ in 0..QUEUES {
            receiving.push(answer("open a channel", receiver.create_channel()).await?);
        }
        let name = format!("{}.limit.{:016x}", options.namespace, random());
        let bare = Self { _connections: [sender, receiver], sending, receiving, name: name.into() };
        let declared = bare.declare(options).await;
        if declared.is_err() {
            // What was declared before it failed; the first error says more than a second one would.
            let _ = bare.remove().await;
        }
        declared.map(|()| bare)
    }

    fn queue(&self, number: usize) -> ShortString {
        format!("{}.{number}", self.name).into()
    }

    async fn declare(&self, options: &RabbitOptions) -> Result<(), BusError> {
        let channel = &self.sending;
        let declaring = async {
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            let none = FieldTable::default;
            let exchange = ExchangeDeclareOptions { durable: true, ..Default::default() };
            channel.exchange_declare(self.name.clone(), ExchangeKind::Direct, exchange, none()).await?;
            for (number, receiving) in self.receiving.iter().enumerate() {
                let mut arguments = FieldTable::default();
                arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
                let replicas = AMQPValue::LongLongInt(options.replicas.into());
                arguments.insert("x-quorum-initial-group-size".into(), replicas);
                let queue = self.queue(number);
                channel.queue_declare(queue.clone(), QueueDeclareOptions::durable(), arguments).await?;
                let key = ShortString::from(number.to_string());
                let bind = QueueBindOptions::default();
                channel.queue_bind(queue, self.name.clone(), key, bind, none()).await?;
                receiving.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
            }
            Ok(())
        };
        answer("declare what the limit is measured with", declaring).await
    }

    async fn remove(&self) -> Result<(), BusError> {
        let removing = async {
            for number in 0..self.receiving.len() {
                self.sending.queue_delete(self.queue(number), QueueDeleteOptions::default()).await?;
            }
            self.sending.exchange_delete(self.name.clone(), ExchangeDeleteOptions::default()).await
        };
        answer("delete what the limit was measured with", removing).await
    }

    async fn measure(&self, load: &Load, counted: &AtomicU64) -> Result<Limit, BusError> {
        let (arrived, came) = mpsc::unbounded_channel();
        let mut arrivals = Arrivals { came, counted };
        let mut receivers = Receivers(Vec::new());
        for (number, channel) in self.receiving.iter().enumerate() {
            let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
            let consuming = channel.basic_consume(self.queue(number), "".into(), options, none);
            let consumer = answer("consume", consuming).await?;
            receivers.0.push(tokio::spawn(receive(channel.clone(), consumer, arrived.clone())));
        }
        drop(arrived);
        let body = vec![b'x'; load.body_bytes];
        let messages_per_s = self.saturate(&body, load.each, &mut arrivals).await?;
        let (one_at_a_time_per_s, alone_ms_p50) = self.alone(&body, load.each, &mut arrivals).await?;
        Ok(Limit { messages_per_s, one_at_a_time_per_s, alone_ms_p50 })
    }

    /// Sends as fast as it goes; the rate from the first message to the last one's settlement.
    async fn saturate(
        &self,
        body: &[u8],
        each: Duration,
        arrivals: &mut Arrivals<'_>,
    ) -> Result<f64, BusError> {
        let started = Instant::now();
        let sending = async {
            let mut unconfirmed = VecDeque::with_capacity(WINDOW);
            let mut sent = 0;
            while started.elapsed() < each {
                if unconfirmed.len() == WINDOW
                    && let Some(oldest) = unconfirmed.pop_front()
                {
                    confirm(oldest).await?;
                }
                unconfirmed.push_back(self.send(sent, body));
                sent += 1;
            }
            for written in unconfirmed {
                confirm(written).await?;
            }
            Ok::<usize, BusError>(sent)
        };
        let mut sending = std::pin::pin!(sending);
        let (mut received, mut total) = (0, None);
        while total.is_none_or(|total| received < total) {
            tokio::select! {
                sent = &mut sending, if total.is_none() => total = Some(sent?),
                count = next(arrivals) => received += count?,
            }
        }
        Ok(received as f64 / started.elapsed().as_secs_f64())
    }

    /// Sends one message after the other: how many are confirmed a second, and the median of their ways in ms.
    async fn alone(
        &self,
        body: &[u8],
        each: Duration,
        arrivals: &mut Arrivals<'_>,
    ) -> Result<(f64, f64), BusError> {
        let started = Instant::now();
        let mut confirming = Duration::ZERO;
        let mut ways = Vec::new();
        while ways.is_empty() || started.elapsed() < each {
            let sent = Instant::now();
            let confirmed = async {
                confirm(self.send(ways.len(), body)).await?;
                Ok::<_, BusError>(sent.elapsed())
            };
            let arrived = async {
                next(arrivals).await?;
                Ok(sent.elapsed())
            };
            let (confirmed, way) = tokio::try_join!(confirmed, arrived)?;
            confirming += confirmed;
            ways.push(way);
        }
        ways.sort();
        let median_ms = ways[ways.len() / 2].as_secs_f64() * 1000.0;
        Ok((ways.len() as f64 / confirming.as_secs_f64(), median_ms))
    }

    /// Queues a message to be written, without waiting.
    fn send<'a>(&'a self, number: usize, body: &'a [u8]) -> Written<'a> {
        let key = ShortString::from((number % self.receiving.len()).to_string());
        let properties = BasicProperties::default().with_delivery_mode(2);
        let options = BasicPublishOptions::default();
        let writing = self.sending.basic_publish(self.name.clone(), key, options, body, properties).boxed();
        let mut written = Box::pin(maybe_done(writing));
        let _ = written.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        written
    }
}

type Written<'a> = Pin<Box<MaybeDone<futures::future::BoxFuture<'a, lapin::Result<PublisherConfirm>>>>>;

/// What has come.
struct Arrivals<'a> {
    /// How many deliveries were settled each time.
    came: mpsc::UnboundedReceiver<usize>,
    /// All of them.
    counted: &'a AtomicU64,
}

/// The tasks that receive, which end with the measurement.
struct Receivers(Vec<JoinHandle<()>>);

impl Drop for Receivers {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn confirm(mut written: Written<'_>) -> Result<(), BusError> {
    let confirmed = async {
        written.as_mut().await;
        match written.as_mut().take_output() {
            Some(confirm) => confirm?.await.map(|confirmation| confirmation.is_ack()),
            None => Ok(false),
        }
    };
    match timeout(PATIENCE, confirmed).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err(BusError::Unavailable("the broker refused a message".to_owned())),
        Ok(Err(error)) => Err(refused("publish", &error)),
        Err(_) => Err(BusError::Unavailable(format!("no confirm within {} s", PATIENCE.as_secs()))),
    }
}

async fn next(arrivals: &mut Arrivals<'_>) -> Result<usize, BusError> {
    let late = |_| BusError::Unavailable(format!("no delivery within {} s", PATIENCE.as_secs()));
    let arrived = timeout(PATIENCE, arrivals.came.recv()).await.map_err(late)?;
    let count = arrived.ok_or_else(|| BusError::Unavailable("the connection was lost".to_owned()))?;
    arrivals.counted.fetch_add(count as u64, Ordering::Relaxed);
    Ok(count)
}

/// Settles whatever is there with one acknowledgement, and tells how much it was.
async fn receive(channel: Channel, mut consumer: lapin::Consumer, arrived: mpsc::UnboundedSender<usize>) {
    while let Some(Ok(first)) = consumer.next().await {
        let mut last = first.delivery_tag;
        let mut count = 1;
        while count < usize::from(PREFETCH)
            && let Some(Some(Ok(more))) = consumer.next().now_or_never()
        {
            last = more.delivery_tag;
            count += 1;
        }
        let settled = channel.basic_ack(last, BasicAckOptions { multiple: true }).await;
        if settled.is_err() || arrived.send(count).is_err() {
            return;
        }
    }
}
