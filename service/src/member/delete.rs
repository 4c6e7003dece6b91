//! Leaving the programme. Everything that tells who the member was goes, messages stop at once; purchases, redemptions
//! and the evidence of yes and no stay under the member's id, which from then on is a pseudonym.

use entity::states::{FeedbackState, IdentityProvider, MemberState, SubjectKind};
use entity::{
    consent as consent_row, consent_event, feedback, feedback_reply, identity, inbox_message, member,
    member_attribute, member_event, member_merge, member_password, member_tag, passkey, preference,
    rfm_member, session as session_row, sign_in_event, soter_device,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect, QueryTrait,
};

use super::REASON_CHARACTERS;
use crate::audit::{self, Act, Actor};
use crate::consent::{self, Said};
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::mall;
use crate::redirect;
use crate::session::{self, MemberCaller, Subject};
use crate::staff::{Permission, StaffCaller};
use crate::text;
use crate::welcome;

/// Doing it twice changes nothing.
pub async fn delete_me(ctx: &Context, caller: &MemberCaller) -> Result<()> {
    delete(ctx, caller.member.id, Actor::Member(caller.member.id), serde_json::json!({})).await
}

/// For a member who asks the shop for it; the reason says how. Doing it twice changes nothing.
pub async fn delete_member(ctx: &Context, caller: &StaffCaller, id: MemberId, reason: &str) -> Result<()> {
    caller.require(Permission::AnswerDataRequests)?;
    let reason = text::line("reason", reason, REASON_CHARACTERS)?;
    delete(ctx, id, caller.actor(), serde_json::json!({ "reason": reason })).await
}

async fn delete(ctx: &Context, id: MemberId, actor: Actor, detail: serde_json::Value) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let member = redirect::lock_current(&txn, id).await?.ok_or(Error::NotFound("member"))?;
    if member.state == MemberState::Deleted {
        return Ok(());
    }
    let id = member.id;
    session::revoke_all(ctx, &txn, Subject::Member(id), "member_deleted").await?;
    welcome::remember(ctx, &txn, id).await?;
    mall::cancel_all_waiting(ctx, &txn, id, actor).await?;
    for merged in merged_into(&txn, id).await? {
        clear_person(ctx, &txn, merged).await?;
    }
    clear_person(ctx, &txn, member).await?;
    clear_belongings(&txn, id).await?;
    clear_feedback(ctx, &txn, id).await?;
    stop_messages(ctx, &txn, id).await?;
    let act = Act { actor, action: "member.delete", subject: ("member", id.to_string()), detail };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(())
}

/// The rows of those who were merged into the member: what they said of the person goes too.
async fn merged_into(txn: &impl ConnectionTrait, id: MemberId) -> Result<Vec<member::Model>> {
    let gone = member_merge::Entity::find()
        .select_only()
        .column(member_merge::Column::FromId)
        .filter(member_merge::Column::CurrentId.eq(id))
        .into_query();
    Ok(member::Entity::find().filter(member::Column::Id.in_subquery(gone)).all(txn).await?)
}

/// The row stays for the ledgers. Its card number and secret are replaced, so that no old card or code finds it.
async fn clear_person(ctx: &Context, txn: &impl ConnectionTrait, member: member::Model) -> Result<()> {
    let id = member.id;
    let now = ctx.now();
    let mut row = member.into_active_model();
    row.card_number = Set(format!("deleted-{id}"));
    row.card_secret = Set(ctx.keys.seal("member.card_secret", &crypto::random_bytes::<32>())?);
    row.name = Set(None);
    row.name_since = Set(None);
    row.gender = Set(None);
    row.birthday = Set(None);
    row.zone = Set(None);
    row.home_store_id = Set(None);
    row.occupation = Set(None);
    row.behaviour_consent = Set(false);
    row.behaviour_consent_at = Set(Some(now));
    row.phone_cipher = Set(None);
    row.marketing_consent = Set(false);
    row.marketing_consent_at = Set(Some(now));
    row.state = Set(MemberState::Deleted);
    row.updated_at = Set(now);
    row.update(txn).await?;
    let openids = identity::Entity::find()
        .select_only()
        .column(identity::Column::Subject)
        .filter(identity::Column::MemberId.eq(id))
        .filter(identity::Column::Provider.eq(IdentityProvider::WechatOpenid))
        .into_query();
    let theirs = soter_device::Column::Openid.in_subquery(openids);
    soter_device::Entity::delete_many().filter(theirs).exec(txn).await?;
    identity::Entity::delete_many().filter(identity::Column::MemberId.eq(id)).exec(txn).await?;
    Ok(())
}

async fn clear_belongings(txn: &impl ConnectionTrait, id: MemberId) -> Result<()> {
    member_tag::Entity::delete_many().filter(member_tag::Column::MemberId.eq(id)).exec(txn).await?;
    inbox_message::Entity::delete_many().filter(inbox_message::Column::MemberId.eq(id)).exec(txn).await?;
    preference::Entity::delete_by_id(id).exec(txn).await?;
    rfm_member::Entity::delete_many().filter(rfm_member::Column::MemberId.eq(id)).exec(txn).await?;
    member_attribute::Entity::delete_many()
        .filter(member_attribute::Column::MemberId.eq(id))
        .exec(txn)
        .await?;
    member_event::Entity::delete_many().filter(member_event::Column::MemberId.eq(id)).exec(txn).await?;
    member_password::Entity::delete_by_id(id).exec(txn).await?;
    passkey::Entity::delete_many().filter(passkey::Column::MemberId.eq(id)).exec(txn).await?;
    sign_in_event::Entity::delete_many().filter(sign_in_event::Column::MemberId.eq(id)).exec(txn).await?;
    session_row::Entity::update_many()
        .col_expr(session_row::Column::Device, Expr::value(Option::<String>::None))
        .filter(
            session_row::Column::SubjectKind
                .eq(SubjectKind::Member)
                .and(session_row::Column::SubjectId.eq(id.0)),
        )
        .exec(txn)
        .await?;
    consent_row::Entity::delete_many().filter(consent_row::Column::MemberId.eq(id)).exec(txn).await?;
    // The events stay as evidence; what the platform said of the person in them does not.
    consent_event::Entity::update_many()
        .col_expr(consent_event::Column::Evidence, Expr::value(serde_json::json!({})))
        .filter(consent_event::Column::MemberId.eq(id))
        .exec(txn)
        .await?;
    Ok(())
}

/// What was said goes; that something was said, about which store and whether it was answered, stays.
async fn clear_feedback(ctx: &Context, txn: &impl ConnectionTrait, id: MemberId) -> Result<()> {
    let of_member = feedback::Entity::find()
        .select_only()
        .column(feedback::Column::Id)
        .filter(feedback::Column::MemberId.eq(id))
        .into_query();
    feedback_reply::Entity::update_many()
        .col_expr(feedback_reply::Column::Text, Expr::value(""))
        .filter(feedback_reply::Column::FeedbackId.in_subquery(of_member))
        .exec(txn)
        .await?;
    feedback::Entity::update_many()
        .col_expr(feedback::Column::Text, Expr::value(""))
        .col_expr(feedback::Column::OrderNo, Expr::value(Option::<String>::None))
        .col_expr(feedback::Column::State, Expr::value(FeedbackState::Closed))
        .col_expr(feedback::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(feedback::Column::MemberId.eq(id))
        .exec(txn)
        .await?;
    Ok(())
}

/// A no to everything, which also stops what is queued already.
async fn stop_messages(ctx: &Context, txn: &impl ConnectionTrait, id: MemberId) -> Result<()> {
    let said = Said::by("deletion", serde_json::json!({}));
    consent::opt_out(ctx, txn, id, ("all", "all"), said).await?;
    Ok(())
}
