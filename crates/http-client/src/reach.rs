//! Where a client may go.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use hyper::Uri;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use thiserror::Error;
use tower::Service;

/// Where a client may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Wherever it is sent: by somebody who runs it.
    Everywhere,
    /// By TLS to hosts whose addresses are public: whoever says where to go must not reach what only this machine does, as the services of its
    /// own network, or the credentials at 169.254.169.254. Names are looked at when they are resolved, so that one that means
    /// something else the next time helps nobody.
    Public,
    /// To these hosts and nowhere else; to these also without TLS and at any address.
    Hosts(Arc<[Host]>),
}

/// A host: a name or an address, a port if only that one is meant; `*.` at the beginning is for all names that end with the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    name: String,
    port: Option<u16>,
}

/// A client may not go there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place} is not called: {why}")]
pub struct NotReached {
    place: String,
    why: &'static str,
}

const NOT_LISTED: &str = "it is not among the hosts that may be";
const NO_TLS: &str = "it is not https";
const NOT_PUBLIC: &str = "its address is not a public one";

/// Text that names no host.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a host is a name or an address, with :PORT or without, or *.NAME")]
pub struct NoHost;

impl FromStr for Host {
    type Err = NoHost;

    fn from_str(text: &str) -> Result<Self, NoHost> {
        let text = text.trim().to_ascii_lowercase();
        let (name, port) = match text.rsplit_once(':') {
            // What stands in brackets is an address, whatever colons it has.
            Some((name, port)) if !port.ends_with(']') => (name, Some(port.parse().map_err(|_| NoHost)?)),
            _ => (&*text, None),
        };
        let plain = name.strip_prefix("*.").unwrap_or(name);
        let is_address = plain
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix(']'))
            .is_some_and(|it| it.parse::<Ipv6Addr>().is_ok());
        let is_name = !plain.is_empty()
            && plain.len() <= 253
            && plain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        if is_name || is_address { Ok(Self { name: name.to_owned(), port }) } else { Err(NoHost) }
    }
}

impl Host {
    fn is(&self, name: &str, port: u16) -> bool {
        let is_name = match self.name.strip_prefix('*') {
            Some(end) => name.len() > end.len() && name.ends_with(end),
            None => self.name == name,
        };
        is_name && self.port.is_none_or(|own| own == port)
    }
}

impl Reach {
    /// Whether a client may ask for that URL, as far as it says where it leads.
    ///
    /// # Errors
    /// It may not; why.
    pub fn check(&self, uri: &Uri) -> Result<(), NotReached> {
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let is_tls = uri.scheme_str() == Some("https");
        let refused = |why| Err(NotReached { place: host.clone(), why });
        match self {
            Self::Everywhere => Ok(()),
            Self::Public if !is_tls => refused(NO_TLS),
            Self::Public if address_of(&host).is_some_and(|address| !is_public(address)) => {
                refused(NOT_PUBLIC)
            }
            Self::Public => Ok(()),
            Self::Hosts(hosts) => {
                let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
                if hosts.iter().any(|it| it.is(&host, port)) { Ok(()) } else { refused(NOT_LISTED) }
            }
        }
    }

    /// Whether a client may connect to an address that a name was resolved to.
    fn admits(&self, address: IpAddr) -> bool {
        *self != Self::Public || is_public(address)
    }
}

/// The address that a host of a URL is, if it is one.
fn address_of(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// Whether everybody on the internet reaches the same by that address, and nobody something of their own
/// (the registries of special purpose addresses, RFC 6890 and its updates).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => is_public_v4(address),
            // What is given out at all (2000::/3), without documentation and what is for benchmarks and the like (2001::/23).
            None => {
                let [first, second, ..] = address.segments();
                let is_special = first == 0x2001 && (second < 0x200 || second == 0xdb8);
                first & 0xe000 == 0x2000 && !is_special && first != 0x3fff
            }
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !is_special
}

/// The older address that leads there by another name: mapped, by NAT64 (RFC 6052), or by 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high, low].map(u16::to_be_bytes);
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

/// Resolves names, and keeps those addresses that may be connected to.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    system: GaiResolver,
    reach: Reach,
}

impl Resolver {
    pub(crate) fn new(reach: Reach) -> Self {
        Self { system: GaiResolver::new(), reach }
    }
}

impl Service<Name> for Resolver {
    type Response = IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<IntoIter<SocketAddr>>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.system.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (reach, place) = (self.reach.clone(), name.to_string());
        let resolving = self.system.call(name);
        Box::pin(async move {
            let all: Vec<SocketAddr> = resolving.await?.collect();
            let admitted: Vec<_> = all.iter().copied().filter(|it| reach.admits(it.ip())).collect();
            if admitted.is_empty() && !all.is_empty() {
                return Err(io::Error::other(NotReached { place, why: NOT_PUBLIC }));
            }
            Ok(admitted.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_this_machine_reaches_is_not_public() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_public_reach_is_by_tls_and_to_no_address_of_ones_own() {
        let refused = |url: &str| Reach::Public.check(&url.parse().unwrap()).err().map(|it| it.why);
        assert_eq!(refused("https://api.example.com/v1"), None);
        assert_eq!(refused("https://1.1.1.1/"), None);
        assert_eq!(refused("http://api.example.com/v1"), Some(NO_TLS));
        for url in [
            "https://127.0.0.1/",
            "https://[::1]:8443/",
            "https://169.254.169.254/latest",
            "https://[::ffff:10.0.0.1]/",
        ] {
            assert_eq!(refused(url), Some(NOT_PUBLIC), "{url}");
        }
        assert_eq!(Reach::Everywhere.check(&"http://127.0.0.1/".parse().unwrap()), Ok(()));
    }

    #[test]
    fn hosts_that_are_named_are_reached_and_no_others() {
        let hosts: Vec<Host> = ["127.0.0.1:8080", "Api.example.com", "*.internal", "[::1]:9"]
            .map(|it| it.parse().unwrap())
            .into();
        let reach = Reach::Hosts(hosts.into());
        let is_reached = |url: &str| reach.check(&url.parse().unwrap()).is_ok();
        for url in [
            "http://127.0.0.1:8080/x",
            "https://API.example.com/",
            "http://api.example.com:81/",
            "https://a.b.internal/",
            "http://[::1]:9/",
        ] {
            assert!(is_reached(url), "{url}");
        }
        for url in [
            "http://127.0.0.1/",
            "https://example.com/",
            "https://x.api.example.com/",
            "https://internal/",
            "http://[::1]/",
        ] {
            assert!(!is_reached(url), "{url}");
        }
        for wrong in ["", "a b", "host:x", "*.", "http://host", "host/x", "[::1", "host:99999"] {
            assert!(wrong.parse::<Host>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused_when_it_is_resolved() {
        let resolve =
            |reach: Reach| async move { Resolver::new(reach).call("localhost".parse().unwrap()).await };
        let error = resolve(Reach::Public).await.unwrap_err();
        let expected = NotReached { place: "localhost".to_owned(), why: NOT_PUBLIC };
        assert_eq!(error.get_ref().and_then(|it| it.downcast_ref()), Some(&expected));
        assert!(resolve(Reach::Everywhere).await.is_ok());
    }
}
