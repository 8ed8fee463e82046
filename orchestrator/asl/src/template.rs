//! Templates: JSON with something to fill in. In JSONPath a field whose name ends in `.$` takes its value from a path or an
//! intrinsic function, in JSONata a text between `{%` and `%}` is an expression; everything else stands for itself.

use std::fmt;

use serde_json::{Map, Value};

use crate::cause;
use crate::error::{self, RuntimeError};
use crate::intrinsic::Call;
use crate::jsonata;
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

/// What computes a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// What it selects of the data or the context object.
    Path(Path),
    /// An intrinsic function.
    Call(Call),
    /// What stands between `{%` and `%}`.
    Jsonata(jsonata::Expression),
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

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Member(of, name) => write!(f, "{of}/{name}"),
            Self::Element(of, index) => write!(f, "{of}[{index}]"),
        }
    }
}

impl Place<'_> {
    /// The field that has a path for what stands here, as AWS names it: `id.$` in a template, else `SecondsPath`.
    fn path_field(&self) -> String {
        match self {
            Self::Field(name) => (*name).to_owned(),
            Self::Member(_, name) => format!("{name}.$"),
            Self::Element(of, _) => of.path_field(),
        }
    }
}

impl Template {
    /// Fills in the template that is the value of that field.
    ///
    /// # Errors
    /// `States.Runtime` if a path selects nothing, or a function cannot work
    /// with its arguments, `States.QueryEvaluationError` if JSONata has no result.
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
    /// Compiles a path or an intrinsic function, which are the expressions of JSONPath.
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
        match self {
            Self::Jsonata(expression) => Some(expression.text()),
            Self::Path(_) | Self::Call(_) => None,
        }
    }

    /// The workflow's variables that it reads, in the order of the text.
    pub fn variables(&self) -> Vec<&str> {
        match self {
            Self::Path(path) => path.variable().into_iter().collect(),
            Self::Call(call) => {
                let mut names = Vec::new();
                call.paths(&mut |path| names.extend(path.variable()));
                names
            }
            Self::Jsonata(expression) => expression.variables().iter().map(|name| &**name).collect(),
        }
    }

    /// The value of the expression.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn eval(&self, scope: &Scope<'_>, place: &Place<'_>) -> Result<Value, RuntimeError> {
        match self {
            Self::Path(path) => eval_path(path, scope, place),
            Self::Call(call) => call.eval(scope),
            Self::Jsonata(expression) => eval_jsonata(expression, scope, place),
        }
    }

    /// Whether evaluating the expression needs the input that the execution began with.
    pub fn reads_execution_input(&self) -> bool {
        match self {
            Self::Path(path) => path.reads_execution_input(),
            Self::Call(call) => call.reads_execution_input(),
            Self::Jsonata(expression) => {
                let read = expression.states();
                read.execution_input || read.all
            }
        }
    }
}

fn eval_path(path: &Path, scope: &Scope<'_>, place: &Place<'_>) -> Result<Value, RuntimeError> {
    match path.select(scope) {
        _ if *path.root() == Root::Data && scope.data.is_null() => Err(cause::null_input()),
        Ok(value) => return scope.copied(value, path.is_definite()),
        Err(why @ PathError::TooManySteps) => Err(cause::invalid_path(path, why)),
        Err(_) => Err(cause::path_not_found(path, place.path_field(), scope.data)),
    }
    .map_err(|cause| RuntimeError::new(error::RUNTIME, cause))
}

fn eval_jsonata(
    expression: &jsonata::Expression,
    scope: &Scope<'_>,
    place: &Place<'_>,
) -> Result<Value, RuntimeError> {
    expression.eval(scope).map_err(|why| {
        let location = place.to_string();
        let cause = why.cause(expression.text(), &location);
        RuntimeError { location: Some(location), ..RuntimeError::new(error::QUERY_EVALUATION_ERROR, cause) }
    })
}
