//! Most sign-ins are of somebody who is known and proves nothing new. Then nothing is written but their session, and those of the same
//! moment get theirs together, by one transaction.

use entity::states::MemberState;
use entity::{identity, member};
use sea_orm::{EntityTrait, JoinType, QueryFilter, QuerySelect};

use super::history::{self, Opening};
use super::resolve::{Proof, SignedIn, any_of};
use crate::context::Context;
use crate::error::Result;
use crate::redirect;
use crate::session::Tokens;
use crate::together::Together;

/// None: the member is not active any more, or something is wrong with one of the company.
pub type SignInDesk = Together<Opening, Result<Option<Tokens>>>;

/// None when there is more to do than to open a session.
pub(super) async fn sign_in_known(ctx: &Context, proof: &Proof) -> Result<Option<SignedIn>> {
    let Some(member) = holder(ctx, proof).await? else { return Ok(None) };
    let opening = Opening { member_id: member.id, method: proof.method, client: proof.client.clone() };
    let shared = ctx.clone();
    let tokens = ctx.sign_ins.ask(opening, move |openings| open_together(shared.clone(), openings)).await??;
    Ok(tokens.map(|tokens| SignedIn { tokens, member, enrolled: false }))
}

/// The one active member to whom all of the proof belongs already.
async fn holder(ctx: &Context, proof: &Proof) -> Result<Option<member::Model>> {
    let subjects = proof.subjects(ctx);
    let of_member =
        identity::Entity::belongs_to(member::Entity).from(identity::Column::MemberId).to(member::Column::Id);
    let rows = identity::Entity::find()
        .select_also(member::Entity)
        .join(JoinType::InnerJoin, of_member.into())
        .filter(any_of(&subjects))
        .all(ctx.db.read())
        .await?;
    let is_whole = rows.len() == subjects.len();
    let mut members = rows.into_iter().filter_map(|(_, member)| member);
    let Some(member) = members.next() else { return Ok(None) };
    let is_one = members.all(|other| other.id == member.id) && proof.member.is_none_or(|id| id == member.id);
    let is_known = is_whole && is_one && member.state == MemberState::Active && !proof.adds_to(&member);
    Ok(is_known.then_some(member))
}

async fn open_together(ctx: Context, openings: Vec<Opening>) -> Vec<Result<Option<Tokens>>> {
    match try_open(&ctx, &openings).await {
        Ok(opened) => opened.into_iter().map(Ok).collect(),
        Err(error) if openings.len() == 1 => vec![Err(error)],
        // What is wrong with one is no matter of the others: each goes the long way by itself.
        Err(error) => {
            tracing::warn!(sign_ins = openings.len(), %error, "sessions could not be opened together");
            openings.iter().map(|_| Ok(None)).collect()
        }
    }
}

async fn try_open(ctx: &Context, openings: &[Opening]) -> Result<Vec<Option<Tokens>>> {
    let txn = ctx.db.begin().await?;
    let ids: Vec<_> = openings.iter().map(|one| one.member_id).collect();
    let active = redirect::hold_active(&txn, &ids).await?;
    let good: Vec<&Opening> = openings.iter().filter(|one| active.contains(&one.member_id)).collect();
    let mut opened = history::open_sessions(ctx, &txn, &good).await?.into_iter();
    txn.commit().await?;
    let of = |one: &Opening| if active.contains(&one.member_id) { opened.next() } else { None };
    Ok(openings.iter().map(of).collect())
}
