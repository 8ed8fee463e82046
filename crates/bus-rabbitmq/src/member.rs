//! What runs behind a consumer: it joins the group, consumes the shards that fall to it, hands over those that do
//! not any more, and joins again when the connection was lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bus::{BusError, Subscription};
use futures::StreamExt;
use futures::future::try_join_all;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::assignment::Role;
use crate::backoff::{backoff, random};
use crate::consumer::dead_letter_refused;
use crate::error::answer;
use crate::inbound::{FeedView, Inbound};
use crate::link::Session;
use crate::membership::{Heard, Hello, Membership, PERIOD};
use crate::shared::Shared;
use crate::topology::declare_group;
use crate::wire;

/// How long deliveries of a shard that is handed over may stay unsettled. Then they are given back, and the next
/// member gets them, too.
const GRACE: Duration = Duration::from_secs(5);
/// How often it looks whether somebody is gone, or a grace is over.
const LOOK: Duration = Duration::from_millis(500);
/// How long a new member waits for the first hello of another, where there must be one.
const FIRST_HELLO: Duration = Duration::from_secs(1);
/// How long it may take to say hello.
const SAY: Duration = Duration::from_secs(1);
/// Deliveries of one shard that are sent ahead.
const PREFETCH_MAX: usize = 256;

/// A member that stands on one connection.
struct Joined {
    session: Arc<Session>,
    hellos: lapin::Consumer,
    /// Carries the hellos that come.
    _listening: Channel,
    membership: Membership,
    /// Shards that are being handed over, and until when that may take.
    leaving: BTreeMap<u64, Instant>,
    /// Whether the group had consumers when it was joined.
    has_consumers: bool,
    /// What was last said of the shards in line for.
    said: u64,
}

impl Joined {
    /// Waits for a hello and takes note of it.
    async fn hear(&mut self) -> Result<Heard, BusError> {
        match self.hellos.next().await {
            // What is no hello was not said by a member.
            Some(Ok(said)) => Ok(serde_json::from_slice::<Hello>(&said.data)
                .map_or_else(|_| Heard::default(), |hello| self.membership.hear(hello, Instant::now()))),
            Some(Err(_)) | None => {
                Err(BusError::Unavailable("the other members cannot be heard any more".to_owned()))
            }
        }
    }
}

fn connection_lost() -> BusError {
    BusError::Unavailable("the connection was lost".to_owned())
}

struct Member {
    shared: Arc<Shared>,
    subscription: Subscription,
    inbound: Arc<Inbound>,
    /// Where hellos are sent from, and its connection.
    voice: Option<(Arc<Session>, Channel)>,
}

/// Joins the group and stays in it as long as the consumer lives.
pub(crate) async fn start(
    shared: &Arc<Shared>,
    subscription: &Subscription,
) -> Result<Arc<Inbound>, BusError> {
    let inbound = Arc::new(Inbound::new(subscription.group.clone(), subscription.unsettled_max));
    let mut member = Member {
        shared: Arc::clone(shared),
        subscription: subscription.clone(),
        inbound: Arc::clone(&inbound),
        voice: None,
    };
    let joined = member.join().await?;
    shared.register(&inbound);
    shared.runtime.spawn(bury_unreadable(Arc::clone(shared), Arc::clone(&inbound)));
    shared.runtime.spawn(member.stay(joined));
    Ok(inbound)
}

impl Member {
    async fn stay(mut self, mut joined: Joined) {
        loop {
            let ended = self.run(&mut joined).await;
            self.inbound.clear();
            if self.inbound.has_left() {
                return self.leave(&joined).await;
            }
            if let Err(error) = ended {
                tracing::warn!(group = self.subscription.group, %error, "the group is joined again");
            }
            drop(joined);
            joined = match self.join_again().await {
                Some(joined) => joined,
                None => return,
            };
        }
    }

    /// Joins as soon as that is possible; nothing if the consumer left.
    async fn join_again(&mut self) -> Option<Joined> {
        let mut backoff = backoff();
        loop {
            if self.inbound.has_left() {
                return None;
            }
            self.shared.consuming.connected().await;
            match self.join().await {
                Ok(joined) => return Some(joined),
                Err(error) => {
                    tracing::warn!(group = self.subscription.group, %error, "cannot join the group, trying again");
                }
            }
            sleep(backoff.next_delay()).await;
        }
    }

    async fn join(&mut self) -> Result<Joined, BusError> {
        let has_consumers = declare_group(&self.shared, &self.subscription).await?;
        let session = self.shared.consuming.session()?;
        let listening = session.channel().await?;
        let (me, names, group) = (format!("{:016x}", random()), &self.shared.names, &self.subscription.group);
        let (exchange, queue) = (names.members(), names.member(group, &me));
        let key = ShortString::from(group.as_str());
        let none = FieldTable::default;
        let joining = async {
            let exclusive = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
            listening.queue_declare(queue.clone(), exclusive, none()).await?;
            listening.queue_bind(queue.clone(), exchange, key, QueueBindOptions::default(), none()).await?;
            let no_ack = BasicConsumeOptions { no_ack: true, ..Default::default() };
            listening.basic_consume(queue, "".into(), no_ack, none()).await
        };
        let hellos = answer("join the group's members", joining).await?;
        let membership = Membership::new(me, names.shards());
        let leaving = BTreeMap::new();
        Ok(Joined { session, hellos, _listening: listening, membership, leaving, has_consumers, said: 0 })
    }

    /// Takes part until the consumer leaves (`Ok`), or the connection or a channel is lost.
    async fn run(&mut self, joined: &mut Joined) -> Result<(), BusError> {
        self.wait_until_asked(joined).await?;
        self.introduce(joined).await?;
        self.share(joined).await
    }

    /// A consumer that has not received yet is no member: its shards would lie idle, and what is sent ahead to it
    /// would count as delivered.
    async fn wait_until_asked(&self, joined: &mut Joined) -> Result<(), BusError> {
        let lost = self.shared.consuming.lost(joined.session.number);
        tokio::pin!(lost);
        while !self.inbound.is_asked() && !self.inbound.has_left() {
            tokio::select! {
                () = &mut lost => return Err(connection_lost()),
                heard = joined.hear() => drop(heard?),
                () = self.inbound.attention.notified() => {}
            }
        }
        Ok(())
    }

    /// Says hello and, where others consume already, waits for one of them to answer, so as not to claim everything
    /// first and give it back then.
    async fn introduce(&mut self, joined: &mut Joined) -> Result<(), BusError> {
        if self.inbound.has_left() {
            return Ok(());
        }
        joined.membership.expire(Instant::now());
        self.say(&joined.membership, 0, true, false).await;
        let heard = async {
            while joined.has_consumers && !joined.membership.has_peers() {
                joined.hear().await?;
            }
            Ok(())
        };
        // Who consumed may have gone meanwhile.
        timeout(FIRST_HELLO, heard).await.unwrap_or(Ok(()))
    }

    /// Consumes what falls to it.
    async fn share(&mut self, joined: &mut Joined) -> Result<(), BusError> {
        let shared = Arc::clone(&self.shared);
        let inbound = Arc::clone(&self.inbound);
        let mut period = interval(PERIOD);
        let mut look = interval(LOOK);
        for ticks in [&mut period, &mut look] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let lost = shared.consuming.lost(joined.session.number);
        tokio::pin!(lost);
        while !inbound.has_left() {
            self.attend(joined).await?;
            tokio::select! {
                () = &mut lost => return Err(connection_lost()),
                heard = joined.hear() => {
                    if heard?.answer {
                        self.say(&joined.membership, joined.said, false, false).await;
                    }
                }
                () = inbound.attention.notified() => {}
                _ = look.tick() => {
                    joined.membership.expire(Instant::now());
                }
                _ = period.tick() => self.say(&joined.membership, joined.said, false, false).await,
            }
        }
        Ok(())
    }

    /// Brings the feeds in line with what falls to this member, and tells the others.
    async fn attend(&mut self, joined: &mut Joined) -> Result<(), BusError> {
        let roles = joined.membership.roles();
        let mut there = BTreeSet::new();
        for feed in self.inbound.feeds() {
            if self.stays(joined, feed, roles[usize::from(feed.shard)]) {
                there.insert(feed.shard);
            }
        }
        let missing = roles.iter().zip(0..);
        let missing = missing.filter(|(role, shard)| **role != Role::None && !there.contains(shard));
        let opening = missing.map(|(role, shard)| self.open(&joined.session, shard, *role == Role::Owner));
        try_join_all(opening).await?;
        let in_line = self.in_line();
        if in_line != joined.said {
            joined.said = in_line;
            self.say(&joined.membership, in_line, false, false).await;
        }
        Ok(())
    }

    /// Decides what becomes of a feed; whether it is still there then.
    fn stays(&self, joined: &mut Joined, feed: FeedView, role: Role) -> bool {
        let gone = |joined: &mut Joined| {
            joined.leaving.remove(&feed.number);
            self.inbound.remove(feed.number);
            false
        };
        if feed.ended {
            return gone(joined);
        }
        if role == Role::Owner {
            if joined.leaving.remove(&feed.number).is_some() || !feed.claimed {
                self.inbound.set(feed.number, true, true);
            }
            return true;
        }
        if let Some(&until) = joined.leaving.get(&feed.number) {
            return if feed.idle || Instant::now() >= until { gone(joined) } else { true };
        }
        if feed.claimed {
            // Kept until the owner stands in line: a shard must not be without a consumer.
            if joined.membership.owner_waits(feed.shard, feed.since) {
                if feed.idle {
                    return gone(joined);
                }
                self.inbound.set(feed.number, false, false);
                joined.leaving.insert(feed.number, Instant::now() + GRACE);
            }
            return true;
        }
        if role == Role::Standby { true } else { gone(joined) }
    }

    /// Stands in line for a shard.
    async fn open(&self, session: &Session, shard: u16, owned: bool) -> Result<(), BusError> {
        let queue = self.shared.names.queue(&self.subscription.group, shard);
        let doing = format!("consume queue {queue}");
        let channel = session.channel().await?;
        let prefetch = self.subscription.unsettled_max.clamp(1, PREFETCH_MAX) as u16;
        answer(&doing, channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let options = BasicConsumeOptions::default();
        let consuming = channel.basic_consume(queue, "".into(), options, FieldTable::default());
        let stream = answer(&doing, consuming).await?;
        self.inbound.add(shard, channel, stream, owned);
        Ok(())
    }

    /// The shards that this member stands in line for and does not mean to leave.
    fn in_line(&self) -> u64 {
        let feeds = self.inbound.feeds();
        feeds.iter().filter(|feed| feed.open && !feed.ended).fold(0, |bits, feed| bits | (1 << feed.shard))
    }

    /// Tells the other members. Best effort: what is not heard is said again.
    async fn say(&mut self, membership: &Membership, in_line: u64, ask: bool, leaving: bool) {
        let hello = Hello { member: membership.me().to_owned(), in_line, ask, leaving };
        let Ok(text) = serde_json::to_vec(&hello) else { return };
        let said = async {
            let Ok(session) = self.shared.publishing.session() else { return };
            // What is written to a connection that is blocked only piles up.
            if session.blocked().borrow().is_some() {
                return;
            }
            let usable = self
                .voice
                .take()
                .filter(|(voice, channel)| voice.number == session.number && channel.status().connected());
            let (session, channel) = match usable {
                Some(voice) => voice,
                None => match session.channel().await {
                    Ok(channel) => (session, channel),
                    Err(_) => return,
                },
            };
            let exchange = self.shared.names.members();
            let key = ShortString::from(self.subscription.group.as_str());
            let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
            if channel.basic_publish(exchange, key, options, &text, properties).await.is_ok() {
                self.voice = Some((session, channel));
            }
        };
        if timeout(SAY, said).await.is_err() {
            tracing::debug!(group = self.subscription.group, "the other members could not be told");
        }
    }

    async fn leave(&mut self, joined: &Joined) {
        self.say(&joined.membership, 0, false, true).await;
    }
}

/// Makes dead letters of what cannot be read, for as long as the consumer lives.
async fn bury_unreadable(shared: Arc<Shared>, inbound: Arc<Inbound>) {
    let mut backoff = backoff();
    let mut unreadable = Vec::new();
    while !inbound.has_left() {
        unreadable.extend(inbound.take_unreadable());
        // Those whose connection was lost come again.
        unreadable.retain(|unreadable: &crate::inbound::Unreadable| inbound.held(unreadable.token).is_some());
        if unreadable.is_empty() {
            inbound.unreadable.notified().await;
            continue;
        }
        let queue = shared.names.dead(&inbound.group);
        let letters = unreadable.iter().map(|unreadable| {
            let delivery = &unreadable.delivery;
            let properties = wire::again(&delivery.properties, &delivery.data);
            let attempts = wire::attempt(&delivery.properties);
            let origin = Some(delivery.routing_key.as_str());
            let properties = shared.dead_properties(properties, &unreadable.reason, attempts, origin);
            (queue.clone(), properties, delivery.data.as_slice())
        });
        let buried = shared.send_to_queues(letters).await;
        let buried = buried.map_err(|error| dead_letter_refused(error, &inbound.group));
        let tokens: Vec<_> = unreadable.iter().map(|unreadable| unreadable.token).collect();
        match buried.and_then(|()| inbound.done(&tokens)) {
            Ok(()) => {
                for unreadable in unreadable.drain(..) {
                    let (group, reason) = (&inbound.group, &unreadable.reason);
                    tracing::warn!(group, reason, "a message that cannot be read became a dead letter");
                }
                backoff.reset();
            }
            Err(error) => {
                tracing::warn!(group = inbound.group, %error, "dead letters cannot be kept, trying again");
                sleep(backoff.next_delay()).await;
            }
        }
    }
}
