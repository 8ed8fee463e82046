//! End-to-end tests that start the real binaries as a user would; see `tests/`.
