//! What a member has had of templates, for lists that tell before the tap whether another copy can be had.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::coupon;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::issue::TAKEN;
use super::rules::Had;
use crate::calendar;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{CouponTemplateId, MemberId};

/// Templates of which the member never had a copy are missing.
pub async fn had_of(
    ctx: &Context,
    member_id: MemberId,
    templates: impl IntoIterator<Item = CouponTemplateId>,
) -> Result<HashMap<CouponTemplateId, Had>> {
    let rows: Vec<(CouponTemplateId, i32, DateTime<Utc>, String)> = coupon::Entity::find()
        .select_only()
        .columns([
            coupon::Column::TemplateId,
            coupon::Column::Slot,
            coupon::Column::ClaimedAt,
            coupon::Column::Source,
        ])
        .filter(coupon::Column::MemberId.eq(member_id))
        .filter(coupon::Column::TemplateId.is_in(templates))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let zone = ctx.settings.timezone;
    let today = calendar::start_of_day(calendar::local_date(ctx.now(), zone), zone);
    let mut had: HashMap<CouponTemplateId, Had> = HashMap::new();
    for (template_id, slot, claimed_at, source) in rows {
        let of_template = had.entry(template_id).or_default();
        of_template.slots.push(slot);
        of_template.taken_today += i32::from(claimed_at >= today && TAKEN.contains(&source.as_str()));
    }
    Ok(had)
}
