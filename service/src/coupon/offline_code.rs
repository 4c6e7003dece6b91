//! The code of a coupon for tills that are cut off: what the coupon does, signed by us in advance, so that a till can check it
//! with our public key alone.
//!
//! `base64url(JSON) "." base64url(Ed25519 signature of the first part)`.

use aws_lc_rs::signature::{ED25519, KeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use entity::states::{CouponKind, CouponState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, MemberId, StoreId};
use crate::refusal::Refusal;

const PURPOSE: &str = "offline-coupon";

/// What a till that is cut off learns from a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfflineCode {
    pub coupon_id: CouponId,
    pub member_id: MemberId,
    pub name: String,
    pub kind: CouponKind,
    pub threshold_fen: i64,
    pub discount_fen: Option<i64>,
    pub pay_percent: Option<i32>,
    pub discount_ceiling_fen: Option<i64>,
    /// Empty when it is good at all stores.
    pub store_ids: Vec<StoreId>,
    pub valid_from: DateTime<Utc>,
    pub valid_until: DateTime<Utc>,
    /// When the code was made, and until when it may be shown.
    pub made_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// The code of a coupon of the member's own, and what it says. Coupons whose rules a till can't check by the code alone have none.
///
/// # Refuses
/// `coupon_not_offline`, and the reason for which the coupon is not good any more
pub async fn offline_code(ctx: &Context, member_id: MemberId, id: CouponId) -> Result<(String, OfflineCode)> {
    let held = super::read_mine(ctx, member_id, id).await?.held;
    let (coupon, template) = (held.coupon, &held.offer.template);
    match coupon.state {
        CouponState::Issued => {}
        CouponState::Voided => return Err(Refusal::CouponVoided.into()),
        CouponState::Used => return Err(Refusal::CouponAlreadyRedeemed.into()),
        CouponState::Locked => return Err(Refusal::CouponLocked.into()),
        CouponState::Expired => return Err(Refusal::CouponExpired.into()),
    }
    let simple = matches!(template.kind, CouponKind::MoneyOff | CouponKind::Percentage | CouponKind::Gift);
    if !simple || held.offer.conditions != super::Conditions::default() {
        return Err(Refusal::CouponNotOffline.into());
    }
    let now = ctx.now();
    let code = OfflineCode {
        coupon_id: coupon.id,
        member_id,
        name: template.name.clone(),
        kind: template.kind,
        threshold_fen: template.threshold_fen,
        discount_fen: template.discount_fen,
        pay_percent: template.pay_percent,
        discount_ceiling_fen: template.discount_ceiling_fen,
        store_ids: held.offer.store_ids.clone(),
        valid_from: coupon.valid_from,
        valid_until: coupon.valid_until,
        made_at: now,
        expires_at: now + Duration::seconds(ctx.settings.till.offline_token_seconds),
    };
    Ok((sign(ctx, &code)?, code))
}

fn sign(ctx: &Context, code: &OfflineCode) -> Result<String> {
    let said = URL_SAFE_NO_PAD.encode(serde_json::to_vec(code).map_err(Error::internal)?);
    let signature = ctx.keys.signing(PURPOSE)?.sign(said.as_bytes());
    Ok(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
}

/// What a code says, if we signed it.
pub(super) fn read(ctx: &Context, text: &str) -> Result<Option<OfflineCode>> {
    let public = ctx.keys.signing(PURPOSE)?;
    let public = UnparsedPublicKey::new(&ED25519, public.public_key().as_ref());
    let opened = text.split_once('.').and_then(|(said, signature)| {
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        public.verify(said.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(said).ok()?).ok()
    });
    Ok(opened)
}

/// What tills check codes with: 32 bytes, base64url.
pub(super) fn public_key(ctx: &Context) -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(ctx.keys.signing(PURPOSE)?.public_key().as_ref()))
}
