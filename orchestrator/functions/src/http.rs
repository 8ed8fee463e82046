//! A function over HTTP: its input is posted, its output is the answer. It fails when the answer's status is not 2xx.

use std::error::Error;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode, body::Bytes};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::output::{ANSWER_BYTES_MAX, Failed, read};

/// What it answers; `id` tells this call from others, and is the same when it is made again.
pub(crate) async fn ask(url: &str, given: String, id: Option<&str>) -> Result<Value, Failed> {
    let answer = exchange(url, given, id).await;
    let url = shown(url);
    let (status, body) = answer.map_err(|error| {
        let root = root(&*error);
        match root.is::<LengthLimitError>() {
            true => Failed::too_large(),
            false => Failed::new("Lambda.ServiceException", format!("no answer at {url}: {root}")),
        }
    })?;
    if status.is_success() {
        return read(&body, &url);
    }
    if let Ok(output) = serde_json::from_slice(&body)
        && let Some(failed) = Failed::of(&output)
    {
        return Err(failed);
    }
    let begin: String = String::from_utf8_lossy(&body).trim().chars().take(200).collect();
    let error = match status {
        StatusCode::TOO_MANY_REQUESTS => "Lambda.TooManyRequestsException",
        _ => "Lambda.ServiceException",
    };
    Err(Failed::new(error, format!("{url} answered {status}: {begin}")))
}

async fn exchange(
    url: &str,
    given: String,
    id: Option<&str>,
) -> Result<(StatusCode, Bytes), Box<dyn Error + Send + Sync>> {
    let mut request = Request::post(url).header(CONTENT_TYPE, "application/json");
    if let Some(id) = id {
        request = request.header("idempotency-key", id);
    }
    let request = request.body(Full::new(Bytes::from(given)))?;
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
    let answer = client.request(request).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes();
    Ok((status, body))
}

/// A URL without what may be a secret: who asks, and the query.
fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}

/// What is under all that was said of it: the client's own layers tell nobody more.
fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_url_are_not_told() {
        for (url, expected) in [
            ("http://127.0.0.1:9000/f", "http://127.0.0.1:9000/f"),
            ("http://me:secret@host/f/g?token=secret#x", "http://host/f/g"),
            ("http://host?token=secret", "http://host/"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
