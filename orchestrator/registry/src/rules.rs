//! Rules: which messages start which machine's executions.
//!
//! A rule stands under `rule/NAME`, whole, as it was written. With each change is committed how often rules were changed, so that whoever
//! holds them in memory sees with one read whether they are still the same ([`revision`]). What patterns and templates mean is not known here.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Commit, EntityWrite, Link, Millis, Read, Store, StoreError};

use crate::machines::Change;

/// The index that finds every rule.
const INDEX: &str = "rule";
const PLACE: &str = "rule/";
/// Where it stands how often they were changed, and how many there are.
const COUNTED: &str = "rules/";
/// Rules that are read at once.
const PAGE: usize = 100;

/// The most rules that there can be: what AWS has for each event bus unless it is asked for more.
pub const RULES_MAX: u64 = 300;

/// A rule: each message of the topic that matches starts an execution of the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Unique.
    pub name: String,
    /// The topic, `stream/kind`.
    pub topic: String,
    /// The event pattern; without one every message matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Value>,
    /// The ARN of a machine, of a version or of an alias.
    pub machine: String,
    /// What executions begin with, if always with the same.
    #[serde(default, with = "given", skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// The path to what they begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_path: Option<String>,
    /// The input transformer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transformer: Option<Value>,
    /// Whether anything follows from it.
    pub enabled: bool,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: Millis,
    /// When it was changed last, in milliseconds since 1970.
    pub updated_ms: Millis,
    /// Whether it was removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// `null` is an input like any other, and not none.
mod given {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use serde_json::Value;

    #[allow(clippy::ref_option, reason = "it is how serde calls it")]
    pub(super) fn serialize<S: Serializer>(input: &Option<Value>, serializer: S) -> Result<S::Ok, S::Error> {
        input.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
        Value::deserialize(deserializer).map(Some)
    }
}

impl Rule {
    /// Whether it says the same as another, whenever either was written.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let (created_ms, updated_ms) = (other.created_ms, other.updated_ms);
        Self { created_ms, updated_ms, ..self.clone() } == *other
    }
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Counted {
    /// How often rules were changed.
    changes: u64,
    /// How many there are.
    rules: u64,
}

fn key(name: &str) -> String {
    format!("{PLACE}{name}")
}

fn read<T: for<'a> Deserialize<'a>>(what: &str, state: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(state).map_err(|error| StoreError::Unusable {
        reason: format!("{what} cannot be read; was it stored by a newer version?"),
        source: Some(error.into()),
    })
}

async fn counted(store: &dyn Read) -> Result<(Counted, u64), StoreError> {
    let Some(entity) = store.get(COUNTED).await? else { return Ok((Counted::default(), 0)) };
    Ok((read("the number of rules", &entity.state)?, entity.version))
}

async fn found(store: &dyn Read, name: &str) -> Result<Option<(Rule, u64)>, StoreError> {
    let Some(entity) = store.get(&key(name)).await? else { return Ok(None) };
    Ok(Some((read(&format!("the rule {name}"), &entity.state)?, entity.version)))
}

/// The rule of that name; `None` if there is none, or it was removed.
///
/// # Errors
/// The store does not answer, or holds what is no rule.
pub async fn find(store: &dyn Read, name: &str) -> Result<Option<Rule>, StoreError> {
    let found = found(store, name).await?;
    Ok(found.map(|(rule, _)| rule).filter(|rule| !rule.deleted))
}

/// How often rules were changed: as long as it is the same, so are they.
///
/// # Errors
/// The store does not answer.
pub async fn revision(store: &dyn Read) -> Result<u64, StoreError> {
    Ok(counted(store).await?.0.changes)
}

/// All rules, by name.
///
/// # Errors
/// The store does not answer, or holds what is no rule.
pub async fn all(store: &dyn Read) -> Result<Vec<Rule>, StoreError> {
    let (mut rules, mut before) = (Vec::new(), None);
    loop {
        let (keys, cursor) = store.linked(INDEX, INDEX, before, PAGE).await?;
        for name in keys.iter().filter_map(|key| key.strip_prefix(PLACE)) {
            rules.extend(find(store, name).await?);
        }
        before = cursor;
        if before.is_none() {
            rules.sort_by(|a: &Rule, b| a.name.cmp(&b.name));
            return Ok(rules);
        }
    }
}

/// Changes a rule as [`machines::change`](crate::machines::change) changes a machine; `decide` is given the rule, `None` if there is
/// none, and how many rules there are. With the answer comes the [`revision`] since which it is so.
///
/// # Errors
/// What `decide` refuses; the store does not answer (inside, as `E` is made of it).
pub async fn change<T, E: From<StoreError>>(
    store: &dyn Store,
    name: &str,
    mut decide: impl FnMut(Option<Rule>, u64) -> Result<Change<Rule, T>, E>,
) -> Result<(T, u64), E> {
    loop {
        let (counted, counted_version) = counted(store.reader()).await?;
        let found = found(store.reader(), name).await?;
        let expected = found.as_ref().map_or(0, |(_, version)| *version);
        let there = found.map(|(rule, _)| rule).filter(|rule| !rule.deleted);
        let was = there.is_some();
        let (changed, answer) = match decide(there, counted.rules)? {
            Change::None(answer) => return Ok((answer, counted.changes)),
            Change::Put(changed, answer) => (changed, answer),
        };
        let rules = match (was, !changed.deleted) {
            (false, true) => counted.rules + 1,
            (true, false) => counted.rules.saturating_sub(1),
            _ => counted.rules,
        };
        let counts = Counted { changes: counted.changes + 1, rules };
        let encode = |value| serde_json::to_vec(value).map(bytes::Bytes::from);
        let rule = EntityWrite {
            key: key(name),
            expected,
            state: serde_json::to_vec(&changed).expect("a rule has only string keys").into(),
            links: vec![Link { index: INDEX, value: INDEX.to_owned() }],
            ..EntityWrite::default()
        };
        let counts = EntityWrite {
            key: COUNTED.to_owned(),
            expected: counted_version,
            state: encode(&counts).expect("two numbers can be written"),
            ..EntityWrite::default()
        };
        match store.commit(&Commit { entities: vec![rule, counts], ..Commit::default() }).await {
            Ok(_) => return Ok((answer, counted.changes + 1)),
            // Another one was faster: what it did is looked at.
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::memory::MemoryStore;

    use super::*;

    fn rule(name: &str, topic: &str) -> Rule {
        let rule = json!({"name": name, "topic": topic, "machine": "arn", "enabled": true, "created_ms": 1, "updated_ms": 1});
        serde_json::from_value(rule).unwrap()
    }

    async fn put(store: &MemoryStore, rule: Rule, expected: (Option<&str>, u64)) -> u64 {
        let decide = |there: Option<Rule>, count| -> Result<_, StoreError> {
            assert_eq!((there.as_ref().map(|rule| rule.topic.as_str()), count), expected);
            Ok(Change::Put(Box::new(rule.clone()), ()))
        };
        change(store, &rule.name, decide).await.unwrap().1
    }

    #[tokio::test]
    async fn a_rule_is_there_until_it_is_removed() {
        let store = MemoryStore::new();
        assert_eq!(revision(&store).await.unwrap(), 0);
        assert_eq!(put(&store, rule("b", "s/one"), (None, 0)).await, 1);
        assert_eq!(put(&store, rule("a", "s/two"), (None, 1)).await, 2);
        assert_eq!(put(&store, rule("b", "s/three"), (Some("s/one"), 2)).await, 3);
        assert_eq!(all(&store).await.unwrap(), [rule("a", "s/two"), rule("b", "s/three")]);
        let removed = Rule { deleted: true, ..rule("a", "s/two") };
        assert_eq!(put(&store, removed, (Some("s/two"), 2)).await, 4);
        assert_eq!(find(&store, "a").await.unwrap(), None);
        assert_eq!(all(&store).await.unwrap(), [rule("b", "s/three")]);
        assert_eq!(put(&store, rule("a", "s/four"), (None, 1)).await, 5);
        assert_eq!(find(&store, "a").await.unwrap(), Some(rule("a", "s/four")));
        assert_eq!(revision(&store).await.unwrap(), 5);
        let none =
            |_: Option<Rule>, _| -> Result<Change<Rule, &str>, StoreError> { Ok(Change::None("kept")) };
        assert_eq!(change(&store, "a", none).await.unwrap(), ("kept", 5));
    }

    #[tokio::test]
    async fn whoever_decided_on_an_older_one_decides_again() {
        let (store, mut seen) = (MemoryStore::new(), Vec::new());
        let other = store.clone();
        let mut decide = |there: Option<Rule>, count| -> Result<_, StoreError> {
            seen.push((there.is_some(), count));
            if seen.len() == 1 {
                // Another rule: what they share is that there is one more.
                let between = change(&other, "other", |_, _| {
                    Ok::<_, StoreError>(Change::Put(Box::new(rule("other", "t")), ()))
                });
                at_once(between).unwrap();
            }
            Ok(Change::Put(Box::new(rule("a", "t")), ()))
        };
        let (_, revision) = change(&store, "a", &mut decide).await.unwrap();
        assert_eq!((revision, seen), (2, vec![(false, 0), (false, 1)]));
        assert_eq!(all(&store).await.unwrap().len(), 2);
    }

    /// A store in memory never waits.
    fn at_once<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("a store in memory waited"),
        }
    }

    #[test]
    fn an_input_of_null_is_one() {
        let with = Rule { input: Some(Value::Null), ..rule("a", "t") };
        let text = serde_json::to_string(&with).unwrap();
        assert!(text.contains("\"input\":null"), "{text}");
        assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), with);
        let without = serde_json::to_string(&rule("a", "t")).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&without).unwrap().input, None);
    }

    #[test]
    fn when_it_was_written_is_not_what_it_says() {
        let (one, other) = (rule("a", "t"), Rule { updated_ms: 9, created_ms: 9, ..rule("a", "t") });
        assert!(one.says_the_same(&other));
        assert!(!one.says_the_same(&Rule { enabled: false, ..other }));
    }
}
