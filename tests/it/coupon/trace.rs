//! Copies as staff look at them: a member's by state, and what a typed code stands for.

use chrono::Duration;
use entity::states::{Channel, StaffRole};
use serde_json::{Value, json};
use service::coupon::template::TemplateForm;
use service::coupon::{
    IssueOrder, PackForm, PackItem, claim, claim_by_code, claim_pack, create_codes, create_pack, issue,
    redeem_coupon, reverse_redemption, void_coupon,
};
use service::ids::MemberId;

use super::shop::{Shop, money_off};

impl Shop {
    async fn seen_by_marketer(&self, path: &str) -> tests::Answer {
        let token = self.staff_token(StaffRole::Marketer, None).await;
        self.app.get(path).with_bearer(&token).await
    }

    async fn coupons_of(&self, member: MemberId, query: &str) -> Value {
        self.seen_by_marketer(&format!("/v1/console/members/{member}/coupons{query}")).await.expect(200)
    }

    async fn stands_for(&self, code: &str) -> Value {
        self.seen_by_marketer(&format!("/v1/console/coupon-codes/{code}")).await.expect(200)
    }
}

fn ids_of(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_members_coupons_are_listed_by_state_page_by_page() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let short = shop.template(TemplateForm { valid_days: Some(1), ..money_off() }).await;
    let past = claim(shop.ctx(), &member, short).await.unwrap().coupon.id;
    shop.app.clock.advance(Duration::days(3));
    let mut held = Vec::new();
    for _ in 0..3 {
        let template = shop.template(money_off()).await;
        held.push(claim(shop.ctx(), &member, template).await.unwrap().coupon.id);
    }
    let [usable, used, voided] = [held[0], held[1], held[2]];
    let scan = shop.scan(&member).await;
    redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, used, "R1")).await.unwrap();
    void_coupon(shop.ctx(), &shop.owner, voided, "发错了").await.unwrap();

    for (state, only) in [("usable", usable), ("used", used), ("expired", past), ("voided", voided)] {
        let page = shop.coupons_of(member.id, &format!("?state={state}")).await;
        assert_eq!(ids_of(&page), [only.to_string()], "{state}");
    }
    let first = shop.coupons_of(member.id, "?limit=3").await;
    let rest = format!("?limit=3&cursor={}", first["next_cursor"].as_str().unwrap());
    let rest = shop.coupons_of(member.id, &rest).await;
    let all = [voided, used, usable, past].map(|id| id.to_string());
    assert_eq!([ids_of(&first), ids_of(&rest)].concat(), all);
    assert_eq!(rest["next_cursor"], Value::Null);
    let told = &first["items"][1];
    assert_eq!((&told["source"], &told["rules"]["name"]), (&json!("claim"), &json!("满100减20")));
    assert_eq!(told["redemptions"][0]["store"], "S1 店");
}

#[tokio::test]
async fn a_copy_names_the_campaign_or_the_pack_that_gave_it() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let template = shop.template(TemplateForm { limit_per_member: 5, ..money_off() }).await;
    let items = vec![PackItem { template_id: template, copies: 1 }];
    let pack = PackForm { name: "新人礼包".to_owned(), limit_per_member: 1, claimable: true, items };
    let pack = create_pack(shop.ctx(), &shop.owner, pack).await.unwrap().pack.pack.id;
    claim_pack(shop.ctx(), &member, pack).await.unwrap();
    let campaign = shop.app.scheduled(Channel::Inbox, |draft| draft.name = "春茶上新".to_owned()).await;
    let given = IssueOrder {
        template_id: template,
        member_ids: &[member.id],
        source: "campaign",
        source_id: Some(campaign.0),
    };
    let txn = shop.ctx().db.begin().await.unwrap();
    issue(shop.ctx(), &txn, given).await.unwrap();
    txn.commit().await.unwrap();
    claim(shop.ctx(), &member, template).await.unwrap();

    let page = shop.coupons_of(member.id, "").await;

    let told = |one: &Value| (one["source"].clone(), one["source_name"].clone());
    let told: Vec<_> = page["items"].as_array().unwrap().iter().map(told).collect();
    let due = [("claim", Value::Null), ("campaign", json!("春茶上新")), ("pack", json!("新人礼包"))];
    assert_eq!(told, due.map(|(source, name)| (json!(source), name)));
}

#[tokio::test]
async fn who_was_merged_away_is_asked_about_by_either_id() {
    let shop = Shop::open().await;
    let [elder, younger] = shop.two_records().await;
    let template = shop.template(money_off()).await;
    let held = claim(shop.ctx(), &younger, template).await.unwrap();
    shop.merge(elder.id, younger.id).await;

    for id in [elder.id, younger.id] {
        assert_eq!(ids_of(&shop.coupons_of(id, "").await), [held.coupon.id.to_string()]);
    }
}

#[tokio::test]
async fn a_code_however_it_is_typed_tells_everything_that_the_copy_went_through() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let cashier = shop.cashier_token().await;
    let scan = shop.scan(&member).await;
    let order = json!({
        "store_id": shop.store, "scan_id": scan, "coupon_id": held.coupon.id, "request_no": "R1",
        "amount_fen": 20_000, "order_no": "O1",
    });
    let used = shop.app.post("/v1/staff/redemptions", order).with_bearer(&cashier).await.expect(201);
    let redemption = used["redemption_id"].as_str().unwrap().parse().unwrap();
    reverse_redemption(shop.ctx(), &shop.owner, redemption, "按错了").await.unwrap();
    void_coupon(shop.ctx(), &shop.owner, held.coupon.id, "顾客不要了").await.unwrap();

    let (start, end) = held.coupon.code.split_at(4);
    let found = shop.stands_for(&format!("%20{}-{}%20", start.to_lowercase(), end)).await;

    let copy = &found["copy"];
    assert_eq!(found["template"], "满100减20");
    assert_eq!((&copy["coupon"]["id"], &copy["coupon"]["state"]), (&json!(held.coupon.id), &json!("voided")));
    assert_eq!(copy["holder"]["id"], json!(member.id));
    let moves = copy["moves"].as_array().unwrap();
    let steps: Vec<_> = moves.iter().map(|one| one["to"].as_str().unwrap()).collect();
    assert_eq!(steps, ["issued", "used", "issued", "voided"]);
    assert_eq!((&moves[1]["actor"], &moves[1]["staff"]), (&json!("staff"), &json!("李店员")));
    assert_eq!((&moves[3]["reason"], &moves[3]["from"]), (&json!("顾客不要了"), &json!("issued")));
    let redemption = &copy["coupon"]["redemptions"][0];
    assert_eq!((&redemption["order_no"], &redemption["staff"]), (&json!("O1"), &json!("李店员")));
    assert_eq!(redemption["reversal_reason"], "按错了");
}

#[tokio::test]
async fn a_code_that_is_good_once_tells_who_typed_it_in() {
    let shop = Shop::open().await;
    let template = shop.template(money_off()).await;
    let codes = create_codes(shop.ctx(), &shop.owner, template, ("三月通讯", 2)).await.unwrap();
    let member = shop.member().await;
    let held = claim_by_code(shop.ctx(), &member, &codes[0]).await.unwrap();

    let used = shop.stands_for(&codes[0]).await;
    let fresh = shop.stands_for(&codes[1]).await;

    assert_eq!(used["single"]["batch"], "三月通讯");
    assert_eq!(used["single"]["member"]["id"], json!(member.id));
    assert_eq!(used["single"]["coupon_code"], json!(held.coupon.code));
    assert_eq!((&fresh["single"]["used_at"], &fresh["single"]["member"]), (&Value::Null, &Value::Null));
    assert_eq!((&used["copy"], &used["public"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_code_for_everybody_tells_how_often_it_was_typed_in() {
    let shop = Shop::open().await;
    let form = TemplateForm { public_code: Some("HUI2026".to_owned()), ..money_off() };
    let template = shop.template(form).await;
    let codes = create_codes(shop.ctx(), &shop.owner, template, ("三月通讯", 1)).await.unwrap();
    let members = shop.members(4).await;
    for member in &members[..2] {
        claim_by_code(shop.ctx(), member, "HUI2026").await.unwrap();
    }
    claim_by_code(shop.ctx(), &members[2], &codes[0]).await.unwrap();
    claim(shop.ctx(), &members[3], template).await.unwrap();

    let found = shop.stands_for("hui%202026").await;

    assert_eq!((&found["template_id"], &found["public"]["claims"]), (&json!(template), &json!(2)));
}

#[tokio::test]
async fn a_code_of_nothing_is_not_found() {
    let shop = Shop::open().await;

    shop.seen_by_marketer("/v1/console/coupon-codes/0000-0000-0000").await.expect_problem(404, "not_found");
    shop.seen_by_marketer("/v1/console/coupon-codes/%20-").await.expect_problem(404, "not_found");
}
