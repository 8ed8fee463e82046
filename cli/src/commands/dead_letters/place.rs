//! Where dead letters are looked for.

use std::time::Duration;

use clap::Args;
use daemon::{BusAddress, ConfigError};
use operate::dead_letters::{self, DeadLettersError, Patient};
use operate::described::Described;
use operate::processes::Program;
use operate::target::{Url, Urls};
use operate::up::settings::{DirArgs, bus_url, namespace};

/// Where they are looked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlaceArgs {
    /// The bus: rabbitmq, kafka, or a URL (amqp://, amqps://, kafka://, or tcp:// for `duet bus`).
    /// [default: that of the system which `duet up` runs in --dir]
    #[arg(long, value_name = "BUS", env = "DUET_BUS", hide_env_values = true)]
    bus: Option<String>,
    /// What `duet up` runs.
    #[command(flatten)]
    dir: DirArgs,
    /// What all names on the broker begin with [default: what `duet up` was told that runs in --dir on this bus].
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    namespace: Option<String>,
    /// How long to wait for the bus, in seconds.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    timeout_s: u32,
    /// Where servers are that are named by a word.
    #[command(flatten)]
    urls: Urls,
}

impl PlaceArgs {
    /// The bus named, or that of the system in the folder: a URL with a password is not kept there and has to be named.
    fn bus(&self) -> Result<String, ConfigError> {
        const EXPECTED: &str = "rabbitmq, kafka or a URL: nothing that duet up runs is found in";
        if let Some(bus) = &self.bus {
            return Ok(bus.clone());
        }
        let wrong = |expected: String| ConfigError::new("--bus", "nothing", expected);
        let folder = self.dir.dir.display();
        let Some(found) = Described::find_also_ended(&self.dir)? else {
            return Err(wrong(format!("{EXPECTED} {folder} (--dir)")));
        };
        found.bus(&self.urls).ok_or_else(|| {
            wrong(format!("rabbitmq, kafka or the URL: what {folder} runs is on {}", found.bus_shown()))
        })
    }
}

/// The bus, and those that it has of the groups that are to be looked at: the one named, or those of the four participants.
pub(super) async fn open(
    place: &PlaceArgs,
    named: Option<&str>,
) -> Result<(Patient, Vec<String>), DeadLettersError> {
    let groups = match named {
        Some(group) => vec![group.to_owned()],
        None => Program::PARTICIPANTS.map(|program| program.name().to_owned()).to_vec(),
    };
    let (bus, url) = connect(place).await?;
    let present = dead_letters::present(&bus, &groups).await?;
    if present.is_empty() { Err(DeadLettersError::NoGroup { url, groups }) } else { Ok((bus, present)) }
}

/// Waits for the bus; nothing that is asked of it afterwards takes for ever, either.
async fn connect(place: &PlaceArgs) -> Result<(Patient, Url), DeadLettersError> {
    let bus = place.bus()?;
    let plain = bus_url(&bus, None, &place.urls)?;
    let described = Described::find(&place.dir)?.filter(|found| found.is_on(plain.expose()));
    let namespace = place.namespace.as_deref().or_else(|| described.as_ref().and_then(Described::namespace));
    let url = bus_url(&bus, namespace, &place.urls)?;
    let address = BusAddress::parse(url.expose())?;
    let within = Duration::from_secs(place.timeout_s.into());
    match Patient::connect(&address, within).await {
        Ok(bus) => Ok((bus, url)),
        Err(source) => Err(DeadLettersError::Connect { url, within, source }),
    }
}
