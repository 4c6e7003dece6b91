//! Giving it, or saying why not.

use entity::{member, welcome_gift};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait};

use super::guard;
use super::settings::load;
use crate::context::Context;
use crate::coupon::{self, IssueOrder};
use crate::error::Result;
use crate::ids::{CouponId, CouponTemplateId, MemberId};
use crate::session::Client;

/// Before the kind of what the person was known by.
pub(super) const REPEATED: &str = "repeated_";
const GIVEN: &str = "given";
/// There was none when the member came.
const NO_GIFT: &str = "no_gift";
/// Members of these sources were there before they signed in.
const NOT_NEW: [&str; 2] = ["import", "staff"];

/// Once for a member: who has an outcome keeps it. What tells the person is marked also while there is no gift, so that nobody is new
/// to one that comes later.
pub(crate) async fn give(
    ctx: &Context,
    txn: &DatabaseTransaction,
    member: &member::Model,
    client: &Client,
) -> Result<()> {
    if member.phone_cipher.is_none() || NOT_NEW.contains(&member.source.as_str()) {
        return Ok(());
    }
    if welcome_gift::Entity::find_by_id(member.id).one(txn).await?.is_some() {
        return Ok(());
    }
    let seen = guard::mark(ctx, txn, member.id, client.device_id.as_deref()).await?;
    let template_id = load(txn).await?.coupon_template_id;
    let (outcome, coupon_id) = match (seen, template_id) {
        (Some(kind), _) => (format!("{REPEATED}{kind}"), None),
        (None, Some(template_id)) => issue(ctx, txn, member.id, template_id).await?,
        (None, None) => (NO_GIFT.to_owned(), None),
    };
    let row = welcome_gift::ActiveModel {
        member_id: Set(member.id),
        outcome: Set(outcome),
        coupon_id: Set(coupon_id),
        created_at: Set(ctx.now()),
    };
    let first = OnConflict::column(welcome_gift::Column::MemberId).do_nothing().to_owned();
    welcome_gift::Entity::insert(row).on_conflict(first).exec_without_returning(txn).await?;
    Ok(())
}

async fn issue(
    ctx: &Context,
    txn: &DatabaseTransaction,
    member_id: MemberId,
    template_id: CouponTemplateId,
) -> Result<(String, Option<CouponId>)> {
    let order =
        IssueOrder { template_id, member_ids: &[member_id], source: "welcome", source_id: Some(member_id.0) };
    let issued = coupon::issue(ctx, txn, order).await?;
    Ok(match issued.into_iter().next().map(|one| one.outcome) {
        Some(Ok(coupon_id)) => (GIVEN.to_owned(), Some(coupon_id)),
        Some(Err(refusal)) => (refusal.code().to_owned(), None),
        None => ("nobody".to_owned(), None),
    })
}
