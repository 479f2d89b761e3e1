//! Links to dashboards: `/plugins/:id/links` and `/clusters/:id/plugin_links`

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Reply};
use super::clusters;
use super::error::ApiError;
use super::json_schema::{Kind, Schema};
use crate::store::{self, ClusterLink, Document, Link, Plugin, PluginLink};

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

fn shown<const OF_CLUSTER: bool>(link: &Link<OF_CLUSTER>) -> Value {
    json!({"id": link.id, "title": link.title, "url": link.url, "description": link.description, "hidden": link.hidden})
}

fn plugin_id(call: &Call<'_>) -> Result<i64, ApiError> {
    let plugin: Option<Plugin> = store::get(call.database, call.id(0)?)?;
    Ok(plugin.ok_or_else(|| ApiError::not_found("Plugin"))?.id)
}

fn list<const OF_CLUSTER: bool>(call: &Call<'_>, owner_id: i64) -> Answer
where
    Link<OF_CLUSTER>: Document,
{
    let links: Vec<Link<OF_CLUSTER>> = store::find_all(call.database, "document ->> 'owner_id' = ?1", [owner_id])?;
    Ok(Reply::ok(links.iter().map(shown).collect()))
}

fn add<const OF_CLUSTER: bool>(call: &Call<'_>, owner_id: i64) -> Answer
where
    Link<OF_CLUSTER>: Document,
{
    let body = call.object()?;
    NEW.check(&body)?;
    let mut link = Link::<OF_CLUSTER> {
        id: 0,
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

fn change<const OF_CLUSTER: bool>(link: &mut Link<OF_CLUSTER>, body: &Map<String, Value>) -> Result<(), ApiError> {
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
    list::<false>(call, plugin_id(call)?)
}

/// `POST /plugins/:id/links/`
pub(crate) fn add_to_plugin(call: &Call<'_>) -> Answer {
    add::<false>(call, plugin_id(call)?)
}

/// `GET /clusters/:id/plugin_links/`
pub(crate) fn list_of_cluster(call: &Call<'_>) -> Answer {
    list::<true>(call, clusters::find(call)?.id)
}

/// `POST /clusters/:id/plugin_links/`
pub(crate) fn add_to_cluster(call: &Call<'_>) -> Answer {
    add::<true>(call, clusters::find(call)?.id)
}

/// A plugin's link must be that plugin's.
fn of_plugin(call: &Call<'_>) -> Result<PluginLink, ApiError> {
    let owner_id = call.id(0)?;
    let link: PluginLink = store::get(call.database, call.id(1)?)?.ok_or_else(|| ApiError::not_found("PluginLink"))?;
    if link.owner_id == owner_id {
        Ok(link)
    } else {
        Err(ApiError::new(404, format!("Plugin with id {owner_id} not found")))
    }
}

/// Whether the link is that environment's is not checked.
fn of_cluster(call: &Call<'_>) -> Result<ClusterLink, ApiError> {
    store::get(call.database, call.id(1)?)?.ok_or_else(|| ApiError::not_found("ClusterPluginLink"))
}

fn update<const OF_CLUSTER: bool>(call: &Call<'_>, mut link: Link<OF_CLUSTER>) -> Answer
where
    Link<OF_CLUSTER>: Document,
{
    let body = call.object()?;
    CHANGE.check(&body)?;
    change(&mut link, &body)?;
    store::replace(call.database, &link)?;
    Ok(Reply::ok(shown(&link)))
}

fn remove<const OF_CLUSTER: bool>(call: &Call<'_>, link: &Link<OF_CLUSTER>) -> Answer
where
    Link<OF_CLUSTER>: Document,
{
    store::delete::<Link<OF_CLUSTER>>(call.database, link.id)?;
    Ok(Reply::no_content())
}

/// `GET /plugins/:id/links/:link/`
pub(crate) fn show_of_plugin(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(&of_plugin(call)?)))
}

/// `PUT` and `PATCH /plugins/:id/links/:link/`
pub(crate) fn update_of_plugin(call: &Call<'_>) -> Answer {
    update(call, of_plugin(call)?)
}

/// `DELETE /plugins/:id/links/:link/`
pub(crate) fn remove_of_plugin(call: &Call<'_>) -> Answer {
    remove(call, &of_plugin(call)?)
}

/// `GET /clusters/:id/plugin_links/:link/`
pub(crate) fn show_of_cluster(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(&of_cluster(call)?)))
}

/// `PUT` and `PATCH /clusters/:id/plugin_links/:link/`
pub(crate) fn update_of_cluster(call: &Call<'_>) -> Answer {
    update(call, of_cluster(call)?)
}

/// `DELETE /clusters/:id/plugin_links/:link/`
pub(crate) fn remove_of_cluster(call: &Call<'_>) -> Answer {
    remove(call, &of_cluster(call)?)
}

/// Takes out the links of a plugin or an environment that goes.
pub(crate) fn delete_of<const OF_CLUSTER: bool>(
    database: &rusqlite::Connection,
    owner_id: i64,
) -> Result<(), rusqlite::Error>
where
    Link<OF_CLUSTER>: Document,
{
    for link in store::find_all::<Link<OF_CLUSTER>>(database, "document ->> 'owner_id' = ?1", [owner_id])? {
        store::delete::<Link<OF_CLUSTER>>(database, link.id)?;
    }
    Ok(())
}
