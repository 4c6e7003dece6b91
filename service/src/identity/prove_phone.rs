//! A signed-in member proves a phone. Where another record holds it, both are merged.

use entity::identity;
use entity::states::IdentityProvider;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::history::Method;
use super::resolve::{Proof, hold_together, refused, require_given};
use super::{sign_in_by_alipay, sign_in_by_wechat, sms_code};
use crate::allowance::count_attempt;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::member::{MemberRow, Phone};
use crate::redirect;
use crate::refusal::Refusal;
use crate::session::{Client, MemberCaller};

/// How often a proof that lost a race to another request looks again.
const RACES: usize = 4;

/// What shows that the phone is the member's.
pub enum PhoneProof {
    Sms {
        phone: String,
        code: String,
    },
    /// From WeChat's phone-number button.
    Wechat {
        phone_code: String,
    },
    /// The answer of `my.getPhoneNumber`, as it came.
    Alipay {
        encrypted_phone: String,
    },
}

/// The member with the phone as their number; another one than before when both were merged.
///
/// # Refuses
/// `sms_code_wrong`, `sms_code_expired`, `sms_code_tries_exceeded`, `sign_in_code_invalid`, `channel_not_configured`, `wechat_taken`,
/// `alipay_taken`, `member_disabled`
pub async fn prove_phone(
    ctx: &Context,
    caller: &MemberCaller,
    proof: PhoneProof,
    client: Client,
) -> Result<MemberRow> {
    count_attempt(ctx, &client.address).await?;
    let phone = proven(ctx, caller.member.id, proof).await?;
    let mut proof = Proof {
        member: Some(caller.member.id),
        accounts: Vec::new(),
        phone: Some(phone.clone()),
        method: Method::Sms,
        marketing_consent: false,
        client,
    };
    for _ in 0..RACES {
        let txn = ctx.db.begin().await?;
        // Merged meanwhile, perhaps by the same proof a moment ago.
        proof.member = Some(redirect::current(&txn, caller.member.id).await?);
        match hold_together(ctx, &txn, &proof).await {
            Ok(Some(held)) => {
                let member = make_own(ctx, &txn, held.member, &phone).await?;
                txn.commit().await?;
                return Ok(member);
            }
            Ok(None) => txn.rollback().await?,
            Err(error) => {
                txn.rollback().await?;
                return Err(refused(ctx, &proof, error).await?);
            }
        }
    }
    Err(Refusal::RequestInProgress.into())
}

async fn proven(ctx: &Context, member: MemberId, proof: PhoneProof) -> Result<Phone> {
    match proof {
        PhoneProof::Sms { phone, code } => {
            let phone = Phone::parse(&phone)?;
            sms_code::take(ctx, &phone, code.trim()).await?;
            Ok(phone)
        }
        PhoneProof::Wechat { phone_code } => {
            require_given("phone_code", Some(&phone_code))?;
            let wechat = ctx.platforms.wechat()?;
            let openid = openid_of(ctx, member).await?;
            sign_in_by_wechat::phone_number(wechat, &phone_code, openid.as_deref()).await
        }
        PhoneProof::Alipay { encrypted_phone } => {
            sign_in_by_alipay::phone_number(ctx.platforms.alipay()?.decrypt_phone(&encrypted_phone))
        }
    }
}

/// WeChat then checks that the code is of the same person.
async fn openid_of(ctx: &Context, member: MemberId) -> Result<Option<String>> {
    Ok(identity::Entity::find()
        .select_only()
        .column(identity::Column::Subject)
        .filter(identity::Column::MemberId.eq(member))
        .filter(identity::Column::Provider.eq(IdentityProvider::WechatOpenid))
        .order_by_desc(identity::Column::Id)
        .into_tuple()
        .one(ctx.db.read())
        .await?)
}

/// The number that was proven last is the one that messages go to.
async fn make_own(
    ctx: &Context,
    txn: &DatabaseTransaction,
    member: MemberRow,
    phone: &Phone,
) -> Result<MemberRow> {
    let same = match &member.phone_cipher {
        Some(sealed) => Phone::open(ctx, sealed)? == *phone,
        None => false,
    };
    if same {
        return Ok(member);
    }
    let mut row = member.into_active_model();
    row.phone_cipher = Set(Some(phone.seal(ctx)?));
    row.updated_at = Set(ctx.now());
    row.update(txn).await.map_err(Error::from)
}
