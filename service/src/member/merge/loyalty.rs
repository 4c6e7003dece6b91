//! What the two earned and used, where both may have the same: days of check-in, uses of a right, exchanges, rounds of a stamp card.

use std::collections::{HashMap, HashSet};

use entity::{exchange, right_use, stamp_sheet};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Pair;
use super::belongings::{move_all, move_missing, run};
use crate::error::Result;
use crate::ids::StampCardId;

/// Of a day on which both checked in the longer streak goes on.
pub(super) async fn move_check_ins(txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let shorter = "DELETE FROM check_in WHERE member_id = $1 AND EXISTS (SELECT 1 FROM check_in other \
         WHERE other.member_id = $2 AND other.day = check_in.day AND other.streak > check_in.streak)";
    run(txn, shorter, pair).await?;
    move_missing(txn, "check_in", &["day"], pair).await
}

/// The quota of a period counts the uses of both: those of who goes are numbered behind.
pub(super) async fn move_right_uses(txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let mut used: HashMap<(String, String), i32> = HashMap::new();
    let of = |id| right_use::Entity::find().filter(right_use::Column::MemberId.eq(id));
    for row in of(pair.kept).all(txn).await? {
        let last = used.entry((row.right_code, row.period)).or_default();
        *last = row.seq.max(*last);
    }
    let going = of(pair.gone).order_by_asc(right_use::Column::Seq).all(txn).await?;
    let moved = going.len() as u64;
    for row in going {
        let last = used.entry((row.right_code, row.period)).or_default();
        *last += 1;
        right_use::Entity::update_many()
            .col_expr(right_use::Column::MemberId, Expr::value(pair.kept))
            .col_expr(right_use::Column::Seq, Expr::value(*last))
            .filter(right_use::Column::Id.eq(row.id))
            .exec(txn)
            .await?;
    }
    Ok(moved)
}

/// A request number belongs to who stays; the same one of who goes is kept with the exchange's id behind it.
pub(super) async fn move_exchanges(txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let of = |id| exchange::Entity::find().filter(exchange::Column::MemberId.eq(id));
    let taken: HashSet<String> =
        of(pair.kept).all(txn).await?.into_iter().map(|row| row.request_no).collect();
    for row in of(pair.gone).all(txn).await?.iter().filter(|row| taken.contains(&row.request_no)) {
        exchange::Entity::update_many()
            .col_expr(exchange::Column::RequestNo, Expr::value(format!("{}:{}", row.request_no, row.id)))
            .filter(exchange::Column::Id.eq(row.id))
            .exec(txn)
            .await?;
    }
    move_all(txn, "exchange", pair).await
}

/// The sheets of who goes are further rounds of the same cards: no stamp is lost, and none fills a sheet twice.
pub(super) async fn move_sheets(txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let mut rounds: HashMap<StampCardId, i32> = HashMap::new();
    let of = |id| stamp_sheet::Entity::find().filter(stamp_sheet::Column::MemberId.eq(id));
    for sheet in of(pair.kept).all(txn).await? {
        let last = rounds.entry(sheet.card_id).or_default();
        *last = sheet.round.max(*last);
    }
    let going = of(pair.gone).order_by_asc(stamp_sheet::Column::Round).all(txn).await?;
    let moved = going.len() as u64;
    for sheet in going {
        let last = rounds.entry(sheet.card_id).or_default();
        *last += 1;
        stamp_sheet::Entity::update_many()
            .col_expr(stamp_sheet::Column::MemberId, Expr::value(pair.kept))
            .col_expr(stamp_sheet::Column::Round, Expr::value(*last))
            .filter(stamp_sheet::Column::Id.eq(sheet.id))
            .exec(txn)
            .await?;
    }
    Ok(moved)
}
