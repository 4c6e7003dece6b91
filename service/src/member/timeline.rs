//! Everything that happened to a member, newest first: one list out of the ledgers of purchases, points, coupons, tiers, messages and
//! what staff did.
//!
//! Each source is asked for a page of its own, older than the cursor; the newest of all of them are the page.

use chrono::{DateTime, Utc};
use entity::{
    audit_entry, coupon, delivery, notice, opt_out_event, points_entry, purchase, redemption, refund,
    tier_change,
};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveEnum, ColumnTrait, EntityTrait, FromQueryResult, PrimaryKeyToColumn, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::names;
use crate::page::{Page, PageRequest};
use crate::redirect;
use crate::staff::{Permission, StaffCaller};

/// `subject` is what it was about, by name; the numbers are there where the kind has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimelineEntry {
    pub at: DateTime<Utc>,
    pub id: Uuid,
    pub kind: TimelineKind,
    pub subject: Option<String>,
    /// The id of what has a page of its own: a campaign, a template.
    pub subject_id: Option<Uuid>,
    pub amount_fen: Option<i64>,
    pub points: Option<i64>,
    /// A state, a kind of points, a channel, an act: a code of that kind.
    pub code: Option<String>,
    /// Why, as a code or in somebody's words.
    pub reason: Option<String>,
    /// Who, when it was staff.
    pub staff: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum TimelineKind {
    #[default]
    Enrolled,
    Purchase,
    Refund,
    Points,
    CouponClaimed,
    CouponRedeemed,
    TierChanged,
    Message,
    Notice,
    OptOut,
    /// An act of staff on the member.
    Act,
}

/// Where a page ends: everything before it in time, and of one time with a smaller id.
#[derive(Clone, Copy)]
struct Before {
    at: DateTime<Utc>,
    id: Uuid,
}

impl Before {
    fn read(page: &PageRequest) -> Result<Option<Self>> {
        let wrong = || Error::invalid("cursor", "is not a cursor that this list gave");
        let Some(text) = page.cursor.as_deref() else { return Ok(None) };
        let (micros, id) = text.split_once('.').ok_or_else(wrong)?;
        let micros: i64 = micros.parse().map_err(|_| wrong())?;
        let at = DateTime::from_timestamp_micros(micros).ok_or_else(wrong)?;
        Ok(Some(Self { at, id: Uuid::parse_str(id).map_err(|_| wrong())? }))
    }

    fn write(entry: &TimelineEntry) -> String {
        format!("{}.{}", entry.at.timestamp_micros(), entry.id)
    }
}

/// What is asked of each source.
struct Reader<'a> {
    ctx: &'a Context,
    member_id: MemberId,
    /// With those who were merged into the member: a ledger never changes, nor does what staff did.
    own: Vec<MemberId>,
    before: Option<Before>,
    rows: u64,
}

pub async fn read_timeline(
    ctx: &Context,
    caller: &StaffCaller,
    id: MemberId,
    page: &PageRequest,
) -> Result<Page<TimelineEntry>> {
    caller.require(Permission::ReadMembers)?;
    let member = redirect::find_current(ctx.db.read(), id).await?.filter(super::is_present);
    let member = member.ok_or(Error::NotFound("member"))?;
    let own = redirect::ids_of(ctx.db.read(), member.id).await?;
    let rows = page.limit().saturating_add(1);
    let reader = Reader { ctx, member_id: member.id, own, before: Before::read(page)?, rows };
    let mut entries = reader.trade().await?;
    entries.extend(reader.standing().await?);
    entries.extend(reader.coupons().await?);
    entries.extend(reader.messages().await?);
    entries.extend(reader.acts(caller).await?);
    let enrolled = TimelineEntry {
        at: member.created_at,
        id: member.id.0,
        code: Some(member.source),
        ..TimelineEntry::default()
    };
    if reader.before.is_none_or(|before| (enrolled.at, enrolled.id) < (before.at, before.id)) {
        entries.push(enrolled);
    }
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next_cursor = if more { entries.last().map(Before::write) } else { None };
    Ok(Page { items: entries, next_cursor })
}

impl Reader<'_> {
    /// The newest rows of a source that are older than the cursor.
    async fn rows<E>(&self, rows: Select<E>, at: E::Column) -> Result<Vec<E::Model>>
    where
        E: EntityTrait,
        E::Model: FromQueryResult + Sized + Send + Sync,
        E::PrimaryKey: PrimaryKeyToColumn<Column = E::Column>,
    {
        use sea_orm::Iterable;
        let Some(id) = E::PrimaryKey::iter().next().map(PrimaryKeyToColumn::into_column) else {
            return Ok(Vec::new());
        };
        let mut rows = rows.order_by_desc(at).order_by_desc(id).limit(self.rows);
        if let Some(before) = self.before {
            rows = rows.filter(at.lt(before.at).or(at.eq(before.at).and(id.lt(before.id))));
        }
        Ok(rows.all(self.ctx.db.read()).await?)
    }

    async fn trade(&self) -> Result<Vec<TimelineEntry>> {
        let bought = purchase::Entity::find().filter(purchase::Column::MemberId.eq(self.member_id));
        let bought = self.rows(bought, purchase::Column::PurchasedAt).await?;
        let refunds = refund::Entity::find().filter(refund::Column::MemberId.eq(self.member_id));
        let refunds = self.rows(refunds, refund::Column::RefundedAt).await?;
        let used = redemption::Entity::find().filter(redemption::Column::MemberId.eq(self.member_id));
        let used = self.rows(used, redemption::Column::RedeemedAt).await?;
        let stores = names::of_stores(
            self.ctx,
            bought
                .iter()
                .map(|row| row.store_id.0)
                .chain(refunds.iter().map(|row| row.store_id.0))
                .chain(used.iter().map(|row| row.store_id.0)),
        )
        .await?;
        let people = names::of_staff(
            self.ctx,
            bought
                .iter()
                .filter_map(|row| row.staff_id)
                .chain(refunds.iter().filter_map(|row| row.staff_id))
                .chain(used.iter().map(|row| row.staff_id))
                .map(|id| id.0),
        )
        .await?;
        let bought = bought.into_iter().map(|row| TimelineEntry {
            subject: stores.get(&row.store_id.0).cloned(),
            amount_fen: Some(row.total_fen),
            code: Some(row.source),
            reason: Some(row.order_no),
            staff: row.staff_id.and_then(|id| people.get(&id.0).cloned()),
            ..TimelineEntry::of(TimelineKind::Purchase, row.purchased_at, row.id.0)
        });
        let refunds = refunds.into_iter().map(|row| TimelineEntry {
            subject: stores.get(&row.store_id.0).cloned(),
            amount_fen: Some(row.amount_fen),
            points: Some(row.points),
            reason: row.reason,
            staff: row.staff_id.and_then(|id| people.get(&id.0).cloned()),
            ..TimelineEntry::of(TimelineKind::Refund, row.refunded_at, row.id.0)
        });
        let used = used.into_iter().map(|row| TimelineEntry {
            subject: stores.get(&row.store_id.0).cloned(),
            amount_fen: Some(row.discount_fen),
            code: Some(if row.reversed_at.is_some() { "reversed" } else { "used" }.to_owned()),
            reason: row.reversal_reason,
            staff: people.get(&row.staff_id.0).cloned(),
            ..TimelineEntry::of(TimelineKind::CouponRedeemed, row.redeemed_at, row.id.0)
        });
        Ok(bought.chain(refunds).chain(used).collect())
    }

    async fn standing(&self) -> Result<Vec<TimelineEntry>> {
        let mine = points_entry::Column::MemberId.is_in(self.own.iter().copied());
        let points = points_entry::Entity::find().filter(mine);
        let points = self.rows(points, points_entry::Column::CreatedAt).await?;
        let moves = tier_change::Entity::find().filter(tier_change::Column::MemberId.eq(self.member_id));
        let moves = self.rows(moves, tier_change::Column::CreatedAt).await?;
        let tiers = names::of_tiers(self.ctx, moves.iter().map(|row| row.to_tier_id.0)).await?;
        let people =
            names::of_staff(
                self.ctx,
                points.iter().filter(|row| row.actor_kind == "staff").filter_map(|row| row.actor_id).chain(
                    moves.iter().filter(|row| row.actor_kind == "staff").filter_map(|row| row.actor_id),
                ),
            )
            .await?;
        let points = points.into_iter().map(|row| TimelineEntry {
            points: Some(row.points + row.pending),
            code: Some(row.kind.to_value()),
            reason: row.reason,
            staff: row.actor_id.and_then(|id| people.get(&id).cloned()),
            ..TimelineEntry::of(TimelineKind::Points, row.created_at, row.id.0)
        });
        let moves = moves.into_iter().map(|row| TimelineEntry {
            subject: tiers.get(&row.to_tier_id.0).cloned(),
            code: Some(row.kind.to_value()),
            reason: row.note,
            staff: row.actor_id.and_then(|id| people.get(&id).cloned()),
            ..TimelineEntry::of(TimelineKind::TierChanged, row.created_at, row.id.0)
        });
        Ok(points.chain(moves).collect())
    }

    async fn coupons(&self) -> Result<Vec<TimelineEntry>> {
        let claimed = coupon::Entity::find().filter(coupon::Column::MemberId.eq(self.member_id));
        let claimed = self.rows(claimed, coupon::Column::ClaimedAt).await?;
        let templates =
            names::of_coupon_templates(self.ctx, claimed.iter().map(|row| row.template_id.0)).await?;
        let entry = |row: coupon::Model| TimelineEntry {
            subject: templates.get(&row.template_id.0).cloned(),
            subject_id: Some(row.template_id.0),
            code: Some(row.source),
            ..TimelineEntry::of(TimelineKind::CouponClaimed, row.claimed_at, row.id.0)
        };
        Ok(claimed.into_iter().map(entry).collect())
    }

    async fn messages(&self) -> Result<Vec<TimelineEntry>> {
        let sent = delivery::Entity::find().filter(delivery::Column::MemberId.eq(self.member_id));
        let sent = self.rows(sent, delivery::Column::UpdatedAt).await?;
        let told = notice::Entity::find().filter(notice::Column::MemberId.eq(self.member_id));
        let told = self.rows(told, notice::Column::CreatedAt).await?;
        let noes = opt_out_event::Entity::find().filter(opt_out_event::Column::MemberId.eq(self.member_id));
        let noes = self.rows(noes, opt_out_event::Column::CreatedAt).await?;
        let campaigns = names::of_campaigns(self.ctx, sent.iter().map(|row| row.campaign_id.0)).await?;
        let sent = sent.into_iter().map(|row| TimelineEntry {
            subject: campaigns.get(&row.campaign_id.0).cloned(),
            subject_id: Some(row.campaign_id.0),
            code: Some(row.state.to_value()),
            reason: row.reason,
            ..TimelineEntry::of(TimelineKind::Message, row.updated_at, row.id.0)
        });
        let told = told.into_iter().map(|row| TimelineEntry {
            subject: Some(row.kind),
            code: Some(row.state.to_value()),
            reason: row.reason,
            ..TimelineEntry::of(TimelineKind::Notice, row.created_at, row.id.0)
        });
        let noes = noes.into_iter().map(|row| TimelineEntry {
            subject: Some(format!("{}/{}", row.channel, row.topic)),
            code: Some(row.change),
            reason: Some(row.source),
            ..TimelineEntry::of(TimelineKind::OptOut, row.created_at, row.id.0)
        });
        Ok(sent.chain(told).chain(noes).collect())
    }

    /// For who may read the audit log.
    async fn acts(&self, caller: &StaffCaller) -> Result<Vec<TimelineEntry>> {
        if !Permission::ReadAudit.granted_to(caller.role) {
            return Ok(Vec::new());
        }
        let acts = audit_entry::Entity::find()
            .filter(audit_entry::Column::SubjectKind.eq("member"))
            .filter(audit_entry::Column::SubjectId.is_in(self.own.iter().map(ToString::to_string)))
            .filter(audit_entry::Column::ActorKind.eq("staff"));
        let acts = self.rows(acts, audit_entry::Column::CreatedAt).await?;
        let people = names::of_staff(self.ctx, acts.iter().filter_map(|row| row.actor_id)).await?;
        let entry = |row: audit_entry::Model| TimelineEntry {
            code: Some(row.action),
            reason: row.detail.get("reason").and_then(|reason| reason.as_str()).map(str::to_owned),
            staff: row.actor_id.and_then(|id| people.get(&id).cloned()),
            ..TimelineEntry::of(TimelineKind::Act, row.created_at, row.id.0)
        };
        Ok(acts.into_iter().map(entry).collect())
    }
}

impl TimelineEntry {
    fn of(kind: TimelineKind, at: DateTime<Utc>, id: Uuid) -> Self {
        Self { kind, at, id, ..Self::default() }
    }
}
