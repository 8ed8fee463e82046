//! How whoever calls an API is known there, and what goes with each call.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::secret::Secret;

/// How, with secrets: what EventBridge calls `AuthParameters`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Authorization {
    /// By a name and a password.
    #[serde(rename = "BasicAuthParameters", skip_serializing_if = "Option::is_none")]
    pub basic: Option<Basic>,
    /// By a token that is asked for (OAuth 2.0, client credentials).
    #[serde(rename = "OAuthParameters", skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuth>,
    /// By a header.
    #[serde(rename = "ApiKeyAuthParameters", skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKey>,
    /// What goes with each call.
    #[serde(rename = "InvocationHttpParameters", default, skip_serializing_if = "HttpParameters::is_empty")]
    pub invocation: HttpParameters,
}

/// A name and a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Basic {
    /// The name.
    pub username: String,
    /// What proves that it is that one.
    pub password: Secret,
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// The header.
    #[serde(rename = "ApiKeyName")]
    pub name: String,
    /// The key: secret.
    #[serde(rename = "ApiKeyValue")]
    pub value: Secret,
}

/// Where a token is asked for, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OAuth {
    /// Who asks.
    #[serde(rename = "ClientParameters")]
    pub client: Client,
    /// The URL.
    #[serde(rename = "AuthorizationEndpoint")]
    pub endpoint: String,
    /// `GET`, `POST` or `PUT`.
    #[serde(rename = "HttpMethod")]
    pub method: String,
    /// What goes with the request for a token.
    #[serde(rename = "OAuthHttpParameters", default, skip_serializing_if = "HttpParameters::is_empty")]
    pub parameters: HttpParameters,
}

/// Who asks for a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// As whom it is known to who gives tokens.
    #[serde(rename = "ClientID")]
    pub id: String,
    /// What proves that it is that one.
    #[serde(rename = "ClientSecret")]
    pub secret: Secret,
}

/// What goes with a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpParameters {
    /// Each in place of a header of its name.
    #[serde(rename = "HeaderParameters", skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Parameter>,
    /// Each in place of a parameter of its name in the URL.
    #[serde(rename = "QueryStringParameters", skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<Parameter>,
    /// Members of the body.
    #[serde(rename = "BodyParameters", skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<Parameter>,
}

/// One of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    #[serde(default)]
    pub key: String,
    /// What it is set to, secret or not.
    #[serde(default)]
    pub value: Secret,
    /// Whether the value is shown to nobody.
    #[serde(default)]
    pub is_value_secret: bool,
}

impl HttpParameters {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn shown(&self) -> Value {
        let all = |parameters: &[Parameter]| parameters.iter().map(Parameter::shown).collect::<Vec<_>>();
        let mut shown = json!({});
        for (name, parameters) in [
            ("HeaderParameters", &self.headers),
            ("QueryStringParameters", &self.query),
            ("BodyParameters", &self.body),
        ] {
            if !parameters.is_empty() {
                shown[name] = all(parameters).into();
            }
        }
        shown
    }
}

impl Parameter {
    fn shown(&self) -> Value {
        let mut shown = json!({"Key": self.key, "IsValueSecret": self.is_value_secret});
        if !self.is_value_secret {
            shown["Value"] = self.value.expose().into();
        }
        shown
    }
}

impl Authorization {
    /// What EventBridge calls the kind of it; `None` if there is none, or more than one.
    #[must_use]
    pub fn kind(&self) -> Option<&'static str> {
        match self {
            Self { basic: Some(_), oauth: None, api_key: None, .. } => Some("BASIC"),
            Self { basic: None, oauth: Some(_), api_key: None, .. } => Some("OAUTH_CLIENT_CREDENTIALS"),
            Self { basic: None, oauth: None, api_key: Some(_), .. } => Some("API_KEY"),
            _ => None,
        }
    }

    /// What is shown of it: nothing that is secret.
    #[must_use]
    pub fn shown(&self) -> Value {
        let mut shown = json!({});
        if let Some(Basic { username, .. }) = &self.basic {
            shown["BasicAuthParameters"] = json!({"Username": username});
        }
        if let Some(OAuth { client, endpoint, method, parameters }) = &self.oauth {
            let client = json!({"ClientID": client.id});
            shown["OAuthParameters"] =
                json!({"ClientParameters": client, "AuthorizationEndpoint": endpoint, "HttpMethod": method});
            if !parameters.is_empty() {
                shown["OAuthParameters"]["OAuthHttpParameters"] = parameters.shown();
            }
        }
        if let Some(ApiKey { name, .. }) = &self.api_key {
            shown["ApiKeyAuthParameters"] = json!({"ApiKeyName": name});
        }
        if !self.invocation.is_empty() {
            shown["InvocationHttpParameters"] = self.invocation.shown();
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_not_shown() {
        let parameters = json!({
            "HeaderParameters": [{"Key": "a", "Value": "SECRET", "IsValueSecret": true}],
            "BodyParameters": [{"Key": "b", "Value": "open", "IsValueSecret": false}, {"Key": "c", "Value": "open"}],
        });
        let oauth = json!({
            "ClientParameters": {"ClientID": "me", "ClientSecret": "SECRET"},
            "AuthorizationEndpoint": "https://auth.example.com/token", "HttpMethod": "POST", "OAuthHttpParameters": parameters,
        });
        for (kind, written) in [
            ("BASIC", json!({"BasicAuthParameters": {"Username": "me", "Password": "SECRET"}})),
            ("API_KEY", json!({"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "SECRET"}})),
            (
                "OAUTH_CLIENT_CREDENTIALS",
                json!({"OAuthParameters": oauth, "InvocationHttpParameters": parameters}),
            ),
        ] {
            let read: Authorization = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(read.kind(), Some(kind));
            assert!(
                written.to_string().contains("SECRET") && !read.shown().to_string().contains("SECRET"),
                "{kind}"
            );
            assert!(!format!("{read:?}").contains("SECRET"), "{kind}");
            let again: Authorization = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
            assert_eq!(again, read);
        }
        assert_eq!(Authorization::default().kind(), None);
    }
}
