//! Which buses and which store a command works on: from the words and URLs of its flags to addresses.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use daemon::address::redact;
use daemon::{BusAddress, ConfigError, StoreAddress};
use durability::Durability;
use serde::{Deserialize, Serialize};
use testbed::{KAFKA, POSTGRES, RABBITMQ, Server};

/// A URL that may hold a password: it is shown without.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Url(String);

impl Url {
    /// Of that text.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The text, secrets included.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.0))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// Where the servers are that `--bus` and `--store` name by a word.
#[derive(Clone, Default, Args)]
pub struct Urls {
    /// The URL behind --bus rabbitmq [default: where scripts/brokers starts it].
    #[arg(long, value_name = "URL", env = RABBITMQ.variable, hide_env_values = true, help_heading = "System")]
    pub rabbitmq_url: Option<String>,
    /// The URL behind --bus kafka [default: where scripts/brokers starts it].
    #[arg(long, value_name = "URL", env = KAFKA.variable, hide_env_values = true, help_heading = "System")]
    pub kafka_url: Option<String>,
    /// The URL behind --store postgres.
    #[command(flatten)]
    pub postgres: PostgresUrl,
}

/// Where PostgreSQL is.
#[derive(Clone, Default, Args)]
pub struct PostgresUrl {
    /// The URL behind --store postgres [default: where scripts/brokers starts it].
    #[arg(long, value_name = "URL", env = POSTGRES.variable, hide_env_values = true, help_heading = "System")]
    pub postgres_url: Option<String>,
}

impl PostgresUrl {
    /// The URL: as set, or the default.
    #[must_use]
    pub fn url(&self) -> Url {
        set_or_default(self.postgres_url.as_ref(), POSTGRES)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.url())
    }
}

impl fmt::Debug for Urls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([rabbitmq, kafka], postgres) = (self.brokers(), &self.postgres);
        write!(f, "Urls({rabbitmq}, {kafka}, {postgres:?})")
    }
}

fn set_or_default(set: Option<&String>, server: Server) -> Url {
    Url::new(set.filter(|url| !url.is_empty()).map_or(server.default_url, String::as_str))
}

impl Urls {
    /// Where the brokers are.
    #[must_use]
    pub fn brokers(&self) -> [Url; 2] {
        [set_or_default(self.rabbitmq_url.as_ref(), RABBITMQ), set_or_default(self.kafka_url.as_ref(), KAFKA)]
    }
}

/// A bus of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusPlace {
    /// What this run calls it: its kind, with a number where there are several of a kind.
    pub name: String,
    /// Where it is.
    pub url: Url,
    /// How its URL was chosen, for messages.
    pub flag: String,
    /// The prefix of all its names on a broker.
    pub namespace: Option<String>,
    /// The level of durability that it is asked for; `None`: as the URL says.
    pub durability: Option<Durability>,
}

impl BusPlace {
    /// The bus of this process.
    #[must_use]
    pub fn memory() -> Self {
        Self {
            name: "memory".to_owned(),
            url: Url::new("memory:"),
            flag: "--bus".to_owned(),
            namespace: None,
            durability: None,
        }
    }

    /// The same bus with all names under this prefix.
    #[must_use]
    pub fn in_namespace(&self, namespace: String) -> Self {
        Self { namespace: Some(namespace), ..self.clone() }
    }

    /// Its address.
    ///
    /// # Errors
    /// The URL is none of a bus; one made by [`buses`] is.
    pub fn address(&self) -> Result<BusAddress, ConfigError> {
        let mut address = BusAddress::parse(self.url.expose())?;
        if let Some(namespace) = &self.namespace {
            address = address.with_namespace(namespace);
        }
        if let Some(durability) = self.durability {
            address = address.with_durability(durability);
        }
        Ok(address)
    }

    /// Its URL, with namespace and durability as options: what another process is told. `None` for the bus of this
    /// process, which no other can reach.
    #[must_use]
    pub fn whole_url(&self) -> Option<String> {
        let mut options = Vec::new();
        options.extend(self.namespace.as_ref().map(|namespace| format!("namespace={namespace}")));
        // Only Kafka can be asked for a level.
        let asked = self.durability.filter(|_| self.url.expose().starts_with("kafka://"));
        options.extend(asked.map(|durability| format!("durability={durability}")));
        self.is_broker().then(|| with_options(self.url.expose(), &options))
    }

    /// Whether it is a server of its own, which other runs may use too.
    #[must_use]
    pub fn is_broker(&self) -> bool {
        self.url.expose() != "memory:"
    }
}

/// The store that `--store` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// Files in a folder within this one; `None`: the system's for temporary files.
    Sqlite(Option<PathBuf>),
    /// Schemas in this database.
    Postgres(Url),
}

/// Where a cell's stores are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorePlace {
    /// Files in the cell's folder, named after the participants, whose commits survive this.
    Sqlite(Durability),
    /// Schemas in a database.
    Postgres {
        /// Where it is.
        url: Url,
        /// What stands before the participants' names in the schemas' names.
        prefix: String,
    },
}

impl fmt::Display for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(_) => f.write_str("sqlite"),
            Self::Postgres { url, .. } => url.fmt(f),
        }
    }
}

impl StorePlace {
    /// The word for it in tables and flags.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }

    /// The address of a participant's store.
    ///
    /// # Errors
    /// The URL is none of a store; one made by [`store()`] is.
    pub fn address(&self, dir: &Path, participant: &str) -> Result<StoreAddress, ConfigError> {
        match self {
            Self::Sqlite(durability) => {
                Ok(StoreAddress::Sqlite { path: file(dir, participant), durability: *durability })
            }
            Self::Postgres { url, prefix } => {
                Ok(StoreAddress::parse(url.expose())?.with_schema(&schema(prefix, participant)))
            }
        }
    }

    /// The same as a URL: what another process is told. May hold a password.
    #[must_use]
    pub fn url(&self, dir: &Path, participant: &str) -> String {
        match self {
            Self::Sqlite(durability) => {
                let path = file(dir, participant);
                StoreAddress::Sqlite { path, durability: *durability }.to_string()
            }
            Self::Postgres { url, prefix } => {
                with_options(url.expose(), &[format!("schema={}", schema(prefix, participant))])
            }
        }
    }
}

fn file(dir: &Path, participant: &str) -> PathBuf {
    dir.join(format!("{participant}.db"))
}

/// The schema of a participant in a database where all names begin with `prefix`.
#[must_use]
pub fn schema(prefix: &str, participant: &str) -> String {
    format!("{prefix}_{}", participant.replace('-', "_"))
}

/// A URL with that option in its query, unless it has one of that name.
#[must_use]
pub fn with_option(url: &str, name: &str, value: &str) -> String {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let has_it = query.split('&').any(|option| option.split('=').next() == Some(name));
    let options = if has_it { Vec::new() } else { vec![format!("{name}={value}")] };
    with_options(url, &options)
}

/// A URL without that option in its query, as [`with_option`] adds it.
#[must_use]
pub fn without_option(url: &str, name: &str) -> String {
    let Some((place, query)) = url.split_once('?') else { return url.to_owned() };
    let others: Vec<_> = query.split('&').filter(|option| option.split('=').next() != Some(name)).collect();
    if others.is_empty() { place.to_owned() } else { format!("{place}?{}", others.join("&")) }
}

/// A URL with further options in its query.
fn with_options(url: &str, options: &[String]) -> String {
    let separator = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    if options.is_empty() { url.to_owned() } else { format!("{url}{separator}{}", options.join("&")) }
}

const BUSES: &str = "memory, rabbitmq, kafka, amqp://… or kafka://…, or several of them with commas between";

/// The buses of a list like `memory,rabbitmq,kafka://127.0.0.1:9092`. Each has a name of its own.
///
/// # Errors
/// One cannot be used, or is named twice.
pub fn buses(list: &str, urls: &Urls) -> Result<Vec<BusPlace>, ConfigError> {
    let mut buses = Vec::<BusPlace>::new();
    for word in words(list) {
        let mut bus = bus(&word, urls)?;
        if buses.iter().any(|other| other.url == bus.url) {
            return Err(ConfigError::new(
                "--bus",
                redact(list),
                format!("each bus once, not {} twice", bus.url),
            ));
        }
        let kind = bus.name.clone();
        let of_this_kind = buses.iter().filter(|other| kind_of(&other.name) == kind).count();
        if of_this_kind > 0 {
            bus.name = format!("{kind}-{}", of_this_kind + 1);
        }
        buses.push(bus);
    }
    if buses.is_empty() {
        return Err(ConfigError::new("--bus", "nothing", BUSES));
    }
    Ok(buses)
}

/// `rabbitmq` of `rabbitmq-2`.
fn kind_of(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}

/// The parts of a list. A comma within a Kafka URL, between its hosts, does not end it.
fn words(list: &str) -> Vec<String> {
    let mut words = Vec::<String>::new();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let starts = part.contains("://") || ["memory", "memory:", "rabbitmq", "kafka"].contains(&part);
        match words.last_mut() {
            Some(url) if !starts && url.starts_with("kafka://") => {
                url.push(',');
                url.push_str(part);
            }
            _ => words.push(part.to_owned()),
        }
    }
    words
}

fn bus(word: &str, urls: &Urls) -> Result<BusPlace, ConfigError> {
    match word {
        "memory" | "memory:" => Ok(BusPlace::memory()),
        "rabbitmq" => server(RABBITMQ, "rabbitmq", "--rabbitmq-url", urls.rabbitmq_url.as_ref()),
        "kafka" => server(KAFKA, "kafka", "--kafka-url", urls.kafka_url.as_ref()),
        url if url.starts_with("tcp://") => {
            let expected = format!("{BUSES}; a bus over TCP has no namespaces to keep the cells apart");
            Err(ConfigError::new("--bus", redact(url), expected))
        }
        url if url.contains("://") => {
            let address = BusAddress::parse(url)?;
            Ok(place(address.kind(), Url::new(url), "--bus".to_owned()))
        }
        other => Err(ConfigError::new("--bus", redact(other), BUSES)),
    }
}

fn server(
    server: Server,
    kind: &'static str,
    flag: &'static str,
    set: Option<&String>,
) -> Result<BusPlace, ConfigError> {
    let url = set_or_default(set, server);
    let address = BusAddress::parse_as(flag, url.expose())?;
    if address.kind() != kind {
        return Err(ConfigError::new(flag, &url, format!("the URL of a {}", server.name)));
    }
    Ok(place(kind, url, format!("{flag} or {}", server.variable)))
}

fn place(kind: &str, url: Url, flag: String) -> BusPlace {
    BusPlace { name: kind.to_owned(), url, flag, namespace: None, durability: None }
}

/// The store that a word or URL names.
///
/// # Errors
/// It cannot be used here.
pub fn store(word: &str, postgres: &PostgresUrl) -> Result<StoreChoice, ConfigError> {
    let checked = |flag, url: Url| match StoreAddress::parse_as(flag, url.expose())?.kind() {
        "postgres" => Ok(StoreChoice::Postgres(url)),
        _ => Err(ConfigError::new(flag, &url, "postgres://USER:PASSWORD@HOST/DATABASE")),
    };
    match word.split_once(':') {
        None if word == "sqlite" => Ok(StoreChoice::Sqlite(None)),
        Some(("sqlite", "")) => Ok(StoreChoice::Sqlite(None)),
        Some(("sqlite", dir)) => Ok(StoreChoice::Sqlite(Some(PathBuf::from(dir)))),
        None if word == "postgres" => checked("--postgres-url", postgres.url()),
        Some(("postgres" | "postgresql", _)) => checked("--store", Url::new(word)),
        _ => {
            let expected = "sqlite, sqlite:DIR, postgres or postgres://USER:PASSWORD@HOST/DATABASE";
            Err(ConfigError::new("--store", redact(word), expected))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(list: &str) -> Result<Vec<(String, String)>, String> {
        let found = buses(list, &Urls::default()).map_err(|error| error.to_string())?;
        Ok(found.into_iter().map(|bus| (bus.name, bus.url.to_string())).collect())
    }

    #[test]
    fn words_stand_for_the_servers_of_the_script() {
        let found = named("memory, rabbitmq,kafka").unwrap();
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["memory", "rabbitmq", "kafka"]);
        assert_eq!(found[1].1, "amqp://***@127.0.0.1:5682/%2f");
        let urls = Urls { kafka_url: Some("kafka://other:1".into()), ..Urls::default() };
        assert_eq!(buses("kafka", &urls).unwrap()[0].url.expose(), "kafka://other:1");
    }

    #[test]
    fn urls_may_hold_commas_and_two_of_a_kind_are_told_apart() {
        let found = named("kafka://a:1,b:2,amqp://u:secret@c,kafka,amqp://d").unwrap();
        let found: Vec<_> = found.iter().map(|(name, url)| (name.as_str(), url.as_str())).collect();
        assert_eq!(
            found,
            [
                ("kafka", "kafka://a:1,b:2"),
                ("rabbitmq", "amqp://***@c"),
                ("kafka-2", "kafka://127.0.0.1:9192"),
                ("rabbitmq-2", "amqp://d"),
            ]
        );
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_its_secrets() {
        for (list, said) in [
            ("carrier-pigeon", "--bus: found ***, expected memory, rabbitmq, kafka"),
            ("", "--bus: found nothing, expected memory"),
            ("tcp://127.0.0.1:7070", "a bus over TCP has no namespaces"),
            ("nats://user:secret@host", "--bus: found nats://***@host, expected amqp://"),
            ("kafka,kafka", "each bus once, not kafka://127.0.0.1:9192 twice"),
        ] {
            let error = named(list).unwrap_err();
            assert!(error.contains(said) && !error.contains("secret"), "{list}: {error}");
        }
        let urls = Urls { rabbitmq_url: Some("kafka://host:1".into()), ..Urls::default() };
        let error = buses("rabbitmq", &urls).unwrap_err().to_string();
        assert_eq!(error, "--rabbitmq-url: found kafka://host:1, expected the URL of a RabbitMQ");
    }

    #[test]
    fn stores_are_found_by_word_and_url() {
        let none = PostgresUrl::default();
        assert_eq!(store("sqlite", &none).unwrap(), StoreChoice::Sqlite(None));
        assert_eq!(store("sqlite:x", &none).unwrap(), StoreChoice::Sqlite(Some("x".into())));
        let url = |choice| match choice {
            StoreChoice::Postgres(url) => url,
            other => panic!("{other:?}"),
        };
        assert_eq!(url(store("postgres", &none).unwrap()).expose(), POSTGRES.default_url);
        let own = PostgresUrl { postgres_url: Some("postgres://u:p@h/d".into()) };
        assert_eq!(url(store("postgres", &own).unwrap()).to_string(), "postgres://***@h/d");
        for wrong in ["paper", "memory:", "mysql://u:secret@h"] {
            let error = store(wrong, &none).unwrap_err().to_string();
            assert!(error.contains("expected sqlite, sqlite:DIR") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn another_process_is_told_everything_by_a_url() {
        let kafka = BusPlace {
            name: "kafka".into(),
            url: Url::new("kafka://h:1?partitions=4"),
            durability: Some(Durability::Power),
            ..BusPlace::memory()
        };
        assert_eq!(
            kafka.in_namespace("duet-compare-x".into()).whole_url().unwrap(),
            "kafka://h:1?partitions=4&namespace=duet-compare-x&durability=power"
        );
        assert_eq!(BusPlace::memory().whole_url(), None);
        let rabbitmq = BusPlace { url: Url::new("amqp://u:p@h/%2f"), ..kafka };
        assert_eq!(rabbitmq.in_namespace("x".into()).whole_url().unwrap(), "amqp://u:p@h/%2f?namespace=x");
        let store = StorePlace::Postgres { url: Url::new("postgres://u:p@h/d"), prefix: "duet_x".into() };
        assert_eq!(
            store.url(Path::new("/a"), "order-history"),
            "postgres://u:p@h/d?schema=duet_x_order_history"
        );
        let url = |durability| StorePlace::Sqlite(durability).url(Path::new("/a"), "orchestrator");
        assert_eq!(url(Durability::Power), "sqlite:/a/orchestrator.db");
        assert_eq!(url(Durability::Kill), "sqlite:/a/orchestrator.db?durability=kill");
    }

    #[test]
    fn a_url_is_never_shown_with_its_password() {
        let url = Url::new("amqp://user:secret@host");
        assert_eq!(format!("{url} {url:?}"), "amqp://***@host Url(amqp://***@host)");
        let urls = Urls { rabbitmq_url: Some("amqp://user:secret@host".into()), ..Urls::default() };
        assert!(!format!("{urls:?}").contains("secret"));
    }
}
