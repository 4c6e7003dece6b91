//! Giving it, or saying why not.

use entity::states::IdentityProvider;
use entity::{identity, member, welcome_gift, welcome_guard};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
};

use super::settings::load;
use crate::context::Context;
use crate::coupon::{self, IssueOrder};
use crate::error::Result;
use crate::ids::{CouponId, CouponTemplateId, MemberId};
use crate::session::Client;

const GIVEN: &str = "given";
/// Members of these sources were there before they signed in.
const NOT_NEW: [&str; 2] = ["import", "staff"];

/// Once for a member: who has an outcome keeps it.
pub(crate) async fn give(
    ctx: &Context,
    txn: &DatabaseTransaction,
    member: &member::Model,
    client: &Client,
) -> Result<()> {
    if member.phone_cipher.is_none() || NOT_NEW.contains(&member.source.as_str()) {
        return Ok(());
    }
    let Some(template_id) = load(txn).await?.coupon_template_id else { return Ok(()) };
    if welcome_gift::Entity::find_by_id(member.id).one(txn).await?.is_some() {
        return Ok(());
    }
    let (outcome, coupon_id) = match seen_before(ctx, txn, member.id, client).await? {
        Some(kind) => (format!("repeated_{kind}"), None),
        None => issue(ctx, txn, member.id, template_id).await?,
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

/// Marks everything that tells the person; which of it somebody new would not have brought, if anything.
async fn seen_before(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    client: &Client,
) -> Result<Option<&'static str>> {
    let mut seen = None;
    for (kind, subject) in tellers(txn, member_id, client).await? {
        let row = welcome_guard::ActiveModel {
            kind: Set(kind.to_owned()),
            subject: Set(ctx.keys.index("welcome", &format!("{kind}:{subject}"))),
            created_at: Set(ctx.now()),
        };
        let marked = welcome_guard::Entity::insert(row)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(txn)
            .await?;
        if marked == 0 {
            seen = seen.or(Some(kind));
        }
    }
    Ok(seen)
}

/// In one order, so that two sign-ins never wait for each other.
async fn tellers(
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    client: &Client,
) -> Result<Vec<(&'static str, String)>> {
    let identities = identity::Entity::find()
        .filter(identity::Column::MemberId.eq(member_id))
        .order_by_asc(identity::Column::Id)
        .all(txn)
        .await?;
    let mut tellers: Vec<(&'static str, String)> = identities
        .into_iter()
        .filter_map(|row| {
            let kind = match row.provider {
                IdentityProvider::Phone => "phone",
                IdentityProvider::WechatOpenid | IdentityProvider::WechatUnionid => "wechat",
                IdentityProvider::Alipay => "alipay",
                IdentityProvider::External => return None,
            };
            Some((kind, row.subject))
        })
        .collect();
    tellers.extend(client.device_id.iter().map(|id| ("device", id.clone())));
    tellers.sort_unstable();
    Ok(tellers)
}
