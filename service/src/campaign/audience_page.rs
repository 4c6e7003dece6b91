//! One page of an audience as delivery rows. PostgreSQL writes them in one statement, from its own rows, so that neither members
//! nor ids travel; SQLite has no UUIDs and no SHA-256, and its rows are made here, where its members are read anyway.

use chrono::{DateTime, Utc};
use entity::states::DeliveryState;
use entity::{campaign, delivery, member};
use sea_orm::sea_query::{Condition, Expr, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use super::experiment::{Place, Split};
use crate::audience::Rule;
use crate::context::Context;
use crate::delivery::Reason;
use crate::error::{Error, Result};
use crate::ids::{self, DeliveryId, MemberId};

/// Rows per statement in SQLite.
const ROWS: usize = 500;
/// As [`ids::numbered`], in the order of the members.
const NEXT_ID: &str = "encode(overlay(uuid_send(gen_random_uuid()) placing substring(int8send($1) from 3) || \
    substring(int4send((28671 + row_number() OVER (ORDER BY page.id))::int) from 3) from 1 for 8), 'hex')::uuid";

/// The members of one campaign between two ids.
pub(super) struct Page {
    rule: Condition,
    after: Option<MemberId>,
    /// Its last member, or where the audience ends.
    pub until: Option<MemberId>,
    /// Nothing comes after it.
    pub is_last: bool,
}

impl Page {
    /// The page of up to `size` members behind the campaign's cursor.
    pub async fn next(ctx: &Context, campaign: &campaign::Model, size: u64) -> Result<Self> {
        let rule: Rule = serde_json::from_value(campaign.rule.clone()).map_err(Error::internal)?;
        // The rule is read as of the campaign's start, so that days do not shift while a large audience resolves.
        let as_of = campaign.started_at.unwrap_or_else(|| ctx.now());
        let rule = rule.condition(as_of, ctx.settings.timezone, ctx.db.backend());
        let mut page =
            Self { rule, after: campaign.resolve_cursor, until: campaign.audience_end, is_last: true };
        let last: Option<MemberId> = page
            .members()
            .order_by_asc(member::Column::Id)
            .offset(size - 1)
            .limit(1)
            .into_tuple()
            .one(ctx.db.read())
            .await?;
        if last.is_some() {
            page.until = last;
            page.is_last = false;
        }
        Ok(page)
    }

    fn members(&self) -> sea_orm::Select<member::Entity> {
        let mut members = member::Entity::find()
            .select_only()
            .column(member::Column::Id)
            .filter(self.rule.clone())
            // Without an end there was no member when the campaign started.
            .filter(member::Column::Id.lte(self.until));
        if let Some(after) = self.after {
            members = members.filter(member::Column::Id.gt(after));
        }
        members
    }

    /// Writes the rows that are not there yet; answers how many those were.
    pub async fn insert(
        &self,
        ctx: &Context,
        txn: &impl ConnectionTrait,
        campaign: &campaign::Model,
    ) -> Result<i64> {
        let split = Split::of(campaign)?;
        let added = match ctx.db.backend() {
            DbBackend::Postgres => self.insert_from_members(ctx, txn, (campaign, &split)).await?,
            _ => self.insert_made_here(ctx, txn, (campaign, &split)).await?,
        };
        Ok(i64::try_from(added).unwrap_or_default())
    }

    /// The dispatch goes by the ids: those of a page come after those of the pages before, wherever the clock stands.
    async fn made_in(ctx: &Context, txn: &impl ConnectionTrait, campaign: &campaign::Model) -> Result<i64> {
        let last: Option<DeliveryId> = delivery::Entity::find()
            .select_only()
            .column(delivery::Column::Id)
            .filter(delivery::Column::CampaignId.eq(campaign.id))
            .order_by_desc(delivery::Column::Id)
            .limit(1)
            .into_tuple()
            .one(txn)
            .await?;
        let after = last.map_or(0, |id| i64::try_from(ids::milliseconds(id.0)).unwrap_or_default() + 1);
        Ok(ctx.now().timestamp_millis().max(after))
    }

    async fn insert_from_members(
        &self,
        ctx: &Context,
        txn: &impl ConnectionTrait,
        (campaign, split): (&campaign::Model, &Split),
    ) -> Result<u64> {
        let made_in = Self::made_in(ctx, txn, campaign).await?;
        let (held_out, variant) = split.in_postgres("page.id");
        let held_out = |yes: Expr, no: Expr| match &held_out {
            Some(held_out) => Expr::case(held_out.clone(), yes).finally(no).into(),
            None => no,
        };
        let state = held_out(
            Expr::val(DeliveryState::Suppressed.as_str()),
            Expr::val(DeliveryState::Pending.as_str()),
        );
        let reason = held_out(Expr::val(Reason::Holdout.code()), null());
        let variant = held_out(null(), variant.unwrap_or_else(null));
        let rows = self.rows((ctx.now(), made_in), campaign, [state, reason, variant]);
        let mut insert = Query::insert();
        insert
            .into_table(delivery::Entity)
            .columns(rows.iter().map(|(column, _)| *column))
            .select_from(from_page(self.members().into_query(), rows.into_iter().map(|(_, value)| value)))
            .map_err(Error::internal)?
            .on_conflict(once_per_member());
        Ok(txn.execute(&insert).await?.rows_affected())
    }

    /// Each column with its value.
    fn rows(
        &self,
        (now, made_in): (DateTime<Utc>, i64),
        campaign: &campaign::Model,
        [state, reason, variant]: [Expr; 3],
    ) -> Vec<(delivery::Column, Expr)> {
        use delivery::Column::{
            Attempts, CampaignId, Channel, Class, CostFen, CreatedAt, Id, MemberId, NotBefore, Step, Topic,
            UpdatedAt, Variant, Version,
        };
        vec![
            (Id, Expr::cust_with_values(NEXT_ID, [made_in])),
            (CampaignId, Expr::val(campaign.id)),
            (MemberId, Expr::cust("page.id")),
            (Channel, Expr::val(campaign.channel.as_str())),
            (Class, Expr::val(campaign.class.as_str())),
            (Topic, Expr::val(campaign.topic.as_str())),
            (delivery::Column::State, state),
            (delivery::Column::Reason, reason),
            (Variant, variant),
            (NotBefore, Expr::val(now)),
            (Attempts, Expr::val(0)),
            (Step, Expr::val(0)),
            (Version, Expr::val(campaign.version)),
            (CostFen, Expr::val(0_i64)),
            (CreatedAt, Expr::val(now)),
            (UpdatedAt, Expr::val(now)),
        ]
    }

    async fn insert_made_here(
        &self,
        ctx: &Context,
        txn: &impl ConnectionTrait,
        (campaign, split): (&campaign::Model, &Split),
    ) -> Result<u64> {
        let members: Vec<MemberId> =
            self.members().order_by_asc(member::Column::Id).into_tuple().all(txn).await?;
        let made_in = u64::try_from(Self::made_in(ctx, txn, campaign).await?).unwrap_or_default();
        let id = |number: usize| ids::numbered(made_in, u16::try_from(number).unwrap_or(u16::MAX));
        let numbered: Vec<_> = members.into_iter().enumerate().collect();
        let mut added = 0;
        for chunk in numbered.chunks(ROWS) {
            let rows = chunk
                .iter()
                .map(|(number, member)| row(ctx, campaign, id(*number), (*member, split.place(*member))));
            let insert = delivery::Entity::insert_many(rows).on_conflict(once_per_member());
            added += insert.exec_without_returning(txn).await?;
        }
        Ok(added)
    }
}

fn null() -> Expr {
    Expr::cust("NULL::text")
}

fn from_page(members: SelectStatement, values: impl Iterator<Item = Expr>) -> SelectStatement {
    Query::select().exprs(values).from_subquery(members, "page").to_owned()
}

fn once_per_member() -> OnConflict {
    OnConflict::columns([delivery::Column::CampaignId, delivery::Column::MemberId]).do_nothing().to_owned()
}

fn row(
    ctx: &Context,
    campaign: &campaign::Model,
    id: DeliveryId,
    (member_id, place): (MemberId, Place<'_>),
) -> delivery::ActiveModel {
    let now = ctx.now();
    let (held_out, variant) = match place {
        Place::Holdout => (true, None),
        Place::Gets(variant) => (false, variant.map(str::to_owned)),
    };
    delivery::ActiveModel {
        id: Set(id),
        campaign_id: Set(campaign.id),
        member_id: Set(member_id),
        channel: Set(campaign.channel),
        class: Set(campaign.class),
        topic: Set(campaign.topic.clone()),
        state: Set(if held_out { DeliveryState::Suppressed } else { DeliveryState::Pending }),
        reason: Set(held_out.then(|| Reason::Holdout.code().to_owned())),
        variant: Set(variant),
        not_before: Set(now),
        attempts: Set(0),
        step: Set(0),
        version: Set(campaign.version),
        cost_fen: Set(0),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    }
}
