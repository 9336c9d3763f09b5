//! Sends an HTTP request and takes the expected answer.
//!
//! In: a request. Out: the answer's body, or what went wrong and whether the server may have done something. Nothing is
//! redirected, and nothing is sent again. Called by [`super::Hands`] only.

use super::hands::Trouble;
use super::script::Http;
use super::secret::{SecretRef, Secrets, names_secret};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, Request, Response, StatusCode};
use serde_json::Value as Json;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

/// Longest answer that is read (our choice: a state is small).
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Longest part of a refusal that goes into an error.
const COMPLAINT_CHARS_MAX: usize = 300;

/// Sends a request and returns the body of the answer.
pub async fn send(http: &Http, secrets: &Secrets, limit: Duration) -> Result<String, Trouble> {
    let client = client(http.ca.as_deref(), limit).map_err(Trouble::NotSent)?;
    let request = request(&client, http, secrets).map_err(Trouble::NotSent)?;
    let what = format!("{} {}", http.method, http.url);
    let response = match client.execute(request).await {
        Ok(response) => response,
        Err(error) if error.is_connect() || error.is_builder() => {
            return Err(Trouble::NotSent(format!("{what}: {}", chain(&error))));
        }
        Err(error) => return Err(Trouble::Unknown(format!("{what}: {}", chain(&error)))),
    };
    let status = response.status();
    let body = body(response)
        .await
        .map_err(|e| Trouble::Unknown(format!("{what}: {e}")))?;
    judge(http, status, body, &what)
}

fn judge(http: &Http, status: StatusCode, body: String, what: &str) -> Result<String, Trouble> {
    if http.expect.contains(&status.as_u16()) {
        return Ok(body);
    }
    let said: String = body.trim().chars().take(COMPLAINT_CHARS_MAX).collect();
    let message = format!("{what}: {status}, expected {:?}: {said}", http.expect);
    // A client error says that nothing was done (RFC 9110 section 15.5); anything else does not.
    if status.is_client_error() {
        return Err(Trouble::Refused(message));
    }
    Err(Trouble::Unknown(message))
}

fn client(ca: Option<&Path>, limit: Duration) -> Result<Client, String> {
    // Without a provider of its own the client would ask for one that is process-wide; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .timeout(limit)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("zizhi/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = ca {
        let cannot =
            |e: &dyn Error| format!("cannot use the certificates of {}: {e}", path.display());
        let pem = std::fs::read(path).map_err(|e| cannot(&e))?;
        for certificate in Certificate::from_pem_bundle(&pem).map_err(|e| cannot(&e))? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(|e| chain(&e))
}

fn request(client: &Client, http: &Http, secrets: &Secrets) -> Result<Request, String> {
    let method = Method::from_bytes(http.method.as_bytes()).map_err(|e| e.to_string())?;
    let mut headers = HeaderMap::new();
    for (name, value) in &http.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| e.to_string())?;
        headers.insert(name, header(value, secrets)?);
    }
    if let Some(bearer) = &http.bearer {
        let token = secrets.get(bearer).map_err(|e| e.to_string())?;
        let value = sensitive(&format!("Bearer {}", token.reveal()))?;
        headers.insert(reqwest::header::AUTHORIZATION, value);
    }
    let mut request = client.request(method, &http.url).headers(headers);
    if let Some(body) = &http.body {
        request = request
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(open(body, secrets)?.to_string());
    }
    request.build().map_err(|e| chain(&e))
}

/// A body whose secrets are no longer names.
fn open(body: &Json, secrets: &Secrets) -> Result<Json, String> {
    Ok(match body {
        Json::String(text) if names_secret(text) => {
            let name = SecretRef::try_from(text.clone())?;
            let secret = secrets.get(&name).map_err(|e| e.to_string())?;
            Json::String(secret.reveal().to_owned())
        }
        Json::Array(items) => {
            let opened: Result<_, _> = items.iter().map(|i| open(i, secrets)).collect();
            Json::Array(opened?)
        }
        Json::Object(fields) => {
            let opened = fields
                .iter()
                .map(|(k, v)| Ok((k.clone(), open(v, secrets)?)));
            Json::Object(opened.collect::<Result<_, String>>()?)
        }
        plain => plain.clone(),
    })
}

/// A header's value, taken from the secrets where it names one.
fn header(value: &str, secrets: &Secrets) -> Result<HeaderValue, String> {
    if !names_secret(value) {
        return HeaderValue::from_str(value).map_err(|e| e.to_string());
    }
    let name = SecretRef::try_from(value.to_owned())?;
    let secret = secrets.get(&name).map_err(|e| e.to_string())?;
    sensitive(secret.reveal())
}

fn sensitive(value: &str) -> Result<HeaderValue, String> {
    let mut value =
        HeaderValue::from_str(value).map_err(|_| "the secret fits in no header".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

async fn body(mut response: Response) -> Result<String, String> {
    let mut bytes: Vec<u8> = vec![];
    while let Some(block) = response.chunk().await.map_err(|e| chain(&e))? {
        if bytes.len() + block.len() > ANSWER_BYTES_MAX {
            return Err(format!(
                "the answer is longer than {ANSWER_BYTES_MAX} bytes"
            ));
        }
        bytes.extend_from_slice(&block);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// An error with all its reasons: the library tells only the outermost.
pub fn chain(error: &dyn Error) -> String {
    let (mut text, mut source) = (error.to_string(), error.source());
    while let Some(reason) = source {
        let more = reason.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = reason.source();
    }
    text
}
