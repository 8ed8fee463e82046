//! Region, credentials and endpoints, from where AWS's own clients have them.

use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::ServiceConfigKey;
use http_client::Client;
use tokio::sync::{Mutex, OnceCell};

use crate::connector::Connectors;

/// Credentials that are good for less are asked for again.
const EARLY: Duration = Duration::from_secs(60);

/// What is called with, instead of what environment and profiles say.
#[derive(Clone)]
pub struct Given {
    /// The key, its secret, and the token of a session.
    pub key: Option<(String, String, Option<String>)>,
    /// As AWS writes it: `eu-west-1`.
    pub region: String,
    /// Where all services are.
    pub endpoint: Option<String>,
}

/// Finds it, once it is needed.
pub(crate) struct Chain {
    region: String,
    client: Client,
    given: Option<Given>,
    found: OnceCell<Found>,
    /// Those that are good still.
    credentials: Mutex<Option<Credentials>>,
}

/// What was found.
pub(crate) struct Found {
    pub(crate) region: String,
    source: Source,
}

enum Source {
    Given(Given),
    Config(Box<SdkConfig>),
}

/// What time it is, for signatures and for the end of credentials.
#[allow(clippy::disallowed_methods, reason = "it is about the time outside")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

impl Chain {
    pub(crate) fn new(region: String, client: Client, given: Option<Given>) -> Self {
        Self { region, client, given, found: OnceCell::new(), credentials: Mutex::new(None) }
    }

    /// What environment and profile files say; they are read once.
    pub(crate) async fn found(&self) -> &Found {
        self.found.get_or_init(|| self.find()).await
    }

    async fn find(&self) -> Found {
        if let Some(given) = &self.given {
            return Found { region: given.region.clone(), source: Source::Given(given.clone()) };
        }
        // The machine's metadata are not asked for a region: elsewhere than on Amazon's machines that takes seconds, and the server has one.
        let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(ProfileFileRegionProvider::new())
            .or_else(Region::new(self.region.clone()));
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(Connectors(self.client.clone()))
            .region(region)
            .load()
            .await;
        let region = config.region().map_or_else(|| self.region.clone(), ToString::to_string);
        Found { region, source: Source::Config(Box::new(config)) }
    }

    /// Credentials that are good for a while. Whoever comes meanwhile waits for the same ones.
    pub(crate) async fn credentials(&self, found: &Found) -> Result<Credentials, String> {
        let mut kept = self.credentials.lock().await;
        let is_good = |credentials: &&Credentials| credentials.expiry().is_none_or(|end| now() + EARLY < end);
        if let Some(good) = kept.as_ref().filter(is_good) {
            return Ok(good.clone());
        }
        let fresh = found.credentials().await?;
        *kept = Some(fresh.clone());
        Ok(fresh)
    }
}

impl Found {
    /// Where a service is, if somebody says that it is elsewhere than at AWS: `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL`, or the same of
    /// the profile.
    pub(crate) fn endpoint(&self, service_id: &str) -> Option<String> {
        let config = match &self.source {
            Source::Given(given) => return given.endpoint.clone(),
            Source::Config(config) => config,
        };
        let value = |id: &str, env: &str, profile: &str| {
            let key = ServiceConfigKey::builder().service_id(id).env(env).profile(profile).build().ok()?;
            config.service_config()?.load_config(key).filter(|value| !value.is_empty())
        };
        let ignored = value("", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
        if ignored.is_some_and(|ignored| ignored.eq_ignore_ascii_case("true")) {
            return None;
        }
        value(service_id, "AWS_ENDPOINT_URL", "endpoint_url")
    }

    async fn credentials(&self) -> Result<Credentials, String> {
        let none = |why: String| {
            format!(
                "Unable to load credentials from any of the providers in the chain of AWS's clients: {why}"
            )
        };
        match &self.source {
            Source::Given(Given { key: None, .. }) => Err(none("none were given".to_owned())),
            Source::Given(Given { key: Some((id, secret, session)), .. }) => {
                Ok(Credentials::new(id, secret, session.clone(), None, "given"))
            }
            Source::Config(config) => {
                let provider =
                    config.credentials_provider().ok_or_else(|| none("there is no chain".to_owned()))?;
                // What is under it may quote what it was given.
                provider.provide_credentials().await.map_err(|error| none(error.to_string()))
            }
        }
    }
}
