//! Tokens and the fake Keystone.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use super::route::Found;
use crate::config::{Authentication, Config};
use crate::environment::clock;
use crate::profile::VersionBody;
use crate::store::{self, Release};

const USER: &str = "admin";
const PASSWORD: &str = "admin";

/// Nailgun's fake Keystone takes every token that begins so.
const TOKEN_PREFIX: &str = "token";

/// Refuses a request without a valid token where one is needed.
pub(crate) fn check(config: &Config, found: &Found, headers: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if found.public || config.authentication == Authentication::None || has_token(headers) {
        return Ok(());
    }
    Err(ApiError::unauthorized())
}

/// Whether the request carries a valid token.
pub(crate) fn has_token(headers: &BTreeMap<String, String>) -> bool {
    headers
        .get("x-auth-token")
        .is_some_and(|token| token.starts_with(TOKEN_PREFIX))
}

/// `GET /version/`
pub(crate) fn version(call: &Call<'_>) -> Answer {
    let profile = &call.config.profile;
    let auth_required = call.config.authentication != Authentication::None;
    if auth_required && profile.version_needs_token && !has_token(&call.headers) {
        return Err(ApiError::unauthorized());
    }
    let mut version = json!({
        "release": profile.reported_version,
        "auth_required": auth_required,
        "api": "1",
        "feature_groups": profile.feature_groups,
    });
    if profile.version_body == VersionBody::WithBuild {
        // There is no build behind it: the keys are there for clients that print them.
        version["production"] = json!("docker");
        version["build_number"] = json!("0");
        version["build_id"] = json!(format!("{}-0", profile.name));
        for component in [
            "nailgun",
            "astute",
            "fuellib",
            "fuelmain",
            "ostf",
            "python-fuelclient",
            "fuelmenu",
        ] {
            version[format!("{component}_sha")] = json!("0".repeat(40));
        }
        let releases: Map<String, Value> = store::all::<Release>(call.database)?
            .iter()
            .map(|release| {
                (
                    release.version.clone(),
                    json!({"VERSION": {"release": profile.reported_version}}),
                )
            })
            .collect();
        version["release_versions"] = Value::Object(releases);
    }
    Ok(Reply::ok(version))
}

fn new_token() -> String {
    format!("{TOKEN_PREFIX}{}", clock::unix_seconds())
}

/// `POST /keystone/v2.0/tokens`
pub(crate) fn create_token_v2(call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let auth = &body["auth"];
    let has_old_token = auth["token"]["id"]
        .as_str()
        .is_some_and(|token| token.starts_with(TOKEN_PREFIX));
    if !has_old_token {
        let credentials = &auth["passwordCredentials"];
        let (Some(user), Some(password)) = (credentials["username"].as_str(), credentials["password"].as_str()) else {
            return Err(ApiError::bad_request(""));
        };
        if (user, password) != (USER, PASSWORD) {
            return Err(ApiError::new(401, ""));
        }
    }
    Ok(Reply::ok(json!({"access": {
        "token": {
            "id": new_token(),
            "issued_at": clock::now_iso(),
            // The real fake says 2012; clients then sign in again and again.
            "expires": clock::tomorrow_iso(),
            "tenant": {"id": "12345", "name": "admin", "enabled": true, "description": null},
        },
        "serviceCatalog": [],
        "user": {"id": "9876", "name": USER, "username": USER, "roles_links": [], "roles": [{"name": "admin"}]},
        "metadata": {"is_admin": 0, "roles": ["4567"]},
    }})))
}

fn token_v3() -> Value {
    json!({"token": {
        "methods": ["password"],
        "issued_at": clock::now_iso(),
        "expires_at": clock::tomorrow_iso(),
        "extras": {},
        "user": {"id": "9876", "name": USER, "domain": {"id": "default", "name": "Default"}},
        "project": {"id": "12345", "name": "admin", "domain": {"id": "default", "name": "Default"}},
        "roles": [{"id": "4567", "name": "admin"}],
        "catalog": [],
    }})
}

/// `POST /keystone/v3/auth/tokens`
pub(crate) fn create_token_v3(call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let identity = &body["auth"]["identity"];
    let has_old_token = identity["token"]["id"]
        .as_str()
        .is_some_and(|token| token.starts_with(TOKEN_PREFIX));
    if !has_old_token {
        let user = &identity["password"]["user"];
        let (Some(name), Some(password)) = (user["name"].as_str(), user["password"].as_str()) else {
            return Err(ApiError::bad_request(""));
        };
        if (name, password) != (USER, PASSWORD) {
            return Err(ApiError::new(401, ""));
        }
    }
    let mut reply = Reply::json(201, token_v3());
    reply.headers.push(("x-subject-token", new_token()));
    Ok(reply)
}

/// `GET /keystone/v3/auth/tokens`
pub(crate) fn show_token_v3(call: &Call<'_>) -> Answer {
    match call.headers.get("x-subject-token") {
        Some(token) if token.starts_with(TOKEN_PREFIX) => {
            let mut reply = Reply::ok(token_v3());
            reply.headers.push(("x-subject-token", token.clone()));
            Ok(reply)
        }
        _ => Err(ApiError::new(404, "")),
    }
}

/// `DELETE /keystone/v3/auth/tokens`
pub(crate) fn delete_token_v3(_call: &Call<'_>) -> Answer {
    Ok(Reply::no_content())
}

/// `GET /keystone/v2.0/`
pub(crate) fn keystone_version(_call: &Call<'_>) -> Answer {
    Ok(Reply::ok(json!({"version": {
        "id": "v2.0", "status": "stable", "updated": "2014-04-17T00:00:00Z", "media-types": [], "links": [],
    }})))
}

/// `GET /keystone/v2.0/OS-KSADM/services` and `/endpoints`: a master has none to tell of.
pub(crate) fn keystone_services(_call: &Call<'_>) -> Answer {
    Ok(Reply::ok(json!({"OS-KSADM:services": []})))
}

/// `GET /keystone/v2.0/endpoints`
pub(crate) fn keystone_endpoints(_call: &Call<'_>) -> Answer {
    Ok(Reply::ok(json!({"endpoints": []})))
}
