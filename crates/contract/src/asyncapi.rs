//! The contract as an AsyncAPI 3 document.
