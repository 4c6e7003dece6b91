//! Tags by rule: who fits a segment rule carries the tag, with the rule's words as the reason, and who fits no longer loses it. Tags that staff
//! put on by hand are left alone.

pub use entity::tag_rule::Model as TagRuleRow;
use entity::{member_tag, tag, tag_rule};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::audience::Rule;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::TagId;
use crate::staff::{Permission, StaffCaller};
use crate::text;

/// `member_tag.source` of what a rule put on.
pub(super) const BY_RULE: &str = "rule";
const REASON_CHARACTERS: usize = 100;

pub struct SetTagRule {
    pub rule: Rule,
    /// Why who fits carries the tag, e.g. 近 90 天消费 5 次以上.
    pub reason: String,
}

/// Sets or replaces the rule; the members are gone through anew, from the next tick on.
pub async fn set_tag_rule(
    ctx: &Context,
    caller: &StaffCaller,
    id: TagId,
    command: SetTagRule,
) -> Result<tag_rule::Model> {
    caller.require(Permission::WriteMembers)?;
    let reason = text::line("reason", &command.reason, REASON_CHARACTERS)?;
    command.rule.validate()?;
    let txn = ctx.db.begin().await?;
    let tag = tag::Entity::find_by_id(id).one(&txn).await?.ok_or(Error::NotFound("tag"))?;
    if command.rule.asks_for_tag(&tag.name) {
        return Err(Error::invalid("rule", "asks for the very tag that it decides about"));
    }
    let rule = serde_json::to_value(&command.rule).map_err(Error::internal)?;
    let row = tag_rule::Model {
        tag_id: id,
        rule,
        reason,
        cursor: None,
        pass_began_at: None,
        pass_ended_at: None,
        updated_at: ctx.now(),
    };
    use tag_rule::Column;
    let newest = OnConflict::column(Column::TagId)
        .update_columns([
            Column::Rule,
            Column::Reason,
            Column::Cursor,
            Column::PassBeganAt,
            Column::PassEndedAt,
            Column::UpdatedAt,
        ])
        .to_owned();
    let inserted = tag_rule::ActiveModel {
        tag_id: Set(row.tag_id),
        rule: Set(row.rule.clone()),
        reason: Set(row.reason.clone()),
        cursor: Set(None),
        pass_began_at: Set(None),
        pass_ended_at: Set(None),
        updated_at: Set(row.updated_at),
    };
    tag_rule::Entity::insert(inserted).on_conflict(newest).exec_without_returning(&txn).await?;
    let act = Act {
        actor: caller.actor(),
        action: "tag.set_rule",
        subject: ("tag", id.to_string()),
        detail: serde_json::json!({ "rule": row.rule, "reason": row.reason }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(row)
}

/// Takes the rule away, and the tag off those who carry it by the rule. Harmless to repeat.
pub async fn clear_tag_rule(ctx: &Context, caller: &StaffCaller, id: TagId) -> Result<()> {
    caller.require(Permission::WriteMembers)?;
    let txn = ctx.db.begin().await?;
    tag::Entity::find_by_id(id).one(&txn).await?.ok_or(Error::NotFound("tag"))?;
    // Waits for a page that is under way.
    let Some(row) = tag_rule::Entity::find_by_id(id).lock_exclusive().one(&txn).await? else {
        return Ok(());
    };
    tag_rule::Entity::delete_by_id(row.tag_id).exec(&txn).await?;
    member_tag::Entity::delete_many()
        .filter(member_tag::Column::TagId.eq(id))
        .filter(member_tag::Column::Source.eq(BY_RULE))
        .exec(&txn)
        .await?;
    let act = Act {
        actor: caller.actor(),
        action: "tag.clear_rule",
        subject: ("tag", id.to_string()),
        detail: serde_json::json!({}),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(())
}
