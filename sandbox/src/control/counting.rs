//! Figures for reconciliation.

use std::collections::BTreeMap;
use std::collections::HashSet;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::{Answer, Shared, page_size};
use crate::world::World;
use crate::world::person::Person;

const LARGEST_PAGE: usize = 50_000;

pub(crate) async fn counters(hub: Shared) -> Answer {
    let world = hub.world();
    let mut view = world.counters.view(hub.pushes.pending());
    view["duplicates"] = json!(duplicates(&world));
    view["people"] = json!(world.people.count());
    Ok(HttpResponse::Ok().json(view))
}

/// Messages beyond the first with the same openid, template and values.
fn duplicates(world: &World) -> usize {
    world.people.all().iter().map(|person| doubled(person)).sum()
}

fn doubled(person: &Person) -> usize {
    let own = person.own();
    let mut seen = HashSet::new();
    own.messages
        .iter()
        .filter_map(|message| message.content.sameness())
        .filter(|same| !seen.insert(*same))
        .count()
}

pub(crate) async fn pending(hub: Shared) -> Answer {
    Ok(HttpResponse::Ok().json(json!({ "callbacks": hub.pushes.pending() })))
}

#[derive(Deserialize)]
pub(crate) struct Page {
    #[serde(default)]
    cursor: usize,
    limit: Option<usize>,
}

/// Per person: how many messages of each kind and template.
pub(crate) async fn inboxes(hub: Shared, page: web::Query<Page>) -> Answer {
    let world = hub.world();
    let limit = page_size(page.limit, LARGEST_PAGE);
    let people = world.people.page(page.cursor, limit, |_| true);
    let next = people.last().filter(|_| people.len() == limit).map(|person| person.number);
    let rows: Vec<Value> = people.iter().map(|person| inbox(person)).collect();
    Ok(HttpResponse::Ok().json(json!({ "inboxes": rows, "next_cursor": next })))
}

fn inbox(person: &Person) -> Value {
    let own = person.own();
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    let mut templates: BTreeMap<&str, u32> = BTreeMap::new();
    for message in &own.messages {
        *kinds.entry(message.content.kind()).or_default() += 1;
        if let Some(template) = message.content.template_id() {
            *templates.entry(template).or_default() += 1;
        }
    }
    json!({
        "person": person.id(), "openid": *person.openid, "phone": *person.phone, "total": own.messages.len(),
        "kinds": kinds, "templates": templates,
    })
}
