//! `duet switch`: asks the load on a running system to be different.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use load::http::LoadState;
use load::plan::{self, Change, StyleChoice};
use load::switch::SwitchError;
use telemetry::exit_with;

use crate::flags::loads::LoadsArgs;

/// Flags of `duet switch`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SwitchArgs {
    /// The style of the orders sent from now on: choreography, orchestration, or both by turns.
    #[arg(long, value_name = "STYLE")]
    style: Option<StyleChoice>,
    /// Orders sent in a second from now on; 0 for none.
    #[arg(long, value_name = "N", value_parser = plan::rate)]
    rate: Option<f64>,
    /// The share of orders whose payment is declined, from now on.
    #[arg(long, value_name = "RATE", value_parser = daemon::probability)]
    decline_rate: Option<f64>,
    #[command(flatten)]
    loads: LoadsArgs,
}

/// Changes what is asked for, and shows how each load stands.
pub(crate) fn main(args: &SwitchArgs) -> ExitCode {
    switch(args).unwrap_or_else(|error| exit_with(&error, error.code()))
}

/// When a load cannot be reached or refuses, those before it have changed.
fn switch(args: &SwitchArgs) -> Result<ExitCode, SwitchError> {
    let change = Change {
        style: args.style.map(|style| style.to_string()),
        rate_per_s: args.rate,
        decline_rate: args.decline_rate,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(SwitchError::Threads)?.block_on(async {
        for load in args.loads.loads().running().await? {
            terminal::print(&shown(&load.name, &load.switch(&change).await?));
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// `kafka: both styles, 20 orders/s, 3 under way`.
fn shown(name: &str, state: &LoadState) -> String {
    let LoadState { plan, in_flight, trouble, resting, .. } = state;
    let style = match plan.style {
        StyleChoice::Both => "both styles by turns".to_owned(),
        one => one.to_string(),
    };
    let mut line = format!("{name}: {style}, {} orders/s", plan.rate_per_s);
    // Writing to a String cannot fail.
    if let Some(rate) = plan.decline_rate {
        let _ = write!(line, ", {} % of the payments declined", rate * 100.0);
    }
    let under_way: Vec<_> = in_flight.iter().map(|(style, count)| format!("{count} in {style}")).collect();
    let _ = write!(line, "; under way: {}", under_way.join(", "));
    if *resting {
        line.push_str("; it rests: it has sent all that --orders-max allows");
    }
    if let Some(trouble) = trouble {
        let _ = write!(line, "; nothing is sent: {trouble}");
    }
    line + "\n"
}
