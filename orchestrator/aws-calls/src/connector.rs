//! The client for whoever asks for credentials: single sign-on, STS, the metadata of containers and machines.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::Full;
use http_client::{Client, set_header};
use hyper::Request;

/// An answer with credentials is a few kilobytes.
const BYTES_MAX: usize = 64 << 10;

/// Makes connectors.
#[derive(Clone, Debug)]
pub(crate) struct Connectors(pub(crate) Client);

/// Sends one request after the other.
#[derive(Clone, Debug)]
struct Connector {
    client: Client,
    settings: HttpConnectorSettings,
}

impl HttpClient for Connectors {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { client: self.0.clone(), settings: settings.clone() })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { client, settings } = self.clone();
        // Who is not on a network of Amazon's waits for a machine that is not there.
        let limits = [settings.connect_timeout(), settings.read_timeout()];
        let limit = limits.into_iter().flatten().reduce(Duration::saturating_add);
        HttpConnectorFuture::new(async move {
            let exchange = exchange(&client, request);
            match limit {
                None => exchange.await,
                Some(limit) => tokio::time::timeout(limit, exchange)
                    .await
                    .unwrap_or_else(|elapsed| Err(ConnectorError::timeout(elapsed.into()))),
            }
        })
    }
}

async fn exchange(client: &Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let user = |why: String| ConnectorError::user(why.into());
    let Some(body) = request.body().bytes().map(Bytes::copy_from_slice) else {
        return Err(user("a body that is no whole".to_owned()));
    };
    let mut sent = Request::new(Full::new(body));
    *sent.method_mut() = request.method().parse().map_err(|_| user("no method".to_owned()))?;
    *sent.uri_mut() = request.uri().parse().map_err(|_| user("no URL".to_owned()))?;
    for (name, value) in request.headers() {
        set_header(&mut sent, name, value).map_err(user)?;
    }
    let reply = client.send(sent, BYTES_MAX).await;
    let reply = reply.map_err(|unanswered| ConnectorError::io(unanswered.into()))?;
    let status = StatusCode::try_from(reply.status.as_u16())
        .map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
    for (name, value) in reply.headers {
        // One that cannot be read is nothing that credentials depend on.
        let _ = response.headers_mut().try_append(name, value);
    }
    Ok(response)
}
