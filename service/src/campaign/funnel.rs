//! A campaign's results: from audience to purchase, by variant and for the hold-out, and what the hold-out says it changed.
//!
//! The lift compares everybody who was meant to get a message with the hold-out, sent or not: those whom a gate held back are among the
//! hold-out too, only unseen, and leaving them out on one side would make the groups unlike. Read from the rows in pages; nothing is
//! counted twice and nothing is kept.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use entity::states::DeliveryState;
use entity::{campaign, coupon, coupon_template, delivery, purchase, redemption};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::find;
use super::lift::{self, Estimate};
use super::touch::{Tally, Trail, Window};
use crate::context::Context;
use crate::delivery::Reason;
use crate::error::Result;
use crate::ids::{CampaignId, MemberId};
use crate::staff::{Permission, StaffCaller};

const PAGE: u64 = 5000;

#[derive(Debug, Clone)]
pub struct Results {
    pub attribution_days: i32,
    /// Where the windows of the hold-out, and of who was not sent a message, begin: the median send time. None: nothing was sent.
    pub median_sent_at: Option<DateTime<Utc>>,
    /// All windows are over, so the numbers stay as they are.
    pub is_final: bool,
    pub has_coupon: bool,
    /// By variant; one without a name when the campaign has one wording.
    pub groups: Vec<GroupResult>,
    pub total: GroupResult,
    pub holdout: Option<Tally>,
}

#[derive(Debug, Clone)]
pub struct GroupResult {
    pub variant: Option<String>,
    pub tally: Tally,
    /// Of the coupons that were redeemed.
    pub coupon_cost_fen: i64,
    /// None without a hold-out.
    pub lift: Option<Lift>,
}

/// Against the hold-out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lift {
    pub redemption_rate: Option<Estimate>,
    pub purchase_rate: Option<Estimate>,
    pub sales_fen_per_member: Option<Estimate>,
    /// Over all members of the group.
    pub incremental_sales_fen: Option<Estimate>,
    pub return_on_cost: Option<Estimate>,
}

/// None stands for the hold-out.
type Groups = BTreeMap<Option<Option<String>>, Tally>;

pub async fn results(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Results> {
    caller.require(Permission::ReadReports)?;
    let campaign = find(ctx, caller, id).await?;
    let median_sent_at = median_sent_at(ctx, id).await?;
    let length = Duration::days(i64::from(campaign.attribution_days));
    let median = median_sent_at.or(campaign.started_at).unwrap_or_else(|| ctx.now());
    let mut groups = Groups::new();
    let mut last_end = None;
    let mut cursor = None;
    loop {
        let rows = page(ctx, id, cursor).await?;
        let Some(last) = rows.last() else { break };
        let span = Span::of(&campaign, &rows, (median, length));
        let mut trails = trails(ctx, &span).await?;
        for row in &rows {
            let window = Window::of(row, median, length);
            last_end = last_end.max(Some(window.until));
            let trail = trails.remove(&row.member_id).unwrap_or_default();
            groups.entry(group(row)).or_default().add(row, window, &trail);
        }
        cursor = Some(last.member_id);
        if (rows.len() as u64) < PAGE {
            break;
        }
    }
    let unit_fen = coupon_unit_fen(ctx, &campaign).await?;
    let open = open_deliveries(ctx, id).await?;
    let is_final = open == 0 && last_end.is_some_and(|end| end <= ctx.now());
    Ok(told(&campaign, groups, unit_fen, (median_sent_at, is_final)))
}

fn told(
    campaign: &campaign::Model,
    mut groups: Groups,
    unit_fen: i64,
    (median_sent_at, is_final): (Option<DateTime<Utc>>, bool),
) -> Results {
    let has_coupon = campaign.coupon_template_id.is_some();
    let holdout = groups.remove(&None);
    let mut total = Tally::default();
    let group = |variant: Option<String>, tally: Tally| {
        let coupon_cost_fen = i64::try_from(tally.redeemed).unwrap_or(i64::MAX).saturating_mul(unit_fen);
        let cost_fen = tally.cost_fen.saturating_add(coupon_cost_fen);
        let lift = holdout.map(|holdout| against(&tally, &holdout, (has_coupon, cost_fen)));
        GroupResult { variant, tally, coupon_cost_fen, lift }
    };
    let mut by_variant = Vec::new();
    for (variant, tally) in groups {
        total.merge(&tally);
        by_variant.push(group(variant.flatten(), tally));
    }
    Results {
        attribution_days: campaign.attribution_days,
        median_sent_at,
        is_final,
        has_coupon,
        groups: by_variant,
        total: group(None, total),
        holdout,
    }
}

fn against(treated: &Tally, holdout: &Tally, (has_coupon, cost_fen): (bool, i64)) -> Lift {
    let rate = |hits: fn(&Tally) -> u64| {
        lift::rate_difference(treated.share(hits(treated)), holdout.share(hits(holdout)))
    };
    let sales_fen_per_member = lift::mean_difference(treated.sales, holdout.sales);
    #[allow(clippy::cast_precision_loss, reason = "members far below 2^53")]
    let members = treated.members as f64;
    let incremental_sales_fen = sales_fen_per_member.map(|one| one.map(|fen| fen * members));
    Lift {
        redemption_rate: has_coupon.then(|| rate(|tally| tally.redeemed)).flatten(),
        purchase_rate: rate(|tally| tally.purchased),
        sales_fen_per_member,
        incremental_sales_fen,
        return_on_cost: incremental_sales_fen.and_then(|sales| lift::return_on_cost(sales, cost_fen)),
    }
}

fn group(row: &delivery::Model) -> Option<Option<String>> {
    (row.reason.as_deref() != Some(Reason::Holdout.code())).then(|| row.variant.clone())
}

async fn page(ctx: &Context, id: CampaignId, cursor: Option<MemberId>) -> Result<Vec<delivery::Model>> {
    let mut query = delivery::Entity::find()
        .filter(delivery::Column::CampaignId.eq(id))
        .order_by_asc(delivery::Column::MemberId)
        .limit(PAGE);
    if let Some(cursor) = cursor {
        query = query.filter(delivery::Column::MemberId.gt(cursor));
    }
    Ok(query.all(ctx.db.read()).await?)
}

const SENT: [DeliveryState; 3] = [DeliveryState::Sent, DeliveryState::Delivered, DeliveryState::Bounced];

async fn median_sent_at(ctx: &Context, id: CampaignId) -> Result<Option<DateTime<Utc>>> {
    let sent = delivery::Entity::find()
        .filter(delivery::Column::CampaignId.eq(id))
        .filter(delivery::Column::State.is_in(SENT))
        .filter(delivery::Column::SentAt.is_not_null());
    let count = sent.clone().count(ctx.db.read()).await?;
    let Some(middle) = count.checked_sub(1).map(|last| last / 2) else { return Ok(None) };
    let row: Option<Option<DateTime<Utc>>> = sent
        .select_only()
        .column(delivery::Column::SentAt)
        .order_by_asc(delivery::Column::SentAt)
        .offset(middle)
        .limit(1)
        .into_tuple()
        .one(ctx.db.read())
        .await?;
    Ok(row.flatten())
}

async fn open_deliveries(ctx: &Context, id: CampaignId) -> Result<u64> {
    Ok(delivery::Entity::find()
        .filter(delivery::Column::CampaignId.eq(id))
        .filter(delivery::Column::State.is_in(crate::delivery::OPEN))
        .count(ctx.db.read())
        .await?)
}

/// One copy's cost to the brand.
async fn coupon_unit_fen(ctx: &Context, campaign: &campaign::Model) -> Result<i64> {
    let Some(id) = campaign.coupon_template_id else { return Ok(0) };
    let template = coupon_template::Entity::find_by_id(id).one(ctx.db.read()).await?;
    Ok(template.map_or(0, |template| template.cost_fen))
}

/// The members of one page and the time that their windows cover together.
struct Span<'a> {
    campaign: &'a campaign::Model,
    first: MemberId,
    last: MemberId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl<'a> Span<'a> {
    fn of(
        campaign: &'a campaign::Model,
        rows: &[delivery::Model],
        (median, length): (DateTime<Utc>, Duration),
    ) -> Self {
        let mut span = Self {
            campaign,
            first: rows[0].member_id,
            last: rows[rows.len() - 1].member_id,
            from: median,
            until: median + length,
        };
        for row in rows {
            let window = Window::of(row, median, length);
            span.from = span.from.min(window.from);
            span.until = span.until.max(window.until);
        }
        span
    }

    /// The page's members, as the condition of another table: an audience may be a few of many members.
    fn members(&self) -> SelectStatement {
        Query::select()
            .column(delivery::Column::MemberId)
            .from(delivery::Entity)
            .and_where(delivery::Column::CampaignId.eq(self.campaign.id))
            .and_where(delivery::Column::MemberId.gte(self.first))
            .and_where(delivery::Column::MemberId.lte(self.last))
            .to_owned()
    }
}

async fn trails(ctx: &Context, span: &Span<'_>) -> Result<HashMap<MemberId, Trail>> {
    let mut trails: HashMap<MemberId, Trail> = HashMap::new();
    let purchases: Vec<(MemberId, DateTime<Utc>, i64)> = purchase::Entity::find()
        .select_only()
        .columns([purchase::Column::MemberId, purchase::Column::PurchasedAt, purchase::Column::TotalFen])
        .filter(purchase::Column::MemberId.in_subquery(span.members()))
        .filter(purchase::Column::PurchasedAt.gte(span.from))
        .filter(purchase::Column::PurchasedAt.lt(span.until))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    for (member, at, fen) in purchases {
        trails.entry(member).or_default().purchases.push((at, fen));
    }
    let Some(template_id) = span.campaign.coupon_template_id else { return Ok(trails) };
    let coupons = coupon::Entity::find()
        .filter(coupon::Column::TemplateId.eq(template_id))
        .filter(coupon::Column::MemberId.in_subquery(span.members()))
        .all(ctx.db.read())
        .await?;
    for row in coupons {
        trails.entry(row.member_id).or_default().coupons.push(row);
    }
    let redemptions = redemption::Entity::find()
        .filter(redemption::Column::MemberId.in_subquery(span.members()))
        .filter(redemption::Column::RedeemedAt.gte(span.from))
        .filter(redemption::Column::RedeemedAt.lt(span.until))
        .all(ctx.db.read())
        .await?;
    for row in redemptions {
        trails.entry(row.member_id).or_default().redemptions.push(row);
    }
    Ok(trails)
}
