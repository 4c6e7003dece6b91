//! Drafting a campaign: what it needs to be complete, checked when it is written and again when it is scheduled.

use chrono::{DateTime, Utc};
use entity::states::{CampaignState, Channel, Lane, MessageClass, OnCap};
use entity::{campaign, coupon_template, segment};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::recurrence::Recurrence;
use super::{experiment, fallback, variant, version};
use crate::audience;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::delivery::{FallbackStep, MessageDraft, Variant, channel};
use crate::error::{Error, FieldError, Result};
use crate::ids::{CampaignId, CouponTemplateId, SegmentId};
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub struct CampaignDraft {
    pub name: String,
    pub segment_id: SegmentId,
    pub channel: Channel,
    pub class: MessageClass,
    pub topic: String,
    pub message: MessageDraft,
    pub coupon_template_id: Option<CouponTemplateId>,
    pub offer_ends_at: Option<DateTime<Utc>>,
    pub rate_per_second: Option<i32>,
    pub holdout_percent: i32,
    pub on_cap: OnCap,
    pub lane: Lane,
    pub weight: i32,
    pub priority: i32,
    pub fallback: Vec<FallbackStep>,
    pub variants: Vec<Variant>,
    pub experiment: Option<String>,
    pub budget_fen: Option<i64>,
    pub recurrence: Option<Recurrence>,
    pub attribution_days: i32,
}

pub async fn create(ctx: &Context, caller: &StaffCaller, draft: CampaignDraft) -> Result<campaign::Model> {
    caller.require(Permission::WriteCampaigns)?;
    draft.validate(ctx)?;
    let now = ctx.now();
    let txn = ctx.db.begin().await?;
    let segment = check_references(&txn, &draft).await?;
    experiment::check_holdout(&txn, None, (draft.experiment.as_deref(), draft.holdout_percent)).await?;
    let row = campaign::ActiveModel {
        id: Set(ctx.new_id()),
        state: Set(CampaignState::Draft),
        state_reason: Set(None),
        version: Set(1),
        scheduled_at: Set(None),
        resolve_cursor: Set(None),
        audience_end: Set(None),
        audience_count: Set(0),
        created_by: Set(Some(caller.id)),
        started_at: Set(None),
        completed_at: Set(None),
        created_at: Set(now),
        parent_id: Set(None),
        occurrence: Set(None),
        edited_by: Set(Some(caller.id)),
        approved_by: Set(None),
        approved_at: Set(None),
        approved_version: Set(None),
        resumed_at: Set(None),
        ..draft.columns(ctx, segment)?
    };
    let row = campaign::Entity::insert(row).exec_with_returning(&txn).await?;
    version::record(ctx, &txn, &row).await?;
    audit::record(ctx, &txn, act(caller, "campaign.create", &row)).await?;
    txn.commit().await?;
    Ok(row)
}

pub async fn find(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<campaign::Model> {
    caller.require(Permission::ReadCampaigns)?;
    campaign::Entity::find_by_id(id).one(ctx.db.read()).await?.ok_or(Error::NotFound("campaign"))
}

/// Newest first, of one state if given.
pub async fn list(
    ctx: &Context,
    caller: &StaffCaller,
    (state, parent_id): (Option<CampaignState>, Option<CampaignId>),
    page: &PageRequest,
) -> Result<Page<campaign::Model>> {
    caller.require(Permission::ReadCampaigns)?;
    let mut query = campaign::Entity::find().order_by_desc(campaign::Column::Id).limit(page.limit() + 1);
    if let Some(state) = state {
        query = query.filter(campaign::Column::State.eq(state));
    }
    if let Some(parent_id) = parent_id {
        query = query.filter(campaign::Column::ParentId.eq(parent_id));
    }
    if let Some(after) = page.after::<CampaignId>()? {
        query = query.filter(campaign::Column::Id.lt(after));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0))
}

impl CampaignDraft {
    /// The least that a campaign needs; the rest is as the API has it unless told.
    pub fn new(name: &str, segment_id: SegmentId, channel: Channel, message: MessageDraft) -> Self {
        Self {
            name: name.to_owned(),
            segment_id,
            channel,
            class: MessageClass::Marketing,
            topic: "offers".to_owned(),
            message,
            coupon_template_id: None,
            offer_ends_at: None,
            rate_per_second: None,
            holdout_percent: 0,
            on_cap: OnCap::Drop,
            lane: Lane::Campaign,
            weight: 1,
            priority: 5,
            fallback: Vec::new(),
            variants: Vec::new(),
            experiment: None,
            budget_fen: None,
            recurrence: None,
            attribution_days: 7,
        }
    }

    pub(super) fn validate(&self, ctx: &Context) -> Result<()> {
        let mut errors = Vec::new();
        let mut require = |holds: bool, field: &str, message: &str| {
            if !holds {
                errors.push(FieldError { field: field.to_owned(), message: message.to_owned() });
            }
        };
        let name = self.name.trim().chars().count();
        require((1..=60).contains(&name), "name", "needs 1 to 60 characters");
        let topic = self.topic.chars().count();
        require(
            (1..=40).contains(&topic) && self.topic != "all",
            "topic",
            "needs 1 to 40 characters and is not \"all\"",
        );
        require((0..=50).contains(&self.holdout_percent), "holdout_percent", "is a number from 0 to 50");
        require((1..=100).contains(&self.weight), "weight", "is a number from 1 to 100");
        require((1..=9).contains(&self.priority), "priority", "is a number from 1 to 9");
        require((1..=90).contains(&self.attribution_days), "attribution_days", "is a number from 1 to 90");
        require(self.budget_fen.is_none_or(|budget| budget >= 0), "budget_fen", "is not negative");
        require(
            self.lane != Lane::Urgent,
            "lane",
            "is journey or campaign; urgent is for receipts and codes",
        );
        require(self.rate_per_second.is_none_or(|rate| rate > 0), "rate_per_second", "is at least 1");
        errors.extend(channel::draft_errors(ctx, self.channel, &self.message, "message"));
        errors.extend(variant::errors(ctx, self));
        errors.extend(self.recurrence.iter().flat_map(Recurrence::errors));
        errors.extend(fallback::errors(ctx, self));
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }

    pub(super) fn columns(self, ctx: &Context, segment: segment::Model) -> Result<campaign::ActiveModel> {
        Ok(campaign::ActiveModel {
            name: Set(self.name.trim().to_owned()),
            segment_id: Set(segment.id),
            rule: Set(segment.rule),
            channel: Set(self.channel),
            class: Set(self.class),
            topic: Set(self.topic),
            message: Set(serde_json::to_value(&self.message).map_err(Error::internal)?),
            coupon_template_id: Set(self.coupon_template_id),
            offer_ends_at: Set(self.offer_ends_at),
            rate_per_second: Set(self.rate_per_second),
            holdout_percent: Set(self.holdout_percent),
            on_cap: Set(self.on_cap),
            lane: Set(self.lane),
            weight: Set(self.weight),
            priority: Set(self.priority),
            fallback: Set(serde_json::to_value(&self.fallback).map_err(Error::internal)?),
            variants: Set(serde_json::to_value(&self.variants).map_err(Error::internal)?),
            experiment: Set(self.experiment),
            budget_fen: Set(self.budget_fen),
            recurrence: Set(self
                .recurrence
                .map(serde_json::to_value)
                .transpose()
                .map_err(Error::internal)?),
            attribution_days: Set(self.attribution_days),
            updated_at: Set(ctx.now()),
            ..Default::default()
        })
    }
}

pub(super) async fn check_references(
    txn: &impl ConnectionTrait,
    draft: &CampaignDraft,
) -> Result<segment::Model> {
    let segment = audience::hold(txn, draft.segment_id).await?;
    let segment = segment.ok_or_else(|| Error::invalid("segment_id", "is not a segment"))?;
    if let Some(template) = draft.coupon_template_id {
        coupon_template::Entity::find_by_id(template)
            .one(txn)
            .await?
            .ok_or_else(|| Error::invalid("coupon_template_id", "is not a coupon template"))?;
    }
    Ok(segment)
}

pub(super) fn act<'a>(caller: &StaffCaller, action: &'a str, row: &campaign::Model) -> Act<'a> {
    Act {
        actor: caller.actor(),
        action,
        subject: ("campaign", row.id.to_string()),
        detail: serde_json::json!({ "name": row.name, "state": row.state, "version": row.version }),
    }
}
