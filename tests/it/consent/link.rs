//! The link in a message: seen, it changes nothing; confirmed, it stops.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entity::states::{Channel, DeliveryState};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use service::consent::{opt_out_history_of, opt_outs_of};
use service::crypto::sha256_hex;
use service::ids::{CampaignId, MemberId};
use tests::platforms::{SMS_MARKETING, SMS_MARKETING_TENCENT};
use tests::{Answer, TestApp};

const SETTINGS: &str =
    "public_url = \"https://m.example.cn/\"\ncaps.per_24_hours = 0\ncaps.per_calendar_day = 0";
const FORM: &str = "application/x-www-form-urlencoded";

/// A member with an inbox message that carries a link; the link's path.
async fn linked() -> (TestApp, MemberId, String) {
    let app = TestApp::with_platforms_and(SETTINGS).await;
    let member = app.reachable(1, 0).await.remove(0).member;
    let id = app
        .scheduled(Channel::Inbox, |draft| draft.message.body = Some("退订：{{opt_out_link}}".to_owned()))
        .await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 1)]);
    let token = app.member_session(member).await;
    let inbox = app.get("/v1/me/inbox").with_bearer(&token).await.expect(200);
    let body = inbox["items"][0]["body"].as_str().unwrap().to_owned();
    let path =
        body.strip_prefix("退订：https://m.example.cn").expect("the link has the public address").to_owned();
    (app, member, path)
}

async fn confirm(app: &TestApp, path: &str, scope: &str) -> Answer {
    app.ask(Method::POST, path).with_body(FORM, format!("scope={scope}")).await
}

async fn said_no_to(app: &TestApp, member: MemberId) -> Vec<(String, String)> {
    let rows = opt_outs_of(app.ctx.db.read(), member).await.unwrap();
    rows.into_iter().map(|row| (row.channel, row.topic)).collect()
}

#[tokio::test]
async fn looking_changes_nothing_and_the_button_stops_the_topic_on_that_channel() {
    let (app, member, path) = linked().await;
    for method in [Method::GET, Method::HEAD] {
        let seen = app.ask(method, &path).await;
        assert!(seen.status.as_u16() == 200 || seen.status.as_u16() == 405);
    }
    let page = app.get(&path).await;
    assert!(page.text().contains("停止「优惠活动」站内信") && page.text().contains("<form method=\"post\">"));
    assert_eq!(said_no_to(&app, member).await, []);

    let done = confirm(&app, &path, "topic").await;
    assert_eq!(done.status.as_u16(), 200);
    assert!(done.text().contains("已停止"));
    assert_eq!(said_no_to(&app, member).await, [("inbox".to_owned(), "offers".to_owned())]);
    let second = app.scheduled(Channel::Inbox, |_| {}).await;
    let sms = app.scheduled(Channel::Sms, |_| {}).await;
    app.drain().await;
    assert_eq!(app.reasons(second).await, [("opted_out".to_owned(), 1)]);
    assert_eq!(app.counts(sms).await, [(DeliveryState::Delivered, 1)]);
    assert!(app.get(&path).await.text().contains("已停止"), "it tells what holds already");
}

#[tokio::test]
async fn confirming_twice_and_at_the_same_time_leaves_one_no_with_the_message_as_evidence() {
    let (app, member, path) = linked().await;
    join_all((0..4).map(|_| confirm(&app, &path, "channel"))).await;
    confirm(&app, &path, "channel").await;
    assert_eq!(said_no_to(&app, member).await, [("inbox".to_owned(), "all".to_owned())]);
    let said = opt_out_history_of(app.ctx.db.read(), member).await.unwrap();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].source, "link");
    let campaign: CampaignId = said[0].evidence["campaign_id"].as_str().unwrap().parse().unwrap();
    let delivery = app.delivery_to(campaign, member).await;
    assert_eq!(said[0].evidence["delivery_id"], json!(delivery.id));
}

#[tokio::test]
async fn a_link_that_was_not_signed_here_is_nobodys() {
    let (app, member, path) = linked().await;
    let mut forged = path.clone().into_bytes();
    let last = forged.len() - 2;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for wrong in [forged.as_str(), "/u/x", "/u/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(app.get(wrong).await.status.as_u16(), 404, "{wrong}");
        let answer = confirm(&app, wrong, "topic").await;
        assert_eq!(answer.status.as_u16(), 404, "{wrong}");
        assert!(answer.text().contains("这个链接无效"));
    }
    confirm(&app, &path, "everything").await.expect_invalid("scope");
    assert_eq!(said_no_to(&app, member).await, []);
}

#[tokio::test]
async fn the_page_is_closed_to_scripts_speaks_english_when_asked_and_hides_its_address() {
    let (app, _, path) = linked().await;
    let page = app.get(&path).with_header("accept-language", "en-GB,zh;q=0.5").await;
    let html = page.text();
    assert!(html.contains("Stop “offers” in-app messages") && html.contains("<html lang=\"en\">"));
    assert!(!html.contains("<script") && !html.contains(" style=") && !html.contains("http://"));
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = STANDARD.encode(hex::decode(sha256_hex(style.as_bytes())).unwrap());
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "put {hash} into the policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_text_message_carries_the_link_without_its_scheme_or_the_end_of_it_alone() {
    for (provider, template) in [("aliyun", SMS_MARKETING), ("tencent", SMS_MARKETING_TENCENT)] {
        let app = TestApp::with_platforms_and(&format!("sms.provider = \"{provider}\"\n{SETTINGS}")).await;
        let one = app.reachable(1, 0).await.remove(0);
        for (variable, start) in [("{{opt_out_link}}", "m.example.cn/u/"), ("{{opt_out_token}}", "")] {
            let id = app
                .scheduled(Channel::Sms, |draft| {
                    draft.message.template_id = Some(template.to_owned());
                    draft.message.parameters.insert("name".to_owned(), variable.to_owned());
                })
                .await;
            app.drain().await;
            assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 1)], "{provider} {variable}");
            let texts = app.messages_of(&one.person).await;
            let text = texts.last().unwrap()["text"].as_str().unwrap();
            let token =
                text.split_once(&format!("会员日将至，{start}")).unwrap().1.split_once("等您").unwrap().0;
            assert_eq!(app.get(&format!("/u/{token}")).await.status.as_u16(), 200, "{text}");
        }
    }
}

#[tokio::test]
async fn a_draft_with_a_link_needs_a_public_address() {
    let app = TestApp::with_platforms().await;
    let owner = app.staff_session(entity::states::StaffRole::Owner).await;
    let segment = app.segment(service::audience::Rule::All(Vec::new())).await;
    let draft = json!({
        "name": "会员日", "segment_id": segment, "channel": "inbox",
        "message": { "title": "会员日", "body": "{{opt_out_link}}" },
    });
    app.post("/v1/console/campaigns", draft).with_bearer(&owner).await.expect_invalid("message.body");
}
