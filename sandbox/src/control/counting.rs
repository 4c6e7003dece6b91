//! Figures for reconciliation.

use std::collections::{BTreeMap, HashSet};

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

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
    let inboxes = people.iter().map(|person| Inbox::of(person)).collect();
    Ok(HttpResponse::Ok().json(Inboxes { inboxes, next_cursor: next }))
}

/// Written straight to text, like the list of people made at once.
#[derive(Serialize)]
struct Inboxes<'a> {
    inboxes: Vec<Inbox<'a>>,
    next_cursor: Option<u32>,
}

#[derive(Serialize)]
struct Inbox<'a> {
    person: String,
    openid: &'a str,
    phone: &'a str,
    total: usize,
    kinds: BTreeMap<&'static str, u32>,
    templates: BTreeMap<String, u32>,
}

impl<'a> Inbox<'a> {
    fn of(person: &'a Person) -> Self {
        let own = person.own();
        let mut kinds = BTreeMap::new();
        let mut templates = BTreeMap::new();
        for message in &own.messages {
            *kinds.entry(message.content.kind()).or_default() += 1;
            if let Some(template) = message.content.template_id() {
                *templates.entry(template.to_owned()).or_default() += 1;
            }
        }
        let total = own.messages.len();
        Self { person: person.id(), openid: &person.openid, phone: &person.phone, total, kinds, templates }
    }
}
