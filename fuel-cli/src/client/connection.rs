//! The connection: login, requests, answers.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::RwLock;

use crate::error::ClientError;

/// How long an answer may take, unless it is set. Deploying and serialising big environments takes Nailgun a while.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
    /// Keystone's tenant.
    pub tenant: String,
}

impl Default for Credentials {
    /// What a fresh master has: admin, admin, admin.
    fn default() -> Self {
        Self {
            username: "admin".to_owned(),
            password: "admin".to_owned(),
            tenant: "admin".to_owned(),
        }
    }
}

/// A client of one master.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    credentials: Credentials,
    /// Empty where the master asks for none.
    token: RwLock<String>,
}

impl Client {
    /// Connects to the master at `base`, `http://127.0.0.1:8000`, and logs in where it asks for that.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] where nobody answers, [`ClientError::Unauthorized`] where the credentials are
    /// wrong, others where the answers are not Nailgun's.
    pub async fn connect(base: &str, credentials: &Credentials) -> Result<Self, ClientError> {
        Self::connect_within(base, credentials, TIMEOUT).await
    }

    /// Like [`Self::connect`], with the time that each answer may take.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_within(base: &str, credentials: &Credentials, timeout: Duration) -> Result<Self, ClientError> {
        let base = base.trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder()
            .timeout(timeout)
            // A proxy of the user's has no business between the rig and its own master.
            .no_proxy()
            .build()
            .map_err(|source| ClientError::Unreachable {
                url: base.clone(),
                source,
            })?;
        let client = Self {
            http,
            base,
            credentials: credentials.clone(),
            token: RwLock::default(),
        };
        if client.asks_for_login().await? {
            client.log_in().await?;
        }
        Ok(client)
    }

    /// `GET` below `/api/v1/`: `plugins/`. An empty answer is `null`.
    ///
    /// # Errors
    /// Any [`ClientError`] but settings.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.call(Method::GET, &self.api(path), None).await
    }

    /// `GET` of a text below `/api/v1/`: a graph in the language of Graphviz.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_text(&self, path: &str) -> Result<String, ClientError> {
        let bytes = self.answer(&Method::GET, &self.api(path), None).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The token of this session; empty where the master asks for none.
    pub async fn token_text(&self) -> String {
        self.token.read().await.clone()
    }

    /// `POST` below `/api/v1/`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.call(Method::POST, &self.api(path), Some(body)).await
    }

    /// `PUT` below `/api/v1/`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.call(Method::PUT, &self.api(path), Some(body)).await
    }

    /// `DELETE` below `/api/v1/`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn delete(&self, path: &str) -> Result<Value, ClientError> {
        self.call(Method::DELETE, &self.api(path), None).await
    }

    /// `POST` without a body below `/api/v1/`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post_empty(&self, path: &str) -> Result<Value, ClientError> {
        self.call(Method::POST, &self.api(path), None).await
    }

    /// `GET` of a path below the server's root: `mock/astute/messages`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_root(&self, path: &str) -> Result<Value, ClientError> {
        self.call(Method::GET, &self.rooted(path), None).await
    }

    /// `POST` to a path below the server's root: `mock/astute/replies`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post_root(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.call(Method::POST, &self.rooted(path), Some(body)).await
    }

    /// `GET` into a type.
    pub(super) async fn get_as<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let value = self.get(path).await?;
        self.typed("GET", path, value)
    }

    /// `GET` of a document that has keys.
    pub(super) async fn get_mapping(&self, path: &str) -> Result<Value, ClientError> {
        self.get_as(path).await.map(Value::Object)
    }

    /// An answer as a type.
    pub(super) fn typed<T: DeserializeOwned>(
        &self,
        method: &'static str,
        path: &str,
        value: Value,
    ) -> Result<T, ClientError> {
        serde_json::from_value(value).map_err(|error| ClientError::Answer {
            method,
            url: self.api(path),
            problem: error.to_string(),
        })
    }

    fn api(&self, path: &str) -> String {
        format!("{}/api/v1/{}", self.base, path.trim_start_matches('/'))
    }

    fn rooted(&self, path: &str) -> String {
        format!("{}/{}", self.base, path.trim_start_matches('/'))
    }

    /// 9.x answers an unauthenticated version request with 401, older ones with `auth_required` (facts 1.2).
    async fn asks_for_login(&self) -> Result<bool, ClientError> {
        let url = self.api("version");
        match self.send(&Method::GET, &url, None, None).await {
            Ok(version) => Ok(parsed(&Method::GET, &url, &version)?["auth_required"] == true),
            Err(ClientError::Unauthorized) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Keystone v2.0: a token for the password, then one for the tenant, as python-keystoneclient asks for them.
    async fn log_in(&self) -> Result<(), ClientError> {
        let url = self.rooted("keystone/v2.0/tokens");
        let Credentials {
            username,
            password,
            tenant,
        } = &self.credentials;
        let by_password = json!({"auth": {
            "passwordCredentials": {"username": username, "password": password}, "tenantName": tenant}});
        let (first, tenant_id) = self.token(&url, &by_password).await?;
        let by_token = json!({"auth": {"token": {"id": first}, "tenantId": tenant_id}});
        let (token, _) = self.token(&url, &by_token).await?;
        *self.token.write().await = token;
        Ok(())
    }

    async fn token(&self, url: &str, body: &Value) -> Result<(String, Value), ClientError> {
        let answer = self.send(&Method::POST, url, Some(body), None).await?;
        let answer = parsed(&Method::POST, url, &answer)?;
        let token = &answer["access"]["token"];
        match token["id"].as_str() {
            Some(id) => Ok((id.to_owned(), token["tenant"]["id"].clone())),
            None => Err(ClientError::Answer {
                method: "POST",
                url: url.to_owned(),
                problem: "it has no access.token.id".to_owned(),
            }),
        }
    }

    async fn call(&self, method: Method, url: &str, body: Option<&Value>) -> Result<Value, ClientError> {
        let bytes = self.answer(&method, url, body).await?;
        parsed(&method, url, &bytes)
    }

    /// The body of a good answer, after a new login where the token ran out.
    async fn answer(&self, method: &Method, url: &str, body: Option<&Value>) -> Result<Vec<u8>, ClientError> {
        let token = self.token.read().await.clone();
        match self.send(method, url, body, Some(&token)).await {
            // Tokens run out; a deployment may outlive one.
            Err(ClientError::Unauthorized) if !token.is_empty() => {
                self.log_in().await?;
                let token = self.token.read().await.clone();
                self.send(method, url, body, Some(&token)).await
            }
            result => result,
        }
    }

    async fn send(
        &self,
        method: &Method,
        url: &str,
        body: Option<&Value>,
        token: Option<&str>,
    ) -> Result<Vec<u8>, ClientError> {
        let name = name(method);
        let mut request = self
            .http
            .request(method.clone(), url)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json");
        if let Some(token) = token {
            request = request.header("X-Auth-Token", token);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let transport = |source: reqwest::Error| {
            let url = url.to_owned();
            if source.is_connect() {
                ClientError::Unreachable { url, source }
            } else {
                ClientError::Transport {
                    method: name,
                    url,
                    source,
                }
            }
        };
        let response = request.send().await.map_err(transport)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(transport)?;
        if status == StatusCode::UNAUTHORIZED {
            return Err(ClientError::Unauthorized);
        }
        if !status.is_success() {
            // The error body is JSON whatever its content type says, unless the error came from deep within: then it
            // is plain text (facts 1.1).
            let message = serde_json::from_slice::<Value>(&bytes)
                .ok()
                .and_then(|answer| match answer {
                    Value::String(text) => Some(text),
                    other => other["message"].as_str().map(str::to_owned),
                })
                .unwrap_or_else(|| String::from_utf8_lossy(&bytes).trim().to_owned());
            return Err(ClientError::Refused {
                status: status.as_u16(),
                reason: status.canonical_reason().unwrap_or("Unknown").to_owned(),
                method: name,
                url: url.to_owned(),
                message,
            });
        }
        Ok(bytes.to_vec())
    }
}

/// An answer as JSON; an empty one is `null`.
fn parsed(method: &Method, url: &str, bytes: &[u8]) -> Result<Value, ClientError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|error| ClientError::Answer {
        method: name(method),
        url: url.to_owned(),
        problem: error.to_string(),
    })
}

fn name(method: &Method) -> &'static str {
    match *method {
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "GET",
    }
}
