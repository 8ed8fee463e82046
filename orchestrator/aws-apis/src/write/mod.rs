//! Requests of every protocol, from checked parameters.

mod cbor;
mod json;
mod query;
mod rest;
mod scalar;
mod xml;

use crate::model::Protocol;
use crate::problem::Problem;
use crate::request::{Call, HttpRequest};

/// Fills in what a call says: path, query, headers, body.
pub(crate) fn write(call: &Call<'_>, request: &mut HttpRequest) -> Result<(), Problem> {
    match call.service.protocol {
        Protocol::Json => json::write(call, request),
        Protocol::Query => query::write(call, request, query::Dialect::Query),
        Protocol::Ec2 => query::write(call, request, query::Dialect::Ec2),
        Protocol::RpcCbor => cbor::write(call, request),
        Protocol::RestJson | Protocol::RestXml => return rest::write(call, request),
    }
    Ok(())
}
