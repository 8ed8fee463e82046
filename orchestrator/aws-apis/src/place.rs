//! Where a service is: hosts by partition and region, and what signatures name there.

use crate::catalogue;
use crate::model::{Operation, Rule, Service};
use crate::problem::Problem;

/// Where a request is to go.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// The region of AWS: `eu-west-1`.
    pub region: &'p str,
    /// Another server instead of AWS: `http://127.0.0.1:8000`. A prefix of the host that an action has is put before it, unless it is an
    /// address or `localhost`, which have no names below them.
    pub endpoint: Option<&'p str>,
}

/// How a request is to be signed (Signature Version 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The service that the signature names.
    pub name: String,
    /// The region that it names: for global services another than where the request comes from.
    pub region: String,
    /// What it is made of.
    pub version: Signature,
    /// The signature does not cover the body (`UNSIGNED-PAYLOAD`).
    pub is_payload_unsigned: bool,
}

/// What a request is signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// Signature Version 2, of SimpleDB alone.
    V2,
    /// Signature Version 4: the path is encoded once more, and cleaned of its dots.
    V4,
    /// S3's kind of it: the path is signed as it is sent, and the hash of the body stands in a header.
    S3V4,
    /// Version 4a, for several regions.
    V4a,
    /// None: a token stands in its place.
    Bearer,
}

/// What signatures of S3 and its like name.
const SIGNED_AS_S3: [&str; 3] = ["s3", "s3-object-lambda", "s3express"];

/// A server, and how requests to it are signed.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) scheme: &'static str,
    pub(crate) host: String,
    /// What paths begin with there, without a `/` at its end.
    pub(crate) path: String,
    pub(crate) signing_name: String,
    pub(crate) signing_region: String,
    /// It is another server than AWS's.
    pub(crate) is_custom: bool,
}

/// The place of a region's partition, and the suffix of its hosts. A region that is not known is one of the first, as in botocore.
pub(crate) fn partition(region: &str) -> (usize, &'static str) {
    let partitions = &catalogue::index().partitions;
    let begins = |prefix: &&&str| region.starts_with(**prefix);
    let longest =
        |place: &usize| partitions[*place].prefixes.iter().filter(begins).map(|prefix| prefix.len()).max();
    let found = (0..partitions.len()).filter(|place| longest(place).is_some()).max_by_key(longest);
    let place = found.unwrap_or(0);
    (place, partitions[place].dns)
}

/// The partition of a region as ARNs name it.
pub(crate) fn partition_id(region: &str) -> &'static str {
    catalogue::index().partitions[partition(region).0].id
}

/// Where an action is asked for.
pub(crate) fn endpoint(
    service: &Service,
    operation: &Operation,
    place: &Place<'_>,
) -> Result<Endpoint, Problem> {
    // It becomes part of a host.
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if place.region.is_empty() || !place.region.chars().all(is_part) {
        return Err(Problem::Host(place.region.to_owned()));
    }
    let (number, dns) = partition(place.region);
    let places = &service.places[operation.places];
    let rule = places.partitions.iter().find(|rules| rules.partition == number).map(|rules| {
        rules
            .exceptions
            .iter()
            .find(|(region, _)| *region == place.region)
            .map_or(rules.usual, |(_, rule)| *rule)
    });
    let fallback = Rule { host: "", signing_name: None, signing_region: None };
    let Rule { host, signing_name, signing_region } = rule.unwrap_or(fallback);
    let host = if host.is_empty() {
        format!("{}.{}.{dns}", service.endpoint_prefix, place.region)
    } else {
        host.replace("{region}", place.region).replace("{dns}", dns)
    };
    let mut endpoint = Endpoint {
        scheme: "https",
        host,
        path: String::new(),
        signing_name: signing_name.unwrap_or(service.signing_name).to_owned(),
        signing_region: signing_region.unwrap_or("{region}").replace("{region}", place.region),
        is_custom: false,
    };
    if let Some((host, path)) = endpoint.host.clone().split_once('/') {
        endpoint.host = host.to_owned();
        endpoint.path = format!("/{}", path.trim_end_matches('/'));
    }
    if let Some(url) = place.endpoint {
        let wrong = || Problem::Endpoint(url.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        endpoint.scheme = match scheme {
            "http" => "http",
            "https" => "https",
            _ => return Err(wrong()),
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_host = |letter: char| letter.is_ascii_alphanumeric() || "-._:[]".contains(letter);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(wrong());
        }
        host.clone_into(&mut endpoint.host);
        let path = path.trim_end_matches('/');
        endpoint.path = if path.is_empty() { String::new() } else { format!("/{path}") };
        endpoint.is_custom = true;
        // Only AWS's endpoints sign for another region than the caller's.
        place.region.clone_into(&mut endpoint.signing_region);
        places.custom_signing_name.unwrap_or(service.signing_name).clone_into(&mut endpoint.signing_name);
    }
    Ok(endpoint)
}

impl Endpoint {
    /// Puts a prefix before the host. An address and `localhost` stay as they are: nothing answers below them.
    pub(crate) fn prefix(&mut self, prefix: &str) -> Result<(), Problem> {
        let bare = self.host.rsplit_once(':').map_or(self.host.as_str(), |(bare, _)| bare);
        let is_address = self.host.starts_with('[') || bare.parse::<std::net::Ipv4Addr>().is_ok();
        if self.is_custom && (is_address || bare == "localhost") {
            return Ok(());
        }
        let host = format!("{prefix}{}", self.host);
        let is_label = |label: &str| !label.is_empty() && label.len() <= 63;
        if !host.split(':').next().is_some_and(|name| name.split('.').all(is_label)) {
            return Err(Problem::Host(host));
        }
        self.host = host;
        Ok(())
    }

    /// How an action's request to it is signed, if it is.
    pub(crate) fn signing(self, service: &Service, operation: &Operation) -> Option<Signing> {
        let version = operation.auth.unwrap_or(service.signature_version);
        if version == "none" {
            return None;
        }
        let version = match version {
            _ if self.signing_region == "*" => Signature::V4a,
            "v4a" => Signature::V4a,
            // An endpoint that has a name of its own for signatures (Import/Export's) has Version 4 for them, whatever the service had.
            "v2" if self.signing_name == service.signing_name => Signature::V2,
            "bearer" => Signature::Bearer,
            "s3" | "s3v4" => Signature::S3V4,
            _ if SIGNED_AS_S3.contains(&&*self.signing_name) => Signature::S3V4,
            _ => Signature::V4,
        };
        Some(Signing {
            name: self.signing_name,
            region: self.signing_region,
            version,
            is_payload_unsigned: operation.is_payload_unsigned,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::service;

    fn of(name: &str, place: &Place<'_>) -> Result<Endpoint, Problem> {
        let service = service(name).unwrap();
        endpoint(service, &service.operations[0], place)
    }

    fn at(name: &str, region: &str) -> (String, String) {
        let place = Place { region, endpoint: None };
        let endpoint = of(name, &place).unwrap();
        (endpoint.host, endpoint.signing_region)
    }

    #[test]
    fn a_host_follows_from_region_and_partition() {
        let pair = |host: &str, region: &str| (host.to_owned(), region.to_owned());
        assert_eq!(at("sqs", "eu-west-1"), pair("sqs.eu-west-1.amazonaws.com", "eu-west-1"));
        assert_eq!(at("sqs", "cn-north-1"), pair("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"));
        assert_eq!(partition_id("us-gov-west-1"), "aws-us-gov");
        assert_eq!(partition_id("us-west-2"), "aws");
        assert_eq!(partition_id("eu-new-7"), "aws");
    }

    #[test]
    fn a_global_service_is_signed_for_its_own_region() {
        let pair = |host: &str, region: &str| (host.to_owned(), region.to_owned());
        assert_eq!(at("iam", "eu-west-1"), pair("iam.amazonaws.com", "us-east-1"));
    }

    #[test]
    fn an_endpoint_of_ones_own_has_no_names_below_an_address() {
        let place = Place { region: "eu-west-1", endpoint: Some("http://127.0.0.1:8000/base/") };
        let mut endpoint = of("sfn", &place).unwrap();
        endpoint.prefix("sync-").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.path.as_str()), ("127.0.0.1:8000", "/base"));
    }

    #[test]
    fn what_is_no_region_is_refused() {
        for region in ["", "eu-west-1.evil.example/", "EU"] {
            assert!(of("sqs", &Place { region, endpoint: None }).is_err(), "{region}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in ["", "localhost", "ftp://a", "http://", "http://a b/"] {
            let place = Place { region: "eu-west-1", endpoint: Some(url) };
            assert!(of("sfn", &place).is_err(), "{url}");
        }
    }
}
