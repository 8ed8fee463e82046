//! What must be true of whatever text there is, of each kind: the bodies of the fuzz targets, and of the tests beside this.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use asl::path::Path;
use asl::random::Random;
use asl::template::{Expression, Place};
use asl::{Context, Scope, Variables, jsonata};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use crate::{evaluate, generate};

/// Data on which what was read is evaluated.
const DATA: usize = 3;

/// A fuzz target: its name, and its body, which says whether what it is given was read.
type Target = (&'static str, fn(&str) -> bool);

/// All of them that are of the language.
pub(crate) const TARGETS: [Target; 4] = [
    ("definition", definition),
    ("path", |text| with_data(text, |text, data| text.starts_with('$') && expression(text, &[data]))),
    ("intrinsic", |text| with_data(text, |text, data| !text.starts_with('$') && expression(text, &[data]))),
    ("jsonata", |text| with_data(text, |text, data| jsonata(text, &data))),
];

/// An expression may be followed by the data that it is evaluated on, as JSON in the last line.
fn with_data(text: &str, body: impl Fn(&str, Value) -> bool) -> bool {
    let followed = text.trim_end().rsplit_once('\n');
    match followed.and_then(|(text, data)| Some((text, serde_json::from_str(data).ok()?))) {
        Some((text, data)) => body(text, data),
        None => body(text.trim_end(), json!({ "a": [1, { "b": "c" }, null, 1.50], "b": { "a": "x" } })),
    }
}

/// Reads the text, as whoever is given a definition does, and all that is then said of it; evaluates what is in it. Whether it was
/// read.
pub(crate) fn definition(text: &str) -> bool {
    match asl::parse(text) {
        Ok(definition) => {
            assert_eq!(asl::parse(text).as_ref(), Ok(&definition), "read again, it is the same");
            let lint = asl::lint::unknown_functions(&definition, ["f", "record-order"]);
            for warning in lint.iter().chain(definition.warnings()) {
                assert!(!warning.to_string().contains(char::is_control), "{warning}");
            }
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            // Data of the text's own, so that the text is all that has to be kept.
            let mut random = ChaCha8Rng::seed_from_u64(hasher.finish());
            for _ in 0..DATA {
                let data = generate::value(&mut random, 0);
                let said = evaluate::all(&definition, &data);
                assert_eq!(evaluate::all(&definition, &data), said, "evaluated again, it is the same");
            }
            true
        }
        Err(problems) => {
            assert!(!problems.as_slice().is_empty(), "what is refused has a reason");
            assert!(problems.as_slice().iter().all(|problem| problem.severity() == asl::Severity::Error));
            assert!(problems.as_slice().len() <= asl::PROBLEMS_MAX);
            assert!(!problems.to_string().contains(|c: char| c.is_control() && c != '\n'), "{problems}");
            false
        }
    }
}

/// Reads the text and evaluates it on that data. Whether it was read.
///
/// # Panics
/// Something is not as it should be.
pub(crate) fn expression(text: &str, data: &[Value]) -> bool {
    let Ok(expression) = Expression::parse(text) else { return false };
    assert_eq!(Expression::parse(text).as_ref(), Ok(&expression), "read again, it is the same");
    for data in data {
        let said = evaluated(&expression, data);
        assert_eq!(evaluated(&expression, data), said, "evaluated again, it is the same");
    }
    true
}

fn evaluated(expression: &Expression, data: &Value) -> Result<Value, String> {
    let build = || json!({"Execution": {"Id": "e-1", "Input": data}});
    let context = Context::new(&build);
    let random = Random::new(1, 2);
    let variables = Map::from_iter([("v".to_owned(), data.clone())]);
    let scopes = [&variables];
    let scope = Scope { variables: Variables::new(&scopes), ..Scope::of(data, &context, &random) };
    if let Expression::Path(path) = expression {
        check(path, &scope);
    }
    expression.eval(&scope, &Place::Field("x.$")).map_err(|error| error.to_string())
}

fn check(path: &Path, scope: &Scope<'_>) {
    match path.select(scope) {
        Ok(value) => assert!(path.is_definite() || value.is_array(), "{path} gives {value}"),
        Err(why) => assert!(!why.to_string().is_empty(), "{path}"),
    }
    assert!(!path.is_reference() || path.is_definite(), "{path} leads to one place");
    assert_eq!(Path::parse(&path.to_string()).as_ref(), Ok(path), "what is written reads back");
}

/// Reads and evaluates the text. Whether it was read.
pub(crate) fn jsonata(text: &str, input: &Value) -> bool {
    let Ok(expression) = jsonata::Expression::parse(text) else { return false };
    let build = || json!({ "Execution": { "Id": "e-1" } });
    let eval = || {
        let (context, random) = (Context::new(&build), Random::new(1, 2));
        expression.eval(&Scope::of(input, &context, &random))
    };
    assert_eq!(eval(), eval(), "evaluated again, it is the same");
    true
}
