//! The second factor of a staff account: a code of an authenticator app (RFC 6238: SHA-1, 6 digits, 30 seconds, one step
//! either side), or one of eight recovery codes.
//!
//! Invariants: the secret is sealed; a code is good once, since `last_step` only rises; a recovery code is kept as a keyed hash and good
//! once. `staff.second_factor_at` says whether an account has one, so that each request sees it with the account.

use entity::states::StaffRole;
use entity::{staff, staff_recovery_code, staff_second_factor};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use totp_rs::{Algorithm, Builder, Totp};

use super::admin::record;
use super::sign_in::wrong_tries;
use super::{Permission, StaffCaller};
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::ids::StaffId;
use crate::refusal::Refusal;
use crate::session::{self, Subject};

const RECOVERY_CODES: usize = 8;
/// RFC 4226 asks for 160 bits.
const SECRET_BYTES: usize = 20;
/// Binds the sealed secret to its place.
const PURPOSE: &str = "staff.second_factor";

/// What an authenticator app is told, once.
pub struct Prepared {
    /// Base32, for typing.
    pub secret: String,
    /// `otpauth://totp/...`, for a QR code.
    pub uri: String,
}

/// Whether the brand asks for a second factor of this account, and it has none.
pub fn is_missing(ctx: &Context, staff: &staff::Model) -> bool {
    is_required(ctx, staff.role) && staff.second_factor_at.is_none()
}

fn is_required(ctx: &Context, role: StaffRole) -> bool {
    ctx.settings.sign_in.second_factor_roles.contains(&role)
}

/// A new secret, which counts for nothing until a code of it is given. Asking again replaces it.
///
/// # Refuses
/// `second_factor_on`
pub async fn prepare_second_factor(ctx: &Context, caller: &StaffCaller) -> Result<Prepared> {
    let secret = crypto::random_bytes::<SECRET_BYTES>();
    let row = staff_second_factor::ActiveModel {
        staff_id: Set(caller.id),
        secret: Set(ctx.keys.seal(PURPOSE, &secret)?),
        last_step: Set(0),
        confirmed_at: Set(None),
        created_at: Set(ctx.now()),
    };
    let txn = ctx.db.begin().await?;
    let staff = lock(&txn, caller.id).await?;
    if staff.second_factor_at.is_some() {
        return Err(Refusal::SecondFactorOn.into());
    }
    let replace = OnConflict::column(staff_second_factor::Column::StaffId)
        .update_columns([
            staff_second_factor::Column::Secret,
            staff_second_factor::Column::LastStep,
            staff_second_factor::Column::CreatedAt,
        ])
        .to_owned();
    staff_second_factor::Entity::insert(row).on_conflict(replace).exec_without_returning(&txn).await?;
    txn.commit().await?;
    let totp = totp(&secret, Some((&ctx.settings.brand_name, &staff.login)))?;
    Ok(Prepared { secret: totp.secret().to_base32(), uri: totp.to_url().map_err(Error::internal)? })
}

/// Turns it on with a code of the app, and answers the recovery codes, which are told once.
///
/// # Refuses
/// `second_factor_on`, `second_factor_wrong`
pub async fn confirm_second_factor(ctx: &Context, caller: &StaffCaller, code: &str) -> Result<Vec<String>> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    let txn = ctx.db.begin().await?;
    let staff = lock(&txn, caller.id).await?;
    if staff.second_factor_at.is_some() {
        return Err(Refusal::SecondFactorOn.into());
    }
    wrong_tries(ctx, &staff.login).take(ctx).await?;
    if !takes_app_code(ctx, &txn, caller.id, code).await? {
        return Err(Refusal::SecondFactorWrong.into());
    }
    wrong_tries(ctx, &staff.login).give_back(ctx).await?;
    forget_recovery_codes(&txn, caller.id).await?;
    let rows = codes.iter().map(|code| staff_recovery_code::ActiveModel {
        staff_id: Set(caller.id),
        code_hash: Set(hash(ctx, code)),
        used_at: Set(None),
    });
    staff_recovery_code::Entity::insert_many(rows).exec_without_returning(&txn).await?;
    staff_second_factor::Entity::update_many()
        .col_expr(staff_second_factor::Column::ConfirmedAt, Expr::value(ctx.now()))
        .filter(staff_second_factor::Column::StaffId.eq(caller.id))
        .exec(&txn)
        .await?;
    mark(ctx, &txn, caller.id, Some(ctx.now())).await?;
    let own = (Subject::Staff(caller.id), caller.session_id);
    session::revoke_others(ctx, &txn, own, "second_factor_added").await?;
    record(ctx, &txn, caller, ("staff.second_factor_on", caller.id, serde_json::json!({}))).await?;
    txn.commit().await?;
    Ok(codes)
}

/// Takes one's own off, with a code.
///
/// # Refuses
/// `second_factor_wrong`, `second_factor_required` where the brand asks for one
pub async fn remove_second_factor(ctx: &Context, caller: &StaffCaller, code: &str) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let staff = lock(&txn, caller.id).await?;
    if is_required(ctx, staff.role) {
        return Err(Refusal::SecondFactorRequired.into());
    }
    wrong_tries(ctx, &staff.login).take(ctx).await?;
    check(ctx, &txn, &staff, Some(code)).await?;
    wrong_tries(ctx, &staff.login).give_back(ctx).await?;
    take_off(ctx, &txn, caller.id).await?;
    record(ctx, &txn, caller, ("staff.second_factor_off", caller.id, serde_json::json!({}))).await?;
    txn.commit().await?;
    Ok(())
}

/// For somebody who has lost app and recovery codes; their sessions end.
pub async fn reset_second_factor(ctx: &Context, caller: &StaffCaller, id: StaffId) -> Result<()> {
    caller.require(Permission::WriteStaff)?;
    let txn = ctx.db.begin().await?;
    staff::Entity::find_by_id(id).lock_exclusive().one(&txn).await?.ok_or(Error::NotFound("staff"))?;
    take_off(ctx, &txn, id).await?;
    session::revoke_all(ctx, &txn, Subject::Staff(id), "second_factor_reset").await?;
    record(ctx, &txn, caller, ("staff.reset_second_factor", id, serde_json::json!({}))).await?;
    txn.commit().await?;
    Ok(())
}

/// Lets through who has no second factor, or whose code is right; uses the code up. The account is locked by the caller.
///
/// # Refuses
/// `second_factor_required` without a code, `second_factor_wrong`
pub(super) async fn check(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    staff: &staff::Model,
    code: Option<&str>,
) -> Result<()> {
    if staff.second_factor_at.is_none() {
        return Ok(());
    }
    let code = code.ok_or(Refusal::SecondFactorRequired)?;
    let right = takes_app_code(ctx, txn, staff.id, code).await?
        || takes_recovery_code(ctx, txn, staff.id, code).await?;
    if right { Ok(()) } else { Err(Refusal::SecondFactorWrong.into()) }
}

async fn takes_app_code(ctx: &Context, txn: &impl ConnectionTrait, id: StaffId, code: &str) -> Result<bool> {
    let Some(row) = staff_second_factor::Entity::find_by_id(id).one(txn).await? else { return Ok(false) };
    let code: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    let now = u64::try_from(ctx.now().timestamp()).unwrap_or_default();
    let step = totp(&ctx.keys.open(PURPOSE, &row.secret)?, None)?.check(&code, now);
    let Some(step) = step.and_then(|step| i64::try_from(step).ok()) else { return Ok(false) };
    let taken = staff_second_factor::Entity::update_many()
        .col_expr(staff_second_factor::Column::LastStep, Expr::value(step))
        .filter(staff_second_factor::Column::StaffId.eq(id))
        .filter(staff_second_factor::Column::LastStep.lt(step))
        .exec(txn)
        .await?;
    Ok(taken.rows_affected == 1)
}

async fn takes_recovery_code(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    id: StaffId,
    code: &str,
) -> Result<bool> {
    let taken = staff_recovery_code::Entity::update_many()
        .col_expr(staff_recovery_code::Column::UsedAt, Expr::value(ctx.now()))
        .filter(staff_recovery_code::Column::StaffId.eq(id))
        .filter(staff_recovery_code::Column::CodeHash.eq(hash(ctx, code)))
        .filter(staff_recovery_code::Column::UsedAt.is_null())
        .exec(txn)
        .await?;
    Ok(taken.rows_affected == 1)
}

async fn take_off(ctx: &Context, txn: &impl ConnectionTrait, id: StaffId) -> Result<()> {
    forget_recovery_codes(txn, id).await?;
    staff_second_factor::Entity::delete_by_id(id).exec(txn).await?;
    mark(ctx, txn, id, None).await
}

async fn forget_recovery_codes(txn: &impl ConnectionTrait, id: StaffId) -> Result<()> {
    let of_staff = staff_recovery_code::Column::StaffId.eq(id);
    staff_recovery_code::Entity::delete_many().filter(of_staff).exec(txn).await?;
    Ok(())
}

async fn mark(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    id: StaffId,
    at: Option<chrono::DateTime<chrono::Utc>>,
) -> Result<()> {
    staff::Entity::update_many()
        .col_expr(staff::Column::SecondFactorAt, Expr::value(at))
        .col_expr(staff::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(staff::Column::Id.eq(id))
        .exec(txn)
        .await?;
    Ok(())
}

async fn lock(txn: &impl ConnectionTrait, id: StaffId) -> Result<staff::Model> {
    staff::Entity::find_by_id(id).lock_exclusive().one(txn).await?.ok_or(Error::Unauthenticated)
}

/// `of` is the brand and the login, for whom the app keeps it.
fn totp(secret: &[u8], of: Option<(&str, &str)>) -> Result<Totp> {
    let (brand, login) = of.unwrap_or_default();
    // A colon parts issuer and account in the address.
    let plain = |text: &str| text.replace(':', " ");
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_secret(secret.to_vec())
        .with_account_name(plain(login))
        .with_issuer((!brand.is_empty()).then(|| plain(brand)))
        .build()
        .map_err(Error::internal)
}

/// 80 random bits in groups that can be read out.
fn recovery_code() -> String {
    let hex = hex::encode(crypto::random_bytes::<10>());
    let groups: Vec<&str> = (0..4).map(|group| &hex[group * 5..(group + 1) * 5]).collect();
    groups.join("-")
}

fn hash(ctx: &Context, code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    ctx.keys.index(PURPOSE, &plain.to_ascii_lowercase())
}
