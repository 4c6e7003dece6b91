//! `wx.requestSubscribeMessage` and the settings page, played for a person or for thousands.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::callback::for_wechat;
use crate::callback::wechat_event::Event;
use crate::control::{Answer, ControlError, Shared, person_of};
use crate::hub::Hub;
use crate::world::World;
use crate::world::person::{Choice, Grant, Person};
use crate::world::template::Template;

const MOST_TEMPLATES: usize = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prompt {
    template_ids: Vec<String>,
    /// What the person taps; a template left out is not ticked and counts as rejected.
    #[serde(default)]
    answers: HashMap<String, Choice>,
    /// "Always keep the above choice".
    #[serde(default)]
    always_keep: bool,
}

/// What `wx.requestSubscribeMessage` fails with.
struct ClientFailure {
    code: u32,
    text: &'static str,
}

impl ClientFailure {
    const EMPTY: Self = Self { code: 10001, text: "TmplIds can't be empty" };
    const UNKNOWN: Self = Self { code: 20001, text: "No template data return, verify the template id exist" };
    const MIXED: Self = Self { code: 20002, text: "Templates type must be same" };
    const TOO_MANY: Self = Self { code: 20003, text: "Templates count out of max bounds" };
    const SWITCHED_OFF: Self = Self { code: 20004, text: "The main switch is switched off" };
    const BANNED: Self = Self { code: 20005, text: "This mini program was banned from subscribing messages" };

    fn view(&self) -> Value {
        json!({ "errMsg": format!("requestSubscribeMessage:fail {}", self.text), "errCode": self.code })
    }
}

pub(crate) async fn prompt(hub: Shared, id: web::Path<String>, prompt: web::Json<Prompt>) -> Answer {
    let world = hub.world();
    let person = person_of(&world, &id)?;
    let shown = templates_of(&world, &person, &prompt.template_ids);
    let templates = match shown {
        Ok(templates) => templates,
        Err(failure) => return Ok(HttpResponse::Ok().json(failure.view())),
    };
    let (result, choices) = answer(&person, &templates, &prompt);
    push_popup(&hub, &world, &person, choices);
    Ok(HttpResponse::Ok().json(result))
}

fn templates_of(world: &World, person: &Person, ids: &[String]) -> Result<Vec<Arc<Template>>, ClientFailure> {
    if ids.is_empty() {
        return Err(ClientFailure::EMPTY);
    }
    if ids.len() > MOST_TEMPLATES {
        return Err(ClientFailure::TOO_MANY);
    }
    if world.account.with(|account| account.subscribe_banned) {
        return Err(ClientFailure::BANNED);
    }
    let found: Option<Vec<_>> = ids.iter().map(|id| world.templates.find(id)).collect();
    let templates = found.ok_or(ClientFailure::UNKNOWN)?;
    if templates.iter().any(|template| template.kind != templates[0].kind) {
        return Err(ClientFailure::MIXED);
    }
    if person.own().main_switch_off {
        return Err(ClientFailure::SWITCHED_OFF);
    }
    Ok(templates)
}

/// The client's result and the choices that were really made: banned and same-titled templates show no choice.
fn answer(person: &Person, templates: &[Arc<Template>], prompt: &Prompt) -> (Value, Vec<(Arc<str>, Choice)>) {
    let mut result = Map::from_iter([("errMsg".to_owned(), json!("requestSubscribeMessage:ok"))]);
    let mut choices = Vec::new();
    let mut titles: Vec<&str> = Vec::new();
    let mut own = person.own();
    for template in templates {
        let word = if template.banned {
            "ban"
        } else if titles.contains(&template.title.as_str()) {
            "filter"
        } else {
            titles.push(&template.title);
            let tapped = prompt.answers.get(&*template.id).copied();
            let choice = own.remembered(&template.id).or(tapped).unwrap_or(Choice::Reject);
            if prompt.always_keep {
                own.remember(&template.id, choice);
            }
            note(&mut own, template, choice);
            choices.push((Arc::clone(&template.id), choice));
            if choice == Choice::Accept { "accept" } else { "reject" }
        };
        result.insert(template.id.to_string(), json!(word));
    }
    (Value::Object(result), choices)
}

/// A rejected prompt gives nothing and takes no earlier accept of a one-time template away.
fn note(own: &mut crate::world::person::PersonState, template: &Template, choice: Choice) {
    match choice {
        Choice::Accept => own.accept(&template.id, template.is_long_term()),
        Choice::Reject if template.is_long_term() => own.set_grant(&template.id, Grant::LongTerm(false)),
        Choice::Reject => (),
    }
}

fn push_popup(hub: &Hub, world: &World, person: &Person, choices: Vec<(Arc<str>, Choice)>) {
    if choices.is_empty() {
        return;
    }
    hub.tell("subscription", || json!({ "person": person.id() }));
    for push in for_wechat(world, &person.openid, Event::Popup(choices), hub) {
        hub.pushes.push(push);
    }
}

/// One template, one answer, many people; each of the `times` pushes an event of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MassPrompt {
    #[serde(default)]
    person_ids: Vec<String>,
    #[serde(default)]
    all: bool,
    template_id: String,
    answer: Choice,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

pub(crate) async fn prompt_many(hub: Shared, mass: web::Json<MassPrompt>) -> Answer {
    const MOST_TIMES: u32 = 100;
    let world = hub.world();
    let template = world.templates.find(&mass.template_id);
    let template = template.ok_or_else(|| ControlError::not_found("no such template"))?;
    let people = if mass.all {
        world.people.all()
    } else {
        mass.person_ids.iter().map(|id| person_of(&world, id)).collect::<Result<Vec<_>, _>>()?
    };
    let mut answered = 0u64;
    for person in people.iter().filter(|person| !person.own().main_switch_off) {
        for _ in 0..mass.times.min(MOST_TIMES) {
            note(&mut person.own(), &template, mass.answer);
            push_popup(&hub, &world, person, vec![(Arc::clone(&template.id), mass.answer)]);
            answered += 1;
        }
    }
    Ok(HttpResponse::Ok().json(json!({ "people": people.len(), "answered": answered })))
}

pub(crate) async fn subscriptions(hub: Shared, id: web::Path<String>) -> Answer {
    let world = hub.world();
    let person = person_of(&world, &id)?;
    let own = person.own();
    let rows: Vec<Value> = own
        .grants()
        .map(|(id, grant)| {
            let (kind, left, on) = match grant {
                Grant::Count(left) => ("one_time", Some(left), left > 0),
                Grant::LongTerm(on) => ("long_term", None, on),
            };
            let title = world.templates.find(id).map(|template| template.title.clone());
            json!({
                "template_id": id, "title": title, "kind": kind, "left": left, "on": on,
                "always": own.remembered(id),
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "main_switch": !own.main_switch_off, "subscriptions": rows })))
}

pub(crate) async fn cancel(hub: Shared, path: web::Path<(String, String)>) -> Answer {
    let world = hub.world();
    let (id, template_id) = path.into_inner();
    let person = person_of(&world, &id)?;
    let template = world.templates.find(&template_id);
    let template = template.ok_or_else(|| ControlError::not_found("no such template"))?;
    person.own().cancel(&template.id);
    hub.tell("subscription", || json!({ "person": person.id() }));
    for push in for_wechat(&world, &person.openid, Event::Change(Arc::clone(&template.id)), &hub) {
        hub.pushes.push(push);
    }
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MainSwitch {
    on: bool,
}

pub(crate) async fn main_switch(hub: Shared, id: web::Path<String>, switch: web::Json<MainSwitch>) -> Answer {
    let person = person_of(&hub.world(), &id)?;
    person.own().main_switch_off = !switch.on;
    hub.tell("subscription", || json!({ "person": person.id() }));
    Ok(HttpResponse::NoContent().finish())
}
