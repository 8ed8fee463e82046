//! The tables of operations and shapes.

use std::fmt::Write as _;

use serde_json::Value;

use crate::names::{is_required, members, text};

/// `SERVICE`, and the shape of an operation.
pub(crate) fn tables(model: &Value) -> String {
    let mut names: Vec<&str> = members(&model["shapes"]).map(|(name, _)| name).collect();
    names.sort_unstable();
    let id = |name: &str| names.binary_search(&name).unwrap();
    let mut operations = String::new();
    for (name, operation) in members(&model["operations"]) {
        let errors: Vec<String> = operation["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| format!("ShapeId({})", id(text(error, "shape"))))
            .collect();
        let prefix = operation["endpoint"]["hostPrefix"].as_str();
        let _ = writeln!(
            operations,
            "    OperationShape {{ name: \"{name}\", input: ShapeId({}), output: ShapeId({}), errors: &[{}], host_prefix: {prefix:?} }},",
            id(text(&operation["input"], "shape")),
            id(text(&operation["output"], "shape")),
            errors.join(", "),
        );
    }
    let mut shapes = String::new();
    for (place, name) in names.iter().enumerate() {
        let shape = &model["shapes"][name];
        let is_sensitive = shape["sensitive"] == true;
        let kind = kind(shape, &id);
        let _ = writeln!(
            shapes,
            "    // {place}\n    Shape {{ name: \"{name}\", kind: {kind}, is_sensitive: {is_sensitive} }},"
        );
    }
    let prefix = text(&model["metadata"], "targetPrefix");
    format!(
        "/// The service.\npub static SERVICE: Service = Service {{ target_prefix: \"{prefix}\", operations: OPERATIONS, shapes: SHAPES }};\n\n\
         impl Operation {{\n    /// What it takes and gives.\n    pub fn shape(self) -> &'static OperationShape {{\n        \
         &OPERATIONS[self as usize]\n    }}\n}}\n\n\
         static OPERATIONS: &[OperationShape] = &[\n{operations}];\n\nstatic SHAPES: &[Shape] = &[\n{shapes}];\n"
    )
}

fn kind(shape: &Value, id: &dyn Fn(&str) -> usize) -> String {
    let of = |key: &str| format!("ShapeId({})", id(text(&shape[key], "shape")));
    match text(shape, "type") {
        "structure" => {
            let members: Vec<String> = members(&shape["members"])
                .map(|(name, member)| {
                    let is_required = is_required(shape, name);
                    let id = id(text(member, "shape"));
                    format!("Member {{ name: \"{name}\", shape: ShapeId({id}), is_required: {is_required} }}")
                })
                .collect();
            format!("Kind::Structure(&[{}])", members.join(", "))
        }
        "list" => format!("Kind::List {{ of: {}, len: {} }}", of("member"), span(shape, "")),
        "map" => format!("Kind::Map {{ key: {}, value: {} }}", of("key"), of("value")),
        "string" => {
            let pattern = shape["pattern"].as_str();
            let values: Vec<&str> =
                shape["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("Kind::Text {{ len: {}, pattern: {pattern:?}, values: &{values:?} }}", span(shape, ""))
        }
        "integer" => format!("Kind::Integer({})", span(shape, "")),
        "long" => format!("Kind::Long({})", span(shape, "")),
        "float" => format!("Kind::Float({})", span(shape, ".0")),
        "boolean" => "Kind::Boolean".to_owned(),
        "timestamp" => "Kind::Timestamp".to_owned(),
        other => panic!("the model has a type that is not known here: {other}"),
    }
}

fn span(shape: &Value, fraction: &str) -> String {
    let bound = |key: &str| match &shape[key] {
        Value::Null => "None".to_owned(),
        bound => format!("Some({bound}{fraction})"),
    };
    format!("Span {{ min: {}, max: {} }}", bound("min"), bound("max"))
}
