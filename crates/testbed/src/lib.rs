//! Where the real servers are, and what a test does when there is none.
//!
//! Each server is found by an environment variable, or where `scripts/brokers up` puts it. A test that needs one asks
//! here first: it gets the URL of a server that answers, or says that it did not run. With
//! `DUET_REQUIRE_SERVERS=1` (as in CI) it fails instead. One that stops or kills a server starts its own, at a [`PortOffset`].
#![warn(missing_docs)]
#![allow(clippy::print_stderr, reason = "it is how a test says that it did not run")]

mod ports;

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

pub use ports::PortOffset;

/// A server that this project can use and does not bring along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name, for people.
    pub name: &'static str,
    /// The environment variable that holds its URL.
    pub variable: &'static str,
    /// Its URL unless the variable says otherwise: where `scripts/brokers up` starts it.
    pub default_url: &'static str,
}

/// RabbitMQ.
pub const RABBITMQ: Server = Server {
    name: "RabbitMQ",
    variable: "DUET_RABBITMQ_URL",
    default_url: "amqp://guest:guest@127.0.0.1:5682/%2f",
};

/// Apache Kafka.
pub const KAFKA: Server =
    Server { name: "Kafka", variable: "DUET_KAFKA_URL", default_url: "kafka://127.0.0.1:9192" };

/// PostgreSQL.
pub const POSTGRES: Server = Server {
    name: "PostgreSQL",
    variable: "DUET_POSTGRES_URL",
    default_url: "postgres://duet:duet@127.0.0.1:5442/duet",
};

/// The environment variable by which missing servers fail tests.
pub const REQUIRE: &str = "DUET_REQUIRE_SERVERS";

/// How long a server may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(2);

impl Server {
    /// Its URL, whether anything answers there or not.
    #[must_use]
    pub fn url(self) -> String {
        let set = std::env::var(self.variable).ok().filter(|url| !url.is_empty());
        set.unwrap_or_else(|| self.default_url.to_owned())
    }

    /// Its URL where something accepts connections; else says that the calling test did not run and returns `None`.
    ///
    /// # Panics
    /// Nothing answers and `DUET_REQUIRE_SERVERS` is set to something other than `0`.
    #[must_use]
    pub fn for_test(self) -> Option<String> {
        let url = self.url();
        if addresses(&url).iter().any(|address| TcpStream::connect_timeout(address, PATIENCE).is_ok()) {
            return Some(url);
        }
        let missing = format!("no {} answers where {} says (or by default)", self.name, self.variable);
        let required = std::env::var(REQUIRE).is_ok_and(|value| !value.is_empty() && value != "0");
        assert!(!required, "{missing}, and {REQUIRE} is set: start it with scripts/brokers up");
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        eprintln!("NOT RUN: {test}: {missing}; scripts/brokers up starts it");
        None
    }
}

/// The addresses in a URL: behind the scheme and the credentials, before a path or a query.
fn addresses(url: &str) -> Vec<SocketAddr> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = rest.split(['/', '?']).next().unwrap_or(rest);
    let hosts = place.rsplit_once('@').map_or(place, |(_, hosts)| hosts);
    hosts.split(',').filter_map(|host| host.to_socket_addrs().ok()).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_every_kind_of_url() {
        for url in [RABBITMQ.default_url, POSTGRES.default_url, "kafka://127.0.0.1:1,127.0.0.1:2?x=y"] {
            let found = addresses(url);
            assert!(!found.is_empty(), "{url}");
            assert!(found.iter().all(|address| address.ip().is_loopback()), "{url}: {found:?}");
        }
        assert_eq!(addresses("kafka://127.0.0.1:1,127.0.0.1:2?x=y").len(), 2);
    }
}
