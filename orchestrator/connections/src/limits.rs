//! What an authorization may be: EventBridge's limits, and what can be sent at all. What is wrong is told without its value.

use crate::authorization::{ApiKey, Authorization, Basic, Client, HttpParameters, OAuth, Parameter};

/// The longest text, in characters.
const TEXT_MAX: usize = 512;
/// The longest URL, in characters.
const URL_MAX: usize = 2_048;
/// The most parameters of a kind.
const PARAMETERS_MAX: usize = 100;

/// Whether it can be kept and called with.
///
/// # Errors
/// The first thing that is wrong, with the member that it is.
pub(crate) fn check(authorization: &Authorization) -> Result<(), String> {
    let Authorization { basic, oauth, api_key, invocation } = authorization;
    if let Some(Basic { username, password }) = basic {
        text("BasicAuthParameters.Username", username)?;
        text("BasicAuthParameters.Password", password.expose())?;
    }
    if let Some(ApiKey { name, value }) = api_key {
        text("ApiKeyAuthParameters.ApiKeyName", name)?;
        text("ApiKeyAuthParameters.ApiKeyValue", value.expose())?;
        header("ApiKeyAuthParameters", name, value.expose())?;
    }
    if let Some(OAuth { client: Client { id, secret }, endpoint, method, parameters }) = oauth {
        text("OAuthParameters.ClientParameters.ClientID", id)?;
        text("OAuthParameters.ClientParameters.ClientSecret", secret.expose())?;
        if !["GET", "POST", "PUT"].contains(&method.as_str()) {
            return Err(format!("OAuthParameters.HttpMethod is {method:?}, and must be GET, POST or PUT"));
        }
        if endpoint.chars().count() > URL_MAX || !http_client::check_url(endpoint) {
            let what = "a URL (https://…) without user and fragment, of 2048 characters at most";
            return Err(format!("OAuthParameters.AuthorizationEndpoint must be {what}"));
        }
        all("OAuthParameters.OAuthHttpParameters", parameters)?;
    }
    all("InvocationHttpParameters", invocation)
}

fn all(of: &str, parameters: &HttpParameters) -> Result<(), String> {
    let HttpParameters { headers, query, body } = parameters;
    for (kind, parameters) in
        [("HeaderParameters", headers), ("QueryStringParameters", query), ("BodyParameters", body)]
    {
        if parameters.len() > PARAMETERS_MAX {
            return Err(format!(
                "{of}.{kind} has {} elements, and may have {PARAMETERS_MAX}",
                parameters.len()
            ));
        }
        for (index, Parameter { key, value, .. }) in parameters.iter().enumerate() {
            let at = format!("{of}.{kind}[{index}]");
            text(&format!("{at}.Key"), key)?;
            most(&format!("{at}.Value"), value.expose())?;
            if kind == "HeaderParameters" {
                header(&at, key, value.expose())?;
            }
        }
    }
    Ok(())
}

fn text(at: &str, text: &str) -> Result<(), String> {
    if text.is_empty() { Err(format!("{at} is empty, and must not be")) } else { most(at, text) }
}

fn most(at: &str, text: &str) -> Result<(), String> {
    match text.chars().count() {
        length if length > TEXT_MAX => Err(format!("{at} has {length} characters, and may have {TEXT_MAX}")),
        _ => Ok(()),
    }
}

fn header(at: &str, name: &str, value: &str) -> Result<(), String> {
    http_client::check_header(name, value).map_err(|why| format!("{at}: {why}"))
}
