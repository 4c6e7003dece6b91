//! What members tell the shop: taken once, answered with a notice, closed; each sees what is theirs.

use chrono::Duration;
use entity::states::StaffRole;
use entity::{audit_entry, feedback, feedback_reply, notice};
use futures_util::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use service::ids::{MemberId, StoreId};
use tests::people::text;
use tests::{Answer, TestApp};

const MINE: &str = "/v1/me/feedback";
const ALL: &str = "/v1/console/feedback";

struct Desk {
    app: TestApp,
    owner: String,
    store: StoreId,
    member: MemberId,
    token: String,
}

impl Desk {
    async fn open() -> Self {
        Self::with_settings("").await
    }

    async fn with_settings(overrides: &str) -> Self {
        let app = TestApp::with_platforms_and(overrides).await;
        let owner = app.owner().await;
        let store = app.store(&owner, "S1").await;
        let member = app.members(1).await[0];
        let token = app.member_session(member).await;
        Self { app, owner, store, member, token }
    }

    async fn send(&self, body: &Value) -> Answer {
        self.app.post(MINE, body).with_bearer(&self.token).await
    }

    async fn complaint(&self) -> Value {
        let body = json!({ "kind": "complaint", "text": "等了半个小时。", "store_id": self.store });
        self.send(&body).await.expect(201)
    }

    async fn reply(&self, staff: &str, id: &Value, words: &str) -> Answer {
        let path = format!("{ALL}/{}/replies", id.as_str().unwrap());
        self.app.post(&path, json!({ "text": words })).with_bearer(staff).await
    }

    async fn close(&self, staff: &str, id: &Value) -> Answer {
        let path = format!("{ALL}/{}/close", id.as_str().unwrap());
        self.app.post(&path, json!({})).with_bearer(staff).await
    }

    async fn mine(&self) -> Vec<Value> {
        let page = self.app.get(MINE).with_bearer(&self.token).await.expect(200);
        page["items"].as_array().unwrap().clone()
    }

    async fn seen_by(&self, staff: &str, query: &str) -> Vec<String> {
        let page = self.app.get(&format!("{ALL}{query}")).with_bearer(staff).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|one| text(one, "id")).collect()
    }

    async fn rows<E: EntityTrait>(&self) -> u64
    where
        E::Model: Sync,
    {
        E::find().count(self.app.ctx.db.read()).await.unwrap()
    }
}

#[tokio::test]
async fn a_complaint_is_taken_with_its_store_and_the_time_by_which_it_is_answered() {
    let desk = Desk::open().await;
    let body = json!({
        "kind": "complaint", "text": "  等了半个小时。\n茶是凉的。 ", "store_id": desk.store, "order_no": "A-17",
    });

    let mut sent = desk.send(&body).await.expect(201);

    assert_eq!(desk.mine().await, vec![sent.clone()]);
    assert!(sent["id"].take().is_string());
    assert_eq!(
        sent,
        json!({
            "id": null, "kind": "complaint", "text": "等了半个小时。\n茶是凉的。", "store_id": desk.store,
            "store_name": "Store S1", "order_no": "A-17", "state": "open",
            "due_at": desk.app.ctx.now() + Duration::hours(48), "replies": [],
            "created_at": desk.app.ctx.now(),
        })
    );
    let suggestion = desk.send(&json!({ "kind": "suggestion", "text": "多备些纸巾。" })).await.expect(201);
    assert_eq!((&suggestion["due_at"], &suggestion["store_id"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn what_makes_no_sense_is_told_by_its_field() {
    let desk = Desk::open().await;
    let cases = [
        (json!({ "kind": "message", "text": " \n " }), "text"),
        (json!({ "kind": "message", "text": "茶".repeat(1001) }), "text"),
        (json!({ "kind": "message", "text": "a\u{7}b" }), "text"),
        (json!({ "kind": "message", "text": "茶", "store_id": desk.member }), "store_id"),
        (json!({ "kind": "message", "text": "茶", "order_no": "" }), "order_no"),
        (json!({ "kind": "message", "text": "茶", "order_no": "9".repeat(65) }), "order_no"),
    ];
    for (body, field) in cases {
        desk.send(&body).await.expect_invalid(field);
    }
    desk.send(&json!({ "kind": "message", "text": "茶".repeat(1000) })).await.expect(201);
}

#[tokio::test]
async fn the_same_words_are_taken_once_while_they_wait_however_often_they_come_at_once() {
    let desk = Desk::open().await;
    let body = json!({ "kind": "message", "text": "茶很好喝。", "store_id": desk.store });

    let sent = join_all((0..5).map(|_| desk.send(&body))).await;

    let first = sent[0].expect(201);
    assert!(sent.iter().all(|one| one.expect(201) == first));
    assert_eq!(desk.rows::<feedback::Entity>().await, 1);
    desk.send(&json!({ "kind": "message", "text": "茶很好喝。" })).await.expect(201);
    desk.reply(&desk.owner, &first["id"], "谢谢。").await.expect(201);
    desk.send(&body).await.expect(201);
    assert_eq!(desk.rows::<feedback::Entity>().await, 3, "another store; and again after an answer");
    desk.app.drain().await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() {
    let desk = Desk::open().await;
    let body = json!({ "kind": "message", "text": "茶很好喝。" });
    let send = || desk.app.post(MINE, &body).with_bearer(&desk.token).with_key("K1");

    let (first, again) = (send().await, send().await);

    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn nobody_floods_the_shop() {
    let desk = Desk::with_settings("feedback.per_member_per_day = 2").await;
    let other = desk.app.members(1).await[0];
    let other = desk.app.member_session(other).await;
    let body = |number: u32| json!({ "kind": "message", "text": format!("第{number}条") });
    desk.send(&body(1)).await.expect(201);
    desk.send(&body(2)).await.expect(201);

    let refused = desk.send(&body(3)).await;

    refused.expect_problem(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    desk.app.post(MINE, body(3)).with_bearer(&other).await.expect(201);
    desk.app.clock.advance(Duration::days(1));
    let token = desk.app.member_session(desk.member).await;
    desk.app.post(MINE, body(3)).with_bearer(&token).await.expect(201);
}

#[tokio::test]
async fn an_answer_stands_with_the_feedback_and_the_inbox_tells_of_it() {
    let desk = Desk::open().await;
    let sent = desk.complaint().await;

    let handled = desk.reply(&desk.owner, &sent["id"], "非常抱歉，我们已加派人手。").await.expect(201);
    desk.app.drain().await;

    assert_eq!(
        (&handled["state"], &handled["replies"][0]["staff_name"].is_string()),
        (&json!("answered"), &true)
    );
    let mine = desk.mine().await;
    assert_eq!(
        (&mine[0]["state"], &mine[0]["replies"][0]["text"]),
        (&json!("answered"), &json!("非常抱歉，我们已加派人手。"))
    );
    assert!(mine[0]["replies"][0].get("staff_name").is_none(), "the shop answers, not a person");
    let inbox = desk.app.get("/v1/me/inbox").with_bearer(&desk.token).await.expect(200);
    assert_eq!((&inbox["unread"], &inbox["items"][0]["title"]), (&json!(1), &json!("您的反馈有了回复")));
    let told = notice::Entity::find().one(desk.app.ctx.db.read()).await.unwrap().unwrap();
    assert_eq!(told.kind, "feedback_reply");
}

#[tokio::test]
async fn the_same_answer_at_once_or_again_is_given_once_and_another_one_follows() {
    let desk = Desk::open().await;
    let sent = desk.complaint().await;
    let reply = async |words| desk.reply(&desk.owner, &sent["id"], words).await.expect(201);

    join_all((0..4).map(|_| reply("我们来处理。"))).await;
    let again = reply("我们来处理。").await;
    assert_eq!(again["replies"].as_array().unwrap().len(), 1);
    let second = reply("已经处理好了。").await;
    desk.app.drain().await;

    assert_eq!(second["replies"][1]["text"], "已经处理好了。");
    assert_eq!(desk.rows::<feedback_reply::Entity>().await, 2);
    assert_eq!(desk.rows::<notice::Entity>().await, 2);
}

#[tokio::test]
async fn a_complaint_is_closed_after_an_answer_and_takes_none_afterwards() {
    let desk = Desk::open().await;
    let complaint = desk.complaint().await;
    let message = desk.send(&json!({ "kind": "message", "text": "你好。" })).await.expect(201);

    desk.close(&desk.owner, &complaint["id"]).await.expect_refusal("feedback_unanswered");
    desk.reply(&desk.owner, &complaint["id"], "抱歉。").await.expect(201);
    let closed = desk.close(&desk.owner, &complaint["id"]).await.expect(200);
    desk.app.clock.advance(Duration::minutes(5));
    let again = join_all((0..3).map(|_| desk.close(&desk.owner, &complaint["id"]))).await;

    assert_eq!((&closed["state"], closed["closed_by"].is_string()), (&json!("closed"), true));
    assert!(again.iter().all(|one| one.expect(200) == closed), "closing again changes nothing");
    desk.reply(&desk.owner, &complaint["id"], "还有。").await.expect_refusal("feedback_closed");
    desk.close(&desk.owner, &message["id"]).await.expect(200);
    desk.app.drain().await;
    let acts = audit_entry::Entity::find().all(desk.app.ctx.db.read()).await.unwrap();
    let of = |action: &str| acts.iter().filter(|act| act.action == action).count();
    assert_eq!((of("feedback.reply"), of("feedback.close")), (1, 2));
    assert!(acts.iter().all(|act| !act.detail.to_string().contains("抱歉")), "no words in the audit");
}

#[tokio::test]
async fn managers_see_and_answer_what_names_a_store_of_theirs() {
    let desk = Desk::open().await;
    let elsewhere = desk.app.store(&desk.owner, "S2").await;
    let manager = desk.app.staff(&desk.owner, StaffRole::StoreManager, &[elsewhere]).await;
    let here = desk.complaint().await;
    let there = json!({ "kind": "message", "text": "你好。", "store_id": elsewhere });
    let there = desk.send(&there).await.expect(201);
    let nowhere = desk.send(&json!({ "kind": "message", "text": "大家好。" })).await.expect(201);

    assert_eq!(desk.seen_by(&manager, "").await, [text(&there, "id")]);
    assert_eq!(desk.seen_by(&desk.owner, "").await.len(), 3);
    for other in [&here, &nowhere] {
        desk.reply(&manager, &other["id"], "您好。").await.expect_problem(404, "not_found");
        desk.close(&manager, &other["id"]).await.expect_problem(404, "not_found");
    }
    desk.reply(&manager, &there["id"], "您好。").await.expect(201);
    desk.app.drain().await;
}

#[tokio::test]
async fn what_is_due_comes_first_and_what_is_late_says_so() {
    let desk = Desk::open().await;
    let first = desk.complaint().await;
    let answered = desk.send(&json!({ "kind": "complaint", "text": "少了一杯。" })).await.expect(201);
    desk.send(&json!({ "kind": "suggestion", "text": "多备些纸巾。" })).await.expect(201);
    desk.reply(&desk.owner, &answered["id"], "已补上。").await.expect(201);
    assert_eq!(desk.seen_by(&desk.owner, "?due=true").await.len(), 0);

    desk.app.clock.advance(Duration::hours(24));
    let owner = desk.app.staff_session(StaffRole::Owner).await;
    assert_eq!(desk.seen_by(&owner, "?due=true").await, [text(&first, "id")]);
    desk.app.clock.advance(Duration::hours(24));
    let owner = desk.app.staff_session(StaffRole::Owner).await;
    let token = desk.app.member_session(desk.member).await;
    let later = json!({ "kind": "complaint", "text": "又等了很久。" });
    desk.app.post(MINE, later).with_bearer(&token).await.expect(201);
    let all = desk.app.get(ALL).with_bearer(&owner).await.expect(200);

    let late: Vec<&Value> =
        all["items"].as_array().unwrap().iter().filter(|one| one["is_overdue"] == true).collect();
    assert_eq!(late.len(), 1);
    assert_eq!((&late[0]["id"], &late[0]["member"]["id"]), (&first["id"], &json!(desk.member)));
    assert_eq!(desk.seen_by(&owner, "?state=answered").await, [text(&answered, "id")]);
    desk.app.drain().await;
}

#[tokio::test]
async fn lists_go_on_from_page_to_page() {
    let desk = Desk::open().await;
    let mut sent = Vec::new();
    for number in 0..5 {
        let body = json!({ "kind": "complaint", "text": format!("第{number}条") });
        sent.push(text(&desk.send(&body).await.expect(201), "id"));
    }
    desk.app.clock.advance(Duration::hours(47));
    let owner = desk.app.staff_session(StaffRole::Owner).await;
    let token = desk.app.member_session(desk.member).await;
    let walk = async |path: &str, token: &str| {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = desk.app.get(&format!("{path}limit=2{cursor}")).with_bearer(token).await.expect(200);
            ids.extend(page["items"].as_array().unwrap().iter().map(|one| text(one, "id")));
            let Some(next) = page["next_cursor"].as_str() else { return ids };
            cursor = format!("&cursor={next}");
        }
    };

    assert_eq!(walk(&format!("{ALL}?due=true&"), &owner).await, sent);
    sent.reverse();
    assert_eq!(walk(&format!("{ALL}?"), &owner).await, sent);
    assert_eq!(walk(&format!("{MINE}?"), &token).await, sent);
}

#[tokio::test]
async fn a_members_copy_holds_the_words_and_leaving_takes_them_away() {
    let desk = Desk::open().await;
    let sent = desk.complaint().await;
    desk.reply(&desk.owner, &sent["id"], "非常抱歉。").await.expect(201);
    desk.app.drain().await;

    let copy = desk.app.get("/v1/me/export").with_bearer(&desk.token).await.expect(200);
    desk.app.delete("/v1/me").with_bearer(&desk.token).await.expect(204);

    assert_eq!(
        (&copy["feedback"][0]["text"], &copy["feedback"][0]["replies"][0]["text"]),
        (&json!("等了半个小时。"), &json!("非常抱歉。"))
    );
    let left = desk.app.get(ALL).with_bearer(&desk.owner).await.expect(200);
    let left = &left["items"][0];
    assert_eq!((&left["text"], &left["replies"][0]["text"]), (&json!(""), &json!("")));
    assert_eq!((&left["state"], &left["store_id"]), (&json!("closed"), &json!(desk.store)));
}

#[tokio::test]
async fn a_complaint_whose_answer_is_nearly_due_is_on_todays_list_until_it_is_answered() {
    let desk = Desk::with_settings("feedback.complaint_hours = 48").await;
    let complaint = desk.complaint().await;
    let due = async || {
        let today = desk.app.get("/v1/console/today").with_bearer(&desk.owner).await.expect(200);
        let needs = today["needs"].as_array().unwrap().clone();
        needs.into_iter().filter(|need| need["kind"] == "complaints_due").collect::<Vec<_>>()
    };
    assert_eq!(due().await, Vec::<Value>::new());

    desk.app.advance(Duration::hours(24)).await;
    let told = due().await;

    assert_eq!((told.len(), &told[0]["count"]), (1, &json!(1)));
    desk.reply(&desk.owner, &complaint["id"], "抱歉让您久等。").await.expect(201);
    assert_eq!(due().await, Vec::<Value>::new());
}
