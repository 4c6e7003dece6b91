//! A copy of everything held on a member, for the member, who takes it or asks the shop for it.

use std::collections::HashMap;

use entity::states::{IdentityProvider, SubjectKind};
use entity::{
    attribute, consent, consent_event, coupon, delivery, feedback, feedback_reply, identity, inbox_message,
    member, member_attribute, member_event, opt_out, passkey, preference, purchase, purchase_line,
    redemption, session as session_row, sign_in_event,
};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use serde_json::{Value, json};

use super::attribute_value::show;
use super::export_loyalty::loyalty;
use super::{Phone, REASON_CHARACTERS, is_present};
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{FeedbackId, MemberId, PurchaseId};
use crate::redirect;
use crate::session::MemberCaller;
use crate::staff::{Permission, StaffCaller};
use crate::tag::tags_of;
use crate::text;

pub async fn export_me(ctx: &Context, caller: &MemberCaller) -> Result<Value> {
    copy_of(ctx, &caller.member).await
}

/// The same for a member who asks the shop; who took it and why is kept.
pub async fn export_member(ctx: &Context, caller: &StaffCaller, id: MemberId, reason: &str) -> Result<Value> {
    caller.require(Permission::AnswerDataRequests)?;
    let reason = text::line("reason", reason, REASON_CHARACTERS)?;
    let txn = ctx.db.begin().await?;
    let member = redirect::find_current(&txn, id).await?;
    let member = member.filter(is_present).ok_or(Error::NotFound("member"))?;
    let act = Act {
        actor: caller.actor(),
        action: "member.export",
        subject: ("member", member.id.to_string()),
        detail: json!({ "reason": reason }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    copy_of(ctx, &member).await
}

/// Read in several statements: what is written meanwhile may be in one part and not yet in another.
async fn copy_of(ctx: &Context, member: &member::Model) -> Result<Value> {
    let db = ctx.db.read();
    let id = member.id;
    let tags: Vec<_> = tags_of(ctx, id)
        .await?
        .into_iter()
        .map(|one| json!({ "name": one.tag.name, "reason": one.carried.reason, "since": one.carried.created_at }))
        .collect();
    Ok(json!({
        "exported_at": ctx.now(),
        "profile": profile(ctx, member)?,
        "identities": identities(db, id).await?,
        "sessions": sessions(db, id).await?,
        "sign_ins": sign_ins(db, id).await?,
        "passkeys": passkeys(db, id).await?,
        "tags": tags,
        "attributes": attributes(db, id).await?,
        "events": events(db, id).await?,
        "purchases": purchases(db, id).await?,
        "coupons": coupons(db, id).await?,
        "redemptions": redemptions(db, id).await?,
        "consents": consents(db, id).await?,
        "consent_events": consent_events(db, id).await?,
        "opt_outs": opt_outs(db, id).await?,
        "preferences": preferences(db, id).await?,
        "deliveries": deliveries(db, id).await?,
        "inbox": inbox(db, id).await?,
        "feedback": feedback(db, id).await?,
        "loyalty": loyalty(db, id).await?,
    }))
}

fn profile(ctx: &Context, member: &member::Model) -> Result<Value> {
    let phone = member.phone_cipher.as_deref().map(|sealed| Phone::open(ctx, sealed)).transpose()?;
    Ok(json!({
        "id": member.id,
        "card_number": member.card_number,
        "name": member.name,
        "gender": member.gender,
        "birthday": member.birthday,
        "phone": phone.as_ref().map(Phone::expose),
        "zone": member.zone,
        "occupation": member.occupation,
        "home_store_id": member.home_store_id,
        "state": member.state,
        "marketing_consent": member.marketing_consent,
        "marketing_consent_at": member.marketing_consent_at,
        "behaviour_consent": member.behaviour_consent,
        "behaviour_consent_at": member.behaviour_consent_at,
        "purchase_count": member.purchase_count,
        "purchase_total_fen": member.purchase_total_fen,
        "first_purchase_at": member.first_purchase_at,
        "last_purchase_at": member.last_purchase_at,
        "source": member.source,
        "created_at": member.created_at,
    }))
}

/// A phone's subject is our hash of it and of no use to anybody; the number itself stands in the profile.
async fn identities(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = identity::Entity::find().filter(identity::Column::MemberId.eq(id)).all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let subject = (row.provider != IdentityProvider::Phone).then_some(row.subject);
            json!({ "provider": row.provider, "subject": subject, "created_at": row.created_at })
        })
        .collect())
}

async fn sessions(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let mine =
        session_row::Column::SubjectKind.eq(SubjectKind::Member).and(session_row::Column::SubjectId.eq(id.0));
    let rows = session_row::Entity::find().filter(mine).order_by_asc(session_row::Column::Id).all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            json!({
                "device": row.device, "created_at": row.created_at, "last_seen_at": row.last_seen_at,
                "ended_at": row.revoked_at,
            })
        })
        .collect())
}

async fn sign_ins(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = sign_in_event::Entity::find()
        .filter(sign_in_event::Column::MemberId.eq(id))
        .order_by_asc(sign_in_event::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| json!({ "method": row.method, "outcome": row.outcome, "device": row.device, "address": row.address, "created_at": row.created_at })).collect())
}

async fn attributes(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let defined = member_attribute::Entity::belongs_to(attribute::Entity)
        .from(member_attribute::Column::AttributeId)
        .to(attribute::Column::Id);
    let rows = member_attribute::Entity::find()
        .join(JoinType::InnerJoin, defined.into())
        .select_also(attribute::Entity)
        .filter(member_attribute::Column::MemberId.eq(id))
        .all(db)
        .await?;
    let shown = |(row, attribute): (member_attribute::Model, Option<attribute::Model>)| {
        let attribute = attribute?;
        let value = show(attribute.kind, &row.value);
        Some(
            json!({ "key": attribute.key, "label": attribute.label, "value": value, "updated_at": row.updated_at }),
        )
    };
    Ok(rows.into_iter().filter_map(shown).collect())
}

async fn events(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = member_event::Entity::find()
        .filter(member_event::Column::MemberId.eq(id))
        .order_by_asc(member_event::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| json!({ "name": row.name, "page": row.page, "at": row.at, "duration_ms": row.duration_ms, "detail": row.detail })).collect())
}

async fn passkeys(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = passkey::Entity::find()
        .filter(passkey::Column::MemberId.eq(id))
        .order_by_asc(passkey::Column::Id)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(
            |row| json!({ "name": row.name, "created_at": row.created_at, "last_used_at": row.last_used_at }),
        )
        .collect())
}

async fn purchases(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let mine = purchase::Entity::find()
        .select_only()
        .column(purchase::Column::Id)
        .filter(purchase::Column::MemberId.eq(id))
        .into_query();
    let mut lines: HashMap<PurchaseId, Vec<Value>> = HashMap::new();
    for line in purchase_line::Entity::find()
        .filter(purchase_line::Column::PurchaseId.in_subquery(mine))
        .order_by_asc(purchase_line::Column::Id)
        .all(db)
        .await?
    {
        lines.entry(line.purchase_id).or_default().push(json!({
            "product_code": line.product_code, "name": line.name, "category": line.category,
            "quantity": line.quantity, "price_fen": line.price_fen,
        }));
    }
    let rows = purchase::Entity::find()
        .filter(purchase::Column::MemberId.eq(id))
        .order_by_asc(purchase::Column::PurchasedAt)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            json!({
                "id": row.id, "store_id": row.store_id, "order_no": row.order_no, "total_fen": row.total_fen,
                "quantity": row.quantity, "purchased_at": row.purchased_at,
                "lines": lines.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect())
}

async fn coupons(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = coupon::Entity::find()
        .filter(coupon::Column::MemberId.eq(id))
        .order_by_asc(coupon::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| json!({ "id": row.id, "template_id": row.template_id, "code": row.code, "state": row.state, "valid_from": row.valid_from, "valid_until": row.valid_until, "claimed_at": row.claimed_at, "used_at": row.used_at })).collect())
}

async fn redemptions(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = redemption::Entity::find()
        .filter(redemption::Column::MemberId.eq(id))
        .order_by_asc(redemption::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| json!({ "id": row.id, "coupon_id": row.coupon_id, "store_id": row.store_id, "order_no": row.order_no, "amount_fen": row.amount_fen, "discount_fen": row.discount_fen, "redeemed_at": row.redeemed_at, "reversed_at": row.reversed_at })).collect())
}

async fn consents(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = consent::Entity::find()
        .filter(consent::Column::MemberId.eq(id))
        .order_by_asc(consent::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| json!({ "template_id": row.template_id, "kind": row.kind, "available": row.available, "updated_at": row.updated_at })).collect())
}

async fn consent_events(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = consent_event::Entity::find()
        .filter(consent_event::Column::MemberId.eq(id))
        .order_by_asc(consent_event::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| json!({ "template_id": row.template_id, "change": row.change, "amount": row.amount, "source": row.source, "evidence": row.evidence, "created_at": row.created_at })).collect())
}

async fn opt_outs(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = opt_out::Entity::find()
        .filter(opt_out::Column::MemberId.eq(id))
        .order_by_asc(opt_out::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| json!({ "channel": row.channel, "topic": row.topic, "source": row.source, "created_at": row.created_at })).collect())
}

async fn deliveries(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = delivery::Entity::find()
        .filter(delivery::Column::MemberId.eq(id))
        .order_by_asc(delivery::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| json!({ "id": row.id, "campaign_id": row.campaign_id, "channel": row.channel, "state": row.state, "reason": row.reason, "sent_at": row.sent_at, "created_at": row.created_at })).collect())
}

async fn inbox(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = inbox_message::Entity::find()
        .filter(inbox_message::Column::MemberId.eq(id))
        .order_by_asc(inbox_message::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| json!({ "id": row.id, "title": row.title, "body": row.body, "page": row.page, "created_at": row.created_at, "read_at": row.read_at })).collect())
}

async fn feedback(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = feedback::Entity::find()
        .filter(feedback::Column::MemberId.eq(id))
        .order_by_asc(feedback::Column::Id)
        .all(db)
        .await?;
    let mut replies: HashMap<FeedbackId, Vec<Value>> = HashMap::new();
    for row in feedback_reply::Entity::find()
        .filter(feedback_reply::Column::FeedbackId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(feedback_reply::Column::Id)
        .all(db)
        .await?
    {
        let reply = json!({ "text": row.text, "created_at": row.created_at });
        replies.entry(row.feedback_id).or_default().push(reply);
    }
    let row = |row: feedback::Model| {
        json!({
            "id": row.id, "kind": row.kind, "text": row.text, "store_id": row.store_id,
            "order_no": row.order_no, "state": row.state, "created_at": row.created_at,
            "replies": replies.remove(&row.id).unwrap_or_default(),
        })
    };
    Ok(rows.into_iter().map(row).collect())
}

async fn preferences(db: &DatabaseConnection, id: MemberId) -> Result<Option<Value>> {
    let row = preference::Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| {
        json!({
            "weekly_limit": row.weekly_limit, "quiet_start": row.quiet_start, "quiet_end": row.quiet_end,
            "paused_until": row.paused_until, "personalised": row.personalised, "updated_at": row.updated_at,
        })
    }))
}
