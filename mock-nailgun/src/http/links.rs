//! Links to dashboards: `/plugins/:id/links` and `/clusters/:id/plugin_links`

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Reply};
use super::clusters;
use super::error::ApiError;
use super::json_schema::{Kind, Schema};
use crate::store::{self, Link, Plugin};

const NEW: Schema = Schema {
    required: &["title", "url"],
    ..CHANGE
};

const CHANGE: Schema = Schema {
    required: &[],
    fields: &[
        ("title", Kind::String),
        ("url", Kind::String),
        ("description", Kind::NullableString),
        ("hidden", Kind::Boolean),
    ],
    closed: true,
};

fn shown(link: &Link) -> Value {
    json!({"id": link.id, "title": link.title, "url": link.url, "description": link.description, "hidden": link.hidden})
}

fn plugin_owner(call: &Call<'_>) -> Result<(&'static str, i64), ApiError> {
    let id = call.id(0)?;
    store::get::<Plugin>(call.database, id)?.ok_or_else(|| ApiError::not_found("Plugin"))?;
    Ok(("plugin", id))
}

fn cluster_owner(call: &Call<'_>) -> Result<(&'static str, i64), ApiError> {
    Ok(("cluster", clusters::find(call)?.id))
}

fn list(call: &Call<'_>, (owner, owner_id): (&str, i64)) -> Answer {
    let links: Vec<Link> = store::find_all(
        call.database,
        "document ->> 'owner' = ?1 AND document ->> 'owner_id' = ?2",
        rusqlite::params![owner, owner_id],
    )?;
    Ok(Reply::ok(links.iter().map(shown).collect()))
}

fn add(call: &Call<'_>, (owner, owner_id): (&str, i64)) -> Answer {
    let body = call.object()?;
    NEW.check(&body)?;
    let mut link = Link {
        id: 0,
        owner: owner.to_owned(),
        owner_id,
        title: String::new(),
        url: String::new(),
        description: None,
        hidden: false,
    };
    change(&mut link, &body)?;
    store::insert(call.database, &mut link)?;
    Ok(Reply::json(201, shown(&link)))
}

fn change(link: &mut Link, body: &Map<String, Value>) -> Result<(), ApiError> {
    if let Some(title) = body.get("title").and_then(Value::as_str) {
        if title.is_empty() {
            return Err(ApiError::bad_request("u'' is too short"));
        }
        if title.chars().count() > 50 {
            return Err(ApiError::bad_request(format!("u'{title}' is too long")));
        }
        link.title = title.to_owned();
    }
    if let Some(url) = body.get("url").and_then(Value::as_str) {
        link.url = url.to_owned();
    }
    if let Some(description) = body.get("description") {
        link.description = description.as_str().map(str::to_owned);
    }
    if let Some(hidden) = body.get("hidden").and_then(Value::as_bool) {
        link.hidden = hidden;
    }
    Ok(())
}

/// `GET /plugins/:id/links/`: JSON, where the real 9.2 gives Python's repr.
pub(crate) fn list_of_plugin(call: &Call<'_>) -> Answer {
    list(call, plugin_owner(call)?)
}

/// `POST /plugins/:id/links/`
pub(crate) fn add_to_plugin(call: &Call<'_>) -> Answer {
    add(call, plugin_owner(call)?)
}

/// `GET /clusters/:id/plugin_links/`
pub(crate) fn list_of_cluster(call: &Call<'_>) -> Answer {
    list(call, cluster_owner(call)?)
}

/// `POST /clusters/:id/plugin_links/`
pub(crate) fn add_to_cluster(call: &Call<'_>) -> Answer {
    add(call, cluster_owner(call)?)
}

/// A plugin's link must be that plugin's. Of clusters this is not checked.
fn find(call: &Call<'_>) -> Result<Link, ApiError> {
    let (owner_id, id) = (call.id(0)?, call.id(1)?);
    let link: Option<Link> = store::get(call.database, id)?;
    match link {
        Some(link) if link.owner == "plugin" && link.owner_id != owner_id => {
            Err(ApiError::new(404, format!("Plugin with id {owner_id} not found")))
        }
        Some(link) => Ok(link),
        None => Err(ApiError::not_found("PluginLink")),
    }
}

/// `GET …/:link/`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(&find(call)?)))
}

/// `PUT` and `PATCH …/:link/`
pub(crate) fn update(call: &Call<'_>) -> Answer {
    let mut link = find(call)?;
    let body = call.object()?;
    CHANGE.check(&body)?;
    change(&mut link, &body)?;
    store::replace(call.database, &link)?;
    Ok(Reply::ok(shown(&link)))
}

/// `DELETE …/:link/`
pub(crate) fn remove(call: &Call<'_>) -> Answer {
    let link = find(call)?;
    store::delete::<Link>(call.database, link.id)?;
    Ok(Reply::no_content())
}
