//! What a path selects.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use super::budget::Budget;
use super::compare::{Side, holds};
use super::error::PathError;
use super::syntax::{Condition, Filter, Operand, Path, Query, Root, Segment, Slice, Steps};
use crate::scope::Scope;

impl Path {
    /// What the path selects: of a definite path the value, of any other an array of all that matches.
    ///
    /// # Errors
    /// A definite path leads to nothing, or a step of it cannot be applied to what is there.
    pub fn select<'a>(&self, scope: &Scope<'a>) -> Result<Cow<'a, Value>, PathError> {
        let root = match &self.root {
            Root::Data => scope.data,
            Root::Context => scope.context.value(),
            Root::Variable(name) => scope
                .variables
                .get(name)
                .ok_or_else(|| PathError::not_found(format!("The variable '{name}' has no value")))?,
        };
        if self.reference
            && let Some(value) = straight(root, self.segments())
        {
            return Ok(Cow::Borrowed(value));
        }
        Walk { root, budget: Budget::new() }.select(&self.steps, root)
    }
}

/// What a reference path selects, if it selects anything: by far the most that is asked.
fn straight<'v>(root: &'v Value, segments: &[Segment]) -> Option<&'v Value> {
    segments.iter().try_fold(root, |value, segment| match segment {
        Segment::Field(name) => value.as_object()?.get(name),
        Segment::Index(index) => value.as_array()?.get(usize::try_from(*index).ok()?),
        _ => None,
    })
}

/// A place on the way: how far the segments are done, and whether they could lead to one value only.
#[derive(Clone, Copy)]
struct At<'s> {
    segments: &'s [Segment],
    next: usize,
    /// Of the segments that are done.
    definite: bool,
    /// Of all segments.
    whole_definite: bool,
    trail: &'s Trail<'s>,
}

/// The members and elements that the way went through.
enum Trail<'s> {
    Root,
    Member(&'s Trail<'s>, &'s str),
    Element(&'s Trail<'s>, i32),
}

/// As Jayway writes it.
impl fmt::Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::Member(before, name) => write!(f, "{before}['{name}']"),
            Self::Element(before, index) => write!(f, "{before}[{index}]"),
        }
    }
}

impl<'s> At<'s> {
    fn segment(self) -> Option<&'s Segment> {
        self.segments.get(self.next)
    }

    fn is_last(self) -> bool {
        self.next + 1 == self.segments.len()
    }

    /// After this segment, which may have been definite.
    fn on(self, definite: bool) -> Self {
        Self { next: self.next + 1, definite: self.definite && definite, ..self }
    }

    /// The steps that are left, as Jayway writes them.
    fn rest(self) -> String {
        self.segments[self.next..].iter().map(ToString::to_string).collect()
    }
}

/// The same place after one more step.
fn through<'t>(at: At<'t>, trail: &'t Trail<'t>) -> At<'t> {
    At { trail, ..at }
}

fn written(segments: &[Segment]) -> String {
    segments.iter().fold("$".to_owned(), |path, segment| path + &segment.to_string())
}

struct Walk<'v> {
    /// What `$` in a condition stands for.
    root: &'v Value,
    budget: Budget,
}

type Found<'v> = Vec<Cow<'v, Value>>;

impl<'v> Walk<'v> {
    fn select(&self, steps: &Steps, from: &'v Value) -> Result<Cow<'v, Value>, PathError> {
        let mut found = Vec::new();
        let begin = At {
            segments: &steps.segments,
            next: 0,
            definite: true,
            whole_definite: steps.definite,
            trail: &Trail::Root,
        };
        self.walk(begin, from, &mut found)?;
        if steps.definite {
            let none = || PathError::not_found(format!("No results for path: {}", written(&steps.segments)));
            return found.pop().ok_or_else(none);
        }
        let copies = found.into_iter().map(|value| match value {
            Cow::Borrowed(value) => self.budget.copy(value),
            Cow::Owned(value) => Ok(value),
        });
        copies.collect::<Result<_, _>>().map(|values| Cow::Owned(Value::Array(values)))
    }

    fn walk(&self, at: At<'_>, value: &'v Value, found: &mut Found<'v>) -> Result<(), PathError> {
        self.budget.spend(1)?;
        match at.segment() {
            None => found.push(Cow::Borrowed(value)),
            Some(segment @ Segment::Field(name)) => {
                self.member(at, name, object(at, segment, value)?, found)?;
            }
            Some(segment @ Segment::Fields(names)) => {
                self.members(at, names, object(at, segment, value)?, found)?;
            }
            Some(Segment::Index(index)) => self.element(at.on(true), *index, array(at, value)?, found)?,
            Some(Segment::Indexes(indexes)) => {
                let items = array(at, value)?;
                for index in indexes {
                    self.element(at.on(false), *index, items, found)?;
                }
            }
            Some(Segment::Slice(slice)) => {
                let items = array(at, value)?;
                for index in range(*slice, items.len()) {
                    self.element(at.on(false), index, items, found)?;
                }
            }
            Some(Segment::Last(back)) => {
                let items = array(at, value)?;
                let index = i32::try_from(items.len()).unwrap_or(i32::MAX).saturating_sub(*back);
                self.element(at.on(true), index, items, found)?;
            }
            Some(Segment::Wildcard) => self.each(at.on(false), value, found)?,
            Some(Segment::Filter(filter)) => self.filtered(at, filter, value, found)?,
            Some(Segment::Descend) => self.scan(at.on(false), value, found)?,
        }
        Ok(())
    }

    fn member(
        &self,
        at: At<'_>,
        name: &str,
        fields: &'v Map<String, Value>,
        found: &mut Found<'v>,
    ) -> Result<(), PathError> {
        let trail = Trail::Member(at.trail, name);
        match fields.get(name) {
            Some(value) => self.walk(through(at.on(true), &trail), value, found),
            None if at.is_last() => Err(PathError::not_found(format!("No results for path: {trail}"))),
            None if at.whole_definite => {
                Err(PathError::not_found(format!("Missing property in path {trail}")))
            }
            None => Ok(()),
        }
    }

    /// Several members, at the end of a path only: an object of those that are there.
    fn members(
        &self,
        at: At<'_>,
        names: &[String],
        fields: &'v Map<String, Value>,
        found: &mut Found<'v>,
    ) -> Result<(), PathError> {
        if !at.is_last() {
            let several = &at.segments[at.next];
            return Err(PathError::invalid(format!(
                "Multi properties can only be used as path leafs: {}{several}",
                at.trail
            )));
        }
        let mut merged = Map::new();
        for name in names {
            self.budget.spend_text(name)?;
            if let Some(value) = fields.get(name) {
                merged.insert(name.clone(), self.budget.copy(value)?);
            }
        }
        found.push(Cow::Owned(Value::Object(merged)));
        Ok(())
    }

    /// The element of that index, which must be there: an index is never counted from the end.
    fn element(
        &self,
        on: At<'_>,
        index: i32,
        items: &'v [Value],
        found: &mut Found<'v>,
    ) -> Result<(), PathError> {
        self.budget.spend(1)?;
        let trail = Trail::Element(on.trail, index);
        match usize::try_from(index).ok().and_then(|place| items.get(place)) {
            Some(value) => self.walk(through(on, &trail), value, found),
            None => Err(PathError::not_found(format!("Index out of bounds when evaluating path {trail}"))),
        }
    }

    /// All members, or all elements. An element that has nothing where the path goes on is passed over; a member is not: Jayway's own
    /// difference.
    fn each(&self, on: At<'_>, value: &'v Value, found: &mut Found<'v>) -> Result<(), PathError> {
        match value {
            Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
                self.walk(through(on, &Trail::Member(on.trail, name)), value, found)
            }),
            Value::Array(items) => items.iter().zip(0..).try_for_each(|(value, index)| {
                match self.walk(through(on, &Trail::Element(on.trail, index)), value, found) {
                    Err(PathError::NotFound(_)) => Ok(()),
                    other => other,
                }
            }),
            _ => Ok(()),
        }
    }

    /// The elements for which the condition holds, or the object itself if it holds for that.
    fn filtered(
        &self,
        at: At<'_>,
        filter: &Filter,
        value: &'v Value,
        found: &mut Found<'v>,
    ) -> Result<(), PathError> {
        match value {
            Value::Array(items) => {
                items.iter().zip(0..).try_for_each(|(item, index)| match self.accepts(filter, item)? {
                    true => self.walk(through(at.on(false), &Trail::Element(at.trail, index)), item, found),
                    false => Ok(()),
                })
            }
            Value::Object(_) => match self.accepts(filter, value)? {
                true => self.walk(at.on(false), value, found),
                false => Ok(()),
            },
            _ if at.definite => Err(PathError::invalid(format!(
                "Filter: {} can not be applied to primitives. Current context is: {value}",
                at.rest()
            ))),
            _ => Ok(()),
        }
    }

    /// Applies the step after `..` to everything it can be applied to, at any depth: what is above before what is in it.
    fn scan(&self, at: At<'_>, value: &'v Value, found: &mut Found<'v>) -> Result<(), PathError> {
        self.budget.spend(1)?;
        match value {
            Value::Object(fields) => {
                if self.is_target(at, value)? {
                    self.walk(at, value, found)?;
                }
                fields.iter().try_for_each(|(name, value)| {
                    self.scan(through(at, &Trail::Member(at.trail, name)), value, found)
                })
            }
            Value::Array(items) => {
                let elements = || items.iter().zip(0..);
                if self.is_target(at, value)? {
                    // Jayway's own rule: a step that is not the last is taken to every element, whichever it names.
                    if at.is_last() {
                        self.walk(at, value, found)?;
                    } else {
                        elements().try_for_each(|(item, index)| {
                            self.walk(through(at.on(false), &Trail::Element(at.trail, index)), item, found)
                        })?;
                    }
                }
                elements().try_for_each(|(value, index)| {
                    self.scan(through(at, &Trail::Element(at.trail, index)), value, found)
                })
            }
            _ => Ok(()),
        }
    }

    fn is_target(&self, at: At<'_>, value: &'v Value) -> Result<bool, PathError> {
        let has = |name: &String| value.as_object().is_some_and(|fields| fields.contains_key(name));
        match at.segment() {
            Some(Segment::Field(name)) => Ok(has(name)),
            Some(Segment::Fields(names)) if at.is_last() => Ok(names.iter().all(has)),
            Some(Segment::Fields(_)) => Ok(value.is_object()),
            Some(Segment::Index(_) | Segment::Indexes(_) | Segment::Slice(_) | Segment::Last(_)) => {
                Ok(value.is_array())
            }
            Some(Segment::Wildcard) => Ok(true),
            Some(Segment::Filter(filter)) => self.accepts(filter, value),
            Some(Segment::Descend) | None => Ok(false),
        }
    }

    /// Whether the condition holds for the value. One that cannot be applied to it does not.
    fn accepts(&self, filter: &Filter, item: &'v Value) -> Result<bool, PathError> {
        match self.holds(&filter.0, item) {
            Err(PathError::Invalid(_)) => Ok(false),
            other => other,
        }
    }

    fn holds(&self, condition: &Condition, item: &'v Value) -> Result<bool, PathError> {
        self.budget.spend(1)?;
        match condition {
            Condition::All(conditions) => {
                for condition in conditions {
                    if !self.holds(condition, item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Any(conditions) => {
                for condition in conditions {
                    if self.holds(condition, item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::Not(condition) => self.holds(condition, item).map(|holds| !holds),
            // What is `null` counts as what is not there.
            Condition::Exists(query) => {
                self.query(query, item).map(|value| value.is_some_and(|value| !value.is_null()))
            }
            Condition::Compare(left, operator, right) => {
                holds(*operator, &self.side(left, item)?, &self.side(right, item)?, &self.budget)
            }
        }
    }

    fn side<'s>(&self, operand: &'s Operand, item: &'v Value) -> Result<Side<'s>, PathError>
    where
        'v: 's,
    {
        Ok(match operand {
            Operand::Query(query) => self.query(query, item)?.map_or(Side::Missing, Side::Value),
            Operand::Value(value) => Side::Value(Cow::Borrowed(value)),
            Operand::Pattern(pattern) => Side::Pattern(pattern),
        })
    }

    /// What a path in a condition selects, or `None` if that is nothing.
    fn query(&self, query: &Query, item: &'v Value) -> Result<Option<Cow<'v, Value>>, PathError> {
        match self.select(&query.steps, if query.from_root { self.root } else { item }) {
            Ok(value) => Ok(Some(value)),
            Err(PathError::NotFound(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// The members of what must be an object.
fn object<'v>(at: At<'_>, segment: &Segment, value: &'v Value) -> Result<&'v Map<String, Value>, PathError> {
    let none = || PathError::not_found(format!("Property {segment} not found in path {}", at.trail));
    value.as_object().ok_or_else(none)
}

/// The elements of what must be an array.
fn array<'v>(at: At<'_>, value: &'v Value) -> Result<&'v Vec<Value>, PathError> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Null => Err(PathError::not_found(format!("The path {} is null", at.trail))),
        _ => Err(PathError::invalid(format!(
            "Filter: {} can only be applied to arrays. Current context is: {value}",
            at.rest()
        ))),
    }
}

/// The indexes of a slice. With both bounds they are counted as they stand: `[1:-1]` is empty, and of `[-3:-1]` none is there.
fn range(slice: Slice, len: usize) -> std::ops::Range<i32> {
    let len = i32::try_from(len).unwrap_or(i32::MAX);
    match slice {
        Slice { from: Some(_), to: Some(_) } if len == 0 => 0..0,
        Slice { from: Some(from), to: Some(to) } => from..to.min(len),
        Slice { from: Some(from), to: None } if from < 0 => (from.saturating_add(len)).max(0)..len,
        Slice { from: Some(from), to: None } => from..len,
        Slice { from: None, to: Some(to) } if to < 0 => 0..to.saturating_add(len),
        Slice { from: None, to: Some(to) } => 0..to.min(len),
        Slice { from: None, to: None } => 0..0,
    }
}
