//! Fingerprint or face in the mini-program (WeChat SOTER): the phone's chip signs our challenge, WeChat says whether the signature is the
//! chip's, and the counter in what was signed must rise on each device.
//!
//! SOTER shows that the phone's owner agreed, not who that is: the openid comes from `wx.login`'s code, through WeChat, when the challenge is made.

use entity::soter_device;
use entity::states::IdentityProvider;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::challenge;
use super::history::Method;
use super::resolve::{Proof, SignedIn, refused, require_given, sign_in};
use super::sign_in_by_wechat;
use crate::allowance::count_attempt;
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::platforms;
use crate::refusal::Refusal;
use crate::session::Client;

const KIND: &str = "soter";
/// `cpu_id` is a chip's number; longer ones are no such.
const LONGEST_DEVICE: usize = 128;

pub struct SoterChallenge {
    pub challenge_id: String,
    /// For `wx.startSoterAuthentication`.
    pub challenge: String,
}

#[derive(Serialize, Deserialize)]
struct Begun {
    accounts: Vec<(IdentityProvider, String)>,
    challenge: String,
}

/// What the phone says it signed; fields that we do not look at are left out.
#[derive(Deserialize)]
struct Signed {
    raw: String,
    counter: i64,
    cpu_id: String,
}

pub struct SignInBySoter {
    pub challenge_id: String,
    /// `resultJSON`, as the phone gave it: the signature is over this very text.
    pub result_json: String,
    pub result_json_signature: String,
    pub client: Client,
}

/// # Refuses
/// `sign_in_code_invalid`, `sign_in_risky`, `channel_not_configured`
pub async fn start_soter(ctx: &Context, code: &str, client: &Client) -> Result<SoterChallenge> {
    require_given("code", Some(code))?;
    count_attempt(ctx, &client.address).await?;
    let accounts = sign_in_by_wechat::accounts(ctx, code).await?;
    let challenge = crypto::random_token();
    let challenge_id = challenge::keep(ctx, KIND, &Begun { accounts, challenge: challenge.clone() }).await?;
    Ok(SoterChallenge { challenge_id, challenge })
}

/// # Refuses
/// `challenge_expired`, `soter_refused`, `soter_replayed`, `member_disabled`, `channel_not_configured`
pub async fn sign_in_by_soter(ctx: &Context, command: SignInBySoter) -> Result<SignedIn> {
    count_attempt(ctx, &command.client.address).await?;
    let signed: Signed = serde_json::from_str(&command.result_json)
        .map_err(|error| Error::invalid("result_json", format!("is not what SOTER answers: {error}")))?;
    if signed.cpu_id.is_empty() || signed.cpu_id.len() > LONGEST_DEVICE {
        return Err(Error::invalid("result_json", "names no device"));
    }
    let begun: Begun = challenge::take(ctx, KIND, &command.challenge_id).await?;
    let text = (command.result_json.as_str(), command.result_json_signature.as_str());
    let proof = Proof {
        member: None,
        accounts: begun.accounts,
        phone: None,
        method: Method::Soter,
        marketing_consent: false,
        client: command.client,
    };
    if let Err(error) = check(ctx, &proof, (&signed, &begun.challenge), text).await {
        return Err(refused(ctx, &proof, error).await?);
    }
    sign_in(ctx, &proof).await
}

async fn check(
    ctx: &Context,
    proof: &Proof,
    (signed, challenge): (&Signed, &str),
    (text, signature): (&str, &str),
) -> Result<()> {
    let openid = proof.accounts.first().map(|(_, subject)| subject.as_str()).unwrap_or_default();
    let wechat = ctx.platforms.wechat()?;
    let is_ok = wechat.verify_soter(openid, text, signature).await;
    let is_ok = is_ok.map_err(|error| platforms::unavailable("wechat", error))?;
    if !is_ok || !crypto::constant_time_eq(signed.raw.as_bytes(), challenge.as_bytes()) {
        return Err(Refusal::SoterRefused.into());
    }
    raise_counter(ctx, openid, signed).await
}

/// By one conditional write, so that of two answers with one counter one is taken.
async fn raise_counter(ctx: &Context, openid: &str, signed: &Signed) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let row = soter_device::ActiveModel {
        openid: Set(openid.to_owned()),
        device: Set(signed.cpu_id.clone()),
        counter: Set(signed.counter),
        used_at: Set(ctx.now()),
    };
    let first = soter_device::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
    if first == 0 {
        let raised = soter_device::Entity::update_many()
            .col_expr(soter_device::Column::Counter, Expr::value(signed.counter))
            .col_expr(soter_device::Column::UsedAt, Expr::value(ctx.now()))
            .filter(soter_device::Column::Openid.eq(openid))
            .filter(soter_device::Column::Device.eq(&signed.cpu_id))
            .filter(soter_device::Column::Counter.lt(signed.counter))
            .exec(&txn)
            .await?;
        if raised.rows_affected == 0 {
            return Err(Refusal::SoterReplayed.into());
        }
    }
    txn.commit().await?;
    Ok(())
}
