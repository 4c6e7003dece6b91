//! What is on the phones.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::{Answer, Shared, page_size, person_of};
use crate::world::message::{Content, InApp};

const LARGEST_PAGE: usize = 10_000;

pub(crate) async fn of_person(hub: Shared, id: web::Path<String>) -> Answer {
    let person = person_of(&hub.world(), &id)?;
    let views: Vec<Value> = person.own().messages.iter().map(|message| message.view()).collect();
    Ok(HttpResponse::Ok().json(json!({ "messages": views })))
}

#[derive(Deserialize)]
pub(crate) struct Filter {
    template_id: Option<String>,
    since: Option<DateTime<Utc>>,
    #[serde(default)]
    cursor: usize,
    limit: Option<usize>,
}

/// Every phone's messages in the order of arrival. The cursor counts messages, not matches.
pub(crate) async fn all(hub: Shared, filter: web::Query<Filter>) -> Answer {
    let world = hub.world();
    let limit = page_size(filter.limit, LARGEST_PAGE);
    let entries = world.messages.from(filter.cursor, limit);
    let next = (entries.len() == limit).then_some(filter.cursor + limit);
    let mut views = Vec::new();
    for (_, number, slot) in entries {
        let Some(person) = world.people.find(&format!("p{number}")) else { continue };
        let own = person.own();
        let Some(message) = own.messages.get(slot as usize) else { continue };
        let wanted = filter.template_id.as_deref().is_none_or(|id| message.content.template_id() == Some(id))
            && filter.since.is_none_or(|since| message.at >= since);
        if wanted {
            let mut view = message.view();
            view["person"] = json!(person.id());
            view["openid"] = json!(*person.openid);
            views.push(view);
        }
    }
    Ok(HttpResponse::Ok()
        .json(json!({ "messages": views, "next_cursor": next, "total": world.messages.len() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InAppWish {
    title: String,
    #[serde(default)]
    body: String,
}

/// Shows a message of the product's own inbox on the phone.
pub(crate) async fn put_in_app(hub: Shared, id: web::Path<String>, wish: web::Json<InAppWish>) -> Answer {
    let world = hub.world();
    let person = person_of(&world, &id)?;
    let content = InApp { title: wish.title.as_str().into(), body: wish.body.as_str().into() };
    hub.deliver(&world, &person, Content::InApp(Box::new(content)));
    Ok(HttpResponse::Created().finish())
}
