//! A second person's look at a campaign, where the brand's policy asks for it. An approval holds for one version and for the
//! rule that the segment had then; an edit voids it. Where the policy asks and the shop has but one person, nothing can be scheduled
//! until a second account exists or the policy is changed, which is audited like any change of it.

use entity::{campaign, member, segment};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::audience::Rule;
use crate::audit;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::CampaignId;
use crate::policy;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};
use crate::states::CampaignState;

/// Approves the version that was read. Approving it again changes nothing, whoever does it.
///
/// # Refuses
/// `campaign_version_changed`, `campaign_state_conflict`, `approval_by_editor`
pub async fn approve(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    version: i32,
) -> Result<campaign::Model> {
    caller.require(Permission::ApproveCampaigns)?;
    let txn = ctx.db.begin().await?;
    let before = campaign::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&txn)
        .await?
        .ok_or(Error::NotFound("campaign"))?;
    if before.version != version {
        return Err(Refusal::CampaignVersionChanged.into());
    }
    if !matches!(before.state, CampaignState::Draft | CampaignState::Paused) {
        return Err(Refusal::CampaignStateConflict.into());
    }
    if before.edited_by.or(before.created_by) == Some(caller.id) {
        return Err(Refusal::ApprovalByEditor.into());
    }
    let rule = rule_now(&txn, &before).await?;
    if before.approved_version == Some(version) && before.rule == rule {
        return Ok(before);
    }
    campaign::Entity::update_many()
        .col_expr(campaign::Column::ApprovedBy, Expr::value(caller.id))
        .col_expr(campaign::Column::ApprovedAt, Expr::value(ctx.now()))
        .col_expr(campaign::Column::ApprovedVersion, Expr::value(version))
        .col_expr(campaign::Column::Rule, Expr::value(rule))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(campaign::Column::Id.eq(id))
        .exec(&txn)
        .await?;
    let row = campaign::Entity::find_by_id(id).one(&txn).await?.ok_or(Error::NotFound("campaign"))?;
    audit::record(ctx, &txn, super::plan::act(caller, "campaign.approve", &row)).await?;
    txn.commit().await?;
    Ok(row)
}

/// Whether the campaign may go out as it stands.
///
/// # Refuses
/// `campaign_needs_approval`
pub(super) async fn require_approval(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    campaign: &campaign::Model,
) -> Result<()> {
    let rule = rule_now(connection, campaign).await?;
    let is_approved = campaign.approved_version == Some(campaign.version) && campaign.rule == rule;
    if is_approved || !is_asked_for(ctx, connection, &rule).await? {
        return Ok(());
    }
    Err(Refusal::CampaignNeedsApproval.into())
}

/// Whether the policy asks for a second person over an audience like this.
pub(super) async fn is_asked_for(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    rule: &serde_json::Value,
) -> Result<bool> {
    let policy = policy::load(ctx, connection).await?;
    if !policy.review_campaigns {
        return Ok(false);
    }
    let Some(most) = policy.review_above_members else { return Ok(true) };
    let rule: Rule = serde_json::from_value(rule.clone()).map_err(Error::internal)?;
    let picked =
        member::Entity::find().filter(rule.condition(ctx.now(), ctx.settings.timezone, ctx.db.backend()));
    Ok(picked.count(connection).await? > u64::from(most))
}

/// The rule by which the audience is or will be picked: its own once it has started, else the segment's.
async fn rule_now(
    connection: &impl ConnectionTrait,
    campaign: &campaign::Model,
) -> Result<serde_json::Value> {
    if campaign.started_at.is_some() {
        return Ok(campaign.rule.clone());
    }
    let segment = segment::Entity::find_by_id(campaign.segment_id).one(connection).await?;
    Ok(segment.ok_or(Error::NotFound("segment"))?.rule)
}
