//! What coming back is worth in the shop: rules for points, a coupon with a large order, a ladder of tiers, a points mall, a stamp card,
//! and what the members' visits so far have brought them.

use std::sync::Arc;

use entity::states::{MallKind, MemberState, PublicationState};
use entity::{
    mall_item, member, points_account, purchase, purchase_line, setting, stamp_card, tier as tier_row,
};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use super::offers::Templates;
use crate::clock::ManualClock;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{CouponTemplateId, MemberId};
use crate::mall::{self, ItemForm};
use crate::order_gift::{self, OrderGiftStep, OrderGifts};
use crate::points::earn::{EarnConditions, EarnRule, Effect, Shopper};
use crate::points::{self, CheckInPolicy, Combine, InviteAct, InvitePolicy, PointsPolicy, Streak};
use crate::staff::StaffCaller;
use crate::stamp::{self, CardForm};
use crate::tier::{self, Per, Right, TierForm};

pub async fn ensure(ctx: &Context, owner: &StaffCaller, templates: &Templates) -> Result<()> {
    ensure_policy(ctx, owner).await?;
    if order_gift::read_order_gifts(ctx, owner).await?.gifts.steps.is_empty() {
        let from_sixty = OrderGiftStep { threshold_fen: 6_000, coupon_template_id: templates.order_gift };
        order_gift::save_order_gifts(ctx, owner, OrderGifts { steps: vec![from_sixty] }).await?;
    }
    if tier_row::Entity::find().count(ctx.db.read()).await? == 0 {
        tier::save_tiers(ctx, owner, ladder()).await?;
    }
    if mall_item::Entity::find().count(ctx.db.read()).await? == 0 {
        for item in items() {
            mall::save_item(ctx, owner, None, item).await?;
        }
    }
    if stamp_card::Entity::find().count(ctx.db.read()).await? == 0 {
        stamp::save_card(ctx, owner, None, five_cups(templates.stamp_reward)).await?;
    }
    for member_id in members_without_points(ctx).await? {
        look_back(ctx, member_id).await?;
    }
    // A shop that opens before the night's hour has something to look at too.
    points::check_points(ctx).await?;
    Ok(())
}

async fn ensure_policy(ctx: &Context, owner: &StaffCaller) -> Result<()> {
    if setting::Entity::find_by_id("points").one(ctx.db.read()).await?.is_some() {
        return Ok(());
    }
    let rule = |name: &str, effect, when| EarnRule { name: name.to_owned(), when, effect };
    let member_day = EarnConditions { days_of_month: vec![8], ..EarnConditions::default() };
    let policy = PointsPolicy {
        rules: vec![rule("会员日双倍积分", Effect::Percent(200), member_day)],
        combine: Combine::Highest,
        check_in: Some(CheckInPolicy { points: 1, streaks: vec![Streak { days: 7, points: 10 }] }),
        invite: Some(InvitePolicy {
            reward_on: InviteAct::FirstPurchase,
            inviter_points: 50,
            invited_points: 20,
            least_fen: 1_000,
            most_in_30_days: 10,
        }),
        ..PointsPolicy::default()
    };
    points::save_policy(ctx, owner, policy).await?;
    Ok(())
}

fn ladder() -> Vec<TierForm> {
    let form = |name: &str, spend_fen, percents: (i32, i32), rights| TierForm {
        id: None,
        name: name.to_owned(),
        spend_fen,
        visits: None,
        points_percent: percents.0,
        birthday_percent: percents.1,
        coupon_template_ids: Vec::new(),
        rights,
    };
    let right = |code: &str, name: &str, quota, per| Right {
        code: code.to_owned(),
        name: name.to_owned(),
        quota: Some(quota),
        per,
    };
    let refill = right("refill", "免费续杯", 4, Per::Month);
    let tasting = right("tasting", "新茶品鉴会", 2, Per::Year);
    vec![
        form("茶友", None, (100, 150), Vec::new()),
        form("常客", Some(30_000), (120, 200), vec![refill.clone()]),
        form("山月贵宾", Some(80_000), (150, 300), vec![refill, tasting]),
    ]
}

fn items() -> [ItemForm; 2] {
    let item = |name: &str, kind, points, price_fen| ItemForm {
        name: name.to_owned(),
        description: String::new(),
        kind,
        coupon_template_id: None,
        points,
        price_fen,
        cost_fen: 1_200,
        stock: 200,
        limit_per_member: Some(2),
        open_from: None,
        open_until: None,
        state: PublicationState::Published,
    };
    [item("山月随行杯", MallKind::Gift, 150, 990), item("手冲茶体验课", MallKind::Service, 300, 0)]
}

fn five_cups(reward_template_id: CouponTemplateId) -> CardForm {
    CardForm {
        name: "集五章换一杯".to_owned(),
        stamps: 5,
        least_fen: 1_500,
        per_purchase: 1,
        per_day: Some(2),
        rounds: None,
        store_ids: Vec::new(),
        categories: Vec::new(),
        reward_template_id,
        state: PublicationState::Published,
        open_from: None,
        open_until: None,
    }
}

async fn members_without_points(ctx: &Context) -> Result<Vec<MemberId>> {
    let with_points =
        points_account::Entity::find().select_only().column(points_account::Column::MemberId).into_query();
    Ok(member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .filter(member::Column::State.eq(MemberState::Active))
        .filter(member::Column::PurchaseTotalFen.gt(0))
        .filter(member::Column::Id.not_in_subquery(with_points))
        .order_by_asc(member::Column::Id)
        .into_tuple()
        .all(ctx.db.read())
        .await?)
}

/// The points of a member's visits so far, each at its time, and the tier that they have earned, without a message.
async fn look_back(ctx: &Context, member_id: MemberId) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let purchases = purchase::Entity::find()
        .filter(purchase::Column::MemberId.eq(member_id))
        .order_by_asc(purchase::Column::PurchasedAt)
        .all(&txn)
        .await?;
    let policy = points::load_policy(&txn).await?;
    let bought = purchases.iter().map(|row| (row.purchased_at, Some(row)));
    let kept = purchases.iter().map(|row| (points::return_period_ends(&policy, row), None));
    let mut moments: Vec<_> = bought.chain(kept).filter(|(time, _)| *time <= ctx.now()).collect();
    moments.sort_by_key(|(time, _)| *time);
    for (time, bought) in moments {
        let then = Context { clock: Arc::new(ManualClock::at(time)), ..ctx.clone() };
        match bought {
            Some(row) => earn(&then, &txn, row).await?,
            None => points::catch_up(&then, &txn, member_id).await?,
        }
    }
    points::catch_up(ctx, &txn, member_id).await?;
    tier::place_imported(ctx, &txn, member_id).await?;
    txn.commit().await?;
    Ok(())
}

async fn earn(ctx: &Context, txn: &DatabaseTransaction, bought: &purchase::Model) -> Result<()> {
    let lines = purchase_line::Entity::find()
        .filter(purchase_line::Column::PurchaseId.eq(bought.id))
        .order_by_asc(purchase_line::Column::Id)
        .all(txn)
        .await?;
    points::earn_purchase(ctx, txn, (bought, &lines), &Shopper::default()).await?;
    Ok(())
}
