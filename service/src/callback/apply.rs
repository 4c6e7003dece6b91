//! Events as they are stored, and what each changes.

use chrono::{DateTime, Utc};
use entity::states::{Channel, ConsentKind, IdentityProvider};
use entity::{callback_event, identity, member};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};

use crate::audit::{self, Act, Actor};
use crate::consent::{self, Evidence};
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
}

/// Stores the events of one push and applies those that can be, in one transaction.
pub async fn store_and_apply(ctx: &Context, provider: &str, events: Vec<StoredEvent>) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let kinds = template_kinds(ctx, &events).await;
    let txn = ctx.db.begin().await?;
    for event in events {
        let key = event.key();
        let id: CallbackEventId = ctx.new_id();
        let stored = callback_event::Entity::insert(callback_event::ActiveModel {
            id: Set(id),
            provider: Set(provider.to_owned()),
            event_key: Set(key.clone()),
            body: Set(serde_json::to_value(&event).map_err(Error::internal)?),
            received_at: Set(ctx.now()),
            applied_at: Set(None),
        })
        .on_conflict(OnConflict::column(callback_event::Column::EventKey).do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
        if stored == 1 && apply(ctx, &txn, &event, &kinds).await? {
            mark_applied(&txn, id, ctx.now()).await?;
        }
    }
    txn.commit().await?;
    Ok(())
}

/// Applies what waited for this openid to become a member's. Called in the transaction that binds it.
pub async fn apply_waiting_of(ctx: &Context, txn: &DatabaseTransaction, openid: &str) -> Result<()> {
    let waiting = callback_event::Entity::find()
        .filter(callback_event::Column::EventKey.starts_with(format!("openid|{openid}|")))
        .filter(callback_event::Column::AppliedAt.is_null())
        .all(txn)
        .await?;
    for row in waiting {
        let event: StoredEvent = serde_json::from_value(row.body).map_err(Error::internal)?;
        if apply(ctx, txn, &event, &Kinds::default()).await? {
            mark_applied(txn, row.id, ctx.now()).await?;
        }
    }
    Ok(())
}

async fn mark_applied(txn: &impl ConnectionTrait, id: CallbackEventId, now: DateTime<Utc>) -> Result<()> {
    callback_event::Entity::update_many()
        .col_expr(callback_event::Column::AppliedAt, Expr::value(now))
        .filter(callback_event::Column::Id.eq(id))
        .exec(txn)
        .await?;
    Ok(())
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
    let accepts =
        events.iter().any(|event| matches!(event, StoredEvent::SubscriptionAnswered { accepted: true, .. }));
    if !accepts {
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
        StoredEvent::SubscriptionAnswered { template_id, accepted, .. } => {
            let evidence = evidence(event, member_id, template_id);
            if *accepted {
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
        StoredEvent::AccountClosed { .. } => {
            consent::opt_out(ctx, txn, member_id, (Channel::WechatSubscribe.as_str(), "all"), "platform")
                .await?;
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
