//! Members: persons enrolled in the programme.
//!
//! Invariants: a phone number exists only sealed on the member and as a keyed hash in `identity`; `purchase_*` equal the sums
//! over the member's purchases; a disabled, deleted or merged member is refused on every path. Written by sign-in,
//! import and the console; read by everybody.
//!
//! One person is one member: two records of one are merged, see [`merge`]. An id that was merged away answers as the member who stayed.
//!
//! What staff see is masked. Whoever is limited to stores looks a member up by full phone or card number and can't browse.

pub mod attribute_value;
mod delete;
mod enrol;
mod export;
mod export_loyalty;
pub mod merge;
mod profile;
mod reveal_phone;
mod search;
mod state;
mod tag;
mod timeline;
mod walk_in;

pub use delete::{delete_me, delete_member};
pub use enrol::{NewMember, identity_row, new_row};
pub use export::{export_me, export_member};
pub use profile::{ChangeProfile, change_profile};
pub use reveal_phone::reveal_phone;
pub(crate) use search::ids_of;
pub use search::{MemberFilter, MemberRecord, get_member, search_members};
pub use state::{disable_member, enable_member};
pub use tag::{tag_member, untag_member};
pub use timeline::{TimelineEntry, TimelineKind, read_timeline};
pub use walk_in::{EnrolWalkIn, WalkIn, enrol_walk_in};

use std::collections::{BTreeSet, HashMap};

use entity::member;
pub use entity::member::Model as MemberRow;
use entity::states::{AgeBand, MemberState};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::audience;
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::MemberId;
pub use crate::phone::Phone;
use crate::redirect;

/// Of the words in which staff say why they reveal, hand out or delete what is a member's.
const REASON_CHARACTERS: usize = 200;

/// Null without a birthday; the day is that of the shop.
pub fn age_band(ctx: &Context, member: &member::Model) -> Option<AgeBand> {
    let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
    Some(audience::age_band(audience::rule::age_on(member.birthday?, today)))
}

/// `138****5678`, as everybody but the audited reveal sees it.
pub fn masked_phone(ctx: &Context, member: &member::Model) -> Result<Option<String>> {
    let sealed = member.phone_cipher.as_deref();
    sealed.map(|sealed| Phone::open(ctx, sealed).map(|phone| phone.masked())).transpose()
}

/// The first character, and a star for each other: enough to greet, not to remember.
pub fn masked_name(member: &member::Model) -> Option<String> {
    let mut characters = member.name.as_deref()?.chars();
    let first = characters.next()?;
    Some(std::iter::once(first).chain(characters.map(|_| '*')).collect())
}

/// The rows of members, whatever their state.
pub(crate) async fn find_all(
    ctx: &Context,
    ids: impl IntoIterator<Item = MemberId>,
) -> Result<HashMap<MemberId, member::Model>> {
    let ids: BTreeSet<MemberId> = ids.into_iter().collect();
    let rows = member::Entity::find().filter(member::Column::Id.is_in(ids)).all(ctx.db.read()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The row of who answers for the id, locked; one that was deleted is not found.
pub(crate) async fn lock_present(txn: &impl ConnectionTrait, id: MemberId) -> Result<member::Model> {
    let member = redirect::lock_current(txn, id).await?;
    member.filter(is_present).ok_or(Error::NotFound("member"))
}

pub(crate) fn is_present(member: &member::Model) -> bool {
    matches!(member.state, MemberState::Active | MemberState::Disabled)
}
