//! `duet control`: one page for the loads of a running system: how they stand, and what they are to be.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use daemon::AllowedHosts;
use load::control::{self, ControlSettings};
use telemetry::exit;

use crate::flags::loads::LoadsArgs;

/// Flags of `duet control`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ControlArgs {
    /// Where the page is served; port 0 takes a free one, which the line on standard output names. Whoever reaches it may
    /// change the load: keep to a loopback address.
    #[arg(long, value_name = "ADDR:PORT", env = "DUET_LISTEN", default_value = "127.0.0.1:8089")]
    listen: SocketAddr,
    /// Names by which the page may be asked for, with commas between, beside localhost and IP addresses, which always work.
    #[arg(long, value_name = "NAME,…", env = "DUET_HTTP_ALLOWED_HOSTS")]
    #[arg(default_value = "", hide_default_value = true)]
    http_allowed_hosts: AllowedHosts,
    /// Where Grafana is, for the page's link to it.
    #[arg(long, value_name = "URL", env = "DUET_GRAFANA_URL", default_value = "http://127.0.0.1:3000")]
    grafana: String,
    #[command(flatten)]
    loads: LoadsArgs,
}

/// Serves until SIGINT or SIGTERM.
pub(crate) fn main(args: ControlArgs) -> ExitCode {
    let settings = ControlSettings {
        listen: args.listen,
        allowed_hosts: args.http_allowed_hosts,
        grafana: args.grafana,
        loads: args.loads.loads().all,
    };
    match control::serve(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit(&error),
    }
}
