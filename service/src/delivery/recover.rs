//! What heals by itself: claims whose worker died, and queued deliveries whose message got lost.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use entity::delivery;
use entity::states::{Channel, DeliveryState};
use sea_orm::sea_query::{CaseStatement, Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::batch::{self, Batch};
use super::claim::lock_members;
use super::reason::Reason;
use super::standing::template_of;
use super::{OPEN, receipt};
use crate::budget::{self, Account};
use crate::consent;
use crate::context::Context;
use crate::db::is_any;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, DeliveryId};

/// Batches, and deliveries of one campaign, per look.
const PAGE: u64 = 500;

/// Claims past their lease become `unknown` and are not sent again; what the queue lost goes back to `pending`; receipts that
/// a crash left waiting are applied. Harmless to repeat: each move starts from one state.
pub async fn recover(ctx: &Context) -> Result<u64> {
    let leases = Leases::now(ctx);
    let (mut moved, mut after) = (0, None);
    loop {
        let old = batch::older(ctx.db.read(), leases.longest(), after, PAGE).await?;
        let Some(last) = old.last() else { break };
        after = Some(last.id);
        for row in old {
            let deliveries: Vec<DeliveryId> =
                serde_json::from_value(row.delivery_ids).map_err(Error::internal)?;
            let batch = Batch { id: Some(row.id), campaign_id: row.campaign_id, deliveries: &deliveries };
            moved += look_after(ctx, batch, row.queued_at < leases.queued_before, leases).await?;
        }
    }
    Ok(moved + receipt::apply_left_behind(ctx).await?)
}

/// Before when something must have been queued, or claimed, to be given up.
#[derive(Clone, Copy)]
struct Leases {
    queued_before: DateTime<Utc>,
    claimed_before: DateTime<Utc>,
}

impl Leases {
    fn now(ctx: &Context) -> Self {
        let settings = &ctx.settings.delivery;
        Self {
            queued_before: ctx.now() - Duration::seconds(settings.queue_lease_seconds),
            claimed_before: ctx.now() - Duration::seconds(settings.claim_lease_seconds),
        }
    }

    fn longest(self) -> DateTime<Utc> {
        std::cmp::max(self.queued_before, self.claimed_before)
    }
}

async fn look_after(ctx: &Context, batch: Batch<'_>, is_lost: bool, leases: Leases) -> Result<u64> {
    let of_batch = is_any(ctx.db.backend(), delivery::Column::Id, batch.deliveries.iter().copied());
    let mut states = vec![DeliveryState::Sending];
    states.extend(is_lost.then_some(DeliveryState::Queued));
    let under_way = Condition::all().add(of_batch).add(delivery::Column::State.is_in(states));
    let txn = ctx.db.begin().await?;
    let moved = give_up(ctx, &txn, under_way, leases).await?;
    batch::end(&txn, batch).await?;
    txn.commit().await?;
    Ok(moved)
}

/// Of a campaign that looks worked off: whatever is open all the same waits again, or is given up in its time. Answers how many those
/// are.
pub async fn take_up(ctx: &Context, id: CampaignId) -> Result<u64> {
    let open = Condition::all()
        .add(delivery::Column::CampaignId.eq(id))
        .add(delivery::Column::State.is_in(OPEN))
        .add(delivery::Column::DueAt.is_null());
    let left = delivery::Entity::find().filter(open.clone()).limit(PAGE).count(ctx.db.read()).await?;
    if left > 0 {
        tracing::warn!(campaign_id = %id, "deliveries were in no queue; they are queued again");
        let txn = ctx.db.begin().await?;
        give_up(ctx, &txn, open, Leases::now(ctx)).await?;
        txn.commit().await?;
    }
    Ok(left)
}

/// What waits in no queue waits again, and claims that are past their lease end. Rows that somebody holds are not lost.
async fn give_up(ctx: &Context, txn: &DatabaseTransaction, which: Condition, leases: Leases) -> Result<u64> {
    let rows = delivery::Entity::find()
        .filter(which)
        .order_by_asc(delivery::Column::Id)
        .limit(PAGE)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(txn)
        .await?;
    let (claimed, waiting): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| row.state == DeliveryState::Sending);
    wait_again(txn, &waiting, ctx.now()).await?;
    let over = |row: &&delivery::Model| row.claimed_at.is_none_or(|at| at < leases.claimed_before);
    let over: Vec<_> = claimed.into_iter().filter(over).collect();
    end_claims(ctx, txn, &over).await?;
    Ok((waiting.len() + over.len()) as u64)
}

/// One that is deferred stays so until its time.
async fn wait_again(txn: &impl ConnectionTrait, rows: &[&delivery::Model], now: DateTime<Utc>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let deferred = Expr::col(delivery::Column::State).eq(DeliveryState::Deferred);
    let state = CaseStatement::new()
        .case(deferred, Expr::value(DeliveryState::Deferred))
        .finally(Expr::value(DeliveryState::Pending));
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, state.into())
        .col_expr(delivery::Column::DueAt, Expr::col(delivery::Column::NotBefore))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(now))
        .filter(delivery::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(txn)
        .await?;
    Ok(())
}

async fn end_claims(ctx: &Context, txn: &DatabaseTransaction, rows: &[&delivery::Model]) -> Result<()> {
    let (inbox, called): (Vec<_>, Vec<_>) =
        rows.iter().copied().partition(|row| row.channel == Channel::Inbox);
    end_as_unknown(txn, &called, ctx.now()).await?;
    // Locks the members, which come before the budgets.
    spend_consents(ctx, txn, &called).await?;
    retry_inbox(ctx, txn, &inbox).await?;
    if !called.is_empty() {
        metrics::counter!("deliveries_unknown_total").increment(called.len() as u64);
        tracing::warn!(count = called.len(), "claims without an answer became unknown");
    }
    Ok(())
}

/// An inbox message is written when its batch is settled: one that was not surely had no effect.
async fn retry_inbox(ctx: &Context, txn: &impl ConnectionTrait, rows: &[&delivery::Model]) -> Result<()> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
        .col_expr(delivery::Column::DueAt, Expr::value(ctx.now()))
        .col_expr(delivery::Column::SlotAt, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(delivery::Column::CostFen, Expr::value(0_i64))
        .col_expr(delivery::Column::ClaimedAt, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(delivery::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(txn)
        .await?;
    let mut money_back: BTreeMap<Account, i64> = BTreeMap::new();
    for row in rows {
        if let Some(claimed_at) = row.claimed_at.filter(|_| row.cost_fen > 0) {
            *money_back.entry(Account::of(ctx, row.campaign_id, claimed_at)).or_default() += row.cost_fen;
        }
    }
    budget::give_back_all(ctx, txn, &money_back).await
}

async fn end_as_unknown(
    txn: &impl ConnectionTrait,
    rows: &[&delivery::Model],
    now: DateTime<Utc>,
) -> Result<()> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Unknown))
        .col_expr(delivery::Column::Reason, Expr::value(Reason::AnswerNeverHeard.code()))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(now))
        .filter(delivery::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(txn)
        .await?;
    Ok(())
}

/// The message may have arrived, so the consent that it held counts as used.
async fn spend_consents(ctx: &Context, txn: &impl ConnectionTrait, rows: &[&delivery::Model]) -> Result<()> {
    let rows: Vec<_> = rows.iter().filter(|row| row.channel == Channel::WechatSubscribe).collect();
    let members: Vec<_> = rows.iter().map(|row| row.member_id).collect();
    lock_members(txn, &members).await?;
    let mut by_campaign = BTreeMap::new();
    for row in rows {
        by_campaign.entry(row.campaign_id).or_insert_with(Vec::new).push(row.member_id);
    }
    for (campaign_id, members) in by_campaign {
        if let Some(template) = template_of(txn, campaign_id).await? {
            consent::spend(ctx, txn, &template, &members).await?;
        }
    }
    Ok(())
}
