//! Variants and hold-out: who gets what is drawn once, by a hash, and is the same in every campaign of an experiment.

use std::collections::{BTreeMap, BTreeSet};

use entity::states::{Channel, DeliveryState, StaffRole};
use proptest::prelude::*;
use serde_json::{Value, json};
use service::campaign::{self, CampaignDraft, Place, Split, Variant};
use service::delivery::MessageDraft;
use service::ids::{CampaignId, MemberId};
use tests::TestApp;
use uuid::Uuid;

fn wording(body: &str) -> MessageDraft {
    MessageDraft {
        title: Some("会员日".to_owned()), body: Some(body.to_owned()), ..MessageDraft::default()
    }
}

fn variant(name: &str, weight: u32) -> Variant {
    Variant { name: name.to_owned(), weight, message: wording(&format!("{{{{name}}}}，{name}")) }
}

fn two_variants(draft: &mut CampaignDraft) {
    draft.variants = vec![variant("甲", 1), variant("乙", 3)];
}

fn member(number: u128) -> MemberId {
    MemberId::from(Uuid::from_u128(number))
}

fn split(seed: &[u8], holdout: i32, weights: &[u32]) -> Split {
    let variants = weights.iter().enumerate().map(|(index, weight)| (index.to_string(), *weight)).collect();
    Split::new(seed.to_vec(), holdout, variants)
}

proptest! {
    #[test]
    fn a_place_is_stable_and_weights_and_hold_out_are_kept(
        seed in proptest::collection::vec(any::<u8>(), 1..30),
        holdout in 0i32..=50,
        weights in proptest::collection::vec(1u32..=100, 2..=5),
        first in any::<u64>(),
    ) {
        const MEMBERS: u128 = 4000;
        let drawn = split(&seed, holdout, &weights);
        let mut counts: BTreeMap<Option<String>, f64> = BTreeMap::new();
        for number in 0..MEMBERS {
            let one = member(u128::from(first) << 32 | number);
            let place = drawn.place(one);
            let again = split(&seed, holdout, &weights);
            prop_assert_eq!(place, again.place(one));
            let name = match place {
                Place::Holdout => None,
                Place::Gets(name) => { prop_assert!(name.is_some()); name.map(str::to_owned) }
            };
            *counts.entry(name).or_default() += 1.0;
        }
        let total: u32 = weights.iter().sum();
        let gets = 1.0 - f64::from(holdout) / 100.0;
        let expected = weights.iter().enumerate()
            .map(|(index, weight)| (Some(index.to_string()), gets * f64::from(*weight) / f64::from(total)))
            .chain([(None, f64::from(holdout) / 100.0)]);
        for (name, share) in expected {
            let had = counts.get(&name).copied().unwrap_or_default() / 4000.0;
            // Six standard deviations of a share of 4,000.
            prop_assert!((had - share).abs() <= 6.0 * (0.25_f64 / 4000.0).sqrt(), "{name:?}: {had} of {share}");
        }
    }

    #[test]
    fn a_larger_hold_out_contains_a_smaller_one_and_moves_nobody_to_another_variant(
        number in any::<u128>(), small in 0i32..=50, more in 0i32..=50,
    ) {
        let (narrow, wide) = (split(b"spring", small, &[1, 1]), split(b"spring", small + more, &[1, 1]));
        match (narrow.place(member(number)), wide.place(member(number))) {
            (Place::Holdout, other) => prop_assert_eq!(other, Place::Holdout),
            (Place::Gets(_), Place::Holdout) => {}
            (before, after) => prop_assert_eq!(before, after),
        }
    }
}

#[test]
fn hold_out_and_variant_are_drawn_apart() {
    let all = split(b"spring", 0, &[1, 1]);
    let with_holdout = split(b"spring", 50, &[1, 1]);
    let held: Vec<_> = (0..4000).map(member).filter(|one| with_holdout.holds_out(*one)).collect();
    let first = held.iter().filter(|one| all.place(**one) == Place::Gets(Some("0"))).count();
    assert!((900..1100).contains(&first), "{first} of {}", held.len());
}

#[tokio::test]
async fn each_member_gets_the_wording_of_their_variant() {
    let app = TestApp::with_platforms().await;
    let members = app.members(60).await;
    let id = app
        .scheduled(Channel::Inbox, |draft| {
            two_variants(draft);
            draft.holdout_percent = 20;
        })
        .await;
    app.drain().await;
    let split = Split::of(&app.campaign_row(id).await).unwrap();
    let mut seen = BTreeSet::new();
    for one in members {
        let row = app.delivery_to(id, one).await;
        match split.place(one) {
            Place::Holdout => assert_eq!((row.state, row.variant), (DeliveryState::Suppressed, None)),
            Place::Gets(name) => {
                assert_eq!((row.state, row.variant.as_deref()), (DeliveryState::Sent, name));
                let token = app.member_session(one).await;
                let inbox = app.get("/v1/me/inbox").with_bearer(&token).await.expect(200);
                assert_eq!(inbox["items"][0]["body"], format!("会员，{}", name.unwrap()));
                seen.insert(name.unwrap());
            }
        }
    }
    assert_eq!(seen.len(), 2);
}

async fn places(app: &TestApp, id: CampaignId) -> Vec<(MemberId, Option<String>, Option<String>)> {
    let rows = app.deliveries_of(id).await;
    rows.into_iter().map(|row| (row.member_id, row.variant, row.reason)).collect()
}

#[tokio::test]
async fn campaigns_of_one_experiment_split_their_members_alike_and_share_their_hold_out() {
    let no_caps = "caps.per_24_hours = 0\ncaps.per_7_days = 0\ncaps.per_calendar_day = 0";
    let app = TestApp::with_platforms_and(no_caps).await;
    app.members(80).await;
    let of_experiment = |draft: &mut CampaignDraft| {
        two_variants(draft);
        draft.experiment = Some("春季".to_owned());
        draft.holdout_percent = 30;
    };
    let first = app.scheduled(Channel::Inbox, of_experiment).await;
    let second = app.scheduled(Channel::Inbox, of_experiment).await;
    let apart = app
        .scheduled(Channel::Inbox, |draft| {
            of_experiment(draft);
            draft.experiment = None;
        })
        .await;
    app.drain().await;
    assert_eq!(places(&app, first).await, places(&app, second).await);
    assert_ne!(places(&app, first).await, places(&app, apart).await);
}

#[tokio::test]
async fn an_experiment_has_one_hold_out_share_also_when_two_are_scheduled_at_once() {
    let app = TestApp::with_platforms().await;
    let owner = app.caller(StaffRole::Owner);
    let draft = |percent: i32| {
        move |draft: &mut CampaignDraft| {
            draft.experiment = Some("春季".to_owned());
            draft.holdout_percent = percent;
        }
    };
    let (one, other) =
        (app.campaign(Channel::Inbox, draft(10)).await, app.campaign(Channel::Inbox, draft(20)).await);
    let (first, second) = tokio::join!(
        campaign::schedule(&app.ctx, &owner, one.id, None),
        campaign::schedule(&app.ctx, &owner, other.id, None),
    );
    assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
    let fixed = if first.is_ok() { 10 } else { 20 };
    let token = app.staff_session(StaffRole::Owner).await;
    let mut body = json!({
        "name": "又一次", "segment_id": one.segment_id, "channel": "inbox", "experiment": "春季",
        "message": { "title": "会员日", "body": "八折" }, "holdout_percent": 30,
    });
    app.post("/v1/console/campaigns", body.clone())
        .with_bearer(&token)
        .await
        .expect_invalid("holdout_percent");
    body["holdout_percent"] = fixed.into();
    app.post("/v1/console/campaigns", body).with_bearer(&token).await.expect(201);
}

#[tokio::test]
async fn variants_that_are_not_complete_are_refused_with_every_field_named() {
    let app = TestApp::start().await;
    let token = app.staff_session(StaffRole::Owner).await;
    let segment = app.segment(service::audience::Rule::All(Vec::new())).await;
    let body = |channel: &str, message: Value, variants: Value| json!({ "name": "x", "segment_id": segment, "channel": channel, "message": message, "variants": variants });
    let said = json!({ "title": "x", "body": "x" });
    let wrong = json!([
        { "name": "", "weight": 0, "message": { "title": "x" } },
        { "name": "乙", "weight": 101, "message": { "title": "{{nick}}", "body": "x" } },
        { "name": "乙", "weight": 1, "message": said },
    ]);
    let refused =
        app.post("/v1/console/campaigns", body("inbox", said.clone(), wrong)).with_bearer(&token).await;
    for field in [
        "variants[0].name",
        "variants[0].weight",
        "variants[0].message.body",
        "variants[1].weight",
        "variants[1].message.title",
        "variants[2].name",
    ] {
        refused.expect_invalid(field);
    }
    let alone = json!([{ "name": "甲", "weight": 1, "message": said }]);
    app.post("/v1/console/campaigns", body("inbox", said, alone))
        .with_bearer(&token)
        .await
        .expect_invalid("variants");
    let wechat = |template: &str| json!({ "template_id": template, "parameters": { "thing1": "x" } });
    let other = json!([
        { "name": "甲", "weight": 1, "message": wechat("A") },
        { "name": "乙", "weight": 1, "message": wechat("B") },
    ]);
    app.post("/v1/console/campaigns", body("wechat_subscribe", wechat("A"), other))
        .with_bearer(&token)
        .await
        .expect_invalid("variants[1].message.template_id");
}
