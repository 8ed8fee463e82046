//! The addresses of buses and stores, as flags spell them.

use std::fmt;
use std::path::PathBuf;

use crate::ConfigError;

/// Where the bus is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BusAddress {
    /// `memory:`: in this process; nobody else can reach it.
    Memory,
    /// `tcp://HOST:PORT`: the memory bus of another process, which `duet bus` serves.
    Tcp {
        /// Host name or address; IPv6 in brackets.
        host: String,
        /// Port.
        port: u16,
    },
}

/// Where the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAddress {
    /// `memory:`: in this process, gone with it.
    Memory,
    /// `sqlite:PATH`: a file.
    Sqlite(PathBuf),
}

const BUSES: &str = "memory: or tcp://HOST:PORT (where `duet bus` listens)";
const STORES: &str = "sqlite:PATH (e.g. sqlite:orders.db, sqlite:/var/lib/duet/orders.db) or memory:";

impl BusAddress {
    /// Reads the value of `--bus`.
    ///
    /// # Errors
    /// It is no address of a bus that this version supports; the message holds no password.
    pub fn parse(url: &str) -> Result<Self, ConfigError> {
        let wrong = |expected: String| Err(ConfigError::new("--bus", redact(url), expected));
        match url.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("tcp", rest)) => match host_and_port(rest) {
                Some((host, port)) => Ok(Self::Tcp { host, port }),
                None => {
                    wrong("tcp://HOST:PORT, with a port from 1 to 65535 and nothing behind it".to_owned())
                }
            },
            Some(("amqp" | "amqps" | "rabbitmq", _)) => {
                wrong(format!("{BUSES}; RabbitMQ is not supported by this version"))
            }
            Some(("kafka", _)) => wrong(format!("{BUSES}; Kafka is not supported by this version")),
            _ => wrong(BUSES.to_owned()),
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
        }
    }
}

impl StoreAddress {
    /// Reads the value of `--store`.
    ///
    /// # Errors
    /// It is no address of a store that this version supports; the message holds no password.
    pub fn parse(url: &str) -> Result<Self, ConfigError> {
        let wrong = |expected: String| Err(ConfigError::new("--store", redact(url), expected));
        match url.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) => {
                // `sqlite:///a/b` is a common spelling of `/a/b`; `sqlite://a/b` could mean two things.
                let path = if path.starts_with("///") { &path[2..] } else { path };
                if path.is_empty() || path.starts_with("//") {
                    return wrong(STORES.to_owned());
                }
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            Some(("postgres" | "postgresql", _)) => {
                wrong(format!("{STORES}; PostgreSQL is not supported by this version"))
            }
            _ => wrong(STORES.to_owned()),
        }
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

/// A URL that may be shown: what stands before an `@` and behind a `?` may be secret and is replaced by `***`.
#[must_use]
pub fn redact(url: &str) -> String {
    let (place, query) = match url.split_once('?') {
        Some((place, _)) => (place, "?***"),
        None => (url, ""),
    };
    let (scheme, rest) = match place.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), place),
    };
    // The last `@`: a password may hold one, a host may not.
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}***@{host}{query}"),
        None => format!("{scheme}{rest}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supported_addresses_read_and_write_the_same() {
        for url in ["memory:", "tcp://127.0.0.1:7070", "tcp://bus.example:1", "tcp://[::1]:65535"] {
            assert_eq!(BusAddress::parse(url).unwrap().to_string(), url);
        }
        for url in ["memory:", "sqlite:orders.db", "sqlite:/var/lib/duet/a b.db"] {
            assert_eq!(StoreAddress::parse(url).unwrap().to_string(), url);
        }
        assert_eq!(StoreAddress::parse("sqlite:///x/y.db").unwrap(), StoreAddress::Sqlite("/x/y.db".into()));
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
        for url in ["", "sqlite:", "sqlite://x.db", "orders.db", "postgres://localhost/duet"] {
            let error = StoreAddress::parse(url).unwrap_err();
            assert!(error.expected.contains("sqlite:PATH"), "{error}");
        }
        assert_eq!(
            BusAddress::parse("kafka://localhost:9092").unwrap_err().to_string(),
            "--bus: found kafka://localhost:9092, expected memory: or tcp://HOST:PORT (where `duet bus` \
             listens); Kafka is not supported by this version"
        );
    }

    #[test]
    fn passwords_are_never_shown() {
        for url in [
            "amqp://guest:secret@rabbit/vhost",
            "amqp://guest:se/secret@rabbit",
            "postgres://u:p@secret@db/duet?password=secret",
            "tcp://u:secret@host:1",
            "guest:secret@rabbit",
        ] {
            for shown in [
                redact(url),
                BusAddress::parse(url).unwrap_err().to_string(),
                StoreAddress::parse(url).unwrap_err().to_string(),
            ] {
                assert!(!shown.contains("secret"), "{shown}");
            }
        }
        assert_eq!(redact("amqp://guest:secret@rabbit/vhost?x=1"), "amqp://***@rabbit/vhost?***");
        assert_eq!(redact("tcp://127.0.0.1:7070"), "tcp://127.0.0.1:7070");
    }
}
