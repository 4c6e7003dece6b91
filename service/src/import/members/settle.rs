//! What becomes of a chunk of members, in one transaction: stores, members, identities, tags.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use entity::states::IdentityProvider;
use entity::{identity, member, member_tag, tag};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value,
};

use super::draft::Draft;
use super::loyalty::{self, Brought};
use super::row::Row;
use super::{Identity, Scope};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, StoreId, TagId, TierId};
use crate::import::{CHUNK_TRIES, in_parts, look_up, rows_per_statement};
use crate::member::identity_row;

const BLANKS_BYTES: usize = 250;
const TAG_BYTES: usize = 80;

/// What becomes of one row.
pub(super) enum Fate {
    Bad(String),
    Taken { new: bool, filled: bool, kept: u64 },
}

#[derive(Default)]
pub(super) struct Settled {
    /// One for each row of the chunk, in its order.
    pub fates: Vec<Fate>,
    /// The identities that are new, and all members that the chunk touches.
    pub identities: Vec<(Identity, MemberId)>,
    pub drafts: HashMap<MemberId, Draft>,
}

pub(super) async fn settle(scope: Scope<'_>, rows: &[Row]) -> Result<Settled> {
    if rows.is_empty() {
        return Ok(Settled::default());
    }
    if !scope.write {
        let read = scope.ctx.db.read();
        return Ok(Chunk::load(scope, rows, read).await?.judge(rows).settled);
    }
    let mut tries = 1;
    loop {
        match write(scope, rows).await {
            Ok(Some(settled)) => return Ok(settled),
            Ok(None) if tries < CHUNK_TRIES => {}
            Ok(None) => {
                return Err(Error::internal(anyhow::anyhow!("another import keeps taking the same members")));
            }
            Err(Error::Unavailable { .. }) if tries < CHUNK_TRIES => {
                scope.ctx.clock.sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error),
        }
        tries += 1;
    }
}

/// `None`: somebody else took one of the identities meanwhile; nothing is written.
async fn write(scope: Scope<'_>, rows: &[Row]) -> Result<Option<Settled>> {
    let ctx = scope.ctx;
    let txn = ctx.db.begin().await?;
    if scope.plan.import.create_stores {
        let mut codes = store_codes(rows);
        let known = look_up::stores(&txn, &codes).await?;
        codes.retain(|code| !known.contains_key(code));
        look_up::create_stores(ctx, &txn, codes.iter()).await?;
    }
    let judged = Chunk::load(scope, rows, &txn).await?.judge(rows);
    let settled = judged.settled;
    let identities = settled
        .identities
        .iter()
        .map(|((provider, subject), id)| identity_row(ctx, *id, *provider, subject.clone()))
        .collect();
    let fresh = settled.drafts.values().filter(|draft| draft.fresh);
    let fresh = fresh.map(|draft| draft.insert_row(ctx)).collect::<Result<Vec<_>>>()?;
    if !look_up::insert_members(&txn, fresh, identities).await? {
        txn.rollback().await?;
        return Ok(None);
    }
    fill_blanks(ctx, &txn, &settled.drafts).await?;
    put_tags(ctx, &txn, judged.tags).await?;
    loyalty::bring(ctx, &txn, judged.brought).await?;
    txn.commit().await?;
    Ok(Some(settled))
}

fn store_codes(rows: &[Row]) -> BTreeSet<String> {
    rows.iter().filter_map(|row| row.store.clone()).collect()
}

struct Chunk<'a> {
    ctx: &'a Context,
    create_stores: bool,
    stores: HashMap<String, StoreId>,
    /// Whose each identity of the chunk is; grows as rows are judged.
    owners: HashMap<Identity, MemberId>,
    drafts: HashMap<MemberId, Draft>,
    tags: BTreeMap<String, BTreeSet<MemberId>>,
    tiers: HashMap<String, TierId>,
    brought: Vec<Brought>,
}

struct Judged {
    settled: Settled,
    /// Who gets which tag.
    tags: BTreeMap<String, BTreeSet<MemberId>>,
    brought: Vec<Brought>,
}

impl<'a> Chunk<'a> {
    async fn load(scope: Scope<'a>, rows: &[Row], connection: &impl ConnectionTrait) -> Result<Chunk<'a>> {
        let stores = look_up::stores(connection, &store_codes(rows)).await?;
        let mut subjects: BTreeMap<IdentityProvider, BTreeSet<String>> = BTreeMap::new();
        for (provider, subject) in rows.iter().flat_map(|row| &row.identities) {
            subjects.entry(*provider).or_default().insert(subject.clone());
        }
        let mut owners = HashMap::new();
        for (provider, subjects) in &subjects {
            let found = look_up::identities(connection, *provider, subjects).await?;
            owners.extend(found.into_iter().map(|(subject, id)| ((*provider, subject), id)));
        }
        let mut drafts = drafts(connection, owners.values().copied().collect(), scope.write).await?;
        for identity in rows.iter().flat_map(|row| &row.identities) {
            owners.extend(scope.planned.identities.get(identity).map(|id| (identity.clone(), *id)));
        }
        for id in owners.values() {
            drafts.extend(scope.planned.drafts.get(id).map(|draft| (*id, draft.clone())));
        }
        let create_stores = scope.plan.import.create_stores;
        let tiers = loyalty::tiers(connection).await?;
        let (ctx, tags, brought) = (scope.ctx, BTreeMap::new(), Vec::new());
        Ok(Chunk { ctx, create_stores, stores, owners, drafts, tags, tiers, brought })
    }

    fn judge(mut self, rows: &[Row]) -> Judged {
        let mut settled = Settled::default();
        for row in rows {
            let fate = self.judge_row(row, &mut settled.identities).unwrap_or_else(Fate::Bad);
            settled.fates.push(fate);
        }
        settled.drafts = self.drafts;
        Judged { settled, tags: self.tags, brought: self.brought }
    }

    fn judge_row(
        &mut self,
        row: &Row,
        added: &mut Vec<(Identity, MemberId)>,
    ) -> std::result::Result<Fate, String> {
        let home_store_id = self.home_store(row)?;
        let owner = self.owner(row)?;
        let tier = self.tier(row)?;
        let id = owner.unwrap_or_else(|| self.ctx.new_id());
        let draft = self.drafts.entry(id).or_insert_with(|| Draft::fresh(id));
        if let Some(reason) = look_up::refused(draft.state) {
            return Err(reason);
        }
        let filled = draft.fill(row, home_store_id);
        for identity in filled.identities {
            self.owners.insert(identity.clone(), id);
            added.push((identity, id));
        }
        if row.points.is_some() || tier.is_some() {
            self.brought.push(Brought { member_id: id, points: row.points, tier });
        }
        for tag in &row.tags {
            self.tags.entry(tag.clone()).or_default().insert(id);
        }
        Ok(Fate::Taken { new: owner.is_none(), filled: filled.any, kept: filled.kept })
    }

    fn home_store(&self, row: &Row) -> std::result::Result<Option<StoreId>, String> {
        let Some(code) = &row.store else { return Ok(None) };
        match self.stores.get(code) {
            Some(id) => Ok(Some(*id)),
            // Only a dry run gets here: the store would have been made.
            None if self.create_stores => Ok(None),
            None => Err(format!("there is no store {code}; --create-store makes it")),
        }
    }

    fn tier(&self, row: &Row) -> std::result::Result<Option<TierId>, String> {
        let Some(name) = &row.tier else { return Ok(None) };
        self.tiers.get(name).map(|id| Some(*id)).ok_or_else(|| format!("there is no tier {name}"))
    }

    /// The one member to whom the row's identities belong, if any does.
    fn owner(&self, row: &Row) -> std::result::Result<Option<MemberId>, String> {
        let mut owner: Option<(IdentityProvider, MemberId)> = None;
        for identity in &row.identities {
            let Some(id) = self.owners.get(identity).copied() else { continue };
            match owner {
                Some((first, other)) if other != id => {
                    let (first, second) = (first.as_str(), identity.0.as_str());
                    return Err(format!("{first} and {second} belong to two different members"));
                }
                _ => owner = Some((identity.0, id)),
            }
        }
        Ok(owner.map(|(_, id)| id))
    }
}

async fn drafts(
    connection: &impl ConnectionTrait,
    ids: BTreeSet<MemberId>,
    lock: bool,
) -> Result<HashMap<MemberId, Draft>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = member::Entity::find()
        .filter(member::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(member::Column::Id);
    if lock {
        query = query.lock_exclusive();
    }
    let rows = query.all(connection).await?;
    let identities =
        identity::Entity::find().filter(identity::Column::MemberId.is_in(ids)).all(connection).await?;
    let mut subjects: HashMap<MemberId, HashMap<IdentityProvider, String>> = HashMap::new();
    for row in identities {
        subjects.entry(row.member_id).or_default().insert(row.provider, row.subject);
    }
    Ok(rows
        .into_iter()
        .map(|row| (row.id, Draft::known(row.clone(), subjects.remove(&row.id).unwrap_or_default())))
        .collect())
}

/// Fills what is blank in members who were there, many in one statement.
async fn fill_blanks(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    drafts: &HashMap<MemberId, Draft>,
) -> Result<()> {
    let changed = drafts.values().filter(|draft| draft.changed && !draft.fresh);
    for some in in_parts(changed, rows_per_statement(BLANKS_BYTES)) {
        fill_some_blanks(ctx, connection, some).await?;
    }
    Ok(())
}

async fn fill_some_blanks(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    drafts: Vec<&Draft>,
) -> Result<()> {
    let mut values: Vec<Value> = vec![ctx.now().into()];
    let list = look_up::values_list(drafts.len(), 7, 2);
    for draft in drafts {
        values.extend(draft.update_values(ctx)?);
    }
    let sql = format!(
        "UPDATE member SET updated_at = $1, name = COALESCE(member.name, v.column2), \
         name_since = CASE WHEN member.name IS NULL AND v.column2 IS NOT NULL THEN $1 ELSE member.name_since END, \
         gender = COALESCE(member.gender, v.column3), birthday = COALESCE(member.birthday, v.column4), \
         home_store_id = COALESCE(member.home_store_id, v.column5), \
         phone_cipher = COALESCE(member.phone_cipher, v.column6), \
         marketing_consent = member.marketing_consent OR v.column7, \
         marketing_consent_at = CASE WHEN v.column7 THEN COALESCE(member.marketing_consent_at, $1) \
         ELSE member.marketing_consent_at END \
         FROM {list} WHERE member.id = v.column1"
    );
    connection.execute_raw(Statement::from_sql_and_values(ctx.db.backend(), sql, values)).await?;
    Ok(())
}

async fn put_tags(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    tags: BTreeMap<String, BTreeSet<MemberId>>,
) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    let rows = tags.keys().map(|name| tag::ActiveModel {
        id: Set(ctx.new_id()),
        name: Set(name.clone()),
        created_at: Set(ctx.now()),
    });
    let taken = OnConflict::column(tag::Column::Name).do_nothing().to_owned();
    tag::Entity::insert_many(rows).on_conflict(taken).exec_without_returning(connection).await?;
    let ids: Vec<(String, TagId)> = tag::Entity::find()
        .select_only()
        .columns([tag::Column::Name, tag::Column::Id])
        .filter(tag::Column::Name.is_in(tags.keys()))
        .into_tuple()
        .all(connection)
        .await?;
    let worn = ids
        .iter()
        .flat_map(|(name, id)| tags.get(name).into_iter().flatten().map(move |member| (*member, *id)));
    let worn: BTreeSet<(MemberId, TagId)> = worn.collect();
    wear(ctx, connection, worn.into_iter().collect()).await
}

async fn wear(ctx: &Context, connection: &impl ConnectionTrait, worn: Vec<(MemberId, TagId)>) -> Result<()> {
    for some in worn.chunks(rows_per_statement(TAG_BYTES)) {
        let rows = some.iter().map(|(member_id, tag_id)| member_tag::ActiveModel {
            member_id: Set(*member_id),
            tag_id: Set(*tag_id),
            source: Set("import".to_owned()),
            reason: Set(None),
            created_at: Set(ctx.now()),
        });
        let there = OnConflict::columns([member_tag::Column::MemberId, member_tag::Column::TagId])
            .do_nothing()
            .to_owned();
        member_tag::Entity::insert_many(rows).on_conflict(there).exec_without_returning(connection).await?;
    }
    Ok(())
}
