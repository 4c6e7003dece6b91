//! The rows of `budget`. Their locks come after deliveries, members and the coupon template and before consents, and are taken
//! in the order of the names.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::budget;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::purse::{Ceilings, Purse};
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::CampaignId;

/// The three budgets that a message of one campaign at one time is charged to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    campaign: String,
    month: String,
}

const BRAND: &str = "brand";

impl Account {
    pub fn of(ctx: &Context, campaign: CampaignId, at: DateTime<Utc>) -> Self {
        let day = calendar::local_date(at, ctx.settings.timezone);
        Self { campaign: format!("campaign:{campaign}"), month: format!("month:{}", day.format("%Y-%m")) }
    }

    fn names(&self) -> [&str; 3] {
        [BRAND, &self.campaign, &self.month]
    }

    fn sort(&self, rows: &[budget::Model]) -> Ceilings {
        let of = |name: &str| rows.iter().find(|row| row.name == name).map(|row| row.taken_fen);
        Ceilings { campaign_fen: of(&self.campaign), month_fen: of(&self.month), brand_fen: of(BRAND) }
    }
}

/// What is left now, for a forecast: nothing is locked or taken.
pub async fn look(connection: &impl ConnectionTrait, account: &Account, ceilings: Ceilings) -> Result<Purse> {
    let rows = budget::Entity::find().filter(budget::Column::Name.is_in(account.names())).all(connection);
    Ok(Purse::new(ceilings, account.sort(&rows.await?)))
}

/// Locks the account's budgets and tells what is left of them.
pub async fn open(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    account: &Account,
    ceilings: Ceilings,
) -> Result<Purse> {
    let rows = account.names().map(|name| budget::ActiveModel {
        name: Set(name.to_owned()),
        taken_fen: Set(0),
        updated_at: Set(ctx.now()),
    });
    budget::Entity::insert_many(rows)
        .on_conflict(OnConflict::column(budget::Column::Name).do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    let rows = lock(txn, &account.names()).await?;
    Ok(Purse::new(ceilings, account.sort(&rows)))
}

/// Writes what was taken out of an opened purse. The conditions repeat the ceilings: were one of them not to hold, nothing of
/// the batch is.
pub async fn reserve(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    account: &Account,
    (ceilings, purse): (Ceilings, &Purse),
) -> Result<()> {
    let fen = purse.taken_fen();
    if fen == 0 {
        return Ok(());
    }
    let under = |name: &str, ceiling: Option<i64>| {
        let row = Condition::all().add(budget::Column::Name.eq(name));
        row.add_option(ceiling.map(|ceiling| budget::Column::TakenFen.lte(ceiling - fen)))
    };
    let moved = add(ctx, fen)
        .filter(
            Condition::any()
                .add(under(BRAND, ceilings.brand_fen))
                .add(under(&account.campaign, ceilings.campaign_fen))
                .add(under(&account.month, ceilings.month_fen)),
        )
        .exec(txn)
        .await?;
    if moved.rows_affected == account.names().len() as u64 {
        return Ok(());
    }
    Err(Error::internal(std::io::Error::other("a budget moved under its lock")))
}

/// Gives back what was reserved and surely not spent.
pub async fn give_back(ctx: &Context, txn: &impl ConnectionTrait, account: &Account, fen: i64) -> Result<()> {
    give_back_all(ctx, txn, &BTreeMap::from([(account.clone(), fen)])).await
}

/// The same for several campaigns at once; every row is locked before the first is changed.
pub async fn give_back_all(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    amounts: &BTreeMap<Account, i64>,
) -> Result<()> {
    let owed = || amounts.iter().filter(|(_, fen)| **fen != 0);
    let names: BTreeSet<&str> = owed().flat_map(|(account, _)| account.names()).collect();
    if names.is_empty() {
        return Ok(());
    }
    lock(txn, &Vec::from_iter(names)).await?;
    for (account, fen) in owed() {
        add(ctx, -fen).filter(budget::Column::Name.is_in(account.names())).exec(txn).await?;
    }
    Ok(())
}

async fn lock(txn: &impl ConnectionTrait, names: &[&str]) -> Result<Vec<budget::Model>> {
    Ok(budget::Entity::find()
        .filter(budget::Column::Name.is_in(names.iter().copied()))
        .order_by_asc(budget::Column::Name)
        .lock(LockType::NoKeyUpdate)
        .all(txn)
        .await?)
}

fn add(ctx: &Context, fen: i64) -> sea_orm::UpdateMany<budget::Entity> {
    budget::Entity::update_many()
        .col_expr(budget::Column::TakenFen, Expr::col(budget::Column::TakenFen).add(fen))
        .col_expr(budget::Column::UpdatedAt, Expr::value(ctx.now()))
}
