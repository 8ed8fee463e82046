//! What a bus, its publishers and its consumers have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::{BusError, Subscription};
use tokio::time::Instant;

use crate::blocking::blocking;
use crate::config;
use crate::context::Report;
use crate::error::bus_error;
use crate::gaps::Gap;
use crate::graveyard::Graveyard;
use crate::inspector::{Inspector, Lost, Place};
use crate::intake::Standing;
use crate::member::Member;
use crate::names::Names;
use crate::options::KafkaOptions;
use crate::outlet::Outlet;
use crate::record::Wanted;
use crate::ring::{Ring, Source};
use crate::topics::{ADMIN_TIMEOUT, Catalogue, Kind};
use crate::view::{Begun, View};

/// While connecting, how often it is looked whether trying on is of any use.
const CONNECT_SLICE: Duration = Duration::from_millis(200);

/// How long a client that looks at a group may be without an answer until another one is made.
const VIEW_PATIENCE: Duration = Duration::from_secs(10);

/// How long the last handle of a bus waits for its members to say goodbye when it is dropped.
pub(crate) const GOODBYE_PATIENCE: Duration = Duration::from_secs(2);

/// What all handles of the bus share, its consumers among them: it lives as long as any of them.
pub(crate) struct Shared {
    pub(crate) options: KafkaOptions,
    pub(crate) names: Names,
    pub(crate) report: Arc<Report>,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) topics: Arc<Catalogue>,
    pub(crate) known: Mutex<Known>,
    /// One dead letter is redriven at a time, so that it comes back once.
    pub(crate) redriving: tokio::sync::Mutex<()>,
}

/// What this handle of the bus knows of groups.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) views: BTreeMap<String, Arc<View>>,
    /// The topics of groups that were declared here.
    pub(crate) declared: BTreeMap<String, BTreeSet<String>>,
    pub(crate) members: Vec<Arc<Member>>,
}

/// Gives the members time to leave, so that others need not wait for their session to time out.
impl Drop for Shared {
    fn drop(&mut self) {
        let members = std::mem::take(&mut self.known().members);
        let deadline = Instant::now() + GOODBYE_PATIENCE;
        for member in members {
            member.leave();
            while !member.has_left() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

impl Shared {
    /// Connects; see [`KafkaBus::connect`](crate::KafkaBus::connect).
    pub(crate) async fn connect(options: KafkaOptions) -> Result<Arc<Self>, BusError> {
        if let Some(needs) = options.needs_missing_feature() {
            return Err(BusError::Protocol(format!("{options} needs {needs}")));
        }
        let names = Names::new(&options.namespace)?;
        let report = Arc::new(Report::default());
        let producer = config::producer(&options)?;
        let outlet = Arc::new(Outlet::new(producer, Arc::clone(&report), options.delivery_timeout)?);
        let topics = Arc::new(Catalogue::new(&options, Arc::clone(&report))?);
        let (known, redriving) = (Mutex::default(), tokio::sync::Mutex::default());
        let shared = Arc::new(Self { options, names, report, outlet, topics, known, redriving });
        let probed = Arc::clone(&shared);
        let timeout = probed.options.connect_timeout;
        blocking(timeout + CONNECT_SLICE, move || probed.reach()).await?;
        Ok(shared)
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a broker answers. Blocks.
    fn reach(&self) -> Result<(), BusError> {
        let deadline = Instant::now() + self.options.connect_timeout;
        loop {
            let answer = self.outlet.with_client(|client| client.fetch_metadata(None, CONNECT_SLICE));
            let Some(Err(error)) = answer else { return Ok(()) };
            if let Some(refusal) = self.report.refusal() {
                return Err(BusError::Protocol(format!("{} refuses: {refusal}", self.options)));
            }
            if self.report.was_down() || Instant::now() >= deadline {
                return Err(match bus_error("connecting", &error) {
                    BusError::Unavailable(_) => {
                        BusError::Unavailable(format!("no Kafka broker answers at {}", self.options))
                    }
                    error => error,
                });
            }
        }
    }

    /// The way to look at a group from outside.
    pub(crate) fn view(&self, group: &str) -> Result<Arc<View>, BusError> {
        let mut known = self.known();
        if let Some(view) = known.views.get(group) {
            return Ok(Arc::clone(view));
        }
        let inspector = Inspector::open(&self.options, &self.names.group(group)?, &self.report)?;
        let view = Arc::new(View::new(group, &self.names, self.topics.changes(), inspector));
        known.views.insert(group.to_owned(), Arc::clone(&view));
        Ok(view)
    }

    /// Another client takes the place of one that has had no answer for long: librdkafka may have forgotten the brokers for
    /// good (see [`crate::member`]).
    pub(crate) fn note(&self, group: &str, view: &Arc<View>, is_answered: bool) {
        if view.answered(is_answered) < VIEW_PATIENCE {
            return;
        }
        let mut known = self.known();
        if known.views.get(group).is_some_and(|current| Arc::ptr_eq(current, view)) {
            known.views.remove(group);
        }
    }

    pub(crate) fn graveyard(&self) -> Graveyard {
        Graveyard {
            outlet: Arc::clone(&self.outlet),
            topics: Arc::clone(&self.topics),
            names: self.names.clone(),
        }
    }

    /// What each topic of the broker has for the group.
    fn wanted(&self, subscription: &Subscription) -> Result<BTreeMap<String, Wanted>, BusError> {
        let mut streams: BTreeMap<&str, Vec<bus::Topic>> = BTreeMap::new();
        for topic in &subscription.topics {
            streams.entry(topic.stream()).or_default().push(topic.clone());
        }
        let mut wanted = BTreeMap::new();
        for (stream, topics) in streams {
            let topics = Wanted::Stream { stream: stream.to_owned(), topics };
            wanted.insert(self.names.stream(stream)?, topics);
        }
        wanted.insert(self.names.redrive(&subscription.group)?, Wanted::Redrive);
        Ok(wanted)
    }

    pub(crate) async fn declare(&self, subscription: &Subscription) -> Result<Ring, BusError> {
        let wanted = self.wanted(subscription)?;
        let kind = |wanted: &Wanted| match wanted {
            Wanted::Stream { .. } => Kind::Stream,
            Wanted::Redrive => Kind::Redrive,
        };
        let topics: Vec<_> = wanted.iter().map(|(name, wanted)| (name.clone(), kind(wanted))).collect();
        self.topics.ensure(&topics).await?;
        let view = self.view(&subscription.group)?;
        let names: Vec<String> = wanted.keys().cloned().collect();
        let deadline = Instant::now() + ADMIN_TIMEOUT;
        let leaves_mark = self.topics.creates();
        let begun = blocking(ADMIN_TIMEOUT, move || view.begin(&names, leaves_mark, deadline)).await;
        if begun.is_err() {
            // One of them may have been deleted behind our back.
            self.topics.forget(wanted.keys());
        }
        let Begun { partitions, lost } = begun?;
        self.tell_lost(&subscription.group, lost);
        // Last: it says that the group was declared.
        self.topics.ensure(&[(self.names.dead_letters(&subscription.group)?, Kind::DeadLetters)]).await?;
        let declared = wanted.keys().cloned().collect();
        self.known().declared.insert(subscription.group.clone(), declared);
        let source = |(topic, wanted): (String, Wanted)| {
            let partitions = partitions.get(&topic).copied().unwrap_or_default();
            (topic, Source { wanted: Arc::new(wanted), partitions })
        };
        let topic = self.names.redrive(&subscription.group)?;
        Ok(Ring { topic, sources: wanted.into_iter().map(source).collect() })
    }

    fn tell_lost(&self, group: &str, lost: Vec<Lost>) {
        let mut others = Vec::new();
        for lost in lost {
            match lost.from {
                Some(from) if from < lost.to => {
                    Gap { place: lost.place, from, to: lost.to }.tell(group, &self.report);
                }
                _ => others.push(lost),
            }
        }
        let Some((Lost { place: (topic, partition), from, to }, more)) = others.split_first() else { return };
        let had =
            from.map_or_else(|| "no offset".to_owned(), |from| format!("an offset behind the end ({from})"));
        let text = format!(
            "group {group} has {had} in partition {partition} of {topic}, and no usable one in {} more, which were \
             added, emptied or made anew, or whose offsets expired: it begins with the first record there (at {to}), and \
             messages may come again",
            more.len()
        );
        self.report.line(tracing::Level::WARN, &format!("offsets of {group}"), &text);
    }

    /// Where the group's members in this process stand.
    pub(crate) fn standings(&self, group: &str) -> BTreeMap<Place, Standing> {
        let members: Vec<Arc<Member>> =
            self.known().members.iter().filter(|member| member.group == group).cloned().collect();
        let mut standings = BTreeMap::new();
        for member in members {
            let mut hold = member.hold();
            let own = hold.intake().standings().map(|(place, standing)| (place.clone(), standing));
            standings.extend(own);
        }
        standings
    }
}
