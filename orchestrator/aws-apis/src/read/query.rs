//! Answers of AWS Query and of EC2's kind of it.

use serde_json::Value;

use super::xml;
use crate::model::{Operation, Ref, Service};

pub(crate) fn read(
    service: &Service,
    operation: &Operation,
    output: Ref,
    body: &[u8],
) -> Result<Value, String> {
    let root = crate::xml::read(body)?;
    let start = match operation.result_wrapper {
        Some(wrapper) => root.child(wrapper).ok_or_else(|| format!("no element {wrapper}"))?,
        None => &root,
    };
    xml::value(service, output, start)
}
