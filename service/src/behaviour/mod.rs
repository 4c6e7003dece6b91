//! What members do in the mini-program: visits, pages, how long. Collected only from who agreed to it, a yes apart from the one for
//! advertising; taking it back deletes what was collected. Bounded per batch and day, kept for 180 days.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, SubsecRound, Utc};
use entity::member_event;
pub use entity::member_event::Model as MemberEventRow;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::Value;

use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberEventId, MemberId};
use crate::member;
use crate::page::{Page, PageRequest};
use crate::redirect;
use crate::refusal::Refusal;
use crate::session::{self, MemberCaller};
use crate::staff::{Permission, StaffCaller};
use crate::text;

pub const BATCH: usize = 100;
const PER_DAY: u64 = 2_000;
const ID_CHARACTERS: usize = 64;
const NAME_CHARACTERS: usize = 40;
const PAGE_CHARACTERS: usize = 200;
const DETAIL_BYTES: usize = 1_000;
const LONGEST_SECONDS: i64 = 86_400;
/// A phone may have been without network; what it says later is too old to matter.
const OLDEST: Duration = Duration::days(7);
const AHEAD: Duration = Duration::minutes(10);
const KEPT: Duration = Duration::days(180);

/// One thing that happened on the phone.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The client's own; the same one again is the same event.
    pub id: String,
    /// E.g. `page_view`, `page_leave`.
    pub name: String,
    pub page: Option<String>,
    pub at: DateTime<Utc>,
    pub duration_ms: Option<i64>,
    pub detail: Option<Value>,
}

/// How many were new; the others were known.
///
/// # Refuses
/// `behaviour_consent_required`, `member_disabled`
pub async fn record_events(ctx: &Context, caller: &MemberCaller, events: Vec<NewEvent>) -> Result<u64> {
    if events.is_empty() || events.len() > BATCH {
        return Err(Error::invalid("events", format!("are 1 to {BATCH}")));
    }
    let now = ctx.now();
    for (index, event) in events.iter().enumerate() {
        check(event, now)
            .map_err(|(field, message)| Error::invalid(format!("events[{index}].{field}"), message))?;
    }
    let txn = ctx.db.begin().await?;
    let member = session::require_active_member(member::lock_present(&txn, caller.member.id).await?)?;
    if !member.behaviour_consent {
        return Err(Refusal::BehaviourConsentRequired.into());
    }
    require_room(ctx, &txn, member.id, events.len() as u64).await?;
    let mut seen = BTreeSet::new();
    let first = events.into_iter().filter(|event| seen.insert(event.id.clone()));
    let rows: Vec<_> = first.map(|event| row(ctx, member.id, event)).collect();
    let known = OnConflict::columns([member_event::Column::MemberId, member_event::Column::ClientId])
        .do_nothing()
        .to_owned();
    let recorded =
        member_event::Entity::insert_many(rows).on_conflict(known).exec_without_returning(&txn).await?;
    txn.commit().await?;
    Ok(recorded)
}

fn check(event: &NewEvent, now: DateTime<Utc>) -> std::result::Result<(), (&'static str, String)> {
    let worded = |field: &'static str, checked: Result<String>| match checked {
        Ok(_) => Ok(()),
        Err(Error::Invalid(errors)) => {
            Err((field, errors.into_iter().next().map(|error| error.message).unwrap_or_default()))
        }
        Err(_) => Err((field, "is not a text".to_owned())),
    };
    worded("id", text::code("id", &event.id, ID_CHARACTERS))?;
    worded("name", text::code("name", &event.name, NAME_CHARACTERS))?;
    if let Some(page) = &event.page {
        worded("page", text::line("page", page, PAGE_CHARACTERS))?;
    }
    if event.at < now - OLDEST || event.at > now + AHEAD {
        return Err(("at", "lies within the last 7 days".to_owned()));
    }
    if event.duration_ms.is_some_and(|length| !(0..=LONGEST_SECONDS * 1_000).contains(&length)) {
        return Err(("duration_ms", "is a day at most".to_owned()));
    }
    let fits = |detail: &Value| detail.is_object() && detail.to_string().len() <= DETAIL_BYTES;
    if event.detail.as_ref().is_some_and(|detail| !fits(detail)) {
        return Err(("detail", format!("is an object of at most {DETAIL_BYTES} bytes")));
    }
    Ok(())
}

/// A day of the shop; the member is locked, so that batches at once are counted one after the other.
async fn require_room(ctx: &Context, txn: &impl ConnectionTrait, id: MemberId, more: u64) -> Result<()> {
    let zone = ctx.settings.timezone;
    let today = calendar::local_date(ctx.now(), zone);
    let begins = calendar::start_of_day(today, zone);
    let taken = member_event::Entity::find()
        .filter(member_event::Column::MemberId.eq(id))
        .filter(member_event::Column::ReceivedAt.gte(begins))
        .count(txn)
        .await?;
    if taken + more <= PER_DAY {
        return Ok(());
    }
    let ends = calendar::start_of_day(today.succ_opt().unwrap_or(today), zone);
    Err(Error::RateLimited { retry_after: (ends - ctx.now()).to_std().unwrap_or_default() })
}

fn row(ctx: &Context, member_id: MemberId, event: NewEvent) -> member_event::ActiveModel {
    member_event::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(member_id),
        client_id: Set(event.id),
        name: Set(event.name),
        page: Set(event.page),
        at: Set(event.at.trunc_subsecs(3)),
        duration_ms: Set(event.duration_ms),
        detail: Set(event.detail),
        received_at: Set(ctx.now()),
    }
}

/// What a member did, the latest received first.
pub async fn list_member_events(
    ctx: &Context,
    caller: &StaffCaller,
    id: MemberId,
    page: &PageRequest,
) -> Result<Page<member_event::Model>> {
    caller.require(Permission::ReadMembers)?;
    let member = redirect::find_current(ctx.db.read(), id).await?;
    let member = member.filter(member::is_present).ok_or(Error::NotFound("member"))?;
    let mut query = member_event::Entity::find()
        .filter(member_event::Column::MemberId.eq(member.id))
        .order_by_desc(member_event::Column::Id)
        .limit(page.limit() + 1);
    if let Some(before) = page.after::<MemberEventId>()? {
        query = query.filter(member_event::Column::Id.lt(before));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0))
}

/// Forgets what is older than 180 days. Harmless to repeat.
pub async fn forget_old_events(ctx: &Context) -> Result<u64> {
    let txn = ctx.db.begin().await?;
    let gone = member_event::Entity::delete_many()
        .filter(member_event::Column::ReceivedAt.lt(ctx.now() - KEPT))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(gone.rows_affected)
}
