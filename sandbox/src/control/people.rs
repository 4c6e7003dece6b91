//! Making people and looking at them.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::control::{Answer, ControlError, Shared, page_size, person_of};
use crate::world::directory::Wish;
use crate::world::person::Person;

const LARGEST_BATCH: usize = 100_000;
const LARGEST_PAGE: usize = 5_000;

#[derive(Serialize)]
struct PersonView<'a> {
    id: String,
    name: &'a str,
    openid: &'a str,
    unionid: &'a str,
    phone: &'a str,
    alipay_user_id: &'a str,
    alipay_open_id: &'a str,
    risky: bool,
    main_switch: bool,
    messages: usize,
    made_at: chrono::DateTime<chrono::Utc>,
}

/// Written straight to text: a tree of values for 25,000 people would outweigh the people.
#[derive(Serialize)]
struct Made<'a> {
    count: usize,
    people: Vec<PersonView<'a>>,
}

fn view(person: &Person) -> PersonView<'_> {
    let own = person.own();
    PersonView {
        id: person.id(),
        name: &person.name,
        openid: &person.openid,
        unionid: &person.unionid,
        phone: &person.phone,
        alipay_user_id: &person.alipay_user_id,
        alipay_open_id: &person.alipay_open_id,
        risky: own.risky,
        main_switch: !own.main_switch_off,
        messages: own.messages.len(),
        made_at: person.made_at,
    }
}

pub(crate) async fn make(hub: Shared, wish: web::Json<Wish>) -> Answer {
    let made = make_all(&hub, vec![wish.into_inner()])?;
    let person = made.first().ok_or_else(|| ControlError::refused("nobody was made"))?;
    hub.tell("person", || json!(view(person)));
    Ok(HttpResponse::Created().json(view(person)))
}

/// Either so many with consecutive phone numbers, or a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    count: Option<usize>,
    phone_start: Option<u64>,
    people: Option<Vec<Wish>>,
}

pub(crate) async fn make_many(hub: Shared, batch: web::Json<Batch>) -> Answer {
    let batch = batch.into_inner();
    let wishes = match (batch.people, batch.count) {
        (Some(people), None) => people,
        (None, Some(count)) if count <= LARGEST_BATCH => numbered(count, batch.phone_start),
        _ => return Err(ControlError::refused("give either people or a count of at most 100000")),
    };
    let made = make_all(&hub, wishes)?;
    hub.tell("people", || json!({ "count": made.len() }));
    let people = made.iter().map(|person| view(person)).collect();
    Ok(HttpResponse::Created().json(Made { count: made.len(), people }))
}

fn numbered(count: usize, phone_start: Option<u64>) -> Vec<Wish> {
    let phone = |place: usize| phone_start.map(|start| (start + place as u64).to_string());
    (0..count).map(|place| Wish { phone: phone(place), ..Wish::default() }).collect()
}

fn make_all(hub: &Shared, wishes: Vec<Wish>) -> Result<Vec<Arc<Person>>, ControlError> {
    let world = hub.world();
    world.people.make(wishes, &world.dice, hub.now()).map_err(ControlError::refused)
}

#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    cursor: usize,
    limit: Option<usize>,
    #[serde(default)]
    q: String,
}

pub(crate) async fn list(hub: Shared, search: web::Query<Search>) -> Answer {
    let world = hub.world();
    let wanted = search.q.trim();
    let keep = |person: &Person| {
        wanted.is_empty()
            || person.phone.contains(wanted)
            || person.name.contains(wanted)
            || *person.openid == *wanted
            || person.id() == wanted
    };
    let limit = page_size(search.limit, LARGEST_PAGE);
    let page = world.people.page(search.cursor, limit, keep);
    let next = page.last().filter(|_| page.len() == limit).map(|person| person.number);
    let views: Vec<_> = page.iter().map(|person| view(person)).collect();
    Ok(HttpResponse::Ok()
        .json(json!({ "people": views, "next_cursor": next, "total": world.people.count() })))
}

pub(crate) async fn show(hub: Shared, id: web::Path<String>) -> Answer {
    let person = person_of(&hub.world(), &id)?;
    Ok(HttpResponse::Ok().json(view(&person)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    risky: Option<bool>,
}

pub(crate) async fn change(hub: Shared, id: web::Path<String>, change: web::Json<Change>) -> Answer {
    let person = person_of(&hub.world(), &id)?;
    if let Some(risky) = change.risky {
        person.own().risky = risky;
    }
    Ok(HttpResponse::Ok().json(view(&person)))
}
