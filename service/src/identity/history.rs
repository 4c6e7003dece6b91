//! Who tried to sign in as a member: method, outcome, device and a part of the address. Success is written with its session, a refusal for
//! itself, where it is known whose account it was about.

use chrono::Duration;
use entity::sign_in_event;
pub use entity::sign_in_event::Model as SignInRow;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use crate::context::Context;
use crate::db;
use crate::error::{Error, Result};
use crate::ids::{MemberId, SessionId, SignInEventId};
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;
use crate::session::{self, Client, MemberCaller, Subject, Tokens};

const SIGNED_IN: &str = "signed_in";
/// Long enough to find out about a theft, and no longer.
const KEPT: Duration = Duration::days(180);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Sms,
    Wechat,
    Alipay,
    Password,
    PasswordReset,
    Passkey,
    Soter,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Wechat => "wechat",
            Self::Alipay => "alipay",
            Self::Password => "password",
            Self::PasswordReset => "password_reset",
            Self::Passkey => "passkey",
            Self::Soter => "soter",
        }
    }
}

/// A member who has shown who they are, how, and from where.
pub struct Opening {
    pub member_id: MemberId,
    pub method: Method,
    pub client: Client,
}

/// A session of the member, and the row that tells how it began.
pub(super) async fn open_session(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (member_id, method): (MemberId, Method),
    client: &Client,
) -> Result<Tokens> {
    let opening = Opening { member_id, method, client: client.clone() };
    let opened = open_sessions(ctx, txn, &[&opening]).await?.pop();
    opened.ok_or_else(|| Error::internal(anyhow::anyhow!("a sign-in without a session")))
}

/// As [`open_session`] for each of them, in the same order.
pub(super) async fn open_sessions(
    ctx: &Context,
    txn: &DatabaseTransaction,
    openings: &[&Opening],
) -> Result<Vec<Tokens>> {
    let subjects = openings.iter().map(|one| (Subject::Member(one.member_id), one.client.device.clone()));
    let opened = session::open_all(ctx, txn, subjects.collect()).await?;
    let rows = openings.iter().zip(&opened).map(|(one, tokens)| {
        row_of(ctx, (one.member_id, one.method, SIGNED_IN, Some(tokens.session_id)), &one.client)
    });
    db::insert_all::<sign_in_event::Entity>(txn, rows.collect()).await?;
    Ok(opened)
}

/// Keeps that a rule refused a sign-in; nothing where it is not known whose.
pub(super) async fn note_refused(
    ctx: &Context,
    member_id: Option<MemberId>,
    (method, refusal): (Method, Refusal),
    client: &Client,
) -> Result<()> {
    let Some(member_id) = member_id else { return Ok(()) };
    let txn = ctx.db.begin().await?;
    let row = row_of(ctx, (member_id, method, refusal.code(), None), client).into_active_model();
    sign_in_event::Entity::insert(row).exec_without_returning(&txn).await?;
    txn.commit().await?;
    Ok(())
}

/// The error itself, kept when a rule refused.
pub(super) async fn refused(
    ctx: &Context,
    member_id: Option<MemberId>,
    (method, error): (Method, Error),
    client: &Client,
) -> Result<Error> {
    if let Error::Refused(refusal) = error {
        note_refused(ctx, member_id, (method, refusal), client).await?;
    }
    Ok(error)
}

fn row_of(
    ctx: &Context,
    (member_id, method, outcome, session_id): (MemberId, Method, &str, Option<SessionId>),
    client: &Client,
) -> SignInRow {
    SignInRow {
        id: ctx.new_id(),
        member_id,
        session_id,
        method: method.as_str().to_owned(),
        outcome: outcome.to_owned(),
        device: client.device.clone(),
        address: mask_address(&client.address),
        created_at: ctx.now(),
    }
}

/// The member's sign-ins and those that were refused, newest first.
pub async fn list_sign_ins(
    ctx: &Context,
    caller: &MemberCaller,
    page: &PageRequest,
) -> Result<Page<sign_in_event::Model>> {
    let mut query = sign_in_event::Entity::find()
        .filter(sign_in_event::Column::MemberId.eq(caller.member.id))
        .order_by_desc(sign_in_event::Column::Id)
        .limit(page.limit() + 1);
    if let Some(before) = page.after::<SignInEventId>()? {
        query = query.filter(sign_in_event::Column::Id.lt(before));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0))
}

/// Forgets what is older than 180 days. Harmless to repeat.
pub async fn forget_old_sign_ins(ctx: &Context) -> Result<u64> {
    let txn = ctx.db.begin().await?;
    let gone = sign_in_event::Entity::delete_many()
        .filter(sign_in_event::Column::CreatedAt.lt(ctx.now() - KEPT))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(gone.rows_affected)
}

/// `203.0.*.*`, `2001:db8:*`: enough to tell a strange place, not enough to find a person.
fn mask_address(address: &str) -> String {
    match address.parse() {
        Ok(std::net::IpAddr::V4(v4)) => format!("{}.{}.*.*", v4.octets()[0], v4.octets()[1]),
        Ok(std::net::IpAddr::V6(v6)) => format!("{:x}:{:x}:*", v6.segments()[0], v6.segments()[1]),
        Err(_) => "*".to_owned(),
    }
}
