//! The daemon: the executions' participant, and the API over it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actions::{KmsKeys, Limits, Scope, Service, http};
use axum::http::StatusCode;
use daemon::{Args, Binary, ConfigError, Daemon, DaemonError, Defaults, Environment, Manners, Tell};
use executions::{Catalogue, Errands, Executor, Pollers, Retention, Waiters, no_foreign};
use items::Folder;
use participant::{Clock as _, Metrics, Participant, SystemClock};

use crate::access::Access;
use crate::args::{DEFAULTS, ServeArgs, Source};
use crate::connections::Connections;
use crate::event_log::Log;
use crate::open;
use crate::spans::Recorded;
use crate::triggers::{self, Book, Draft, Feed, Intake, Rules, Standing, Streams};

/// The name of the participant, of its log, and of its schema in a database.
const NAME: &str = "workflows";

/// The flags, checked.
pub struct Checked {
    home: Scope,
    access: Access,
    buckets: Option<PathBuf>,
    execution_logs: Option<PathBuf>,
    kms_keys: KmsKeys,
    keep: Option<Duration>,
    limits: Limits,
    rules: Vec<Draft>,
    source: Source,
}

impl Binary for ServeArgs {
    const NAME: &'static str = NAME;
    const DEFAULTS: Defaults = DEFAULTS;
    type Settings = Checked;

    fn host(&self) -> &Args {
        &self.host
    }

    fn settings(&self) -> Result<Checked, ConfigError> {
        Ok(Checked {
            home: self.home(),
            access: self.access()?,
            buckets: self.buckets()?,
            execution_logs: self.execution_logs()?,
            kms_keys: self.kms_keys()?,
            keep: self.keep(),
            limits: self.limits(),
            rules: self.rules()?,
            source: self.source(),
        })
    }

    async fn daemon(settings: Checked, environment: &Environment) -> Result<Daemon, DaemonError> {
        let Environment { bus, store, registry, options, tracer } = environment.clone();
        let Checked { home, access, buckets, execution_logs, kms_keys, keep, limits, rules, source } =
            settings;
        let event_log = Arc::new(
            Log::start(execution_logs, &registry).map_err(|error| DaemonError::Start(Box::new(error)))?,
        );
        let open = open::watch(Arc::clone(&store), &registry).await?;
        let (requests, asked) = participant::requests();
        let (catalogue, clock) = (Catalogue::default(), Arc::new(SystemClock));
        let (waiters, pollers) = (Waiters::default(), Pollers::default());
        let mut errands = Errands::new(&requests, Arc::clone(&store), catalogue.clone(), no_foreign())
            .with_event_log(event_log.clone());
        if let Some(folder) = buckets {
            errands = errands.with_buckets(Arc::new(Folder::new(folder)));
        }
        let mut executor = Executor::new(catalogue.clone(), Connections)
            .with_waiters(waiters.clone())
            .with_pollers(pollers.clone())
            .with_metrics(executions::Metrics::register(&registry)?)
            .with_open(open.clone())
            .with_event_log(event_log.clone());
        if tracer.is_on() {
            executor = executor.with_spans(Arc::new(Recorded(tracer)));
        }
        let book = Book::new(Arc::clone(&store), home.clone());
        let intake = Arc::new(Intake::new(book, catalogue.clone(), clock.clone()));
        let standing = Arc::<Standing>::default();
        // Kafka has something to say about where a group begins.
        let streams = if source == Source::Kafka { Streams::Kept } else { Streams::FromNow };
        let feed = Feed::new(Arc::clone(&bus), Arc::clone(&intake), Arc::clone(&standing))
            .with_streams(streams)
            .with_rules(rules, clock.now());
        let source_bus = bus;
        let (errands, kept, bus) = (Arc::new(errands), Arc::clone(&store), Arc::new(feed));
        let retention = keep.map(|keep| Retention::new(Arc::clone(&kept), clock.clone(), keep));
        let participant = Participant::new(NAME, Vec::new(), executor, errands, kept, bus, clock.clone())
            .with_options(options)
            .with_requests(asked)
            .with_metrics(Metrics::register(NAME, &registry)?);
        let region = Arc::clone(&home.region);
        let rules = Rules {
            intake,
            standing,
            clock: clock.clone(),
            silence: (source == Source::None).then_some("this server reads no bus: start it with --bus URL"),
            bus: source_bus,
            group: NAME,
            streams,
            keys: match &access {
                Access::Local => None,
                Access::Signed(keys) => Some(keys.clone()),
            },
        };
        let service = Service::new(home, store, requests, catalogue, clock)
            .with_waiters(waiters)
            .with_pollers(pollers)
            .with_kms_keys(kms_keys)
            .with_limits(limits)
            .with_open(open)
            .with_metrics(actions::Metrics::register(&registry)?);
        service.go_on_with_deletions();
        if let Some(retention) = retention {
            retention.spawn();
        }
        let is_signed = matches!(access, Access::Signed(_));
        let router = match access {
            Access::Local => http::router(service),
            Access::Signed(keys) => http::signed_router(service, keys),
        };
        let router = router.merge(triggers::router(rules));
        let welcome = move |address| welcome(address, &region, is_signed);
        let last = async move { event_log.end().await };
        Ok(Daemon::new(participant, router).with_manners(MANNERS).with_welcome(welcome).with_last(last))
    }
}

/// As AWS's clients expect it: some requests wait, and whatever is refused is refused in AWS's shape.
const MANNERS: Manners = Manners {
    timeout: http::patience,
    tell: |headers| {
        let tell: Tell = |problem| {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            http::refusal(status, &problem.detail)
        };
        http::is_client(headers).then_some(tell)
    },
};

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
