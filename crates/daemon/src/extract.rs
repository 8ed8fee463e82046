//! What the read APIs take from a request, checked; a mistake is answered with a [`Problem`].

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use contract::FieldError;
use contract::order::{ID_FORM, is_id};
use serde::Serialize;

use crate::Problem;

/// The one path parameter of a route, an id ([`ID_FORM`]). Else 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let shown = match path {
            Ok(Path(id)) if is_id(&id) => return Ok(Self(id)),
            Ok(Path(id)) => format!("{:?}", id.chars().take(80).collect::<String>()),
            Err(_) => "something that is not UTF-8".to_owned(),
        };
        Err(Problem::fields(vec![field("id", shown, ID_FORM.to_owned())]))
    }
}

/// The query parameters `limit` (1 to 100, 20 unless told) and `before` (what the last page called `next`). Anything
/// else is answered 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many entries to return, at the most.
    pub limit: usize,
    /// The store's cursor to go on behind.
    pub before: Option<u64>,
}

impl Page {
    /// The most entries a page holds.
    pub const LIMIT_MAX: usize = 100;
    /// How many it holds when nothing is said.
    pub const LIMIT: usize = 20;

    /// The opaque text by which a caller asks for the page behind this cursor.
    #[must_use]
    pub fn cursor(cursor: u64) -> String {
        format!("p{cursor:x}")
    }

    fn parse_cursor(text: &str) -> Option<u64> {
        let digits = text.strip_prefix('p')?;
        let canonical = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        u64::from_str_radix(digits, 16).ok().filter(|_| canonical)
    }
}

/// One page of a list, as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listing<T> {
    /// The entries, newest first.
    pub items: Vec<T>,
    /// The `before` of the next page; `null` on the last one.
    pub next: Option<String>,
}

impl<T> Listing<T> {
    /// These entries, and the store's cursor to go on behind them.
    #[must_use]
    pub fn new(items: Vec<T>, cursor: Option<u64>) -> Self {
        Self { items, next: cursor.map(Page::cursor) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut page = Self { limit: Self::LIMIT, before: None };
        let mut errors = Vec::new();
        for (name, value) in query(parts)? {
            let shown = format!("{value:?}");
            match name.as_str() {
                "limit" => match value.parse() {
                    Ok(limit) if (1..=Self::LIMIT_MAX).contains(&limit) => page.limit = limit,
                    _ => errors.push(field("limit", shown, format!("1 to {}", Self::LIMIT_MAX))),
                },
                "before" => match Self::parse_cursor(&value) {
                    Some(cursor) => page.before = Some(cursor),
                    None => errors.push(field("before", shown, "the `next` of an earlier page".to_owned())),
                },
                _ => errors.push(field(&name, shown, "limit or before".to_owned())),
            }
        }
        if errors.is_empty() { Ok(page) } else { Err(Problem::fields(errors)) }
    }
}

/// The query parameters by name; of one that is repeated, the last.
///
/// # Errors
/// 400 when they are not percent-encoded text.
pub fn query(parts: &Parts) -> Result<BTreeMap<String, String>, Problem> {
    let Query(parameters) = Query::try_from_uri(&parts.uri).map_err(|_| {
        let shown = parts.uri.query().unwrap_or_default().chars().take(80).collect();
        Problem::fields(vec![field("query", shown, "name=value pairs, percent-encoded".to_owned())])
    })?;
    Ok(parameters)
}

/// What is wrong with a parameter.
#[must_use]
pub fn field(name: &str, value: String, expected: String) -> FieldError {
    FieldError { field: name.to_owned(), value, expected }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn page(query: &str) -> Result<Page, Vec<String>> {
        let (mut parts, ()) = Request::get(format!("/x?{query}")).body(()).unwrap().into_parts();
        let page = Page::from_request_parts(&mut parts, &()).await;
        page.map_err(|problem| problem.errors.iter().map(|error| error.field.clone()).collect())
    }

    #[tokio::test]
    async fn a_page_is_asked_for_by_limit_and_cursor() {
        assert_eq!(page("").await, Ok(Page { limit: 20, before: None }));
        let next = Page::cursor(u64::MAX);
        assert_eq!(
            page(&format!("limit=5&before={next}")).await,
            Ok(Page { limit: 5, before: Some(u64::MAX) })
        );
    }

    #[tokio::test]
    async fn every_wrong_parameter_is_named() {
        assert_eq!(page("limit=0&before=7&colour=red").await.unwrap_err(), ["before", "colour", "limit"]);
        for wrong in ["limit=101", "limit=-1", "limit=x", "before=p", "before=p+1", "before=pFF"] {
            assert_eq!(page(wrong).await.unwrap_err().len(), 1, "{wrong}");
        }
    }
}
