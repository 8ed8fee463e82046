//! Payload templates: the `Parameters` and `ResultSelector` of a state. A field whose name ends in `.$` takes its
//! value from a path or an intrinsic function; everything else stands for itself.

use std::fmt;

use serde_json::{Map, Value};

use crate::cause;
use crate::error::{self, RuntimeError};
use crate::intrinsic::Call;
use crate::path::{Path, PathError, Root};
use crate::scope::Scope;

/// A compiled template. Parts without anything to fill in are kept as ready values.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// Stands for itself.
    Literal(Value),
    /// An expression.
    Dynamic(Expression),
    /// An object with something to fill in.
    Object(Vec<(String, Template)>),
    /// An array with something to fill in.
    Array(Vec<Template>),
}

/// The value of a field whose name ends in `.$`.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// What it selects of the data or the context object.
    Path(Path),
    /// An intrinsic function.
    Call(Call),
}

/// Where in a state something stands, for whoever reads an error.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// A field of the state.
    Field(&'a str),
    /// A member of an object that stands there.
    Member(&'a Place<'a>, &'a str),
    /// An element of an array that stands there, from 0.
    Element(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// The field as AWS names it when its path leads to nothing: a member by its own name alone, and what is a path by its suffix.
    fn json_path_field(&self) -> String {
        match self {
            Self::Field(name) if name.ends_with("Path") => (*name).to_owned(),
            Self::Field(name) => format!("{name}Path"),
            Self::Member(_, name) => format!("{name}.$"),
            Self::Element(of, _) => of.json_path_field(),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Member(of, name) => write!(f, "{of}/{name}"),
            Self::Element(of, index) => write!(f, "{of}[{index}]"),
        }
    }
}

impl Template {
    /// Fills in the template that is the value of that field.
    ///
    /// # Errors
    /// `States.Runtime` if a path selects nothing, `States.IntrinsicFailure` if a function cannot work with its arguments.
    pub fn fill(&self, scope: &Scope<'_>, field: &str) -> Result<Value, RuntimeError> {
        self.fill_at(scope, &Place::Field(field))
    }

    /// Fills in a template that stands within a field.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn fill_at(&self, scope: &Scope<'_>, place: &Place<'_>) -> Result<Value, RuntimeError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Dynamic(expression) => expression.eval(scope, place),
            Self::Object(fields) => {
                let mut object = Map::new();
                for (name, template) in fields {
                    let value = template.fill_at(scope, &Place::Member(place, name))?;
                    object.insert(name.clone(), value);
                }
                Ok(Value::Object(object))
            }
            Self::Array(items) => {
                let items = items.iter().enumerate();
                items
                    .map(|(n, item)| item.fill_at(scope, &Place::Element(place, n)))
                    .collect::<Result<_, _>>()
                    .map(Value::Array)
            }
        }
    }
}

impl Expression {
    /// Compiles a path or an intrinsic function.
    ///
    /// # Errors
    /// What is wrong with the text, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('$') {
            Path::parse(text).map(Self::Path)
        } else {
            Call::parse(text).map(Self::Call)
        }
    }

    /// Its text, if it is in JSONata.
    pub fn as_jsonata(&self) -> Option<&str> {
        None
    }

    /// The value of the expression, which stands there.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn eval(&self, scope: &Scope<'_>, place: &Place<'_>) -> Result<Value, RuntimeError> {
        match self {
            Self::Path(path) => match path.select(scope) {
                _ if *path.root() == Root::Data && scope.data.is_null() => Err(cause::null_input()),
                Ok(value) => Ok(value.into_owned()),
                Err(why @ PathError::TooManySteps) => Err(cause::invalid_path(path, why)),
                Err(_) => Err(cause::path_not_found(path, place.json_path_field(), scope.data)),
            }
            .map_err(|cause| RuntimeError::new(error::RUNTIME, cause)),
            Self::Call(call) => call.eval(scope),
        }
    }

    /// Whether evaluating the expression needs the input that the execution began with.
    pub fn reads_execution_input(&self) -> bool {
        match self {
            Self::Path(path) => path.reads_execution_input(),
            Self::Call(call) => call.reads_execution_input(),
        }
    }
}
