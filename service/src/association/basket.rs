//! The baskets of a run: what was kept of each purchase, read page by page; things are numbered as they turn up.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{purchase, purchase_line, refund, refund_line};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::find::Good;
use super::request::{Grain, Parameters};
use super::rules::Item;
use crate::analysis;
use crate::context::Context;
use crate::db::is_any;
use crate::error::Result;
use crate::ids::PurchaseId;

/// Purchases that are read at once.
pub const PAGE: u64 = 1_000;

/// Purchases of a span that end before `until`, with refunds up to then.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

#[derive(Debug, Default)]
pub struct Baskets {
    pub baskets: Vec<Vec<Item>>,
    /// Purchases that something was kept of and of which no goods are known.
    pub without_goods: i64,
    goods: Vec<Good>,
    numbers: HashMap<String, Item>,
}

impl Baskets {
    pub fn good(&self, item: Item) -> Option<&Good> {
        self.goods.get(usize::try_from(item).unwrap_or(usize::MAX))
    }

    fn number(&mut self, good: Good) -> Item {
        let next = Item::try_from(self.goods.len()).unwrap_or(Item::MAX);
        let number = *self.numbers.entry(good.key().to_owned()).or_insert(next);
        match self.goods.get_mut(usize::try_from(number).unwrap_or(usize::MAX)) {
            // What it was called last.
            Some(known) => known.name = good.name,
            None => self.goods.push(good),
        }
        number
    }
}

type Line = (PurchaseId, Option<String>, String, Option<String>, i64, i64);

/// Adds the baskets of the purchases behind `after`; answers the last of them. None: there are no more.
pub async fn add_page(
    ctx: &Context,
    (span, parameters): (Span, &Parameters),
    after: Option<PurchaseId>,
    found: &mut Baskets,
) -> Result<Option<PurchaseId>> {
    let purchases = purchases(ctx, span, after).await?;
    let Some((last, ..)) = purchases.last().copied() else { return Ok(None) };
    let kept = purchases.into_iter().filter(|(_, total, back)| *total == 0 || back < total);
    let mut held: HashMap<PurchaseId, Vec<Good>> = HashMap::new();
    let kept: Vec<PurchaseId> = kept.map(|(id, ..)| id).collect();
    for line in lines(ctx, span, &kept).await? {
        let (id, quantity) = (line.0, line.4 - line.5);
        if quantity > 0
            && let Some(good) = good_of(parameters, line)
        {
            held.entry(id).or_default().push(good);
        }
    }
    for id in kept {
        let mut basket: Vec<Item> =
            held.remove(&id).unwrap_or_default().into_iter().map(|good| found.number(good)).collect();
        basket.sort_unstable();
        basket.dedup();
        match basket.is_empty() {
            true => found.without_goods += 1,
            false => found.baskets.push(basket),
        }
    }
    Ok(Some(last))
}

/// None: it is left out, or nothing is known of its category.
fn good_of(parameters: &Parameters, (_, code, name, category, ..): Line) -> Option<Good> {
    let Parameters { grain, exclusions, .. } = parameters;
    if category.as_ref().is_some_and(|category| exclusions.categories.contains(category)) {
        return None;
    }
    if exclusions.products.contains(code.as_deref().unwrap_or(&name)) {
        return None;
    }
    match grain {
        Grain::Product => Some(Good { code, name }),
        Grain::Category => category.map(|name| Good { code: None, name }),
    }
}

/// Id, what was paid, and what of it was given back by then.
async fn purchases(
    ctx: &Context,
    span: Span,
    after: Option<PurchaseId>,
) -> Result<Vec<(PurchaseId, i64, i64)>> {
    use purchase::Column::{Id, PurchasedAt, TotalFen};
    let mut query = purchase::Entity::find()
        .select_only()
        .columns([Id, TotalFen])
        .column_as(analysis::given_back(span.until), "given_back")
        .filter(PurchasedAt.gte(span.from))
        .filter(PurchasedAt.lt(span.until))
        .order_by_asc(Id)
        .limit(PAGE);
    if let Some(after) = after {
        query = query.filter(Id.gt(after));
    }
    Ok(query.into_tuple().all(ctx.db.read()).await?)
}

/// With how many pieces were bought and how many given back by then.
async fn lines(ctx: &Context, span: Span, ids: &[PurchaseId]) -> Result<Vec<Line>> {
    use purchase_line::Column::{Category, Id, Name, ProductCode, PurchaseId as Purchase, Quantity};
    let back = Query::select()
        .expr(Expr::col((refund_line::Entity, refund_line::Column::Quantity)).sum().cast_as("bigint"))
        .from(refund_line::Entity)
        .inner_join(
            refund::Entity,
            Expr::col((refund::Entity, refund::Column::Id))
                .equals((refund_line::Entity, refund_line::Column::RefundId)),
        )
        .and_where(
            Expr::col((refund_line::Entity, refund_line::Column::PurchaseLineId))
                .equals((purchase_line::Entity, Id)),
        )
        .and_where(refund::Column::RefundedAt.lt(span.until))
        .to_owned();
    let pieces_back: Expr =
        Func::coalesce([Expr::SubQuery(None, Box::new(back.into())), Expr::cust("0")]).into();
    Ok(purchase_line::Entity::find()
        .select_only()
        .columns([Purchase, ProductCode, Name, Category, Quantity])
        .column_as(pieces_back, "given_back")
        .filter(is_any(ctx.db.backend(), Purchase, ids.iter().copied()))
        .order_by_asc(Id)
        .into_tuple()
        .all(ctx.db.read())
        .await?)
}
