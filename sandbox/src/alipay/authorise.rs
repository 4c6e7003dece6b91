//! `openauth.alipay.com/oauth2/publicAppAuthorize.htm`: the page that a browser is sent to. A person is chosen, agrees or refuses, and is sent
//! back to `redirect_uri` with the same `state`; only who agreed brings an `auth_code`. Without a script, so that no page's policy matters.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data, Form, Query, ServiceConfig};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Deserialize;
use url::Url;

use crate::hub::Hub;
use crate::settings::AlipayAccount;
use crate::world::code::{CodeKind, Stage};
use crate::world::person::Person;

const PATH: &str = "/oauth2/publicAppAuthorize.htm";
const PAGE: &str = include_str!("authorise.html");
/// So many people are shown; the others are searched for.
const SHOWN: usize = 30;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).route(web::get().to(show)).route(web::post().to(decide)));
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    app_id: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    q: String,
}

#[derive(Deserialize)]
struct Decision {
    #[serde(default)]
    person: String,
    answer: String,
    #[serde(flatten)]
    asked: Asked,
}

async fn show(hub: Data<Hub>, asked: Query<Asked>) -> HttpResponse {
    if let Err(wrong) = asked.back_to(&hub.settings.alipay) {
        return refused(wrong);
    }
    let world = hub.world();
    let wanted = asked.q.trim();
    let keep = |person: &Person| person.name.contains(wanted) || person.phone.contains(wanted);
    let people: Vec<_> = world.people.page(0, SHOWN, keep).into_iter().enumerate().map(choice).collect();
    let text = PAGE
        .replace("{{asked}}", &asked.hidden())
        .replace("{{people}}", &people.concat())
        .replace("{{app_id}}", &escaped(&asked.app_id))
        .replace("{{q}}", &escaped(&asked.q));
    page(HttpResponse::Ok(), text)
}

async fn decide(hub: Data<Hub>, decision: Form<Decision>) -> HttpResponse {
    let Decision { person, answer, asked } = decision.into_inner();
    let mut back = match asked.back_to(&hub.settings.alipay) {
        Ok(back) => back,
        Err(wrong) => return refused(wrong),
    };
    back.query_pairs_mut()
        .append_pair("app_id", &asked.app_id)
        .append_pair("source", "alipay_wallet")
        .append_pair("scope", &asked.scope)
        .append_pair("state", &asked.state);
    if answer == "yes" {
        let world = hub.world();
        let Some(person) = world.people.find(&person) else {
            return refused("没有选择是谁的支付宝");
        };
        let stage = Stage { appid: &asked.app_id, dice: &world.dice, now: hub.now() };
        let (code, _) = world.codes.issue(CodeKind::AlipayAuth, &person, stage);
        back.query_pairs_mut().append_pair("auth_code", &code);
    } else {
        back.query_pairs_mut().append_pair("error_scope", &asked.scope);
    }
    HttpResponse::SeeOther().insert_header((header::LOCATION, back.as_str())).finish()
}

impl Asked {
    /// Where the person is sent back to, or what is wrong with the request.
    fn back_to(&self, account: &AlipayAccount) -> Result<Url, &'static str> {
        if self.app_id != account.app_id {
            return Err("app_id 不存在");
        }
        if !matches!(self.scope.as_str(), "auth_user" | "auth_base") {
            return Err("scope 无效");
        }
        let known = account.redirect_uris.is_empty() || account.redirect_uris.contains(&self.redirect_uri);
        let back = Url::parse(&self.redirect_uri).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        back.filter(|_| known).ok_or("redirect_uri 与应用配置的授权回调地址不一致")
    }

    fn hidden(&self) -> String {
        let fields = [
            ("app_id", &self.app_id),
            ("scope", &self.scope),
            ("redirect_uri", &self.redirect_uri),
            ("state", &self.state),
        ];
        let field = |(name, value): (&str, &String)| {
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value))
        };
        fields.map(field).concat()
    }
}

fn choice((place, person): (usize, Arc<Person>)) -> String {
    let checked = if place == 0 { " checked" } else { "" };
    format!(
        "<label><input type=\"radio\" name=\"person\" value=\"{}\"{checked}>{}<small>{}</small></label>\n",
        person.id(),
        escaped(&person.name),
        escaped(&person.phone)
    )
}

fn refused(what: &str) -> HttpResponse {
    page(HttpResponse::BadRequest(), format!("<!doctype html><meta charset=\"utf-8\"><p>{what}</p>"))
}

fn page(mut answer: HttpResponseBuilder, text: String) -> HttpResponse {
    answer
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
