//! A field whose value is given in the definition, or computed when the state is at work.

use crate::template::Expression;

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting<T> {
    /// Given in the definition.
    Fixed(T),
    /// Computed: in JSONPath by the field of the same name that ends in `Path`, in JSONata by the field itself.
    Computed(Expression),
}
