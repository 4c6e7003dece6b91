//! The SMS suppliers' pushes: receipts, and replies of which some are an opt-out.

use entity::identity;
use entity::states::{Channel, IdentityProvider};
use platform::sms::receipt::{self, SmsReceipt, SmsReply};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::apply::{self, StoredEvent};
use crate::consent::{self, Said};
use crate::context::Context;
use crate::crypto;
use crate::delivery::Receipt;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::member::Phone;
use crate::refusal::Refusal;

/// Which supplier pushed; the path names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsCallback {
    Tencent,
    Aliyun,
}

impl SmsCallback {
    fn name(self) -> &'static str {
        match self {
            Self::Tencent => platform::sms::TENCENT,
            Self::Aliyun => platform::sms::ALIYUN,
        }
    }
}

/// The suppliers do not sign their pushes, so the configured address carries a key that only they know.
///
/// # Refuses
/// `callback_signature_invalid`
pub async fn receive_sms(ctx: &Context, supplier: SmsCallback, key: &str, body: &[u8]) -> Result<()> {
    let expected = ctx.settings.sms.callback_key.expose();
    if expected.is_empty() || !crypto::constant_time_eq(key.as_bytes(), expected.as_bytes()) {
        return Err(Refusal::CallbackSignatureInvalid.into());
    }
    let (receipts, replies) = read(supplier, body)?;
    let mut events = Vec::with_capacity(receipts.len());
    for receipt in receipts {
        events.push(StoredEvent::Receipt(Receipt {
            member_id: owner_of(ctx, ctx.db.read(), &receipt.phone).await?,
            message_id: receipt.message_id,
            delivered: receipt.delivered,
            code: receipt.code,
            out_id: receipt.out_id,
            openid: None,
            template_id: None,
        }));
    }
    apply::store_and_apply(ctx, "sms", events).await?;
    for reply in replies {
        opt_out_by_reply(ctx, supplier, &reply).await?;
    }
    Ok(())
}

fn read(supplier: SmsCallback, body: &[u8]) -> Result<(Vec<SmsReceipt>, Vec<SmsReply>)> {
    let unreadable = |_| Error::invalid("body", "is neither a receipt nor a reply");
    match supplier {
        SmsCallback::Tencent => match receipt::tencent_receipts(body) {
            Ok(receipts) => Ok((receipts, Vec::new())),
            Err(_) => Ok((Vec::new(), vec![receipt::tencent_reply(body).map_err(unreadable)?])),
        },
        SmsCallback::Aliyun => match receipt::aliyun_receipts(body) {
            Ok(receipts) => Ok((receipts, Vec::new())),
            Err(_) => Ok((Vec::new(), receipt::aliyun_replies(body).map_err(unreadable)?)),
        },
    }
}

/// 拒收请回复R, 回T退订: the number gets no more marketing by SMS, from this moment on.
async fn opt_out_by_reply(ctx: &Context, supplier: SmsCallback, reply: &SmsReply) -> Result<()> {
    if !receipt::is_opt_out(&reply.text) {
        return Ok(());
    }
    let txn = ctx.db.begin().await?;
    if let Some(owner) = owner_of(ctx, &txn, &reply.phone).await? {
        let evidence = serde_json::json!({
            "supplier": supplier.name(), "text": reply.text.trim(), "replied_at": reply.replied_at,
        });
        let said = Said::by("sms_reply", evidence);
        consent::opt_out(ctx, &txn, owner, (Channel::Sms.as_str(), "all"), said).await?;
    }
    txn.commit().await?;
    Ok(())
}

/// The member with this number.
async fn owner_of(ctx: &Context, connection: &impl ConnectionTrait, phone: &str) -> Result<Option<MemberId>> {
    let Ok(phone) = Phone::parse(phone) else { return Ok(None) };
    let owner = identity::Entity::find()
        .filter(identity::Column::Provider.eq(IdentityProvider::Phone))
        .filter(identity::Column::Subject.eq(phone.index(ctx)))
        .one(connection)
        .await?;
    Ok(owner.map(|owner| owner.member_id))
}
