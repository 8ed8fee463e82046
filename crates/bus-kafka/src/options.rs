//! Where the brokers are, and how they are used: what a `kafka://` URL says.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bus::{Durability, InvalidUrl, Topic, percent_decoded};

use crate::names::{self, NAMESPACE_EXPECTED};

/// A broker's port where the URL names none.
const PORT_DEFAULT: u16 = 9092;

/// How to reach Apache Kafka and what to ask of it, as a URL says:
/// `kafka://[USER:PASSWORD@]HOST:PORT,HOST:PORT[?OPTION=VALUE&…]`.
///
/// | option | meaning | default |
/// | --- | --- | --- |
/// | `namespace` | begins the name of every topic and group | `duet` |
/// | `partitions` | partitions of a stream's topic that is created | 4 |
/// | `replication` | copies of each topic that is created | the broker's own default |
/// | `retention_hours` | how long a message is kept, consumed or not | 168 |
/// | `durability` | `kill`, or `power`: topics that flush each append before it is confirmed | `kill` |
/// | `topics` | `create`, or `existing`: never ask for a topic to be created or deleted | `create` |
/// | `security` | `plaintext`, `ssl`, `sasl_plaintext`, `sasl_ssl` | `plaintext`; `sasl_ssl` with a user |
/// | `sasl` | `plain`, `scram-sha-256`, `scram-sha-512` | `plain` |
/// | `password_file` | a file that holds the password, instead of the URL | |
/// | `ca`, `cert`, `key` | PEM files: whom to trust, and who we are | the system's certificates |
/// | `connect_timeout_ms` | how long connecting is tried | 5000 |
/// | `delivery_timeout_ms` | how long a publish may take until it fails | 10000 |
/// | `session_timeout_ms` | how long a member of a group may be silent until the others take over | 6000 |
/// | `linger_ms` | how long a record waits for others to travel with; fractions count | 0 |
/// | `compression` | `none`, `lz4` | `none` |
///
/// User, password and values may be percent-encoded. Neither [`fmt::Display`] nor [`fmt::Debug`] shows the password.
#[derive(Clone, Debug)]
pub struct KafkaOptions {
    /// Begins the name of every topic and consumer group, followed by a dot. Letters, digits, `_` and `-`; buses with
    /// different namespaces have nothing in common.
    pub namespace: String,
    /// What a confirmed message shall survive: [`Durability::Power`] makes topics that flush each append to disk
    /// before it is confirmed; every lower level is that of the operating system's page cache.
    pub durability: Durability,
    pub(crate) brokers: Vec<String>,
    pub(crate) partitions: i32,
    /// `-1`: the broker's default.
    pub(crate) replication: i32,
    pub(crate) retention: Duration,
    pub(crate) topics: Topics,
    pub(crate) security: Security,
    pub(crate) mechanism: Mechanism,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) connect_timeout: Duration,
    pub(crate) delivery_timeout: Duration,
    pub(crate) session_timeout: Duration,
    pub(crate) linger_ms: f64,
    pub(crate) compression: Compression,
}

/// Who makes topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topics {
    /// This bus, where one is missing.
    Create,
    /// Somebody else, or the broker when a topic is first named.
    Existing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    Plain,
    ScramSha256,
    ScramSha512,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Lz4,
}

#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: Password,
}

/// Where the password comes from.
#[derive(Clone)]
pub(crate) enum Password {
    Given(String),
    File(PathBuf),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("***"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl Security {
    const WORDS: [(&'static str, Self); 4] = [
        ("plaintext", Self::Plaintext),
        ("ssl", Self::Ssl),
        ("sasl_plaintext", Self::SaslPlaintext),
        ("sasl_ssl", Self::SaslSsl),
    ];

    pub(crate) fn has_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    pub(crate) fn has_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

impl Mechanism {
    const WORDS: [(&'static str, Self); 3] =
        [("plain", Self::Plain), ("scram-sha-256", Self::ScramSha256), ("scram-sha-512", Self::ScramSha512)];
}

impl KafkaOptions {
    /// Host and port of the first broker named.
    #[must_use]
    pub fn server(&self) -> Option<(&str, u16)> {
        let (host, port) = self.brokers.first()?.rsplit_once(':')?;
        Some((host, port.parse().ok()?))
    }

    /// The broker's topic for messages of this topic.
    #[must_use]
    pub fn topic(&self, topic: &Topic) -> String {
        format!("{}.{}", self.namespace, topic.stream())
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// It is not one that can be used; says what would be right, and repeats no part that may be secret.
    pub fn parse(url: &str) -> Result<Self, InvalidUrl> {
        let rest = url.strip_prefix("kafka://").ok_or_else(|| expected(FORM))?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.strip_suffix('/').unwrap_or(place);
        let (user, hosts) = match place.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, place),
        };
        let mut options = Self::at(brokers(hosts)?);
        let mut given = Given::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decoded(value).ok_or_else(|| expected(ENCODED))?;
            options.set(name, &value, &mut given)?;
        }
        options.secure(user, given)?;
        Ok(options)
    }

    fn at(brokers: Vec<String>) -> Self {
        Self {
            namespace: "duet".to_owned(),
            durability: Durability::Kill,
            brokers,
            partitions: 4,
            replication: -1,
            retention: Duration::from_secs(168 * 3600),
            topics: Topics::Create,
            security: Security::Plaintext,
            mechanism: Mechanism::Plain,
            credentials: None,
            ca: None,
            cert: None,
            key: None,
            connect_timeout: Duration::from_secs(5),
            delivery_timeout: Duration::from_secs(10),
            // The least that brokers allow by default.
            session_timeout: Duration::from_secs(6),
            linger_ms: 0.0,
            compression: Compression::None,
        }
    }

    fn set(&mut self, name: &str, value: &str, given: &mut Given) -> Result<(), InvalidUrl> {
        match name {
            "namespace" if names::is_namespace(value) => value.clone_into(&mut self.namespace),
            "namespace" => return Err(expected(&format!("namespace={NAMESPACE_EXPECTED}"))),
            "partitions" => self.partitions = number(name, value, 1, 1000)?,
            "replication" => self.replication = number(name, value, 1, 100)?,
            "retention_hours" => {
                self.retention = Duration::from_secs(number::<u64>(name, value, 1, 876_000)? * 3600);
            }
            "durability" => {
                let words = [("kill", Durability::Kill), ("power", Durability::Power)];
                self.durability = word(name, value, &words)?;
            }
            "topics" => {
                let words = [("create", Topics::Create), ("existing", Topics::Existing)];
                self.topics = word(name, value, &words)?;
            }
            "security" => given.security = Some(word(name, value, &Security::WORDS)?),
            "sasl" => given.mechanism = Some(word(name, value, &Mechanism::WORDS)?),
            "password_file" => given.password_file = Some(file(name, value)?),
            "ca" => self.ca = Some(file(name, value)?),
            "cert" => self.cert = Some(file(name, value)?),
            "key" => self.key = Some(file(name, value)?),
            "connect_timeout_ms" => {
                self.connect_timeout = Duration::from_millis(number(name, value, 100, 600_000)?);
            }
            "delivery_timeout_ms" => {
                self.delivery_timeout = Duration::from_millis(number(name, value, 1000, 600_000)?);
            }
            "session_timeout_ms" => {
                self.session_timeout = Duration::from_millis(number(name, value, 1000, 600_000)?);
            }
            "linger_ms" => self.linger_ms = number(name, value, 0.0, 1000.0)?,
            "compression" => {
                let words = [("none", Compression::None), ("lz4", Compression::Lz4)];
                self.compression = word(name, value, &words)?;
            }
            _ => return Err(expected(&format!("no options but {KNOWN}"))),
        }
        Ok(())
    }

    /// Takes in what security is about, once all of it is known.
    fn secure(&mut self, user: Option<&str>, given: Given) -> Result<(), InvalidUrl> {
        let default = if user.is_some() { Security::SaslSsl } else { Security::Plaintext };
        self.security = given.security.unwrap_or(default);
        if self.security.has_sasl() {
            let user =
                user.ok_or_else(|| expected("USER:PASSWORD@ before the hosts with security=sasl_…"))?;
            self.credentials = Some(credentials(user, given.password_file)?);
        } else if user.is_some() || given.password_file.is_some() || given.mechanism.is_some() {
            return Err(expected(
                "security=sasl_ssl or security=sasl_plaintext with a user, password or sasl=…",
            ));
        }
        self.mechanism = given.mechanism.unwrap_or(Mechanism::Plain);
        let has_files = self.ca.is_some() || self.cert.is_some() || self.key.is_some();
        if has_files && !self.security.has_tls() {
            return Err(expected("security=ssl or security=sasl_ssl with ca, cert or key"));
        }
        if self.cert.is_some() != self.key.is_some() {
            return Err(expected("cert and key together"));
        }
        self.needs_missing_feature().map_or(Ok(()), |needs| Err(expected(&needs)))
    }

    /// What these options need and this build does not have, in words.
    pub(crate) fn needs_missing_feature(&self) -> Option<String> {
        let scram = self.security.has_sasl() && self.mechanism != Mechanism::Plain;
        let missing = (self.security.has_tls() || scram) && !cfg!(feature = "tls");
        missing.then(|| {
            let asked = if self.security.has_tls() { "TLS" } else { "SASL SCRAM" };
            format!(
                "a program built with {asked} for Kafka (cargo build --release --workspace --features kafka-tls), which this one is \
                 not; without it: security=plaintext, or security=sasl_plaintext&sasl=plain"
            )
        })
    }
}

/// Options that only mean something together.
#[derive(Default)]
struct Given {
    security: Option<Security>,
    mechanism: Option<Mechanism>,
    password_file: Option<PathBuf>,
}

const FORM: &str = "kafka://HOST:PORT,HOST:PORT, with USER:PASSWORD@ before the hosts and ?OPTION=VALUE&… behind them \
                    where needed";
const ENCODED: &str = "text in which a percent sign begins two hexadecimal digits, and that is UTF-8";
const KNOWN: &str = "namespace, partitions, replication, retention_hours, durability, topics, security, sasl, \
                     password_file, ca, cert, key, connect_timeout_ms, delivery_timeout_ms, session_timeout_ms, linger_ms and \
                     compression";

fn expected(what: &str) -> InvalidUrl {
    InvalidUrl { expected: what.to_owned() }
}

fn brokers(hosts: &str) -> Result<Vec<String>, InvalidUrl> {
    hosts.split(',').map(|host| broker(host).ok_or_else(|| expected(FORM))).collect()
}

/// `HOST:PORT`, with the default port where there is none; IPv6 in brackets.
fn broker(text: &str) -> Option<String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (format!("[{address}]"), if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (text.to_owned(), None),
        },
    };
    let plausible = |b: u8| b.is_ascii_alphanumeric() || b".-_[]:".contains(&b);
    if host.is_empty() || !host.bytes().all(plausible) {
        return None;
    }
    let port = match port {
        // A leading `+` would be a number to Rust, and no port to anybody else.
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().ok().filter(|&port| port != 0)?
        }
        Some(_) => return None,
        None => PORT_DEFAULT,
    };
    Some(format!("{host}:{port}"))
}

fn credentials(user: &str, password_file: Option<PathBuf>) -> Result<Credentials, InvalidUrl> {
    let (user, password) = match user.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (user, None),
    };
    let user = percent_decoded(user).ok_or_else(|| expected(ENCODED))?;
    let password = match (password, password_file) {
        (Some(password), None) => {
            Password::Given(percent_decoded(password).ok_or_else(|| expected(ENCODED))?)
        }
        (None, Some(file)) => Password::File(file),
        _ => {
            return Err(expected(
                "a password either behind the user (USER:PASSWORD@) or by password_file=PATH",
            ));
        }
    };
    if user.is_empty() {
        return Err(expected("a user before the password"));
    }
    Ok(Credentials { user, password })
}

fn number<T: FromStr + PartialOrd + fmt::Display>(
    name: &str,
    value: &str,
    min: T,
    max: T,
) -> Result<T, InvalidUrl> {
    let parsed = value.parse().ok().filter(|number| *number >= min && *number <= max);
    parsed.ok_or_else(|| expected(&format!("{name}=NUMBER from {min} to {max}")))
}

fn word<T: Copy>(name: &str, value: &str, words: &[(&str, T)]) -> Result<T, InvalidUrl> {
    let known = words.iter().find(|(word, _)| *word == value);
    known.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        expected(&format!("{name} to be one of: {}", words.join(", ")))
    })
}

fn file(name: &str, value: &str) -> Result<PathBuf, InvalidUrl> {
    if value.is_empty() { Err(expected(&format!("{name}=PATH of a file"))) } else { Ok(PathBuf::from(value)) }
}

/// The URL without user, password and options.
impl fmt::Display for KafkaOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kafka://{}", self.brokers.join(","))
    }
}

#[cfg(test)]
mod tests;
