//! The language: what is accepted and refused, field by field and as whole definitions, and what becomes of the data.

mod definitions;
mod express;
mod fields;
mod members;
mod numbers;
