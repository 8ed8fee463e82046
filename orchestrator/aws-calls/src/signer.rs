//! Signatures, by AWS's own signer.

use std::time::SystemTime;

use aws_apis::{HttpRequest, Signature, Signing};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign as signed,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use http_client::set_header;
use hyper::Request;

/// Signs the request that was made of that description.
pub(crate) fn sign<B>(
    sent: &mut Request<B>,
    request: &HttpRequest,
    signing: &Signing,
    credentials: &Credentials,
    now: SystemTime,
) -> Result<(), String> {
    let settings = settings(signing)?;
    let identity: Identity = credentials.clone().into();
    let unfit = |error: &dyn std::fmt::Display| format!("the request cannot be signed: {error}");
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&signing.region)
        .name(&signing.name)
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| unfit(&error))?;
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let body = if signing.is_payload_unsigned {
        SignableBody::UnsignedPayload
    } else {
        SignableBody::Bytes(&request.body)
    };
    let signable = SignableRequest::new(request.method, sent.uri().to_string(), headers, body);
    let signable = signable.map_err(|error| unfit(&error))?;
    let instructions = signed(signable, &parameters.into()).map_err(|error| unfit(&error))?.into_parts().0;
    for (name, value) in instructions.headers() {
        set_header(sent, name, value)?;
        if let Some(value) = sent.headers_mut().get_mut(name) {
            value.set_sensitive(true);
        }
    }
    Ok(())
}

/// What each kind of signature is made of.
fn settings(signing: &Signing) -> Result<SigningSettings, String> {
    let mut settings = SigningSettings::default();
    match signing.version {
        Signature::V4 => {}
        Signature::S3V4 => {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        Signature::V2 => return Err(unsupported("Signature Version 2")),
        Signature::V4a => return Err(unsupported("Signature Version 4a")),
        Signature::Bearer => return Err(unsupported("a bearer token")),
    }
    if signing.is_payload_unsigned {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    Ok(settings)
}

fn unsupported(what: &str) -> String {
    format!("the action is asked for with {what}, which is not supported here")
}
