//! Rules as they are written: over HTTP, and in files.

use actions::{Arn, Resource, Scope};
use contract::FieldError;
use contract::time;
use participant::Millis;
use registry::machines::Change;
use registry::rules::{RULES_MAX, Rule, change};
use serde_json::{Map, Value, json};
use store::{Store, StoreError};

use super::begins::Begins;
use super::book::{logic, rule_arn};

/// The longest name of a rule, in characters, as AWS has it.
const NAME_CHARS_MAX: usize = 64;
/// The longest topic, in bytes.
const TOPIC_BYTES_MAX: usize = 200;
/// What a rule says, and what is only told of it.
const MEMBERS: [&str; 9] =
    ["name", "topic", "pattern", "machine", "input", "input_path", "transformer", "enabled", "from"];
const TOLD: [&str; 3] = ["arn", "created", "updated"];

const NAME_EXPECTED: &str = "a name of 1 to 64 letters, digits, ., - and _";
const TOPIC_EXPECTED: &str = "STREAM/KIND, each of letters, digits, ., - and _: choreography/order.placed";
const MACHINE_EXPECTED: &str =
    "the name or the ARN of a state machine, perhaps with :VERSION or :ALIAS, of this server's account";

/// A rule that is not in the store yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    rule: Rule,
    begins: Begins,
}

/// What came of putting it there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Put {
    pub(crate) rule: Rule,
    pub(crate) is_new: bool,
    /// The revision of the rules since which it is there.
    pub(crate) revision: u64,
}

enum PutError {
    Store(StoreError),
    Full,
}

impl From<StoreError> for PutError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Draft {
    /// Reads a rule; `name` is what it is called elsewhere, if it is.
    ///
    /// # Errors
    /// All members that are wrong.
    pub(crate) fn read(name: Option<&str>, written: &Value, home: &Scope) -> Result<Self, Vec<FieldError>> {
        let Value::Object(members) = written else {
            return Err(vec![field(".", written, "an object with topic, machine and perhaps pattern")]);
        };
        let mut reader = Reader { members, wrong: Vec::new() };
        let name = match name {
            Some(name) => {
                if members.get("name").is_some_and(|own| own != name) {
                    reader.wrong("name", &members["name"], format!("{name}, or nothing"));
                }
                name.to_owned()
            }
            None => reader.required("name", NAME_EXPECTED, is_name),
        };
        let topic = reader.required("topic", TOPIC_EXPECTED, is_topic);
        let said = reader.required("machine", MACHINE_EXPECTED, |said| machine_arn(said, home).is_some());
        let machine = machine_arn(&said, home).unwrap_or_default();
        let enabled = match members.get("enabled") {
            None => true,
            Some(Value::Bool(enabled)) => *enabled,
            Some(other) => {
                reader.wrong("enabled", other, "true or false");
                true
            }
        };
        let begins = match members.get("from") {
            None => Begins::default(),
            Some(said) => Begins::read(said).unwrap_or_else(|| {
                reader.wrong("from", said, Begins::EXPECTED);
                Begins::default()
            }),
        };
        let input_path = reader.optional("input_path");
        let given = |name: &str| members.get(name).filter(|value| !value.is_null()).cloned();
        let (pattern, transformer) = (given("pattern"), given("transformer"));
        let input = members.get("input").cloned();
        let known = |name: &str| MEMBERS.contains(&name) || TOLD.contains(&name);
        for (name, value) in members.iter().filter(|(name, _)| !known(name.as_str())) {
            reader.wrong(name, value, format!("no such member: there are {}", MEMBERS.join(", ")));
        }
        let (created_ms, updated_ms, deleted) = (0, 0, false);
        let rule = Rule {
            name,
            topic,
            pattern,
            machine,
            input,
            input_path,
            transformer,
            enabled,
            created_ms,
            updated_ms,
            deleted,
        };
        let mut wrong = reader.wrong;
        if let Err(problem) = logic(&rule) {
            wrong.push(FieldError { field: problem.path, value: problem.found, expected: problem.expected });
        }
        if wrong.is_empty() { Ok(Self { rule, begins }) } else { Err(wrong) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.rule.name
    }

    /// The stream of its topic.
    pub(crate) fn stream(&self) -> &str {
        self.rule.topic.split('/').next().unwrap_or_default()
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.rule.enabled
    }

    /// With which messages it begins.
    pub(crate) fn begins(&self) -> Begins {
        self.begins
    }

    /// Puts it into the store, in the place of the one of that name, if there is one. One that says the same stays as it is.
    ///
    /// # Errors
    /// The store does not answer; inside: there are too many.
    pub(crate) async fn put(
        &self,
        store: &dyn Store,
        now: Millis,
    ) -> Result<Result<Put, String>, StoreError> {
        let decide = |there: Option<Rule>, count: u64| match there {
            Some(there) if there.says_the_same(&self.rule) => Ok(Change::None((there, false))),
            None if count >= RULES_MAX => Err(PutError::Full),
            there => {
                let created_ms = there.as_ref().map_or(now, |there| there.created_ms);
                let rule = Rule { created_ms, updated_ms: now, ..self.rule.clone() };
                Ok(Change::Put(Box::new(rule.clone()), (rule, there.is_none())))
            }
        };
        match change(store, self.name(), decide).await {
            Ok(((rule, is_new), revision)) => Ok(Ok(Put { rule, is_new, revision })),
            Err(PutError::Full) => Ok(Err(format!("there are {RULES_MAX} rules, which is the most"))),
            Err(PutError::Store(error)) => Err(error),
        }
    }
}

/// Reads members of a rule, and keeps what is wrong.
struct Reader<'a> {
    members: &'a Map<String, Value>,
    wrong: Vec<FieldError>,
}

impl Reader<'_> {
    fn wrong(&mut self, name: &str, found: &Value, expected: impl Into<String>) {
        self.wrong.push(field(name, found, expected));
    }

    /// A string of which that is true; an empty one if there is none.
    fn required(&mut self, name: &str, expected: &str, fits: impl Fn(&str) -> bool) -> String {
        match self.members.get(name) {
            Some(Value::String(text)) if fits(text) => text.clone(),
            found => {
                self.wrong(name, found.unwrap_or(&Value::Null), expected);
                String::new()
            }
        }
    }

    fn optional(&mut self, name: &str) -> Option<String> {
        match self.members.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => {
                self.wrong(name, other, "a string");
                None
            }
        }
    }
}

fn field(name: &str, found: &Value, expected: impl Into<String>) -> FieldError {
    let value: String = found.to_string().chars().take(80).collect();
    FieldError { field: name.to_owned(), value, expected: expected.into() }
}

/// A removed one, since then.
pub(crate) fn removed(rule: Rule, now: Millis) -> Rule {
    Rule { deleted: true, updated_ms: now, ..rule }
}

/// The rule as it is told.
pub(crate) fn told(rule: &Rule, home: &Scope) -> Value {
    let Rule {
        name,
        topic,
        pattern,
        machine,
        input,
        input_path,
        transformer,
        enabled,
        created_ms,
        updated_ms,
        ..
    } = rule;
    let mut told = json!({"name": name, "arn": rule_arn(home, name), "topic": topic, "machine": machine, "enabled": enabled});
    let path = input_path.clone().map(Value::from);
    let optional =
        [("pattern", pattern), ("input", input), ("input_path", &path), ("transformer", transformer)];
    for (name, value) in optional {
        if let Some(value) = value {
            told[name] = value.clone();
        }
    }
    told["created"] = time::format(*created_ms).into();
    told["updated"] = time::format(*updated_ms).into();
    told
}

pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.len()) && is_plain(name)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn is_topic(topic: &str) -> bool {
    topic.len() <= TOPIC_BYTES_MAX
        && topic.split_once('/').is_some_and(|(stream, kind)| {
            !stream.is_empty() && !kind.is_empty() && is_plain(stream) && is_plain(kind)
        })
}

/// The ARN of what is said to be started.
fn machine_arn(said: &str, home: &Scope) -> Option<String> {
    if said.starts_with("arn:") {
        let arn = Arn::read(said).ok()?;
        let Scope { partition, account, .. } = &arn.scope;
        let is_machine =
            matches!(arn.resource, Resource::Machine { label: None, .. } | Resource::Qualified { .. });
        let is_here = *account == home.account && !partition.is_empty() && !arn.scope.region.is_empty();
        return (is_machine && is_here).then(|| arn.to_string());
    }
    let Scope { partition, region, account } = home;
    let mut parts = said.split(':');
    let are_names = parts.clone().count() <= 2 && parts.all(engine::is_name);
    are_names.then(|| format!("arn:{partition}:states:{region}:{account}:stateMachine:{said}"))
}

#[cfg(test)]
mod tests {
    use store::memory::MemoryStore;

    use super::*;

    fn read(written: Value) -> Result<Draft, Vec<String>> {
        let read = Draft::read(None, &written, &Scope::default());
        read.map_err(|wrong| wrong.iter().map(ToString::to_string).collect())
    }

    const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:m";

    #[test]
    fn a_rule_is_told_as_it_was_written() {
        let written = json!({
            "name": "r", "topic": "choreography/order.placed", "pattern": {"detail": {"a": [1]}}, "machine": "m:live",
            "transformer": {"InputTemplate": "1"}, "enabled": false,
        });
        let Draft { rule, .. } = read(written.clone()).unwrap();
        let mut told = told(&rule, &Scope::default());
        assert_eq!(told["arn"], "arn:aws:events:us-east-1:123456789012:rule/r");
        assert_eq!(told["machine"], format!("{MACHINE}:live"));
        // What was told can be written again.
        assert_eq!(read(told.clone()), Ok(Draft { rule, begins: Begins::Now }));
        told.as_object_mut().unwrap().retain(|name, _| written.get(name).is_some());
        told["machine"] = "m:live".into();
        assert_eq!(told, written);
        let Draft { rule, .. } =
            read(json!({"name": "r", "topic": "s/k", "machine": MACHINE, "input": null})).unwrap();
        assert_eq!((rule.enabled, rule.pattern, rule.input), (true, None, Some(Value::Null)));
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let wrong = read(json!({
            "name": "a b", "topic": "x", "machine": "a/b", "enabled": 1, "colour": "red", "pattern": {"a": 1},
        }));
        let fields: Vec<String> =
            wrong.unwrap_err().iter().filter_map(|it| Some(it.split_once(':')?.0.to_owned())).collect();
        assert_eq!(fields, ["name", "topic", "machine", "enabled", "colour", "pattern.a"]);
        assert!(read(json!([])).unwrap_err()[0].starts_with(".: found [], expected an object"));
        let one = |members: Value| {
            let mut written = json!({"name": "r", "topic": "s/k", "machine": "m"});
            written.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            let mut wrong = read(written).unwrap_err();
            assert_eq!(wrong.len(), 1, "{wrong:?}");
            wrong.remove(0)
        };
        for (members, begins) in [
            (json!({"name": ""}), "name: found \"\""),
            (json!({"name": "r".repeat(65)}), "name: found"),
            (json!({"topic": "s/"}), "topic: found \"s/\""),
            (json!({"topic": "s/*"}), "topic: found"),
            (json!({"topic": 1}), "topic: found 1, expected STREAM/KIND"),
            (json!({"from": "1970"}), "from: found \"1970\", expected now or beginning"),
            (json!({"from": null}), "from: found null"),
            (json!({"input_path": 1}), "input_path: found 1, expected a string"),
            (json!({"machine": null}), "machine: found null"),
            (json!({"machine": "arn:aws:states:us-east-1:000000000000:stateMachine:m"}), "machine: found"),
            (json!({"machine": "arn:aws:states:us-east-1:123456789012:activity:m"}), "machine: found"),
            (json!({"machine": "arn:aws:lambda:us-east-1:123456789012:function:m"}), "machine: found"),
            (json!({"machine": "a:b:c"}), "machine: found"),
            (json!({"machine": ""}), "machine: found \"\""),
            (json!({"input": 1, "input_path": "$.a"}), "input_path: found input and input_path"),
        ] {
            let told = one(members);
            assert!(told.starts_with(begins), "{told}");
        }
        let other =
            Draft::read(Some("b"), &json!({"name": "a", "topic": "s/k", "machine": "m"}), &Scope::default());
        assert_eq!(other.unwrap_err()[0].to_string(), "name: found \"a\", expected b, or nothing");
    }

    #[tokio::test]
    async fn a_rule_that_says_the_same_stays_as_it_is() {
        let store = MemoryStore::new();
        let draft = |machine: &str| read(json!({"name": "r", "topic": "s/k", "machine": machine})).unwrap();
        let put = async |machine: &str, now| draft(machine).put(&store, now).await.unwrap().unwrap();
        assert_eq!(
            put("m", 1).await,
            Put { rule: Rule { created_ms: 1, updated_ms: 1, ..draft("m").rule }, is_new: true, revision: 1 }
        );
        assert_eq!(put("m", 2).await.revision, 1);
        assert_eq!(
            put("n", 3).await,
            Put {
                rule: Rule { created_ms: 1, updated_ms: 3, ..draft("n").rule },
                is_new: false,
                revision: 2
            }
        );
    }

    #[tokio::test]
    async fn there_are_only_so_many() {
        let store = MemoryStore::new();
        let put = async |name: &str| {
            read(json!({"name": name, "topic": "s/k", "machine": "m"})).unwrap().put(&store, 1).await.unwrap()
        };
        for number in 0..RULES_MAX {
            put(&format!("r{number}")).await.unwrap();
        }
        assert_eq!(put("more").await.unwrap_err(), "there are 300 rules, which is the most");
        assert!(put("r1").await.is_ok());
    }
}
