//! Holds the deliveries against the phones, member by member.

use std::collections::BTreeMap;
use std::time::Duration;

use entity::states::DeliveryState;
use entity::{attempt, callback_event, consent, delivery};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use service::ids::{CampaignId, MemberId};

use super::Cluster;
use crate::level;

/// How a campaign has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub counts: BTreeMap<DeliveryState, u64>,
    pub unknown: u64,
    /// Messages on phones.
    pub received: u64,
}

type Row = (MemberId, DeliveryState, Option<String>);

impl Cluster {
    /// The one campaign of this cluster, as [`Cluster::judge_all`] does it.
    pub async fn judge(&self, id: CampaignId) -> Verdict {
        self.judge_all(&[id]).await
    }

    /// All campaigns that were sent: each member has one delivery of each, in a final state, and together they agree with what is
    /// on the phone; nobody got a message twice; what is unknown is reported as that; no consent is held any more.
    pub async fn judge_all(&self, campaigns: &[CampaignId]) -> Verdict {
        self.wait_for_callbacks().await;
        self.wait_for_receipts().await;
        let mut rows = Vec::new();
        for id in campaigns {
            let of_campaign = self.rows(*id).await;
            assert_eq!(of_campaign.len(), self.audience.members.len(), "each member has one delivery");
            let unknown = of_campaign.iter().filter(|row| row.1 == DeliveryState::Unknown).count() as u64;
            assert_eq!(self.reported_unknown(*id).await, unknown, "the progress reports what is unknown");
            rows.extend(of_campaign);
        }
        let expected = expected(&rows);
        let inboxes = self.inboxes().await;
        let mut received = 0;
        for (member, person) in &self.audience.members {
            let on_phone = inboxes.get(person).copied().unwrap_or_default();
            let (least, most) = expected[member];
            if !(least..=most).contains(&on_phone) {
                panic!(
                    "{member} got {on_phone}, not {least} to {most}: {}",
                    self.story(*member, person).await
                );
            }
            received += on_phone;
        }
        assert_eq!(self.duplicates().await, 0, "the same message twice on one phone");
        assert_eq!(self.held_consents().await, 0, "a consent is still held");
        let counts = counted(&rows);
        let unknown = counts.get(&DeliveryState::Unknown).copied().unwrap_or_default();
        Verdict { counts, unknown, received }
    }

    /// How many deliveries are in which state.
    pub async fn counts(&self, id: CampaignId) -> BTreeMap<DeliveryState, u64> {
        counted(&self.rows(id).await)
    }

    /// Member, state and reason of each delivery.
    pub async fn rows(&self, id: CampaignId) -> Vec<Row> {
        let rows = delivery::Entity::find()
            .select_only()
            .columns([delivery::Column::MemberId, delivery::Column::State, delivery::Column::Reason])
            .filter(delivery::Column::CampaignId.eq(id))
            .into_tuple()
            .all(self.ctx.db.read())
            .await;
        rows.expect("the deliveries can be read")
    }

    /// Everything about one member's messages, for who has to find out.
    async fn story(&self, member: MemberId, person: &str) -> String {
        let found = delivery::Entity::find().filter(delivery::Column::MemberId.eq(member));
        let rows = found.all(self.ctx.db.read()).await.expect("the deliveries can be read");
        let tried =
            attempt::Entity::find().filter(attempt::Column::DeliveryId.is_in(rows.iter().map(|row| row.id)));
        let tried = tried.all(self.ctx.db.read()).await.expect("the attempts can be read");
        let path = format!("/people/{person}/messages");
        let messages = self.sandbox_api(reqwest::Method::GET, &path, serde_json::Value::Null).await;
        format!("{rows:#?}\n{tried:#?}\n{messages:#}")
    }

    async fn held_consents(&self) -> u64 {
        let held = consent::Entity::find().filter(consent::Column::Reserved.ne(0));
        held.count(self.ctx.db.read()).await.expect("the consents can be counted")
    }

    /// Waits until each receipt has found its message: one that came before its message was settled, or given up by recovery,
    /// waits for that.
    async fn wait_for_receipts(&self) {
        level::reached("each receipt finds its message", Duration::from_secs(120), || async {
            let waiting = callback_event::Entity::find()
                .filter(callback_event::Column::EventKey.starts_with("receipt|"))
                .filter(callback_event::Column::AppliedAt.is_null())
                .count(self.ctx.db.read())
                .await;
            waiting.expect("the events can be counted") == 0
        })
        .await;
    }

    async fn reported_unknown(&self, id: CampaignId) -> u64 {
        let progress = self.get(&format!("/v1/console/campaigns/{id}/progress")).await;
        let lines = progress["lines"].as_array().expect("lines").iter();
        let unknown = lines.filter(|line| line["state"] == "unknown");
        unknown.map(|line| line["deliveries"].as_u64().expect("a count")).sum()
    }
}

fn counted(rows: &[Row]) -> BTreeMap<DeliveryState, u64> {
    let mut counts = BTreeMap::new();
    for (_, state, _) in rows {
        *counts.entry(*state).or_default() += 1;
    }
    counts
}

/// How many messages must be, and may be, on each member's phone.
fn expected(rows: &[Row]) -> BTreeMap<MemberId, (u64, u64)> {
    let mut expected = BTreeMap::new();
    for (member, state, reason) in rows {
        let (least, most) = expected.entry(*member).or_insert((0, 0));
        match state {
            DeliveryState::Sent | DeliveryState::Delivered | DeliveryState::Bounced => {
                *least += 1;
                *most += 1;
            }
            DeliveryState::Unknown => *most += 1,
            DeliveryState::Suppressed | DeliveryState::Failed => {
                assert!(reason.is_some(), "{member} is {state:?} without a reason");
            }
            other => panic!("{member} ended as {other:?}"),
        }
    }
    expected
}
