//! The JSON Schemas of the bodies.
//!
//! Draft 7, which is what an AsyncAPI 3 Schema Object extends, so that no `schemaFormat` is needed.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::order::{AMOUNT_MINOR_MAX, ID_BYTES_MAX, ITEMS_MAX, NAME_BYTES_MAX};
use crate::{Command, Event, Reply};

/// Where the document keeps its schemas.
const COMPONENTS: &str = "/components/schemas";
/// The schema of the headers that all messages have.
pub(super) const ENVELOPE: &str = "Envelope";

/// The schemas of all bodies.
pub(super) struct Payloads {
    /// Of each event, in the order of declaration.
    pub(super) events: Vec<Value>,
    /// Of each command, in the order of declaration.
    pub(super) commands: Vec<Value>,
    /// What they refer to, and the reply, by name.
    components: Map<String, Value>,
}

impl Payloads {
    pub(super) fn generate() -> Self {
        let mut generator = SchemaSettings::draft07()
            .with(|settings| settings.definitions_path = COMPONENTS.into())
            .into_generator();
        generator.subschema_for::<Event>();
        generator.subschema_for::<Command>();
        generator.subschema_for::<Reply>();
        let mut components = generator.take_definitions(true);
        let events = variants(&mut components, "Event");
        let commands = variants(&mut components, "Command");
        bound(&mut components);
        components.insert(ENVELOPE.to_owned(), envelope());
        Self { events, commands, components }
    }

    /// Keeps the schema under that name and returns a reference to it.
    pub(super) fn name(&mut self, name: &str, schema: Value) -> Value {
        let former = self.components.insert(name.to_owned(), schema);
        assert!(former.is_none(), "two schemas of the contract are called {name}");
        reference(name)
    }

    pub(super) fn into_components(self) -> Map<String, Value> {
        self.components
    }
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#{COMPONENTS}/{name}") })
}

/// An untagged enum's schema is the list of its variants' schemas.
fn variants(components: &mut Map<String, Value>, name: &str) -> Vec<Value> {
    match components.remove(name).as_mut().and_then(|schema| schema.get_mut("anyOf")).map(Value::take) {
        Some(Value::Array(variants)) => variants,
        other => unreachable!("{name} is an untagged enum, but its variants are {other:?}"),
    }
}

/// The bounds that [`crate::Order::form_errors`] checks, which the types do not show. Lengths of names are counted in
/// bytes there and in characters here: a name of 200 characters beyond ASCII passes here and is refused there.
fn bound(components: &mut Map<String, Value>) {
    let pattern = format!("^[A-Za-z0-9._-]{{1,{ID_BYTES_MAX}}}$");
    let id = json!({ "pattern": pattern, "not": { "enum": [".", ".."] } });
    let amount = json!({ "maximum": AMOUNT_MINOR_MAX });
    let bounds = [
        ("Order", "order_id", id.clone()),
        ("Order", "customer_id", id.clone()),
        ("Order", "restaurant_id", id),
        ("Order", "items", json!({ "maxItems": ITEMS_MAX })),
        ("Order", "currency", json!({ "pattern": "^[A-Z]{3}$" })),
        ("Order", "total_minor", amount.clone()),
        ("Order", "placed_at", json!({ "format": "date-time" })),
        ("Item", "name", json!({ "minLength": 1, "maxLength": NAME_BYTES_MAX })),
        ("Item", "quantity", json!({ "maximum": u32::MAX })),
        ("Item", "unit_price_minor", amount),
    ];
    for (name, field, bound) in bounds {
        let property = components.get_mut(name).and_then(|schema| schema["properties"].get_mut(field));
        let (Some(Value::Object(property)), Value::Object(bound)) = (property, bound) else {
            unreachable!("{name} has no field {field} to bound");
        };
        property.extend(bound);
    }
}

fn envelope() -> Value {
    json!({
        "type": "object",
        "description": "CloudEvents 1.0 attributes in binary mode.",
        "properties": {
            "specversion": { "type": "string", "const": crate::envelope::SPEC_VERSION },
            "type": { "type": "string", "description": "What kind of message it is." },
            "source": {
                "type": "string",
                "format": "uri-reference",
                "description": "Who sent it, e.g. `duet/order-status`.",
            },
            "time": { "type": "string", "format": "date-time", "description": "When it was decided to send it." },
            "datacontenttype": { "type": "string", "const": "application/json" },
            "style": {
                "type": "string",
                "enum": crate::Style::ALL.map(crate::Style::as_str),
                "description": "How the services work together on this order.",
            },
            "traceparent": {
                "type": "string",
                "description": "W3C Trace Context: the span that the message was sent in, where the order is traced.",
            },
            "replayed": {
                "type": "string",
                "const": "true",
                "description": "It says again, under another id, what was said before and may have been lost: `duet replay`.",
            },
        },
        "required": ["specversion", "type", "source", "time", "datacontenttype", "style"],
    })
}
