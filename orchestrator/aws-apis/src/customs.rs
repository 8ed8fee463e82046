//! What no model says of a service, and AWS's SDKs do all the same: where a bucket of S3 is, headers and methods of a few actions.
//! What only botocore does for its callers' comfort (encoding user data, hashing keys) is left to whoever writes the parameters.

use serde_json::{Map, Value};

use crate::checksum;
use crate::model::{Operation, Service};
use crate::place::{Endpoint, partition, partition_id};
use crate::problem::Problem;
use crate::request::{HttpRequest, form};

/// A required member that the SDKs give when it is missing, and its value: Glacier's own account.
pub(crate) fn given(service: &Service) -> Option<(&'static str, &'static str)> {
    (service.service_id == "Glacier").then_some(("accountId", "-"))
}

/// The region that a copy comes from is nothing that RDS and its like are sent: it stands in a URL, signed there, that is.
pub(crate) fn settle(service: &Service, parameters: &mut Map<String, Value>) -> Result<(), Problem> {
    let is_copied = ["RDS", "Neptune", "DocDB"].contains(&service.service_id);
    if is_copied && parameters.remove("SourceRegion").is_some() && !parameters.contains_key("PreSignedUrl") {
        let why = "SourceRegion needs a PreSignedUrl, which nothing here can sign";
        return Err(Problem::Unsupported(why.to_owned()));
    }
    Ok(())
}

/// Where a request of S3 (or of another service whose host its parameters name) goes, and the path that is left.
pub(crate) fn address<'o>(
    service: &Service,
    operation: &'o Operation,
    parameters: &Map<String, Value>,
    region: &str,
    endpoint: &mut Endpoint,
) -> Result<&'o str, Problem> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    match (service.service_id, operation.name) {
        ("S3", name) => {
            if let (Some(bucket), Some(rest)) = (text("Bucket"), operation.uri.strip_prefix("/{Bucket}")) {
                return bucket_address(bucket, rest, name, operation.uri, region, endpoint);
            }
        }
        ("S3 Control", _) if text("OutpostId").is_some() => {
            return Err(Problem::Unsupported(
                "buckets on Outposts have hosts that are not known here".to_owned(),
            ));
        }
        ("Machine Learning", "Predict") if !endpoint.is_custom => {
            if let Some(url) = text("PredictEndpoint") {
                let host =
                    url.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
                // What is signed goes to AWS alone, whatever the parameters say.
                if !host.ends_with(&format!(".{}", partition(region).1)) {
                    return Err(Problem::Host(url.to_owned()));
                }
                host_part(host)?.clone_into(&mut endpoint.host);
            }
        }
        // Endpoints that the parameters name; those without a region are signed for several.
        ("CloudFront KeyValueStore", _) if !endpoint.is_custom => {
            let account = text("KvsARN").and_then(|arn| arn.split(':').nth(4)).unwrap_or_default();
            endpoint.host = format!("{}.cloudfront-kvs.global.api.aws", host_part(account)?);
            "*".clone_into(&mut endpoint.signing_region);
        }
        ("SESv2" | "EventBridge", _) if !endpoint.is_custom => {
            if let Some(id) = text("EndpointId") {
                let dns = partition(region).1;
                let of = if service.service_id == "SESv2" { "endpoints.email" } else { "endpoint.events" };
                endpoint.host = format!("{}.{of}.{dns}", host_part(id)?);
                "*".clone_into(&mut endpoint.signing_region);
            }
        }
        // What is in a space; spaces themselves are asked for at the region's host.
        ("OpenSearchMemory", name) if !endpoint.is_custom && !name.ends_with("Space") => {
            if let Some(space) = text("spaceId") {
                endpoint.host = format!("{}.osm.{region}.on.aws", host_part(space)?);
            }
        }
        _ => {}
    }
    Ok(operation.uri)
}

/// What parameters say of a host, if it can be part of one.
fn host_part(text: &str) -> Result<&str, Problem> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter);
    let is_fit = !text.is_empty() && text.chars().all(is_part);
    is_fit.then_some(text).ok_or_else(|| Problem::Host(text.to_owned()))
}

/// A bucket is a name below S3's where it can be one, and a folder of any other server's; an access point has a host of its own.
fn bucket_address<'o>(
    bucket: &str,
    rest: &'o str,
    action: &str,
    uri: &'o str,
    region: &str,
    endpoint: &mut Endpoint,
) -> Result<&'o str, Problem> {
    if bucket.starts_with("arn:") {
        let parts: Vec<&str> = bucket.splitn(6, ':').collect();
        let [_, partition_of, service @ ("s3" | "s3-object-lambda"), place, account, resource] = parts[..]
        else {
            return Err(Problem::Unsupported(format!("{bucket:?} is no ARN of an access point")));
        };
        let name = resource.strip_prefix("accesspoint").and_then(|rest| rest.strip_prefix(['/', ':']));
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_here = partition_of == partition_id(region) && is_label(place) && is_account;
        let name = name.filter(|name| is_label(name) && is_here);
        let Some(name) = name else {
            return Err(Problem::Unsupported(format!("{bucket:?} is no access point of one region here")));
        };
        let kind = if service == "s3" { "s3-accesspoint" } else { service };
        endpoint.host = if endpoint.is_custom {
            format!("{name}-{account}.{}", endpoint.host)
        } else {
            format!("{name}-{account}.{kind}.{place}.{}", partition(place).1)
        };
        service.clone_into(&mut endpoint.signing_name);
        place.clone_into(&mut endpoint.signing_region);
        return Ok(rest);
    }
    if bucket.ends_with("--x-s3") {
        let why = "a directory bucket needs a session (CreateSession), which nothing here keeps";
        return Err(Problem::Unsupported(why.to_owned()));
    }
    // Asked of a region that may not be the bucket's, as botocore asks it.
    if endpoint.is_custom || action == "GetBucketLocation" || !is_host_label(bucket) {
        return Ok(uri);
    }
    endpoint.host = format!("{bucket}.{}", endpoint.host);
    Ok(rest)
}

/// Whether that can be one part of a host's name, between two dots.
fn is_label(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_fit)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_host_label(bucket: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = bucket.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| is_letter(*byte) || *byte == b'-')
        && bytes.first().is_some_and(|byte| is_letter(*byte))
        && bytes.last().is_some_and(|byte| is_letter(*byte))
}

/// What is changed of a request that is otherwise ready.
pub(crate) fn finish(service: &Service, operation: &Operation, request: &mut HttpRequest) {
    match (service.service_id, operation.name) {
        ("Glacier", name) => {
            request.set_if_missing("x-amz-glacier-version", service.api_version);
            if ["UploadArchive", "UploadMultipartPart"].contains(&name) {
                let (whole, tree) = checksum::tree(&request.body);
                request.set_if_missing("x-amz-content-sha256", &whole);
                request.set_if_missing("x-amz-sha256-tree-hash", &tree);
            }
        }
        ("API Gateway", _) => request.set_if_missing("Accept", "application/json"),
        // A search may be longer than a URL.
        ("CloudSearch Domain", "Search") if request.method == "GET" && !request.query.is_empty() => {
            request.method = "POST";
            request.set_if_missing("Content-Type", "application/x-www-form-urlencoded");
            request.body = form(&std::mem::take(&mut request.query)).into_bytes();
        }
        _ => {}
    }
    if operation.is_endpoint_discovery {
        request.set_if_missing("x-amz-api-version", service.api_version);
    }
}
