//! What a server on this machine uses, found by the port it listens on. Where there is no `/proc`, or it does not let
//! this user see, there is nothing but the reason.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use operate::proc::{self, Stat};

/// Programs that only pass connections on, to a server whose processes cannot be seen from here.
const FORWARDERS: &[&str] = &[
    "docker-proxy",
    "rootlessport",
    "rootlesskit",
    "slirp4netns",
    "pasta",
    "kubectl",
    "ssh",
    "haproxy",
    "socat",
];

/// The processes of one server: those that listen, with all their children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalServer {
    listeners: Vec<u32>,
}

/// What a server has used so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerUse {
    /// CPU time of all its processes, user and system, those that have ended included.
    pub cpu: Duration,
    /// The most memory that its main process ever had resident.
    pub peak_rss_bytes: Option<u64>,
}

impl LocalServer {
    /// The server that the URL leads to.
    ///
    /// # Errors
    /// Why its processes cannot be seen: it is not on this machine, or not this user's.
    pub fn find(url: &str) -> Result<Self, String> {
        let addresses = addresses(url);
        if addresses.is_empty() {
            return Err("its address is not known".to_owned());
        }
        let (here, elsewhere): (Vec<SocketAddr>, Vec<SocketAddr>) =
            addresses.into_iter().partition(|address| UdpSocket::bind((address.ip(), 0)).is_ok());
        if here.is_empty() {
            return Err("it is not on this machine".to_owned());
        }
        let inodes = listening(here.iter().map(SocketAddr::port));
        if inodes.is_empty() {
            return Err("nothing listens there on this machine".to_owned());
        }
        let listeners: Vec<_> = proc::pids().into_iter().filter(|pid| holds(*pid, &inodes)).collect();
        if listeners.is_empty() {
            return Err(
                "its process is another user's: only that user and root may see what it uses".to_owned()
            );
        }
        if let Some(name) = listeners.iter().find_map(|pid| forwarder(*pid)) {
            return Err(format!("it is behind {name}"));
        }
        if !elsewhere.is_empty() {
            return Err("part of it is not on this machine".to_owned());
        }
        Ok(Self { listeners })
    }

    /// What it has used; `None` when it is gone, or was started anew.
    #[must_use]
    pub fn used(&self) -> Option<ServerUse> {
        let processes: BTreeMap<u32, Stat> =
            proc::pids().into_iter().filter_map(|pid| Some((pid, Stat::of(pid)?))).collect();
        let mut cpu_ticks = 0;
        for pid in processes.keys().filter(|pid| self.belongs(**pid, &processes)) {
            let stat = &processes[pid];
            cpu_ticks += stat.cpu_ticks + stat.cpu_ticks_of_ended_children;
        }
        self.listeners.iter().all(|pid| processes.contains_key(pid)).then(|| ServerUse {
            cpu: Duration::from_secs_f64(cpu_ticks as f64 / rustix::param::clock_ticks_per_second() as f64),
            peak_rss_bytes: self.listeners.iter().filter_map(|pid| super::peak_rss_bytes_of(*pid)).max(),
        })
    }

    /// Whether it is one of the listeners or a descendant of one.
    fn belongs(&self, mut pid: u32, processes: &BTreeMap<u32, Stat>) -> bool {
        // No chain of parents is longer than there are processes.
        for _ in 0..processes.len() {
            if self.listeners.contains(&pid) {
                return true;
            }
            match processes.get(&pid) {
                Some(stat) => pid = stat.parent,
                None => return false,
            }
        }
        false
    }
}

/// Every address that the hosts in a URL stand for.
fn addresses(url: &str) -> Vec<SocketAddr> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let place = rest.split(['/', '?']).next().unwrap_or(rest);
    let hosts = place.rsplit_once('@').map_or(place, |(_, hosts)| hosts);
    let port = match scheme {
        "amqp" => 5672,
        "amqps" => 5671,
        "kafka" => 9092,
        _ => 5432,
    };
    let resolve = |host: &str| {
        let found = host.to_socket_addrs().or_else(|_| (host, port).to_socket_addrs());
        found.map(Iterator::collect::<Vec<_>>).unwrap_or_default()
    };
    hosts.split(',').flat_map(resolve).collect()
}

/// The sockets that listen on one of these ports, by inode.
fn listening(ports: impl Iterator<Item = u16> + Clone) -> Vec<u64> {
    let wanted =
        proc::listening().into_iter().filter(|(port, _)| ports.clone().any(|wanted| wanted == *port));
    wanted.map(|(_, inode)| inode).collect()
}

/// Whether the process has one of these sockets open, as far as it can be seen.
fn holds(pid: u32, inodes: &[u64]) -> bool {
    proc::sockets(pid).iter().any(|inode| inodes.contains(inode))
}

fn forwarder(pid: u32) -> Option<String> {
    proc::program(pid).filter(|name| FORWARDERS.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_every_kind_of_url() {
        for (url, port) in [
            ("amqp://guest:p%40ss@127.0.0.1:5682/%2f", 5682),
            ("amqp://guest:guest@127.0.0.1", 5672),
            ("postgres://duet:duet@127.0.0.1:5442/duet?sslmode=disable", 5442),
            ("kafka://127.0.0.1", 9092),
        ] {
            assert_eq!(addresses(url), [SocketAddr::from(([127, 0, 0, 1], port))], "{url}");
        }
        assert_eq!(addresses("kafka://127.0.0.1:1,127.0.0.1:2").len(), 2);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn who_listens_here_is_found_and_its_use_grows_with_its_work() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("kafka://{}", listener.local_addr().unwrap());
        let server = LocalServer::find(&url).unwrap();
        assert_eq!(server.listeners, [std::process::id()]);
        let before = server.used().unwrap();
        assert!(before.peak_rss_bytes.unwrap() > 0);
        while server.used().unwrap().cpu <= before.cpu {}
        drop(listener);
        assert!(LocalServer::find(&url).unwrap_err().contains("nothing listens"));
        // A documentation address: nobody's.
        assert_eq!(LocalServer::find("kafka://192.0.2.1:9").unwrap_err(), "it is not on this machine");
    }
}
