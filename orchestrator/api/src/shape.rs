//! A service's model as tables: what its operations take and give, and what each value must be.

/// All that a model says.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// What `X-Amz-Target` begins with.
    pub target_prefix: &'static str,
    /// Its operations, by name.
    pub operations: &'static [OperationShape],
    /// Its shapes, by name. They name each other by their place here.
    pub shapes: &'static [Shape],
}

/// The place of a shape in [`Service::shapes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapeId(pub u16);

/// What an operation takes and gives.
#[derive(Debug, Clone, Copy)]
pub struct OperationShape {
    /// As in `X-Amz-Target`.
    pub name: &'static str,
    /// What it takes: a structure.
    pub input: ShapeId,
    /// What it gives: a structure.
    pub output: ShapeId,
    /// The errors that it declares: structures.
    pub errors: &'static [ShapeId],
    /// What clients put before the host's name, unless they are told not to.
    pub host_prefix: Option<&'static str>,
}

/// A kind of value.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Its name in the model.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Whether values are kept out of messages and logs.
    pub is_sensitive: bool,
}

/// What a value is, and what it must keep to.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// An object with members that are known.
    Structure(&'static [Member]),
    /// An array.
    List {
        /// What its elements are.
        of: ShapeId,
        /// How many there may be.
        len: Span<u64>,
    },
    /// An object whose members have all the same shape.
    Map {
        /// What its keys are.
        key: ShapeId,
        /// What its values are.
        value: ShapeId,
    },
    /// A string.
    Text {
        /// How many characters it may have.
        len: Span<u64>,
        /// The regular expression that all of it must match.
        pattern: Option<&'static str>,
        /// The only values that there are, if that is so.
        values: &'static [&'static str],
    },
    /// A whole number of 32 bits.
    Integer(Span<i64>),
    /// A whole number of 64 bits.
    Long(Span<i64>),
    /// A number.
    Float(Span<f64>),
    /// `true` or `false`.
    Boolean,
    /// A point in time: seconds since 1970 as a number.
    Timestamp,
}

/// From where to where, both included; `None` where there is no bound.
#[derive(Debug, Clone, Copy)]
pub struct Span<T> {
    /// The least.
    pub min: Option<T>,
    /// The greatest.
    pub max: Option<T>,
}

/// A member of a structure.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it is.
    pub shape: ShapeId,
    /// Whether it has to be there.
    pub is_required: bool,
}

impl Service {
    /// A shape of this service.
    ///
    /// # Panics
    /// It is one of another service.
    pub fn shape(&self, id: ShapeId) -> &'static Shape {
        &self.shapes[usize::from(id.0)]
    }

    /// The operation of that name.
    pub fn operation(&self, name: &str) -> Option<&'static OperationShape> {
        let found = self.operations.binary_search_by(|operation| operation.name.cmp(name)).ok()?;
        Some(&self.operations[found])
    }
}
