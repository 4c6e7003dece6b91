//! From plan to phone on each channel, with the broker that the way of running has.

use entity::states::{CampaignState, Channel, DeliveryState};
use tests::TestApp;

#[tokio::test]
async fn a_wechat_campaign_reaches_every_phone_and_its_receipts_come_back() {
    let app = TestApp::with_platforms_and_own_broker().await;
    app.reachable(5, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;

    app.drain().await;

    assert_eq!(app.messages_received(), 5);
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 5)]);
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
}

#[tokio::test]
async fn an_sms_campaign_reaches_every_phone_and_its_receipts_come_back() {
    for provider in ["aliyun", "tencent"] {
        let app = TestApp::with_platforms_and(&format!("sms.provider = \"{provider}\"")).await;
        app.reachable(3, 0).await;
        let id = app.scheduled(Channel::Sms, |_| {}).await;

        app.drain().await;

        assert_eq!(app.messages_received(), 3, "{provider}");
        assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 3)], "{provider}");
    }
}

#[tokio::test]
async fn an_inbox_campaign_reaches_members_without_any_address() {
    let app = TestApp::with_platforms().await;
    let members = app.members(3).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;

    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 3)]);
    let token = app.member_session(members[0]).await;
    let inbox = app.get("/v1/me/inbox").with_bearer(&token).await.expect(200);
    assert_eq!(inbox["unread"], 1);
    assert_eq!(inbox["items"][0]["title"], "会员日");
}
