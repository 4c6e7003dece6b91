//! Members who may be one person, with what speaks for it: one name and one birthday, or a proof that was refused because something spoke
//! against it.

use std::collections::{BTreeMap, HashMap};

use entity::{duplicate_hint, member};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryResult,
    Statement, Value,
};
use uuid::Uuid;

use super::Pair;
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller, StoreScope};

/// Somebody signed in as one of them proved the other's phone.
pub(crate) const PHONE_PROVEN: &str = "phone_proven";

/// A member, and those who may be the same person.
pub struct Duplicate {
    pub member: member::Model,
    pub others: Vec<Likeness>,
}

pub struct Likeness {
    pub member: member::Model,
    /// `same_name_and_birthday`, `phone_proven`.
    pub evidence: Vec<String>,
}

/// The lower id first.
const PAIRS: &str = "SELECT a.id AS member_id, b.id AS other_id, h.kind AS kind FROM duplicate_hint h \
     JOIN member a ON a.id = h.member_id JOIN member b ON b.id = h.other_id \
     WHERE a.state IN ('active', 'disabled') AND b.state IN ('active', 'disabled') \
     UNION ALL \
     SELECT a.id, b.id, 'same_name_and_birthday' FROM member a \
     JOIN member b ON b.birthday = a.birthday AND b.name = a.name AND b.id > a.id \
     WHERE a.birthday IS NOT NULL AND a.name IS NOT NULL \
     AND a.state IN ('active', 'disabled') AND b.state IN ('active', 'disabled')";

/// Whoever is limited to stores sees pairs of which one is at home there.
pub async fn list_duplicates(
    ctx: &Context,
    caller: &StaffCaller,
    page: &PageRequest,
) -> Result<Page<Duplicate>> {
    caller.require(Permission::MergeMembers)?;
    let pairs = pairs(ctx, caller, page).await?;
    let mut by_member: BTreeMap<MemberId, BTreeMap<MemberId, Vec<String>>> = BTreeMap::new();
    for (member, other, kind) in pairs {
        by_member.entry(member).or_default().entry(other).or_default().push(kind);
    }
    let ids = by_member.iter().flat_map(|(id, others)| std::iter::once(id).chain(others.keys()));
    let rows = member::Entity::find()
        .filter(member::Column::Id.is_in(ids.copied().collect::<Vec<_>>()))
        .all(ctx.db.read())
        .await?;
    let rows: HashMap<MemberId, member::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    let duplicates = by_member.into_iter().filter_map(|(id, others)| {
        let others = others
            .into_iter()
            .filter_map(|(id, evidence)| Some(Likeness { member: rows.get(&id)?.clone(), evidence }));
        Some(Duplicate { member: rows.get(&id)?.clone(), others: others.collect() })
    });
    Ok(Page::from_rows(duplicates.collect(), page.limit(), |duplicate| duplicate.member.id.0))
}

/// The pairs of one member more than a page holds.
async fn pairs(
    ctx: &Context,
    caller: &StaffCaller,
    page: &PageRequest,
) -> Result<Vec<(MemberId, MemberId, String)>> {
    let after = page.after::<MemberId>()?.map_or(Uuid::nil(), |id| id.0);
    let mut values: Vec<Value> = vec![after.into()];
    let mut at_home = String::new();
    if let StoreScope::Only(stores) = &caller.stores {
        let places: Vec<String> = stores
            .iter()
            .map(|store| {
                values.push(store.0.into());
                format!("${}", values.len())
            })
            .collect();
        let places = places.join(", ");
        at_home = format!(
            "AND EXISTS (SELECT 1 FROM member m WHERE m.id IN (p.member_id, p.other_id) \
             AND m.home_store_id IN ({places}))"
        );
    }
    let limit = page.limit() + 1;
    let sql = format!(
        "WITH pairs AS (SELECT * FROM ({PAIRS}) p WHERE p.member_id > $1 {at_home}) \
         SELECT member_id, other_id, kind FROM pairs WHERE member_id IN \
         (SELECT DISTINCT member_id FROM pairs ORDER BY member_id LIMIT {limit}) \
         ORDER BY member_id, other_id, kind"
    );
    let statement = Statement::from_sql_and_values(ctx.db.backend(), sql, values);
    let rows = ctx.db.read().query_all_raw(statement).await?;
    rows.iter().map(pair).collect()
}

fn pair(row: &QueryResult) -> Result<(MemberId, MemberId, String)> {
    Ok((row.try_get("", "member_id")?, row.try_get("", "other_id")?, row.try_get("", "kind")?))
}

/// Keeps what spoke for two members being one; knowing it already changes nothing.
pub(crate) async fn note_hint(ctx: &Context, (one, other): (MemberId, MemberId), kind: &str) -> Result<()> {
    let txn = ctx.db.begin().await?;
    insert(&txn, (one, other), (kind, ctx.now())).await?;
    txn.commit().await?;
    Ok(())
}

async fn insert(
    txn: &impl ConnectionTrait,
    (one, other): (MemberId, MemberId),
    (kind, at): (&str, chrono::DateTime<chrono::Utc>),
) -> Result<()> {
    let (lower, higher) = if one < other { (one, other) } else { (other, one) };
    let row = duplicate_hint::ActiveModel {
        member_id: Set(lower),
        other_id: Set(higher),
        kind: Set(kind.to_owned()),
        created_at: Set(at),
    };
    duplicate_hint::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// What spoke for the one who goes speaks for the one who stays; what spoke for the two of them is settled.
pub(super) async fn move_hints(txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let about = Condition::any()
        .add(duplicate_hint::Column::MemberId.eq(pair.gone))
        .add(duplicate_hint::Column::OtherId.eq(pair.gone));
    let rows = duplicate_hint::Entity::find().filter(about.clone()).all(txn).await?;
    duplicate_hint::Entity::delete_many().filter(about).exec(txn).await?;
    let mut moved = 0;
    for row in rows {
        let third = if row.member_id == pair.gone { row.other_id } else { row.member_id };
        if third != pair.kept {
            insert(txn, (third, pair.kept), (&row.kind, row.created_at)).await?;
            moved += 1;
        }
    }
    Ok(moved)
}
