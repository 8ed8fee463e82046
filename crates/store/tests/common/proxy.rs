//! A stand-in for the network between a store and its server, which can fail.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// What it should.
    Works,
    /// Ends every connection, and new ones at once.
    Down,
    /// Holds back everything.
    Silent,
    /// Holds back what the server says.
    Deaf,
}

/// Passes connections on to the server. Gone with its handle.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    network: watch::Sender<Network>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(network: Network) -> Self {
        let server = server();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (network, state) = watch::channel(network);
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(pass(client, server, state.clone()));
            }
        });
        Self { port, network, accepting }
    }

    pub(crate) fn set(&self, network: Network) {
        self.network.send_replace(network);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Where the real server is.
pub(crate) fn server() -> SocketAddr {
    let url = testbed::POSTGRES.url();
    let place = url.rsplit_once('@').expect("a user").1;
    let place = place.split(['/', '?']).next().expect("a host");
    std::net::ToSocketAddrs::to_socket_addrs(place).unwrap().next().expect("an address")
}

async fn pass(client: TcpStream, server: SocketAddr, mut network: watch::Receiver<Network>) {
    if *network.borrow() == Network::Down {
        return;
    }
    let server = TcpStream::connect(server).await.unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let out = copy(from_client, to_server, network.clone(), |network| network != Network::Silent);
    let back = copy(from_server, to_client, network.clone(), |network| network == Network::Works);
    tokio::select! {
        _ = network.wait_for(|network| *network == Network::Down) => {}
        () = out => {}
        () = back => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut network: watch::Receiver<Network>,
    passes: impl Fn(Network) -> bool + Copy,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else { return };
        if network.wait_for(|network| passes(*network)).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
