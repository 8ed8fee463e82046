//! The daemon: the executions' participant, and the API over it.

use std::net::SocketAddr;
use std::sync::Arc;

use actions::http;
use daemon::{Args, Binary, ConfigError, Daemon, DaemonError, Defaults, Environment};
use executions::Catalogue;
use participant::{Clock as _, SystemClock};

use crate::api::{Api, ApiSettings, Ground, MANNERS, NAME};
use crate::args::{DEFAULTS, ServeArgs, Source};
use crate::triggers::{self, Book, Draft, Feed, Intake, Rules, Standing, Streams};

/// The flags, checked.
pub struct Checked {
    api: ApiSettings,
    rules: Vec<Draft>,
    source: Source,
}

impl Binary for ServeArgs {
    const NAME: &'static str = NAME;
    const DEFAULTS: Defaults = DEFAULTS;
    const NEEDS_BUS: bool = false;
    type Settings = Checked;

    fn host(&self) -> &Args {
        &self.host
    }

    fn settings(&self) -> Result<Checked, ConfigError> {
        Ok(Checked { api: self.api()?, rules: self.rules()?, source: self.source() })
    }

    async fn daemon(settings: Checked, environment: &Environment) -> Result<Daemon, DaemonError> {
        let Environment { bus, store, .. } = environment.clone();
        let Checked { api, rules, source } = settings;
        let (catalogue, clock) = (Catalogue::default(), Arc::new(SystemClock));
        let book = Book::new(Arc::clone(&store), api.home().clone());
        let intake = Arc::new(Intake::new(book, catalogue.clone(), clock.clone()));
        let standing = Arc::<Standing>::default();
        // Kafka has something to say about where a group begins.
        let streams = if source == Source::Kafka { Streams::Kept } else { Streams::FromNow };
        let feed = Feed::new(Arc::clone(&bus), Arc::clone(&intake), Arc::clone(&standing))
            .with_streams(streams)
            .with_rules(rules, clock.now());
        let (region, keys) = (Arc::clone(&api.home().region), api.access.keys().cloned());
        let rules = Rules {
            intake,
            standing,
            clock: clock.clone(),
            silence: (source == Source::None).then_some("this server reads no bus: start it with --bus URL"),
            bus,
            group: NAME,
            streams,
            keys: keys.clone(),
        };
        let ground = Ground { store, bus: Arc::new(feed), catalogue, clock };
        let Api { service, connection_api, participant, event_log } = ground.api(api, environment).await?;
        let is_signed = keys.is_some();
        let router = match keys {
            None => http::router(service),
            Some(keys) => http::signed_router(service, keys),
        };
        let router = connection_api.over(router).merge(triggers::router(rules));
        let welcome = move |address| welcome(address, &region, is_signed);
        let last = async move { event_log.end().await };
        Ok(Daemon::new(participant, router).with_manners(MANNERS).with_welcome(welcome).with_last(last))
    }
}

fn welcome(address: SocketAddr, region: &str, is_signed: bool) -> String {
    let (who, keys) = if is_signed {
        ("for whoever signs with a key of --aws-credentials", String::new())
    } else {
        let keys = format!(
            "  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION={region}   # if you have none\n"
        );
        ("for this machine alone (--aws-credentials FILE lets others in)", keys)
    };
    format!(
        "The Step Functions API is served at http://{address}, {who}:\n\n{keys}  aws --endpoint-url http://{address} stepfunctions \
         list-state-machines\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_starts_it_is_told_how_to_reach_it() {
        let address = "127.0.0.1:8084".parse().unwrap();
        let said = welcome(address, "eu-west-1", false);
        assert!(
            said.contains("\n  aws --endpoint-url http://127.0.0.1:8084 stepfunctions list-state-machines\n"),
            "{said}"
        );
        assert!(
            said.contains("for this machine alone") && said.contains("AWS_DEFAULT_REGION=eu-west-1"),
            "{said}"
        );
        let said = welcome(address, "eu-west-1", true);
        assert!(said.contains("a key of --aws-credentials") && !said.contains("any"), "{said}");
    }
}
