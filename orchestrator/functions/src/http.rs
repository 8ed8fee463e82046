//! A function over HTTP: its input is posted, its output is the answer. It fails when the answer's status is not 2xx.

use std::sync::OnceLock;

use http_client::header::CONTENT_TYPE;
use http_client::{Client, Reach, Reply, StatusCode, Unanswered, request, shown};
use serde_json::Value;

use crate::output::{ANSWER_BYTES_MAX, Failed, read};

/// Asks functions over HTTP. The authorities of TLS are read when the first one is asked.
#[derive(Debug, Default)]
pub(crate) struct Asker(OnceLock<Client>);

impl Asker {
    fn client(&self) -> Result<&Client, String> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        // Whoever runs this says where functions are.
        let client = Client::new(Reach::Everywhere).map_err(|error| error.to_string())?;
        Ok(self.0.get_or_init(|| client))
    }

    /// What it answers; `id` tells this call from others, and is the same when it is made again.
    pub(crate) async fn ask(&self, url: &str, given: String, id: Option<&str>) -> Result<Value, Failed> {
        let (shown, answer) = (shown(url), self.exchange(url, given, id).await);
        let Reply { status, body, .. } = answer.map_err(|unanswered| match unanswered {
            Ok(Unanswered::TooLarge { .. }) => Failed::too_large(),
            Ok(other) => no_answer(&shown, &other.to_string()),
            Err(why) => no_answer(&shown, &why),
        })?;
        if status.is_success() {
            return read(&body, &shown);
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
        Err(Failed::new(error, format!("{shown} answered {status}: {begin}")))
    }

    /// The answer; why there is none, or why nothing could be sent.
    async fn exchange(
        &self,
        url: &str,
        given: String,
        id: Option<&str>,
    ) -> Result<Reply, Result<Unanswered, String>> {
        let json = (CONTENT_TYPE.to_string(), "application/json".to_owned());
        let id = id.map(|id| ("idempotency-key".to_owned(), id.to_owned()));
        let headers: Vec<_> = [json].into_iter().chain(id).collect();
        let request = request("POST", url, &headers, given).map_err(Err)?;
        self.client().map_err(Err)?.send(request, ANSWER_BYTES_MAX).await.map_err(Ok)
    }
}

fn no_answer(shown: &str, why: &str) -> Failed {
    Failed::new("Lambda.ServiceException", format!("no answer at {shown}: {why}"))
}
