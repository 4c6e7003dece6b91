//! Consents to subscribe messages. The platform knows them by openid, and messages go to the openid that was bound last: where both have
//! one (which only a person can have decided), only the consents of that one are worth anything.

use entity::states::IdentityProvider;
use entity::{consent, identity};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Pair;
use super::belongings::run;
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;

/// Adds what both may still be sent.
pub(super) async fn move_consents(ctx: &Context, txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let rows = consent::Entity::find()
        .filter(consent::Column::MemberId.eq(pair.gone))
        .order_by_asc(consent::Column::TemplateId)
        .all(txn)
        .await?;
    for row in &rows {
        consent::Entity::update_many()
            .col_expr(consent::Column::Available, Expr::col(consent::Column::Available).add(row.available))
            .col_expr(consent::Column::Reserved, Expr::col(consent::Column::Reserved).add(row.reserved))
            .col_expr(consent::Column::UpdatedAt, Expr::value(ctx.now()))
            .filter(consent::Column::MemberId.eq(pair.kept))
            .filter(consent::Column::TemplateId.eq(&row.template_id))
            .exec(txn)
            .await?;
    }
    let added = "DELETE FROM consent WHERE member_id = $2 AND EXISTS \
         (SELECT 1 FROM consent kept WHERE kept.member_id = $1 AND kept.template_id = consent.template_id)";
    run(txn, added, pair).await?;
    run(txn, "UPDATE consent SET member_id = $1 WHERE member_id = $2", pair).await?;
    Ok(rows.len() as u64)
}

/// Drops the consents of the openid to which nothing will be sent any more; before the identities go over.
pub(super) async fn drop_unreachable(txn: &impl ConnectionTrait, pair: Pair) -> Result<()> {
    let owners: Vec<MemberId> = identity::Entity::find()
        .select_only()
        .column(identity::Column::MemberId)
        .filter(identity::Column::MemberId.is_in([pair.gone, pair.kept]))
        .filter(identity::Column::Provider.eq(IdentityProvider::WechatOpenid))
        .order_by_desc(identity::Column::Id)
        .into_tuple()
        .all(txn)
        .await?;
    let Some(newest) = owners.first() else { return Ok(()) };
    let Some(older) = owners.iter().find(|owner| *owner != newest) else { return Ok(()) };
    consent::Entity::delete_many().filter(consent::Column::MemberId.eq(*older)).exec(txn).await?;
    Ok(())
}
