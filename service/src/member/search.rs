//! Finding members in the console: by full phone (through its keyed hash), card number, the beginning of a name, or a tag.

use entity::states::{IdentityProvider, MemberState};
use entity::{identity, member, member_merge, member_tag};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::{Phone, is_present};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, TagId};
use crate::page::{Page, PageRequest};
use crate::redirect;
use crate::staff::{Permission, StaffCaller, StoreScope};
use crate::tag::{CarriedTag, tags_of};

/// Digits of a card number, which starts with 6.
const CARD_DIGITS: usize = 16;

#[derive(Debug, Default)]
pub struct MemberFilter {
    /// A full number; parts of one find nobody.
    pub phone: Option<String>,
    /// A card number, or how a name begins.
    pub q: Option<String>,
    pub tag: Option<TagId>,
}

/// A member with what the console shows beside the row.
pub struct MemberRecord {
    pub member: member::Model,
    pub providers: Vec<IdentityProvider>,
    pub tags: Vec<CarriedTag>,
}

/// Newest first. Whoever is limited to stores must name a full phone or card number.
pub async fn search_members(
    ctx: &Context,
    caller: &StaffCaller,
    filter: MemberFilter,
    page: &PageRequest,
) -> Result<Page<member::Model>> {
    caller.require(Permission::ReadMembers)?;
    let phone = filter.phone.as_deref().map(Phone::parse).transpose()?;
    let q = filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
    let exact = phone.is_some() || q.is_some_and(is_card_number);
    if caller.stores != StoreScope::All && !exact {
        return Err(Error::invalid("phone", "give the full phone or card number of the member"));
    }
    let mut wanted = Condition::all()
        .add(member::Column::State.is_in([MemberState::Active, MemberState::Disabled]))
        .add_option(phone.map(|phone| has_phone(ctx, &phone)))
        .add_option(q.map(is_called))
        .add_option(filter.tag.map(carries));
    if let Some(after) = page.after::<MemberId>()? {
        wanted = wanted.add(member::Column::Id.lt(after));
    }
    let rows = member::Entity::find()
        .filter(wanted)
        .order_by_desc(member::Column::Id)
        .limit(page.limit() + 1)
        .all(ctx.db.read())
        .await?;
    Ok(Page::from_rows(rows, page.limit(), |member| member.id.0))
}

pub async fn get_member(ctx: &Context, caller: &StaffCaller, id: MemberId) -> Result<MemberRecord> {
    caller.require(Permission::ReadMembers)?;
    let member = redirect::find_current(ctx.db.read(), id).await?;
    let member = member.filter(is_present).ok_or(Error::NotFound("member"))?;
    let id = member.id;
    let mut providers: Vec<_> = identity::Entity::find()
        .filter(identity::Column::MemberId.eq(id))
        .all(ctx.db.read())
        .await?
        .into_iter()
        .map(|identity| identity.provider)
        .collect();
    providers.sort_unstable();
    providers.dedup();
    Ok(MemberRecord { member, providers, tags: tags_of(ctx, id).await? })
}

/// The ids of those whom a full phone, a card number or the beginning of a name finds; None where nothing is asked.
pub(crate) fn ids_of(ctx: &Context, filter: &MemberFilter) -> Result<Option<SelectStatement>> {
    let phone = filter.phone.as_deref().map(Phone::parse).transpose()?;
    let q = filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
    if phone.is_none() && q.is_none() && filter.tag.is_none() {
        return Ok(None);
    }
    let wanted = Condition::all()
        .add_option(phone.map(|phone| has_phone(ctx, &phone)))
        .add_option(q.map(is_called))
        .add_option(filter.tag.map(carries));
    let ids = member::Entity::find().select_only().column(member::Column::Id).filter(wanted);
    Ok(Some(ids.into_query()))
}

fn has_phone(ctx: &Context, phone: &Phone) -> Expr {
    let holders = identity::Entity::find()
        .select_only()
        .column(identity::Column::MemberId)
        .filter(
            identity::Column::Provider
                .eq(IdentityProvider::Phone)
                .and(identity::Column::Subject.eq(phone.index(ctx))),
        )
        .into_query();
    member::Column::Id.in_subquery(holders)
}

fn is_called(q: &str) -> Expr {
    if is_card_number(q) {
        return member::Column::CardNumber.eq(q).or(member::Column::Id.in_subquery(merged_cards(q)));
    }
    let escaped = q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    Expr::col(member::Column::Name).like(LikeExpr::new(format!("{escaped}%")).escape('\\'))
}

/// Whose members the card number belonged to before they were merged.
fn merged_cards(number: &str) -> SelectStatement {
    let of_card = member_merge::Entity::belongs_to(member::Entity)
        .from(member_merge::Column::FromId)
        .to(member::Column::Id);
    member_merge::Entity::find()
        .select_only()
        .column(member_merge::Column::CurrentId)
        .join(JoinType::InnerJoin, of_card.into())
        .filter(member::Column::CardNumber.eq(number))
        .into_query()
}

fn carries(tag_id: TagId) -> Expr {
    let carriers = member_tag::Entity::find()
        .select_only()
        .column(member_tag::Column::MemberId)
        .filter(member_tag::Column::TagId.eq(tag_id))
        .into_query();
    member::Column::Id.in_subquery(carriers)
}

fn is_card_number(q: &str) -> bool {
    q.len() == CARD_DIGITS && q.bytes().all(|byte| byte.is_ascii_digit())
}
