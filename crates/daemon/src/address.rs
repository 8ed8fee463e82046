//! The addresses of buses and stores, as flags spell them.

use std::fmt;
use std::path::PathBuf;

use bus_kafka::KafkaOptions;
use bus_rabbitmq::RabbitOptions;
use durability::Durability;
use store::postgres::PostgresOptions;

use crate::ConfigError;

/// Where the bus is.
#[derive(Clone, Debug)]
pub enum BusAddress {
    /// `memory:`: in this process; nobody else can reach it.
    Memory,
    /// `tcp://HOST:PORT`: the memory bus of another process, which `duet bus` serves.
    Tcp {
        /// Host name or address; IPv6 in brackets.
        host: String,
        /// TCP, not 0.
        port: u16,
    },
    /// `amqp://` or `amqps://`: a RabbitMQ.
    Rabbitmq(Box<RabbitOptions>),
    /// `kafka://HOST:PORT,HOST:PORT`: an Apache Kafka.
    Kafka(Box<KafkaOptions>),
}

/// Where the store is.
#[derive(Clone, Debug)]
pub enum StoreAddress {
    /// `memory:`: in this process, gone with it.
    Memory,
    /// `sqlite:PATH`: a file.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What a commit survives: `power`, or `kill` with `?durability=kill`.
        durability: Durability,
    },
    /// `postgres://`: a schema in a PostgreSQL database.
    Postgres(Box<PostgresOptions>),
}

const BUSES: &str = "amqp://USER:PASSWORD@HOST/VHOST (RabbitMQ; amqps:// for TLS), kafka://HOST:PORT,HOST:PORT, \
                     tcp://HOST:PORT (where `duet bus` listens) or memory:";
const STORES: &str = "sqlite:PATH (e.g. sqlite:orders.db, sqlite:/var/lib/duet/orders.db; ?durability=kill behind it leaves out \
                      the flush of each commit), \
                      postgres://USER:PASSWORD@HOST/DATABASE or memory:";

impl BusAddress {
    /// Reads the value of `--bus`.
    ///
    /// # Errors
    /// It is no address of a bus; the message holds no password.
    pub fn parse(url: &str) -> Result<Self, ConfigError> {
        Self::parse_as("--bus", url)
    }

    /// Reads the value of another flag or variable than `--bus`, which an error then names.
    ///
    /// # Errors
    /// It is no address of a bus; the message holds no password.
    pub fn parse_as(flag: &'static str, url: &str) -> Result<Self, ConfigError> {
        let wrong = |expected: String| ConfigError::new(flag, redact(url), expected);
        match url.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("tcp", rest)) => match host_and_port(rest) {
                Some((host, port)) => Ok(Self::Tcp { host, port }),
                None => Err(wrong(
                    "tcp://HOST:PORT, with a port from 1 to 65535 and nothing behind it".to_owned(),
                )),
            },
            Some(("amqp" | "amqps", _)) => {
                let options = RabbitOptions::parse(url).map_err(|invalid| wrong(invalid.expected))?;
                Ok(Self::Rabbitmq(Box::new(options)))
            }
            Some(("kafka", _)) => {
                let options = KafkaOptions::parse(url).map_err(|invalid| wrong(invalid.expected))?;
                Ok(Self::Kafka(Box::new(options)))
            }
            _ => Err(wrong(BUSES.to_owned())),
        }
    }

    /// The same bus, with every name on the broker under this prefix; a bus that lives in a process has no such names.
    #[must_use]
    pub fn with_namespace(mut self, namespace: &str) -> Self {
        match &mut self {
            Self::Memory | Self::Tcp { .. } => {}
            Self::Rabbitmq(options) => namespace.clone_into(&mut options.namespace),
            Self::Kafka(options) => namespace.clone_into(&mut options.namespace),
        }
        self
    }

    /// The same bus, asked for this level of durability. RabbitMQ always flushes and takes no notice; what a bus
    /// then really gives is what [`bus::Bus::guarantees`] says.
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        if let Self::Kafka(options) = &mut self {
            options.durability = durability;
        }
        self
    }

    /// The word for it in tables and flags: `memory`, `rabbitmq` or `kafka`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Memory | Self::Tcp { .. } => "memory",
            Self::Rabbitmq(_) => "rabbitmq",
            Self::Kafka(_) => "kafka",
        }
    }
}

/// Takes `//HOST:PORT` apart; `None` when there is a user, a path or anything else.
fn host_and_port(rest: &str) -> Option<(String, u16)> {
    let (host, port) = rest.strip_prefix("//")?.rsplit_once(':')?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let plausible = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)),
    };
    // A leading `+` would be a number to Rust, and no port to anybody else.
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let port = port.parse().ok().filter(|&port: &u16| digits && port != 0)?;
    plausible.then(|| (host.to_owned(), port))
}

impl fmt::Display for BusAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Rabbitmq(options) => options.fmt(f),
            Self::Kafka(options) => options.fmt(f),
        }
    }
}

impl StoreAddress {
    /// Reads the value of `--store`.
    ///
    /// # Errors
    /// It is no address of a store; the message holds no password.
    pub fn parse(url: &str) -> Result<Self, ConfigError> {
        Self::parse_as("--store", url)
    }

    /// Reads the value of another flag or variable than `--store`, which an error then names.
    ///
    /// # Errors
    /// It is no address of a store; the message holds no password.
    pub fn parse_as(flag: &'static str, url: &str) -> Result<Self, ConfigError> {
        let wrong = |expected: String| ConfigError::new(flag, redact(url), expected);
        match url.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) => {
                // `sqlite:///a/b` is a common spelling of `/a/b`; `sqlite://a/b` could mean two things.
                let path = if path.starts_with("///") { &path[2..] } else { path };
                let (path, durability) = match path.split_once('?') {
                    None => (path, Durability::Power),
                    Some((path, "durability=power")) => (path, Durability::Power),
                    Some((path, "durability=kill")) => (path, Durability::Kill),
                    Some(_) => return Err(wrong(STORES.to_owned())),
                };
                if path.is_empty() || path.starts_with("//") {
                    return Err(wrong(STORES.to_owned()));
                }
                Ok(Self::Sqlite { path: PathBuf::from(path), durability })
            }
            Some(("postgres" | "postgresql", _)) => {
                let options = PostgresOptions::parse(url).map_err(|invalid| wrong(invalid.expected))?;
                Ok(Self::Postgres(Box::new(options)))
            }
            _ => Err(wrong(STORES.to_owned())),
        }
    }

    /// A SQLite file whose commits survive a power cut.
    #[must_use]
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self::Sqlite { path: path.into(), durability: Durability::Power }
    }

    /// The same store, in the schema of this name; only PostgreSQL has schemas.
    #[must_use]
    pub fn with_schema(mut self, schema: &str) -> Self {
        if let Self::Postgres(options) = &mut self {
            options.schema = Some(schema.to_owned());
        }
        self
    }

    /// The same store, in the schema named after `service` unless the URL names one.
    #[must_use]
    pub fn for_service(self, service: &str) -> Self {
        match &self {
            Self::Postgres(options) if options.schema.is_none() => {
                self.with_schema(&service.replace('-', "_"))
            }
            _ => self,
        }
    }

    /// The word for it in tables and flags: `memory`, `sqlite` or `postgres`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite { path, durability: Durability::Power } => write!(f, "sqlite:{}", path.display()),
            Self::Sqlite { path, durability } => {
                write!(f, "sqlite:{}?durability={durability}", path.display())
            }
            Self::Postgres(options) => options.fmt(f),
        }
    }
}

/// What stands for what is not shown.
pub const MASK: &str = "***";
/// Words that a flag takes in place of a URL, and that hold no secret.
const WORDS: [&str; 7] = ["", "memory", "memory:", "rabbitmq", "kafka", "sqlite", "postgres"];

/// A URL, or a list of URLs and words with commas between them, that may be shown. Only what is known to hold no secret is:
/// schemes, hosts with numbers for ports, plain paths, and the words that flags take. All else is replaced by `***`:
/// what stands before an `@` and behind a `?`, settings of the form `password=…`, and words of any other kind.
#[must_use]
pub fn redact(url: &str) -> String {
    if let Some(path) = url.strip_prefix("sqlite:")
        && !path.contains(['@', '='])
    {
        return path
            .split_once('?')
            .map_or_else(|| url.to_owned(), |(path, _)| format!("sqlite:{path}?{MASK}"));
    }
    // A password may hold whatever separates the parts of a list or of a URL. Where that could be, nothing is shown.
    let in_doubt = url.split(',').any(|part| part.contains('@') && !part.contains("://"));
    if in_doubt {
        return match url.split_once("://") {
            Some((scheme, _)) if is_scheme(scheme) => format!("{scheme}://{MASK}"),
            _ => MASK.to_owned(),
        };
    }
    let mut after_url = false;
    let parts = url.split(',').map(|part| match part.split_once("://") {
        Some((scheme, place)) if is_scheme(scheme.trim_start()) => {
            after_url = true;
            format!("{scheme}://{}", redact_place(place))
        }
        _ if WORDS.contains(&part.trim()) => part.to_owned(),
        // `kafka://HOST:PORT,HOST:PORT`
        _ if after_url => redact_place(part),
        _ => MASK.to_owned(),
    });
    parts.collect::<Vec<_>>().join(",")
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// What stands behind `://`.
fn redact_place(place: &str) -> String {
    let (before, query) =
        place.split_once('?').map_or((place, None), |(before, query)| (before, Some(query)));
    // An `@` behind a `?` ends a user's name with a `?` in it, or stands in a setting: nobody knows.
    if query.is_some_and(|query| query.contains('@')) {
        return MASK.to_owned();
    }
    // The last `@`: a password may hold one, a host may not.
    let (user, host) = before.rsplit_once('@').map_or(("", before), |(_, host)| ("***@", host));
    let host = if is_plain_place(host) { host } else { MASK };
    let query = if query.is_some() { "?***" } else { "" };
    format!("{user}{host}{query}")
}

/// `HOST`, `HOST:PORT` or either with a path, and nothing that could be a user's name with a password.
fn is_plain_place(text: &str) -> bool {
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    let plain =
        |text: &str, more: &[u8]| text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => plain(address, b":.") && is_port(port.strip_prefix(':').unwrap_or(port)),
        None => {
            let (name, port) = host.split_once(':').unwrap_or((host, ""));
            plain(name, b".-_") && is_port(port)
        }
    };
    is_host && plain(path, b".-_/%")
}

fn is_port(text: &str) -> bool {
    text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supported_addresses_read_and_write_the_same() {
        for url in ["memory:", "tcp://127.0.0.1:7070", "tcp://bus.example:1", "tcp://[::1]:65535"] {
            assert_eq!(BusAddress::parse(url).unwrap().to_string(), url);
        }
        for url in
            ["memory:", "sqlite:orders.db", "sqlite:/var/lib/duet/a b.db", "sqlite:x.db?durability=kill"]
        {
            assert_eq!(StoreAddress::parse(url).unwrap().to_string(), url);
        }
        assert_eq!(StoreAddress::parse("sqlite:x.db?durability=power").unwrap().to_string(), "sqlite:x.db");
        assert_eq!(StoreAddress::parse("sqlite:///x/y.db").unwrap().to_string(), "sqlite:/x/y.db");
    }

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for url in
            ["", "memory", "tcp:", "tcp://", "tcp://host", "tcp://host:0", "tcp://host:+1", "tcp://h:99999"]
        {
            let error = BusAddress::parse(url).unwrap_err();
            assert!(error.expected.contains("tcp://HOST:PORT"), "{error}");
        }
        for url in ["tcp://a/b:1", "tcp://u@h:1", "tcp://::1:1", "tcp://[x]:1"] {
            assert!(BusAddress::parse(url).is_err(), "{url}");
        }
        for url in [
            "",
            "sqlite:",
            "sqlite://x.db",
            "sqlite:x.db?durability=process",
            "sqlite:x?y=z",
            "orders.db",
            "mysql://localhost/duet",
        ] {
            let error = StoreAddress::parse(url).unwrap_err();
            assert!(error.expected.contains("sqlite:PATH"), "{error}");
        }
        assert_eq!(
            BusAddress::parse("nats://localhost:4222").unwrap_err().to_string(),
            "--bus: found nats://localhost:4222, expected amqp://USER:PASSWORD@HOST/VHOST (RabbitMQ; amqps:// for \
             TLS), kafka://HOST:PORT,HOST:PORT, tcp://HOST:PORT (where `duet bus` listens) or memory:"
        );
    }

    #[test]
    fn each_service_has_a_schema_of_its_own_unless_the_url_names_one() {
        let schema = |url: &str| match StoreAddress::parse(url).unwrap().for_service("order-history") {
            StoreAddress::Postgres(options) => options.schema.unwrap(),
            other => panic!("{other} is no PostgreSQL"),
        };
        assert_eq!(schema("postgres://duet@localhost/duet"), "order_history");
        assert_eq!(schema("postgres://duet@localhost/duet?schema=mine"), "mine");
    }

    #[test]
    fn passwords_are_never_shown() {
        for url in [
            "amqp://guest:secret@rabbit/vhost",
            "amqp://guest:se/secret@rabbit",
            "amqps://guest:secret@rabbit?colour=red",
            "kafka://u:secret@host:1?security=sasl_plaintext",
            "kafka://u:secret@host:1?colour=red",
            "postgres://u:secret@db/duet",
            "postgres://u:p@secret@db/duet?password=secret",
            "tcp://u:secret@host:1",
            "guest:secret@rabbit",
            "secret",
            "host=db user=duet password=secret",
            "postgres:host=db password=secret",
            "postgres://host=db password=secret",
            "postgres://db/duet password=secret",
            "postgres://db/duet;password=secret",
            "postgres://db/duet#secret=",
            "amqp:guest:secret@rabbit",
            "amqp:/guest:secret@rabbit",
            "amqp://guest:secret",
            "amqp://guest:se/secret",
            "amqp://guest:x?secret@rabbit",
            "amqp://guest:1,secret@rabbit",
            "kafka://a:1,u:secret@b:1",
            "kafka://a:1,secret=b",
            "postgres://db/duet?password=x@secret",
            "memory:secret",
            "memory,secret",
            "rabbitmq://u:secret@h,amqp://u:secret@h",
        ] {
            let bus = BusAddress::parse(url).map_or_else(|e| e.to_string(), |a| format!("{a} {a:?}"));
            let store = StoreAddress::parse(url).map_or_else(|e| e.to_string(), |a| format!("{a} {a:?}"));
            for shown in [redact(url), bus, store] {
                assert!(!shown.contains("secret"), "{shown}");
            }
        }
        assert_eq!(redact("amqp://guest:secret@rabbit/vhost?x=1"), "amqp://***@rabbit/vhost?***");
        // What tells a mistake is shown.
        for plain in [
            "tcp://127.0.0.1:7070",
            "tcp://[::1]:7070",
            "kafka://a:1,b:2",
            "kafka://a:1,rabbitmq",
            "memory, rabbitmq,kafka",
            "sqlite:/var/lib/duet/a b.db",
            "postgres://db/duet",
            "memory:",
        ] {
            assert_eq!(redact(plain), plain);
        }
    }
}
