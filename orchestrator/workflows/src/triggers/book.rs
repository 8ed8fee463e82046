//! The rules as they are, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::Scope;
use bus::Topic;
use participant::Backoff;
use registry::rules::{Rule, all, revision};
use rules::{Logic, Problem};
use store::{Store, StoreError};

/// Pauses while the store is away.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(1);

/// The rules of a store, read again whenever they were changed.
pub(crate) struct Book {
    store: Arc<dyn Store>,
    home: Scope,
    known: Mutex<Option<Arc<Known>>>,
}

/// All rules that are enabled, as of a revision.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) revision: u64,
    by_topic: BTreeMap<String, Vec<Armed>>,
}

/// A rule, understood.
#[derive(Debug)]
pub(crate) struct Armed {
    pub(crate) rule: Rule,
    pub(crate) arn: String,
    /// What is stored may be of a version that knows more.
    pub(crate) logic: Result<Logic, Problem>,
}

impl Book {
    pub(crate) fn new(store: Arc<dyn Store>, home: Scope) -> Self {
        Self { store, home, known: Mutex::new(None) }
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(crate) fn home(&self) -> &Scope {
        &self.home
    }

    /// The rules as they are now.
    ///
    /// # Errors
    /// The store does not answer, or holds what cannot be read.
    pub(crate) async fn known(&self) -> Result<Arc<Known>, StoreError> {
        // First: what is changed while they are read is read again the next time.
        let revision = revision(self.store.reader()).await?;
        let held = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(held) = held.filter(|held| held.revision == revision) {
            return Ok(held);
        }
        let mut by_topic: BTreeMap<String, Vec<Armed>> = BTreeMap::new();
        for rule in all(self.store.reader()).await?.into_iter().filter(|rule| rule.enabled) {
            let arn = rule_arn(&self.home, &rule.name);
            let logic = logic(&rule);
            if let Err(problem) = &logic {
                tracing::error!(rule = rule.name, %problem, "a rule cannot be understood: what comes for it goes to the dead letters");
            }
            by_topic.entry(rule.topic.clone()).or_default().push(Armed { rule, arn, logic });
        }
        let known = Arc::new(Known { revision, by_topic });
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }
}

/// What a rule says of events.
pub(crate) fn logic(rule: &Rule) -> Result<Logic, Problem> {
    Logic::read(
        rule.pattern.as_ref(),
        rule.input.as_ref(),
        rule.input_path.as_deref(),
        rule.transformer.as_ref(),
    )
}

/// A rule's ARN, as EventBridge has it.
pub(crate) fn rule_arn(home: &Scope, name: &str) -> String {
    let Scope { partition, region, account } = home;
    format!("arn:{partition}:events:{region}:{account}:rule/{name}")
}

impl Known {
    /// What is to be subscribed to.
    pub(crate) fn topics(&self) -> Vec<Topic> {
        self.by_topic.keys().cloned().map(Topic::owned).collect()
    }

    /// The streams of these.
    pub(crate) fn streams(&self) -> BTreeSet<String> {
        self.topics().iter().map(|topic| topic.stream().to_owned()).collect()
    }

    pub(crate) fn of_topic(&self, topic: &Topic) -> &[Armed] {
        self.by_topic.get(topic.as_str()).map_or(&[], Vec::as_slice)
    }
}

/// Asks the store until it answers.
///
/// # Errors
/// It answers that it cannot, for good.
pub(crate) async fn patiently<T, F>(mut ask: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut backoff = Backoff::new(AGAIN_AFTER, AGAIN_AFTER_MAX, 0);
    loop {
        match ask().await {
            Err(error) if error.is_retryable() => tokio::time::sleep(backoff.next_delay()).await,
            answer => return answer,
        }
    }
}
