//! Where RabbitMQ is and how it is used: one URL says everything.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bus::{BusError, InvalidUrl, Topic, percent_decoded};
use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::uri::{AMQPScheme, AMQPUri};

use crate::names::Names;

/// The most shards a group may have: which of them a member consumes is told in 64 bits.
pub(crate) const SHARDS_MAX: u16 = 64;
/// The longest namespace, in bytes: with a group's and a topic's name it has to go into a name of 255 bytes.
const NAMESPACE_BYTES_MAX: usize = 60;
/// The options that a URL may carry.
const KNOWN: &str = "namespace, shards, replicas, expire_s, ca, cert, key, heartbeat_s, connect_timeout_ms, \
                     confirm_timeout_ms";
/// What a URL looks like.
const URL: &str = "amqp://USER:PASSWORD@HOST:PORT/VHOST?OPTION=VALUE&… (amqps:// for TLS)";

/// How RabbitMQ is reached and what is declared there. Made from a URL with [`RabbitOptions::parse`]:
///
/// `amqp://USER:PASSWORD@HOST:PORT/VHOST?OPTION=VALUE&…`, or `amqps://` for TLS.
///
/// User and password are `guest` unless given, the port is 5672 (5671 with TLS), the virtual host is `/`; they are
/// percent-encoded (a virtual host `/` may also be left out). Options:
///
/// | option | meaning | default |
/// | --- | --- | --- |
/// | `namespace` | prefix of every name on the broker | `duet` |
/// | `shards` | queues per group, 1 to 64: so many members share a group at the most. All programs of a namespace must agree | 4 |
/// | `replicas` | how many nodes of a cluster keep a queue, where there are as many | 1 |
/// | `expire_s` | for trials: queues that nobody has used for so long are deleted by the broker, with what is in them | never |
/// | `ca` | file with certificates (PEM) that are trusted besides the system's | |
/// | `cert`, `key` | files with this program's certificate and its key (PEM) | |
/// | `heartbeat_s` | a connection that is silent for twice this long is given up | 10 |
/// | `connect_timeout_ms` | how long one attempt to connect may take | 10,000 |
/// | `confirm_timeout_ms` | how long a confirm, or room on a broker that takes no messages, is waited for | 30,000 |
///
/// Neither `Debug` nor `Display` shows user or password.
#[derive(Clone)]
pub struct RabbitOptions {
    uri: AMQPUri,
    /// Prefix of every name on the broker: programs with the same one work together.
    pub namespace: String,
    /// Queues per group.
    pub shards: u16,
    /// How many nodes of a cluster keep a queue, where there are as many.
    pub replicas: u16,
    /// For trials: the broker deletes queues, with what is in them, that nobody has used for so long.
    pub expires: Option<Duration>,
    /// File with certificates that are trusted besides the system's.
    pub ca: Option<PathBuf>,
    /// File with this program's own certificate; goes with `key`.
    pub cert: Option<PathBuf>,
    /// File with the key of `cert`.
    pub key: Option<PathBuf>,
    /// How long one attempt to connect may take.
    pub connect_timeout: Duration,
    /// How long a confirm is waited for, and a broker that takes no messages because it is short of memory or disk.
    pub confirm_timeout: Duration,
}

/// The way of a message through the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What it is published to.
    pub exchange: String,
    /// By which it finds its queues.
    pub routing_key: String,
    /// The queue of the group that was asked about.
    pub queue: Option<String>,
}

fn expected(text: impl Into<String>) -> InvalidUrl {
    InvalidUrl { expected: text.into() }
}

impl RabbitOptions {
    /// Reads a URL; see [`RabbitOptions`] for what it may hold.
    ///
    /// # Errors
    /// Says what would be right, without repeating any part of the URL that may be secret.
    pub fn parse(url: &str) -> Result<Self, InvalidUrl> {
        let (place, query) = url.split_once('?').map_or((url, ""), |(place, query)| (place, query));
        if !place.starts_with("amqp://") && !place.starts_with("amqps://") {
            return Err(expected(URL));
        }
        // The parser's own errors may repeat the URL.
        let mut uri: AMQPUri = place.parse().map_err(|_| expected(URL))?;
        // It takes a host that it cannot read, and an IPv6 address is one, for localhost.
        uri.authority.host = host(place).ok_or_else(|| expected(format!("a host in {URL}")))?;
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        uri.query.heartbeat = Some(10);
        // Larger frames gain nothing for messages of this size, and lapin keeps room for 64 of them.
        uri.query.frame_max = Some(64 * 1024);
        let mut options = Self {
            uri,
            namespace: "duet".to_owned(),
            shards: 4,
            replicas: 1,
            expires: None,
            ca: None,
            cert: None,
            key: None,
            connect_timeout: Duration::from_secs(10),
            confirm_timeout: Duration::from_secs(30),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decoded(value)
                .ok_or_else(|| expected(format!("a percent-encoded UTF-8 value of {name}")))?;
            options.set(name, value)?;
        }
        options.check()?;
        Ok(options)
    }

    /// Host and port of the broker.
    #[must_use]
    pub fn server(&self) -> (&str, u16) {
        (&self.uri.authority.host, self.uri.authority.port)
    }

    /// The way of a message with this topic and key, in RabbitMQ's own terms.
    #[must_use]
    pub fn route(&self, topic: &Topic, key: &str, group: Option<&str>) -> Route {
        let names = Names::new(&self.namespace, self.shards);
        let shard = names.shard_of(key);
        Route {
            exchange: names.messages().to_string(),
            routing_key: format!("{topic}.{shard}"),
            queue: group.map(|group| names.queue(group, shard).to_string()),
        }
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), InvalidUrl> {
        match name {
            "namespace" => self.namespace = value,
            "shards" => self.shards = number(name, &value, 1, SHARDS_MAX.into())? as u16,
            "replicas" => self.replicas = number(name, &value, 1, 99)? as u16,
            "expire_s" => self.expires = Some(Duration::from_secs(number(name, &value, 1, 2_000_000)?)),
            "ca" => self.ca = Some(file(name, value)?),
            "cert" => self.cert = Some(file(name, value)?),
            "key" => self.key = Some(file(name, value)?),
            "heartbeat_s" => self.uri.query.heartbeat = Some(number(name, &value, 1, 3600)? as u16),
            "connect_timeout_ms" => {
                self.connect_timeout = Duration::from_millis(number(name, &value, 1, 600_000)?);
            }
            "confirm_timeout_ms" => {
                self.confirm_timeout = Duration::from_millis(number(name, &value, 1, 600_000)?);
            }
            _ => return Err(expected(format!("only these options: {KNOWN}"))),
        }
        Ok(())
    }

    /// What can also be wrong with options that were set by hand.
    pub(crate) fn check(&self) -> Result<(), InvalidUrl> {
        let namespace = &self.namespace;
        let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if namespace.is_empty()
            || namespace.len() > NAMESPACE_BYTES_MAX
            || !namespace.chars().all(is_fine)
            || namespace.starts_with("amq.")
        {
            return Err(expected(format!(
                "a namespace of 1 to {NAMESPACE_BYTES_MAX} letters, digits, dots, hyphens and underscores that does \
                 not begin with amq."
            )));
        }
        if !(1..=SHARDS_MAX).contains(&self.shards) {
            return Err(expected(format!("shards from 1 to {SHARDS_MAX}")));
        }
        if self.cert.is_some() != self.key.is_some() {
            return Err(expected("both cert and key, or neither"));
        }
        let tls = self.uri.scheme == AMQPScheme::AMQPS;
        if !tls && (self.ca.is_some() || self.cert.is_some()) {
            return Err(expected("amqps:// where ca, cert or key is given"));
        }
        Ok(())
    }

    /// Where to connect, with credentials.
    pub(crate) fn uri(&self) -> &AMQPUri {
        &self.uri
    }

    /// What TLS needs, read from the files.
    pub(crate) fn tls(&self) -> Result<OwnedTLSConfig, BusError> {
        let identity = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                Some(OwnedIdentity::PKCS8 { pem: pem("cert", cert)?, key: pem("key", key)? })
            }
            _ => None,
        };
        let cert_chain = match &self.ca {
            Some(ca) => Some(String::from_utf8(pem("ca", ca)?).map_err(|_| not_pem("ca", ca))?),
            None => None,
        };
        Ok(OwnedTLSConfig { identity, cert_chain })
    }
}

/// The host in `SCHEME://USER:PASSWORD@HOST:PORT/PATH`; an IPv6 address without its brackets.
fn host(place: &str) -> Option<String> {
    let (_, rest) = place.split_once("://")?;
    let authority = rest.split('/').next()?;
    let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let host = match host.strip_prefix('[') {
        Some(address) => address.split_once(']')?.0,
        None => host.split(':').next()?,
    };
    Some(percent_decoded(host)?).filter(|host| !host.is_empty())
}

/// The content of a PEM file.
fn pem(option: &str, path: &Path) -> Result<Vec<u8>, BusError> {
    let unreadable = |error| BusError::Protocol(format!("{option}: cannot read {}: {error}", path.display()));
    let content = std::fs::read(path).map_err(unreadable)?;
    let has_begin = content.windows(11).any(|window| window == b"-----BEGIN ");
    if has_begin { Ok(content) } else { Err(not_pem(option, path)) }
}

fn not_pem(option: &str, path: &Path) -> BusError {
    BusError::Protocol(format!("{option}: {} is no PEM file", path.display()))
}

fn number(name: &str, value: &str, min: u64, max: u64) -> Result<u64, InvalidUrl> {
    let number = value.parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| expected(format!("{name} to be a number from {min} to {max}")))
}

fn file(name: &str, value: String) -> Result<PathBuf, InvalidUrl> {
    if value.is_empty() { Err(expected(format!("{name} to be a file's path"))) } else { Ok(value.into()) }
}

impl fmt::Display for RabbitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AMQPUri { scheme, authority, vhost, .. } = &self.uri;
        if authority.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}/", authority.host, authority.port)?;
        } else {
            write!(f, "{scheme}://{}:{}/", authority.host, authority.port)?;
        }
        match vhost.as_str() {
            "/" => f.write_str("%2f")?,
            vhost => f.write_str(vhost)?,
        }
        if self.namespace == "duet" { Ok(()) } else { write!(f, "?namespace={}", self.namespace) }
    }
}

impl fmt::Debug for RabbitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitOptions")
            .field("url", &self.to_string())
            .field("shards", &self.shards)
            .field("replicas", &self.replicas)
            .field("expires", &self.expires)
            .field("ca", &self.ca)
            .field("cert", &self.cert)
            .field("heartbeat_s", &self.uri.query.heartbeat)
            .field("connect_timeout", &self.connect_timeout)
            .field("confirm_timeout", &self.confirm_timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        RabbitOptions::parse(url).expect_err("refused").to_string()
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let options = RabbitOptions::parse("amqp://broker").unwrap();
        assert_eq!(options.uri().authority.port, 5672);
        assert_eq!(options.uri().vhost, "/");
        assert_eq!((options.namespace.as_str(), options.shards, options.replicas), ("duet", 4, 1));
        assert_eq!(options.to_string(), "amqp://broker:5672/%2f");
        let options = RabbitOptions::parse("amqps://broker/").unwrap();
        assert_eq!((options.uri().authority.port, options.uri().vhost.as_str()), (5671, "/"));
    }

    #[test]
    fn every_part_is_read() {
        let url = "amqps://ann:p%40ss@[::1]:7000/orders?namespace=trial-1&shards=16&replicas=3&expire_s=60&ca=%2Fca%20x.pem\
                   &cert=c.pem&key=k.pem&heartbeat_s=5&connect_timeout_ms=200&confirm_timeout_ms=1000";
        let options = RabbitOptions::parse(url).unwrap();
        assert_eq!(options.uri().authority.userinfo.password, "p@ss");
        assert_eq!((options.shards, options.replicas), (16, 3));
        assert_eq!(options.expires, Some(Duration::from_secs(60)));
        assert_eq!(options.ca.as_deref(), Some(Path::new("/ca x.pem")));
        assert_eq!(options.uri().query.heartbeat, Some(5));
        assert_eq!(options.connect_timeout, Duration::from_millis(200));
        assert_eq!(options.confirm_timeout, Duration::from_secs(1));
        assert_eq!(options.to_string(), "amqps://[::1]:7000/orders?namespace=trial-1");
    }

    #[test]
    fn secrets_are_never_shown() {
        let options = RabbitOptions::parse("amqp://ann:hunter2@broker/v").unwrap();
        for text in [options.to_string(), format!("{options:?}")] {
            assert!(!text.contains("hunter2") && !text.contains("ann"), "{text}");
        }
        for url in [
            "amqp://ann:hunter2@broker:port/v",
            "http://ann:hunter2@broker",
            "amqp://ann:hunter2@broker?shards=0",
        ] {
            assert!(!refused(url).contains("hunter2"), "{}", refused(url));
        }
    }

    #[test]
    fn what_is_wrong_is_refused_with_what_would_be_right() {
        assert_eq!(refused("amqp://b?shards=65"), "expected shards to be a number from 1 to 64");
        assert_eq!(refused("amqp://b?heartbeat_s=x"), "expected heartbeat_s to be a number from 1 to 3600");
        assert_eq!(refused("amqp://b?cert=c.pem"), "expected both cert and key, or neither");
        assert_eq!(refused("amqp://b?ca=c.pem"), "expected amqps:// where ca, cert or key is given");
        assert!(refused("amqp://b?verify=no").starts_with("expected only these options: namespace, shards"));
        assert!(refused("amqp://b?namespace=a/b").starts_with("expected a namespace of 1 to 60 letters"));
        assert!(refused("amqp://b?namespace=amq.x").starts_with("expected a namespace"));
        assert!(refused("amqp://b?ca=%zz").starts_with("expected a percent-encoded"));
        assert!(refused("amqp:///vhost").starts_with("expected a host in amqp://"));
        assert!(refused("amqp:b").contains("amqp://USER:PASSWORD@HOST:PORT/VHOST"));
    }

    #[test]
    fn a_missing_certificate_file_is_named() {
        let options = RabbitOptions::parse("amqps://b?ca=/nowhere/ca.pem").unwrap();
        let error = options.tls().expect_err("there is no such file").to_string();
        assert!(error.contains("ca: cannot read /nowhere/ca.pem"), "{error}");
    }
}
