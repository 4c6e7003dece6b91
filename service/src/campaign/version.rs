//! A campaign's versions: what each said, who wrote it, and what may still change once members have been picked.

use entity::{campaign, campaign_version};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{CampaignDraft, FallbackStep, Variant, find};
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::ids::CampaignId;
use crate::page::{Page, PageRequest};
use crate::staff::StaffCaller;

pub use entity::campaign_version::Model as VersionRow;

/// Everything of a campaign that people write.
pub fn content(row: &campaign::Model) -> Value {
    json!({
        "name": row.name, "segment_id": row.segment_id, "channel": row.channel, "class": row.class,
        "topic": row.topic, "message": row.message, "coupon_template_id": row.coupon_template_id,
        "offer_ends_at": row.offer_ends_at, "rate_per_second": row.rate_per_second,
        "holdout_percent": row.holdout_percent, "on_cap": row.on_cap, "lane": row.lane, "weight": row.weight,
        "priority": row.priority, "fallback": row.fallback, "variants": row.variants,
        "experiment": row.experiment, "budget_fen": row.budget_fen, "recurrence": row.recurrence,
        "attribution_days": row.attribution_days,
    })
}

/// Keeps the row's version; one that is kept already stays as it was.
pub async fn record(ctx: &Context, connection: &impl ConnectionTrait, row: &campaign::Model) -> Result<()> {
    campaign_version::Entity::insert(campaign_version::ActiveModel {
        campaign_id: Set(row.id),
        version: Set(row.version),
        content: Set(content(row)),
        edited_by: Set(row.edited_by),
        created_at: Set(ctx.now()),
    })
    .on_conflict(
        OnConflict::columns([campaign_version::Column::CampaignId, campaign_version::Column::Version])
            .do_nothing()
            .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// Newest first; the cursor is a version.
pub async fn versions(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    page: &PageRequest,
) -> Result<Page<campaign_version::Model>> {
    find(ctx, caller, id).await?;
    let mut query = campaign_version::Entity::find()
        .filter(campaign_version::Column::CampaignId.eq(id))
        .order_by_desc(campaign_version::Column::Version)
        .limit(page.limit() + 1);
    if let Some(cursor) = &page.cursor {
        let before: i32 =
            cursor.parse().map_err(|_| Error::invalid("cursor", "is not a cursor that this list gave"))?;
        query = query.filter(campaign_version::Column::Version.lt(before));
    }
    let mut items = query.all(ctx.db.read()).await?;
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let is_more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| is_more).map(|row| row.version.to_string());
    Ok(Page { items, next_cursor })
}

/// What an edit changes although the audience is frozen and members have been split and sent to. Words, rate, budget, the
/// offer's end, what to do at the cap, weight and priority may change; further steps may follow those of the fall-back.
pub fn fixed_after_start(before: &campaign::Model, draft: &CampaignDraft) -> Result<Vec<FieldError>> {
    let kept = [
        ("segment_id", before.segment_id == draft.segment_id),
        ("channel", before.channel == draft.channel),
        ("class", before.class == draft.class),
        ("topic", before.topic == draft.topic),
        ("coupon_template_id", before.coupon_template_id == draft.coupon_template_id),
        ("holdout_percent", before.holdout_percent == draft.holdout_percent),
        ("lane", before.lane == draft.lane),
        ("experiment", before.experiment == draft.experiment),
        ("attribution_days", before.attribution_days == draft.attribution_days),
        ("variants", is_same_split(&read::<Vec<Variant>>(&before.variants)?, &draft.variants)),
        ("fallback", goes_on(&read::<Vec<FallbackStep>>(&before.fallback)?, &draft.fallback)),
    ];
    Ok(kept
        .into_iter()
        .filter(|(_, is_kept)| !is_kept)
        .map(|(field, _)| FieldError {
            field: field.to_owned(),
            message: "can't change once the campaign has started".to_owned(),
        })
        .collect())
}

/// Whether an edit has another platform template somewhere.
pub fn changes_template(before: &campaign::Model, draft: &CampaignDraft) -> Result<bool> {
    let message: crate::delivery::MessageDraft = read(&before.message)?;
    let (variants, fallback): (Vec<Variant>, Vec<FallbackStep>) =
        (read(&before.variants)?, read(&before.fallback)?);
    let is_same = message.template_id == draft.message.template_id
        && variants
            .iter()
            .zip(&draft.variants)
            .all(|(old, new)| old.message.template_id == new.message.template_id)
        && fallback
            .iter()
            .zip(&draft.fallback)
            .all(|(old, new)| old.message.template_id == new.message.template_id);
    Ok(!is_same)
}

fn is_same_split(before: &[Variant], after: &[Variant]) -> bool {
    let split = |variants: &[Variant]| -> Vec<(String, u32)> {
        variants.iter().map(|variant| (variant.name.clone(), variant.weight)).collect()
    };
    split(before) == split(after)
}

fn goes_on(before: &[FallbackStep], after: &[FallbackStep]) -> bool {
    after.len() >= before.len() && before.iter().zip(after).all(|(old, new)| old.channel == new.channel)
}

fn read<T: DeserializeOwned>(json: &Value) -> Result<T> {
    serde_json::from_value(json.clone()).map_err(Error::internal)
}
