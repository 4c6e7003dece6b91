//! Events as they are stored, and what each changes.

use chrono::{DateTime, Utc};
use entity::states::{Channel, ConsentKind, IdentityProvider};
use entity::{callback_event, identity, member};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
};
use serde::{Deserialize, Serialize};

use crate::audit::{self, Act, Actor};
use crate::consent::{self, Evidence, Said};
use crate::context::Context;
use crate::delivery::{self, Receipt};
use crate::error::{Error, Result};
use crate::ids::{CallbackEventId, MemberId};

/// 8 in `RevokeInfo` is the phone number.
const REVOKED_PHONE: u32 = 8;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum StoredEvent {
    SubscriptionAnswered {
        openid: String,
        template_id: String,
        accepted: bool,
        scene: Option<String>,
        created_at: i64,
    },
    SubscriptionCancelled {
        openid: String,
        template_id: String,
        created_at: i64,
    },
    Receipt(Receipt),
    AuthorizationRevoked {
        openid: String,
        revoke_info: Vec<u32>,
        created_at: i64,
    },
    AccountClosed {
        openid: String,
        created_at: i64,
    },
}

impl StoredEvent {
    /// The same for every repetition of the push.
    fn key(&self) -> String {
        match self {
            Self::SubscriptionAnswered { openid, template_id, accepted, created_at, .. } => {
                format!("openid|{openid}|answered|{template_id}|{created_at}|{accepted}")
            }
            Self::SubscriptionCancelled { openid, template_id, created_at } => {
                format!("openid|{openid}|cancelled|{template_id}|{created_at}")
            }
            Self::Receipt(receipt) => receipt.event_key(),
            Self::AuthorizationRevoked { openid, created_at, revoke_info } => {
                format!("openid|{openid}|revoked|{created_at}|{revoke_info:?}")
            }
            Self::AccountClosed { openid, created_at } => format!("openid|{openid}|closed|{created_at}"),
        }
    }

    fn openid(&self) -> Option<&str> {
        match self {
            Self::SubscriptionAnswered { openid, .. }
            | Self::SubscriptionCancelled { openid, .. }
            | Self::AuthorizationRevoked { openid, .. }
            | Self::AccountClosed { openid, .. } => Some(openid),
            Self::Receipt(_) => None,
        }
    }

    fn subject(&self) -> Option<&str> {
        match self {
            Self::Receipt(receipt) => receipt.subject(),
            _ => self.openid(),
        }
    }

    fn is_accept(&self) -> bool {
        matches!(self, Self::SubscriptionAnswered { accepted: true, .. })
    }
}

/// Stores the events of one push and applies those that can be, in one transaction. One that found nothing is looked at
/// again once it is stored for all to see: what it waits for may have been committed meanwhile, by somebody who could not
/// see it yet.
pub async fn store_and_apply(ctx: &Context, provider: &str, events: Vec<StoredEvent>) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let kinds = template_kinds(ctx, &events).await;
    let mut waiting = Vec::new();
    let txn = ctx.db.begin().await?;
    for event in events {
        let row = store(ctx, &txn, provider, &event).await?;
        if row.applied_at.is_some() {
            continue;
        }
        if apply(ctx, &txn, &event, &kinds).await? {
            mark_applied(&txn, row.id, ctx.now()).await?;
        } else {
            waiting.push(row);
        }
    }
    txn.commit().await?;
    for row in waiting {
        apply_stored(ctx, row).await?;
    }
    Ok(())
}

/// The event's row; that of the first time when it is repeated.
async fn store(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    provider: &str,
    event: &StoredEvent,
) -> Result<callback_event::Model> {
    let key = event.key();
    callback_event::Entity::insert(callback_event::ActiveModel {
        id: Set(ctx.new_id()),
        provider: Set(provider.to_owned()),
        event_key: Set(key.clone()),
        subject: Set(event.subject().map(str::to_owned)),
        body: Set(serde_json::to_value(event).map_err(Error::internal)?),
        received_at: Set(ctx.now()),
        applied_at: Set(None),
    })
    .on_conflict(OnConflict::column(callback_event::Column::EventKey).do_nothing().to_owned())
    .exec_without_returning(txn)
    .await?;
    callback_event::Entity::find()
        .filter(callback_event::Column::EventKey.eq(key))
        .one(txn)
        .await?
        .ok_or(Error::NotFound("event"))
}

/// Applies one event that waits; false when it goes on waiting, or somebody else has applied it.
pub async fn apply_stored(ctx: &Context, row: callback_event::Model) -> Result<bool> {
    let event: StoredEvent = serde_json::from_value(row.body).map_err(Error::internal)?;
    let kinds = template_kinds(ctx, std::slice::from_ref(&event)).await;
    let txn = ctx.db.begin().await?;
    let taken = mark_applied(&txn, row.id, ctx.now()).await? && apply(ctx, &txn, &event, &kinds).await?;
    if taken {
        txn.commit().await?;
    } else {
        txn.rollback().await?;
    }
    Ok(taken)
}

/// Applies what waited for this openid to become a member's. Called at each sign-in, after it has committed: from then on
/// an event finds the member itself, and none falls between.
pub async fn apply_waiting_of(ctx: &Context, openid: &str) -> Result<()> {
    let waiting = callback_event::Entity::find()
        .filter(callback_event::Column::Subject.eq(openid))
        .filter(callback_event::Column::AppliedAt.is_null())
        .order_by_asc(callback_event::Column::Id)
        .all(ctx.db.read())
        .await?;
    for row in waiting {
        apply_stored(ctx, row).await?;
    }
    Ok(())
}

/// False when it was marked before.
async fn mark_applied(txn: &impl ConnectionTrait, id: CallbackEventId, now: DateTime<Utc>) -> Result<bool> {
    let marked = callback_event::Entity::update_many()
        .col_expr(callback_event::Column::AppliedAt, Expr::value(now))
        .filter(callback_event::Column::Id.eq(id))
        .filter(callback_event::Column::AppliedAt.is_null())
        .exec(txn)
        .await?;
    Ok(marked.rows_affected == 1)
}

/// Templates of the long-term kind; every other one is one-time.
#[derive(Default)]
struct Kinds {
    long_term: Vec<String>,
}

impl Kinds {
    fn of(&self, template_id: &str) -> ConsentKind {
        if self.long_term.iter().any(|id| id == template_id) {
            ConsentKind::LongTerm
        } else {
            ConsentKind::OneTime
        }
    }
}

/// WeChat's template `type` of the long-term kind.
const LONG_TERM: i32 = 3;
const KINDS_KEY: &str = "wechat.long_term_templates";
const KINDS_KEPT: std::time::Duration = std::time::Duration::from_secs(600);

/// Asks the platform at most every ten minutes. When it can't be asked, a template counts as one-time: the stricter reading.
async fn template_kinds(ctx: &Context, events: &[StoredEvent]) -> Kinds {
    if !events.iter().any(StoredEvent::is_accept) {
        return Kinds::default();
    }
    if let Ok(Some(known)) = ctx.shared.get(KINDS_KEY).await {
        return Kinds { long_term: known.split(',').map(str::to_owned).collect() };
    }
    let Ok(wechat) = ctx.platforms.wechat() else { return Kinds::default() };
    let long_term: Vec<String> = match wechat.templates().await {
        Ok(templates) => templates
            .into_iter()
            .filter(|template| template.kind == LONG_TERM)
            .map(|template| template.id)
            .collect(),
        Err(error) => {
            tracing::warn!(code = error.code, "the templates' kinds could not be read");
            return Kinds::default();
        }
    };
    let _ = ctx.shared.set(KINDS_KEY, &long_term.join(","), KINDS_KEPT).await;
    Kinds { long_term }
}

/// False when the event has to wait: its member or its message is not known yet.
async fn apply(ctx: &Context, txn: &DatabaseTransaction, event: &StoredEvent, kinds: &Kinds) -> Result<bool> {
    if let StoredEvent::Receipt(receipt) = event {
        return delivery::apply_receipt(txn, receipt, ctx.now()).await;
    }
    let Some(member_id) = member_of(txn, event.openid().unwrap_or_default()).await? else { return Ok(false) };
    match event {
        StoredEvent::SubscriptionAnswered { template_id, accepted, created_at, .. } => {
            let evidence = evidence(event, member_id, template_id);
            if *accepted && consent::was_taken_back_after(txn, member_id, template_id, *created_at).await? {
                consent::record_late_accept(ctx, txn, evidence).await?;
            } else if *accepted {
                consent::accept(ctx, txn, kinds.of(template_id), evidence).await?;
            } else {
                consent::record_reject(ctx, txn, evidence).await?;
            }
        }
        StoredEvent::SubscriptionCancelled { template_id, .. } => {
            consent::revoke(ctx, txn, evidence(event, member_id, template_id)).await?;
        }
        StoredEvent::AuthorizationRevoked { revoke_info, .. } => {
            if revoke_info.contains(&REVOKED_PHONE) {
                forget_phone(ctx, txn, member_id).await?;
            }
        }
        StoredEvent::AccountClosed { created_at, .. } => {
            let said = Said::by(
                "platform",
                serde_json::json!({ "event": "account_closed", "created_at": created_at }),
            );
            consent::opt_out(ctx, txn, member_id, (Channel::WechatSubscribe.as_str(), "all"), said).await?;
        }
        StoredEvent::Receipt(_) => {}
    }
    Ok(true)
}

async fn member_of(txn: &impl ConnectionTrait, openid: &str) -> Result<Option<MemberId>> {
    let row = identity::Entity::find()
        .filter(identity::Column::Provider.eq(IdentityProvider::WechatOpenid))
        .filter(identity::Column::Subject.eq(openid))
        .one(txn)
        .await?;
    Ok(row.map(|row| row.member_id))
}

fn evidence<'a>(event: &StoredEvent, member_id: MemberId, template_id: &'a str) -> Evidence<'a> {
    let detail = match event {
        StoredEvent::SubscriptionAnswered { scene, created_at, .. } => {
            serde_json::json!({ "scene": scene, "created_at": created_at })
        }
        StoredEvent::SubscriptionCancelled { created_at, .. } => {
            serde_json::json!({ "created_at": created_at })
        }
        _ => serde_json::Value::Null,
    };
    Evidence { member_id, template_id, source: "callback", key: event.key(), detail }
}

/// The person took the phone number back from the platform's side: what it gave us goes.
async fn forget_phone(ctx: &Context, txn: &DatabaseTransaction, member_id: MemberId) -> Result<()> {
    identity::Entity::delete_many()
        .filter(identity::Column::MemberId.eq(member_id))
        .filter(identity::Column::Provider.eq(IdentityProvider::Phone))
        .exec(txn)
        .await?;
    member::Entity::update_many()
        .col_expr(member::Column::PhoneCipher, Expr::value(Option::<Vec<u8>>::None))
        .col_expr(member::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(member::Column::Id.eq(member_id))
        .exec(txn)
        .await?;
    let act = Act {
        actor: Actor::System,
        action: "member.forget_phone",
        subject: ("member", member_id.to_string()),
        detail: serde_json::json!({ "cause": "authorisation withdrawn at the platform" }),
    };
    audit::record(ctx, txn, act).await
}
