//! Rust's types for what goes over the wire.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::names::{field, is_required, members, text, variant};

const ACTION: &str = "
/// A request of the API: it knows which operation it is of, and what is answered to it.
pub trait Action: DeserializeOwned + Serialize {
    /// Its operation.
    const OPERATION: Operation;
    /// What is answered when it goes well.
    type Output: DeserializeOwned + Serialize;
}
";

/// The operations, their requests in one enum, and their errors.
pub(crate) fn operations(model: &Value) -> String {
    let mut out = String::new();
    let names: Vec<&str> = members(&model["operations"]).map(|(name, _)| name).collect();
    named(&mut out, "Operation", "What can be asked for.", &names);
    out.push_str(ACTION);
    let (mut variants, mut arms, mut actions) = (String::new(), String::new(), String::new());
    for (name, operation) in members(&model["operations"]) {
        let (input, output) = (text(&operation["input"], "shape"), text(&operation["output"], "shape"));
        let _ = writeln!(variants, "    {name}(types::{input}),");
        let _ = writeln!(
            arms,
            "            Operation::{name} => serde_json::from_value(body).map(Self::{name}),"
        );
        let _ = write!(
            actions,
            "\nimpl Action for types::{input} {{\n    const OPERATION: Operation = Operation::{name};\n    type Output = types::{output};\n}}\n"
        );
    }
    let _ = write!(
        out,
        "\n/// A request, of whichever operation.\n#[derive(Debug, Clone, PartialEq)]\npub enum Request {{\n{variants}}}\n\n\
         impl Request {{\n    /// The request of an operation whose body keeps to the model.\n    ///\n    /// # Errors\n    /// It does not.\n    \
         pub fn read(operation: Operation, body: serde_json::Value) -> Result<Self, serde_json::Error> {{\n        match operation {{\n{arms}        }}\n    }}\n}}\n{actions}"
    );
    let errors: Vec<&str> = members(&model["shapes"])
        .filter(|(_, shape)| shape["exception"] == true)
        .map(|(name, _)| name)
        .collect();
    out.push('\n');
    named(&mut out, "ErrorKind", "An error that operations declare.", &errors);
    out
}

/// An enum whose variants are names, and a table of them.
fn named(out: &mut String, name: &str, doc: &str, names: &[&str]) {
    let all: String = names.iter().map(|variant| format!("        Self::{variant},\n")).collect();
    let variants: String = names.iter().map(|variant| format!("    {variant},\n")).collect();
    let texts: String =
        names.iter().map(|variant| format!("            Self::{variant} => \"{variant}\",\n")).collect();
    let _ = write!(
        out,
        "/// {doc}\n#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]\npub enum {name} {{\n{variants}}}\n\n\
         impl {name} {{\n    /// All of them, by name.\n    pub const ALL: [Self; {}] = [\n{all}    ];\n\n    \
         /// As it is called on the wire.\n    pub fn name(self) -> &'static str {{\n        match self {{\n{texts}        }}\n    }}\n\n    \
         /// The one of that name.\n    pub fn from_name(name: &str) -> Option<Self> {{\n        \
         let found = Self::ALL.binary_search_by(|one| one.name().cmp(name)).ok()?;\n        Some(Self::ALL[found])\n    }}\n}}\n",
        names.len()
    );
}

/// The structures and enums that requests and answers consist of.
pub(crate) fn types(model: &Value) -> String {
    let mut out = "/// What requests and answers consist of.\npub mod types {\n    use std::collections::BTreeMap;\n\n    \
                   use serde::{Deserialize, Serialize};\n\n    use crate::timestamp::Timestamp;\n"
        .to_owned();
    for name in used(model) {
        let shape = &model["shapes"][name];
        match text(shape, "type") {
            "structure" => structure(&mut out, model, name, shape),
            "string" if shape["enum"].is_array() => values(&mut out, name, shape),
            _ => {}
        }
    }
    out.push_str("}\n");
    out
}

/// The shapes that are reached from the operations, by name. Those of errors are not.
fn used(model: &Value) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    let mut open: Vec<&str> = members(&model["operations"])
        .flat_map(|(_, operation)| [text(&operation["input"], "shape"), text(&operation["output"], "shape")])
        .collect();
    while let Some(name) = open.pop() {
        if used.insert(name) {
            let shape = &model["shapes"][name];
            open.extend(members(&shape["members"]).map(|(_, member)| text(member, "shape")));
            open.extend(["member", "key", "value"].iter().filter_map(|of| shape[*of]["shape"].as_str()));
        }
    }
    used
}

fn structure(out: &mut String, model: &Value, name: &str, shape: &Value) {
    let has_required = shape["required"].as_array().is_some_and(|required| !required.is_empty());
    let default = if has_required { "" } else { "Default, " };
    let mut fields = String::new();
    for (member, of) in members(&shape["members"]) {
        let (field, is_found) = field(member);
        let mut of = rust(model, text(of, "shape"));
        let mut serde = Vec::new();
        if !is_found {
            serde.push(format!("rename = \"{member}\""));
        }
        if !is_required(shape, member) {
            of = format!("Option<{of}>");
            serde.push("skip_serializing_if = \"Option::is_none\"".to_owned());
        }
        if !serde.is_empty() {
            let _ = writeln!(fields, "        #[serde({})]", serde.join(", "));
        }
        let _ = writeln!(fields, "        pub {field}: {of},");
    }
    let _ = write!(
        out,
        "\n    #[derive(Debug, Clone, PartialEq, {default}Serialize, Deserialize)]\n    #[serde(rename_all = \"camelCase\")]\n    \
         pub struct {name} {{\n{fields}    }}\n"
    );
}

fn values(out: &mut String, name: &str, shape: &Value) {
    let values = shape["enum"].as_array().unwrap();
    let variants: String = values
        .iter()
        .map(|value| {
            let value = value.as_str().unwrap();
            let variant = variant(value);
            let rename = if variant == value {
                String::new()
            } else {
                format!("        #[serde(rename = \"{value}\")]\n")
            };
            format!("{rename}        {variant},\n")
        })
        .collect();
    let _ = write!(
        out,
        "\n    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]\n    pub enum {name} {{\n{variants}    }}\n"
    );
}

/// Rust's type for a shape.
fn rust(model: &Value, name: &str) -> String {
    let shape = &model["shapes"][name];
    match text(shape, "type") {
        "structure" => name.to_owned(),
        "string" if shape["enum"].is_array() => name.to_owned(),
        "string" => "String".to_owned(),
        "integer" => "i32".to_owned(),
        "long" => "i64".to_owned(),
        "float" => "f64".to_owned(),
        "boolean" => "bool".to_owned(),
        "timestamp" => "Timestamp".to_owned(),
        "list" => format!("Vec<{}>", rust(model, text(&shape["member"], "shape"))),
        "map" => format!("BTreeMap<String, {}>", rust(model, text(&shape["value"], "shape"))),
        other => panic!("the model has a type that is not known here: {other}"),
    }
}
