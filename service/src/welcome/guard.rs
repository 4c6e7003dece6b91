//! What tells a person: phone, platform accounts, device. Each is marked once and for good, as a keyed hash, so that somebody who was here
//! before is known although nothing else of them is left.

use std::collections::BTreeSet;

use entity::states::IdentityProvider;
use entity::{identity, member, welcome_gift, welcome_guard};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};

use super::give::REPEATED;
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;

/// A kind, and what is of it.
type Teller = (&'static str, String);

/// Marks everything that tells the person; answers which of it somebody new would not have brought, if anything.
pub(super) async fn mark(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    device_id: Option<&str>,
) -> Result<Option<&'static str>> {
    let mut tellers = tellers(txn, member_id).await?;
    tellers.extend(device_id.map(|id| ("device", id.to_owned())));
    let mut seen = None;
    // In one order, so that two sign-ins never wait for each other.
    for (kind, subject) in tellers {
        let row = welcome_guard::ActiveModel {
            kind: Set(kind.to_owned()),
            subject: Set(hashed(ctx, kind, &subject)),
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

/// Before a member's identities go: whoever comes back with one of them is not new.
pub(crate) async fn remember(ctx: &Context, txn: &impl ConnectionTrait, member_id: MemberId) -> Result<()> {
    mark(ctx, txn, member_id, None).await.map(|_| ())
}

/// Whether the person was here before this membership: something that tells them was marked before it began, or was known when the gift
/// was to be given.
pub(crate) async fn was_here_before(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    member: &member::Model,
) -> Result<bool> {
    let gift = welcome_gift::Entity::find_by_id(member.id).one(connection).await?;
    if gift.is_some_and(|gift| gift.outcome.starts_with(REPEATED)) {
        return Ok(true);
    }
    let marks =
        tellers(connection, member.id).await?.into_iter().fold(Condition::any(), |any, (kind, subject)| {
            let subject = hashed(ctx, kind, &subject);
            any.add(welcome_guard::Column::Kind.eq(kind).and(welcome_guard::Column::Subject.eq(subject)))
        });
    if marks.is_empty() {
        return Ok(false);
    }
    let earlier = welcome_guard::Entity::find()
        .filter(marks)
        .filter(welcome_guard::Column::CreatedAt.lt(member.created_at))
        .one(connection)
        .await?;
    Ok(earlier.is_some())
}

fn hashed(ctx: &Context, kind: &str, subject: &str) -> String {
    ctx.keys.index("welcome", &format!("{kind}:{subject}"))
}

async fn tellers(connection: &impl ConnectionTrait, member_id: MemberId) -> Result<BTreeSet<Teller>> {
    let identities =
        identity::Entity::find().filter(identity::Column::MemberId.eq(member_id)).all(connection).await?;
    let teller = |row: identity::Model| {
        let kind = match row.provider {
            IdentityProvider::Phone => "phone",
            IdentityProvider::WechatOpenid | IdentityProvider::WechatUnionid => "wechat",
            IdentityProvider::Alipay => "alipay",
            IdentityProvider::External => return None,
        };
        Some((kind, row.subject))
    };
    Ok(identities.into_iter().filter_map(teller).collect())
}
