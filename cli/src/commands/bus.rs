//! `duet bus`: the in-process bus, served to other processes.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use daemon::BusAddress;
use telemetry::exit;
use tokio::net::TcpListener;

/// Flags of `duet bus`.
#[derive(Clone, Debug, Args)]
pub(crate) struct BusArgs {
    /// Where to listen; port 0 takes a free one, which the line on standard output names. There is neither
    /// authentication nor encryption: keep to a loopback address.
    #[arg(long, value_name = "ADDR:PORT", env = "DUET_LISTEN", default_value = "127.0.0.1:7070")]
    listen: SocketAddr,
}

/// Why the bus cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BusCommandError {
    /// The address cannot be listened on.
    #[error(
        "{address} cannot be listened on: is it taken? choose another with --listen, port 0 for a free one"
    )]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    /// Signals or threads cannot be had.
    #[error("the operating system refuses what the bus needs")]
    System(#[source] std::io::Error),
}

/// Serves until SIGINT or SIGTERM. The first line on standard output is `listening on ADDR:PORT`.
pub(crate) fn main(args: &BusArgs) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(BusCommandError::System).and_then(|runtime| runtime.block_on(serve(args.listen))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit(&error),
    }
}

async fn serve(address: SocketAddr) -> Result<(), BusCommandError> {
    let stop = daemon::on_signals().map_err(BusCommandError::System)?;
    let bound = TcpListener::bind(address).await;
    let listener = bound.map_err(|source| BusCommandError::Listen { address, source })?;
    let listening = listener.local_addr().map_err(BusCommandError::System)?;
    let mut out = std::io::stdout();
    // Whoever does not read it knows the address.
    let _ = writeln!(out, "listening on {listening}").and_then(|()| out.flush());
    let bus = daemon::connect::bus(&BusAddress::Memory);
    bus::remote::serve(listener, bus, stop.requested()).await;
    Ok(())
}
