//! What the environment says about tracing, in OpenTelemetry's own words.

use crate::Sampler;

/// Whether and how spans are exported, by OpenTelemetry's [environment variables]:
///
/// | variable | meaning | default |
/// | --- | --- | --- |
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | where spans go, `/v1/traces` is added: `http://HOST:4318` | nowhere: no tracing |
/// | `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` | the same for traces alone, as it is | |
/// | `OTEL_EXPORTER_OTLP_PROTOCOL`, `…_TRACES_PROTOCOL` | `http/protobuf` | `http/protobuf` |
/// | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | which orders: `always_on`, `always_off`, `traceidratio`, or one of these with `parentbased_` before it; the ratio | `parentbased_always_on` |
/// | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | what this program calls itself | its own name |
/// | `OTEL_TRACES_EXPORTER` | `otlp` or `none` | `otlp` |
/// | `OTEL_SDK_DISABLED` | `true`: no tracing | `false` |
///
/// `OTEL_EXPORTER_OTLP_HEADERS`, `…_TIMEOUT` and `OTEL_BSP_*` are read by OpenTelemetry's library itself.
///
/// [environment variables]: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where spans go: the whole URL.
    pub endpoint: String,
    /// Which orders are traced.
    pub sampler: Sampler,
}

/// A variable cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: found {value}, expected {expected}")]
pub struct InvalidSetting {
    /// The name of the environment variable.
    pub variable: &'static str,
    /// What it holds.
    pub value: String,
    /// What would be right.
    pub expected: &'static str,
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";

impl Settings {
    /// Where spans go, without what may be secret in it.
    #[must_use]
    pub fn shown(&self) -> String {
        without_secrets(&self.endpoint)
    }

    /// Of this process's environment; `None` where nothing is to be exported.
    ///
    /// # Errors
    /// The first variable that cannot be used.
    pub fn from_environment() -> Result<Option<Self>, InvalidSetting> {
        Self::from(|name| std::env::var(name).ok())
    }

    /// Of variables by their names. An empty one is as good as none, as OpenTelemetry asks.
    ///
    /// # Errors
    /// The first variable that cannot be used.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, InvalidSetting> {
        let variable = |name| variable(name).filter(|value| !value.trim().is_empty());
        if variable("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        match variable("OTEL_TRACES_EXPORTER").as_deref() {
            None | Some("otlp") => {}
            Some("none") => return Ok(None),
            Some(other) => return Err(invalid("OTEL_TRACES_EXPORTER", other, "otlp or none")),
        }
        let endpoint = match (variable(TRACES_ENDPOINT), variable(ENDPOINT)) {
            (Some(whole), _) => checked(TRACES_ENDPOINT, whole)?,
            (None, Some(base)) => format!("{}/v1/traces", checked(ENDPOINT, base)?.trim_end_matches('/')),
            (None, None) => return Ok(None),
        };
        for name in ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] {
            if let Some(other) = variable(name).filter(|protocol| protocol != "http/protobuf") {
                return Err(invalid(name, &other, "http/protobuf (collectors take it at port 4318)"));
            }
        }
        let sampler = sampler(variable(SAMPLER).as_deref(), variable(SAMPLER_ARG).as_deref())?;
        Ok(Some(Self { endpoint, sampler }))
    }
}

/// A URL without what may be secret in it: user, password, query.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) =
        rest.split_once('/').map_or((rest, String::new()), |(a, path)| (a, format!("/{path}")));
    let host = authority.rsplit_once('@').map_or(authority.to_owned(), |(_, host)| format!("***@{host}"));
    if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") }
}

fn checked(name: &'static str, url: String) -> Result<String, InvalidSetting> {
    let place = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = place.and_then(|place| place.split(['/', ':', '?', '#']).next());
    match host {
        Some(host) if !host.is_empty() && !url.contains(char::is_whitespace) => Ok(url),
        _ => Err(invalid(name, &without_secrets(&url), "a URL such as http://127.0.0.1:4318")),
    }
}

fn sampler(name: Option<&str>, argument: Option<&str>) -> Result<Sampler, InvalidSetting> {
    let name = name.unwrap_or("parentbased_always_on");
    let (root, follows_caller) = name.strip_prefix("parentbased_").map_or((name, false), |root| (root, true));
    let ratio = match root {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => ratio(argument)?,
        _ => {
            let expected = "always_on, always_off, traceidratio, or one of these with parentbased_ before it";
            return Err(invalid(SAMPLER, name, expected));
        }
    };
    Ok(Sampler { ratio, follows_caller })
}

fn ratio(argument: Option<&str>) -> Result<f64, InvalidSetting> {
    let Some(text) = argument else { return Ok(1.0) };
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| invalid(SAMPLER_ARG, text, "a share of the orders, from 0 to 1"))
}

fn invalid(variable: &'static str, value: &str, expected: &'static str) -> InvalidSetting {
    InvalidSetting { variable, value: format!("{value:?}"), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Option<Settings>, InvalidSetting> {
        Settings::from(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_is_exported_unless_a_place_is_given() {
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[(ENDPOINT, "")]), Ok(None), "compose files pass on what is empty");
        assert_eq!(of(&[(ENDPOINT, "http://a:4318"), ("OTEL_SDK_DISABLED", "true")]), Ok(None));
        assert_eq!(of(&[(ENDPOINT, "http://a:4318"), ("OTEL_TRACES_EXPORTER", "none")]), Ok(None));
        let settings = of(&[(ENDPOINT, "http://a:4318/")]).unwrap().unwrap();
        assert_eq!(settings, Settings { endpoint: "http://a:4318/v1/traces".into(), sampler: Sampler::ALL });
        let settings = of(&[(ENDPOINT, "http://a:4318"), (TRACES_ENDPOINT, "https://b/x")]).unwrap().unwrap();
        assert_eq!(settings.endpoint, "https://b/x");
    }

    #[test]
    fn secrets_in_the_endpoint_are_not_shown() {
        let settings =
            of(&[(TRACES_ENDPOINT, "https://me:secret@collector:4318/v1?key=secret")]).unwrap().unwrap();
        assert_eq!(settings.shown(), "https://***@collector:4318/v1");
        let wrong = of(&[(ENDPOINT, "me:secret@collector")]).unwrap_err().to_string();
        assert!(!wrong.contains("secret"), "{wrong}");
    }

    #[test]
    fn the_sampler_is_chosen_by_name() {
        let with = |name, argument| of(&[(ENDPOINT, "http://a"), (SAMPLER, name), (SAMPLER_ARG, argument)]);
        let sampler = |name, argument| with(name, argument).unwrap().unwrap().sampler;
        assert_eq!(sampler("traceidratio", "0.25"), Sampler { ratio: 0.25, follows_caller: false });
        assert_eq!(sampler("parentbased_always_off", ""), Sampler { ratio: 0.0, follows_caller: true });
        let wrong = with("traceidratio", "25%").unwrap_err().to_string();
        assert_eq!(
            wrong,
            "OTEL_TRACES_SAMPLER_ARG: found \"25%\", expected a share of the orders, from 0 to 1"
        );
        assert_eq!(with("xray", "").unwrap_err().variable, SAMPLER);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert_eq!(of(&[(ENDPOINT, "collector:4318")]).unwrap_err().variable, ENDPOINT);
        assert_eq!(of(&[(TRACES_ENDPOINT, "http://")]).unwrap_err().variable, TRACES_ENDPOINT);
        let grpc = of(&[(ENDPOINT, "http://a:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).unwrap_err();
        assert!(grpc.to_string().contains("4318"), "{grpc}");
        assert!(of(&[("OTEL_TRACES_EXPORTER", "zipkin")]).is_err());
    }
}
