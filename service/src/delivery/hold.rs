//! What a claim takes hold of for those who are to be sent: the coupon, the money, the cap slot, the consent; and what it writes for
//! the others. One statement each for the whole batch.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use entity::states::{Channel, DeliveryState, MessageClass};
use entity::{campaign, delivery};
use sea_orm::sea_query::{CaseStatement, Expr};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter};

use super::afford::{Afforded, afford};
use super::held;
use super::reason::Reason;
use super::row::Row;
use super::rules::Decision;
use super::sort::{Go, Sorting};
use super::wording::Wordings;
use crate::budget::{self, Account, Ceiling};
use crate::consent;
use crate::context::Context;
use crate::coupon::{self, IssueOrder};
use crate::db::is_any;
use crate::error::Result;
use crate::ids::{CouponId, DeliveryId, MemberId};
use crate::refusal::Refusal;

/// Takes back coupons of earlier tries whose deliveries end now.
pub async fn void_coupons(ctx: &Context, txn: &DatabaseTransaction, sorting: &mut Sorting<'_>) -> Result<()> {
    let coupons = std::mem::take(&mut sorting.coupons_back);
    if !coupons.is_empty() {
        coupon::void(ctx, txn, &coupons, "not_sent", true).await?;
    }
    Ok(())
}

/// Issues the campaign's coupon to those who do not hold it from an earlier try; who can't get it is held back.
pub async fn issue_coupons(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: &campaign::Model,
    sorting: &mut Sorting<'_>,
) -> Result<()> {
    let Some(template_id) = campaign.coupon_template_id else { return Ok(()) };
    let without = sorting.go.iter().filter(|go| go.row.coupon_id.is_none());
    let without: Vec<MemberId> = without.map(|go| go.row.member_id).collect();
    if without.is_empty() {
        return Ok(());
    }
    let order =
        IssueOrder { template_id, member_ids: &without, source: "campaign", source_id: Some(campaign.id.0) };
    let issued = coupon::issue(ctx, txn, order).await?;
    let mut issued: HashMap<MemberId, std::result::Result<CouponId, Refusal>> =
        issued.into_iter().map(|issued| (issued.member_id, issued.outcome)).collect();
    for mut go in std::mem::take(&mut sorting.go) {
        match issued.remove(&go.row.member_id) {
            Some(Err(refusal)) => {
                let reason = match refusal {
                    Refusal::CouponSoldOut => Reason::CouponSoldOut,
                    Refusal::CouponLimitReached => Reason::CouponLimitReached,
                    _ => Reason::CouponNotClaimable,
                };
                let step = usize::try_from(go.row.step).unwrap_or_default();
                let saw = sorting.passed(&go).and(step, "coupon", reason.code().to_owned());
                sorting.hold(&go.row, Decision::Suppress(reason), saw);
                continue;
            }
            Some(Ok(coupon)) => go.row.coupon_id = Some(coupon),
            None => {}
        }
        sorting.go.push(go);
    }
    Ok(())
}

/// Reserves what the batch costs. Who can't be paid for goes back in line, without the coupon; answers the ceiling that was
/// reached.
pub async fn reserve_money(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (campaign, wordings): (&campaign::Model, &Wordings),
    sorting: &mut Sorting<'_>,
) -> Result<Option<Ceiling>> {
    let paid = sorting.terms.prices.coupon_fen > 0
        || (sorting.terms.prices.sms_segment_fen > 0
            && sorting.go.iter().any(|go| go.row.channel == Channel::Sms));
    if !paid || sorting.go.is_empty() {
        return Ok(None);
    }
    let account = Account::of(ctx, campaign.id, sorting.now);
    let ceilings = sorting.terms.ceilings;
    let mut purse = budget::open(ctx, txn, &account, ceilings).await?;
    let mut reached = None;
    let mut coupons_back = Vec::new();
    for mut go in std::mem::take(&mut sorting.go) {
        let Some(recipient) = sorting.facts.get(&go.row.member_id) else { continue };
        let step = usize::try_from(go.row.step).unwrap_or_default();
        let for_whom = (recipient, go.row.variant.as_deref());
        match afford((sorting.terms, wordings), for_whom, step, (&mut purse, sorting.now)) {
            Afforded::Go { step, cost_fen } => {
                go.row.cost_fen = cost_fen;
                go.row.step = i32::try_from(step).unwrap_or_default();
                go.row.channel = sorting.terms.steps.get(step).map_or(go.row.channel, |step| step.channel);
                sorting.go.push(go);
            }
            Afforded::Short(ceiling) => {
                reached.get_or_insert(ceiling);
                coupons_back.extend(go.row.coupon_id);
                let saw = sorting.passed(&go).and(step, "budget", ceiling.code().to_owned());
                sorting.put_back(&go.row, (Reason::Budget, sorting.now), saw);
            }
        }
    }
    if !coupons_back.is_empty() {
        coupon::void(ctx, txn, &coupons_back, "not_sent", true).await?;
    }
    budget::reserve(ctx, txn, &account, (ceilings, &purse)).await?;
    Ok(reached)
}

/// The rows of the batch as they are decided, and the consents of those who are sent a subscribe message.
pub async fn write(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: &campaign::Model,
    sorting: &mut Sorting<'_>,
) -> Result<()> {
    let held = std::mem::take(&mut sorting.held);
    held::write(txn, held, sorting.now).await?;
    write_slots(ctx, txn, campaign, sorting).await?;
    let wechat = sorting.go.iter().filter(|go| go.row.channel == Channel::WechatSubscribe);
    let receivers: Vec<MemberId> = wechat.map(|go| go.row.member_id).collect();
    let step = sorting.terms.steps.iter().find(|step| step.channel == Channel::WechatSubscribe);
    match step.and_then(|step| step.template_id.as_deref()) {
        Some(template) => consent::reserve(ctx, txn, template, &receivers).await,
        None => Ok(()),
    }
}

/// queued -> sending with the cap slot, and with channel, topic and class as they are now: they count for as long as the slot does.
async fn write_slots(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: &campaign::Model,
    sorting: &mut Sorting<'_>,
) -> Result<()> {
    if sorting.go.is_empty() {
        return Ok(());
    }
    let slot = (sorting.terms.class == MessageClass::Marketing).then_some(sorting.now);
    let mut update = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Sending))
        .col_expr(delivery::Column::ClaimedAt, Expr::value(sorting.now))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(sorting.now))
        .col_expr(delivery::Column::Attempts, Expr::col(delivery::Column::Attempts).add(1))
        .col_expr(delivery::Column::SlotAt, Expr::value(slot))
        .col_expr(delivery::Column::DueAt, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(delivery::Column::Class, Expr::value(sorting.terms.class))
        .col_expr(delivery::Column::Topic, Expr::value(sorting.terms.topic.as_str()))
        .col_expr(delivery::Column::Version, Expr::value(campaign.version))
        .col_expr(delivery::Column::Channel, per_row(&sorting.go, |row| row.channel))
        .col_expr(delivery::Column::Step, per_row(&sorting.go, |row| row.step))
        .col_expr(delivery::Column::CostFen, per_row(&sorting.go, |row| row.cost_fen))
        .col_expr(delivery::Column::Saw, Expr::value(Option::<serde_json::Value>::None))
        .col_expr(delivery::Column::Reason, Expr::value(Option::<String>::None));
    let coupons = sorting.go.iter().filter_map(|go| Some((go.row.id, go.row.coupon_id?)));
    let case = coupons.fold(None, |case: Option<CaseStatement>, (id, coupon)| {
        Some(case.unwrap_or_default().case(delivery::Column::Id.eq(id), Expr::value(coupon)))
    });
    if let Some(case) = case {
        let kept = Expr::col(delivery::Column::CouponId);
        update = update.col_expr(delivery::Column::CouponId, case.finally(kept).into());
    }
    let ids = sorting.go.iter().map(|go| go.row.id);
    update.filter(is_any(ctx.db.backend(), delivery::Column::Id, ids)).exec(txn).await?;
    for go in &mut sorting.go {
        go.row.attempts += 1;
    }
    Ok(())
}

/// One value for the whole batch where its rows agree, else a case with an arm for each other value.
fn per_row<V>(go: &[Go], of: impl Fn(&Row) -> V) -> Expr
where
    V: Ord + Copy + Into<sea_orm::Value>,
{
    let mut groups: BTreeMap<V, Vec<DeliveryId>> = BTreeMap::new();
    for go in go {
        groups.entry(of(&go.row)).or_default().push(go.row.id);
    }
    let Some((most, _)) = groups.iter().max_by_key(|(_, ids)| ids.len()) else {
        return Expr::value(Option::<String>::None);
    };
    let most = *most;
    groups.remove(&most);
    if groups.is_empty() {
        return Expr::value(most);
    }
    let case = groups.into_iter().fold(CaseStatement::new(), |case, (value, ids)| {
        case.case(delivery::Column::Id.is_in(ids), Expr::value(value))
    });
    case.finally(Expr::value(most)).into()
}
