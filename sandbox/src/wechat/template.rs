//! Template management: the public library and the account's private templates.

use serde_json::{Value, json};

use crate::pipeline::Desk;
use crate::wechat::{Answer, Refusal, json_body, ok, text};
use crate::world::template_library::{CATEGORIES, LIBRARY, PublicTemplate, instantiate, public_template};

const SCENE_CHARACTERS: usize = 15;

pub(crate) fn categories(_: &Desk<'_>) -> Result<Answer, Refusal> {
    let list: Vec<Value> = CATEGORIES.iter().map(|it| json!({ "id": it.id, "name": it.name })).collect();
    Ok(answer_with(None, json!(list)))
}

pub(crate) fn public_titles(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let ids = category_ids(desk.call.query("ids"))?;
    let start = whole(desk.call.query("start")).ok_or_else(|| Refusal::new(200016, "start error"))?;
    let limit = whole(desk.call.query("limit")).filter(|limit| (1..=30).contains(limit));
    let limit = limit.ok_or_else(|| Refusal::new(200017, "limit error"))?;
    let matching: Vec<&PublicTemplate> = LIBRARY.iter().filter(|it| ids.contains(&it.category)).collect();
    let page: Vec<Value> = matching.iter().skip(start).take(limit).map(|it| title_row(it)).collect();
    Ok(answer_with(Some(matching.len()), json!(page)))
}

fn title_row(public: &PublicTemplate) -> Value {
    json!({
        "tid": public.tid, "title": public.title, "type": public.kind.number(),
        "categoryId": public.category.to_string(),
    })
}

fn category_ids(ids: &str) -> Result<Vec<u32>, Refusal> {
    if ids.is_empty() {
        return Err(Refusal::new(200018, "ids is empty"));
    }
    let known = |id: &str| {
        let id = id.trim().parse::<u32>().ok()?;
        CATEGORIES.iter().any(|category| category.id == id).then_some(id)
    };
    ids.split(',').map(known).collect::<Option<Vec<_>>>().ok_or_else(|| Refusal::new(200019, "ids error"))
}

fn whole(text: &str) -> Option<usize> {
    text.parse().ok()
}

pub(crate) fn public_keywords(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let tid = desk.call.query("tid").parse().ok();
    let public = tid.and_then(public_template).ok_or_else(|| Refusal::new(200014, "invalid tid"))?;
    let rows: Vec<Value> = public
        .keywords
        .iter()
        .map(|it| json!({ "kid": it.kid, "name": it.name, "example": it.example, "rule": it.rule }))
        .collect();
    Ok(answer_with(Some(rows.len()), json!(rows)))
}

fn answer_with(count: Option<usize>, data: Value) -> Answer {
    let mut body = ok();
    if let Some(count) = count {
        body["count"] = json!(count);
    }
    body["data"] = data;
    Answer::Json(body)
}

pub(crate) fn list(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let views: Vec<_> = desk.world.templates.all().iter().map(|template| template.view()).collect();
    Ok(answer_with(None, json!(views)))
}

pub(crate) fn add(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    let public =
        number(&body["tid"]).and_then(public_template).ok_or_else(|| Refusal::new(200014, "invalid tid"))?;
    let kids = keyword_ids(&body["kidList"])?;
    if text(&body, "sceneDesc").chars().count() > SCENE_CHARACTERS {
        return Err(Refusal::new(200021, "invalid sceneDesc"));
    }
    let id = format!("{}{}", desk.world.dice.letters(20), desk.world.dice.letters(23));
    let template = instantiate(public, &kids, &id).ok_or_else(|| Refusal::new(200020, "invalid kidList"))?;
    let keys: Vec<&str> = template.keywords.iter().map(|keyword| keyword.key.as_str()).collect();
    let held = desk.world.templates.all();
    let same = |other: &str, keywords: &[crate::world::template::Keyword]| {
        other == template.title
            && keywords.len() == keys.len()
            && keywords.iter().all(|k| keys.contains(&k.key.as_str()))
    };
    if held.iter().any(|other| same(&other.title, &other.keywords)) {
        return Err(Refusal::new(200022, "same title and keywords exist"));
    }
    if held.len() >= desk.world.account.with(|account| account.private_template_limit) {
        return Err(Refusal::new(200012, "the number of private templates reaches the limit"));
    }
    desk.world.templates.add(template);
    let mut answer = ok();
    answer["priTmplId"] = json!(id);
    Ok(Answer::Json(answer))
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn keyword_ids(list: &Value) -> Result<Vec<u64>, Refusal> {
    let wrong = || Refusal::new(200020, "invalid kidList");
    let kids = list
        .as_array()
        .ok_or_else(wrong)?
        .iter()
        .map(number)
        .collect::<Option<Vec<u64>>>()
        .ok_or_else(wrong)?;
    let mut distinct = kids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() == kids.len() && (2..=5).contains(&kids.len()) { Ok(kids) } else { Err(wrong()) }
}

pub(crate) fn delete(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    if desk.world.templates.remove(text(&body, "priTmplId")) {
        Ok(Answer::Json(ok()))
    } else {
        Err(Refusal::new(20002, "invalid priTmplId"))
    }
}
