//! What a member owns, table by table, and how it goes over to the member who stays. A test holds that every table with a `member_id` is
//! named here: whoever adds one decides it here.

use std::collections::BTreeMap;

use entity::session;
use entity::states::SubjectKind;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, Statement, Value,
};

use super::{Pair, consents, coupons, deliveries, duplicates, invitations, loyalty, wishes};
use crate::context::Context;
use crate::error::Result;
use crate::{points, tier};

/// How the rows of a table go over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// All of them.
    All,
    /// Those that the member who stays does not have yet, told by these columns; the others are superfluous and go.
    Missing(&'static [&'static str]),
    /// By a rule of their own, see the modules beside this one, `points::join` and `tier::join`.
    Consents,
    Coupons,
    Packs,
    Transfers,
    Deliveries,
    Duplicates,
    Sessions,
    Wishes,
    CheckIns,
    Exchanges,
    Invitations,
    Points,
    Rights,
    Sheets,
    Tier,
    /// They stay, for the reason given.
    Stay(&'static str),
}

/// In the order in which locks are taken.
pub const BELONGINGS: &[(&str, How)] = &[
    ("delivery", How::Deliveries),
    ("merged_slot", How::All),
    ("notice", How::All),
    ("feedback", How::All),
    ("identity", How::All),
    ("session", How::Sessions),
    // The one that they signed in with last may be either; the one of who stays holds.
    ("member_password", How::Missing(&[])),
    ("sign_in_event", How::All),
    ("passkey", How::All),
    ("purchase", How::All),
    ("return_period", How::All),
    ("refund", How::All),
    // The tier's coupons are issued by the templates' locks, which come before the coupons'.
    ("tier_standing", How::Tier),
    ("tier_change", How::All),
    ("right_use", How::Rights),
    ("coupon_pack_claim", How::Packs),
    ("coupon_code", How::All),
    // Before the coupons, as a reversal locks them, and once more after them.
    ("redemption", How::All),
    ("coupon", How::Coupons),
    ("coupon_transfer", How::Transfers),
    ("points_account", How::Points),
    ("points_lot", How::All),
    ("points_adjustment", How::All),
    (
        "points_entry",
        How::Stay(
            "the ledger never changes: an entry of each gives and takes what there was, and the statement shows both",
        ),
    ),
    ("check_in", How::CheckIns),
    ("invitation", How::Invitations),
    ("survey_answer", How::Missing(&["survey_id"])),
    ("exchange", How::Exchanges),
    ("stamp_sheet", How::Sheets),
    ("stamp", How::All),
    ("welcome_gift", How::Missing(&[])),
    ("member_tag", How::Missing(&["tag_id"])),
    ("member_attribute", How::Missing(&["attribute_id"])),
    ("member_event", How::Missing(&["client_id"])),
    ("rfm_member", How::Stay("the next run counts what both bought")),
    ("inbox_message", How::All),
    ("opt_out", How::Missing(&["channel", "topic"])),
    ("opt_out_event", How::All),
    ("preference", How::Wishes),
    ("consent", How::Consents),
    ("consent_event", How::All),
    ("duplicate_hint", How::Duplicates),
    (
        "scan",
        How::Stay("a card's codes are good once per card; a scan finds its member through the redirect"),
    ),
];

/// How many rows of each table went over; tables without any are left out.
pub(super) async fn hand_over(
    ctx: &Context,
    txn: &DatabaseTransaction,
    pair: Pair,
) -> Result<BTreeMap<&'static str, u64>> {
    consents::drop_unreachable(txn, pair).await?;
    let mut moved = BTreeMap::new();
    for (table, how) in BELONGINGS {
        let rows = match how {
            How::All => move_all(txn, table, pair).await?,
            How::Missing(columns) => move_missing(txn, table, columns, pair).await?,
            How::Consents => consents::move_consents(ctx, txn, pair).await?,
            How::Coupons => coupons::move_coupons(ctx, txn, pair).await?,
            How::Deliveries => deliveries::move_deliveries(ctx, txn, pair).await?,
            How::Duplicates => duplicates::move_hints(txn, pair).await?,
            How::Sessions => move_sessions(txn, pair).await?,
            How::Wishes => wishes::move_wishes(ctx, txn, pair).await?,
            How::Packs => coupons::move_pack_claims(txn, pair).await?,
            How::Transfers => coupons::move_transfers(txn, pair).await?,
            How::CheckIns => loyalty::move_check_ins(txn, pair).await?,
            How::Exchanges => loyalty::move_exchanges(txn, pair).await?,
            How::Invitations => invitations::move_invitations(txn, pair).await?,
            How::Points => points::join(ctx, txn, (pair.kept, pair.gone)).await?,
            How::Rights => loyalty::move_right_uses(txn, pair).await?,
            How::Sheets => loyalty::move_sheets(txn, pair).await?,
            How::Tier => move_tier(ctx, txn, pair).await?,
            How::Stay(_) => 0,
        };
        if rows > 0 {
            moved.insert(*table, rows);
        }
    }
    Ok(moved)
}

pub(super) async fn move_all(txn: &impl ConnectionTrait, table: &str, pair: Pair) -> Result<u64> {
    run(txn, &format!("UPDATE {table} SET member_id = $1 WHERE member_id = $2"), pair).await
}

pub(super) async fn move_missing(
    txn: &impl ConnectionTrait,
    table: &str,
    columns: &[&str],
    pair: Pair,
) -> Result<u64> {
    let alike: String =
        columns.iter().map(|column| format!(" AND kept.{column} = {table}.{column}")).collect();
    let superfluous = format!(
        "DELETE FROM {table} WHERE member_id = $2 AND EXISTS \
         (SELECT 1 FROM {table} kept WHERE kept.member_id = $1{alike})"
    );
    run(txn, &superfluous, pair).await?;
    move_all(txn, table, pair).await
}

/// $1 who stays, $2 who goes.
pub(super) async fn run(txn: &impl ConnectionTrait, sql: &str, pair: Pair) -> Result<u64> {
    let values: [Value; 2] = [pair.kept.0.into(), pair.gone.0.into()];
    let statement = Statement::from_sql_and_values(txn.get_database_backend(), sql, values);
    Ok(txn.execute_raw(statement).await?.rows_affected())
}

/// What both bought may have earned a higher tier than either had.
async fn move_tier(ctx: &Context, txn: &DatabaseTransaction, pair: Pair) -> Result<u64> {
    let moved = tier::join(ctx, txn, (pair.kept, pair.gone)).await?;
    Box::pin(tier::reassess(ctx, txn, pair.kept)).await?;
    Ok(moved)
}

async fn move_sessions(txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let moved = session::Entity::update_many()
        .col_expr(session::Column::SubjectId, Expr::value(pair.kept.0))
        .filter(session::Column::SubjectKind.eq(SubjectKind::Member))
        .filter(session::Column::SubjectId.eq(pair.gone.0))
        .exec(txn)
        .await?;
    Ok(moved.rows_affected)
}
