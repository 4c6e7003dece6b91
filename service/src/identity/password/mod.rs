//! A member's password, beside the ways that platforms prove: set while signed in, reset by an SMS code, good with each phone of theirs.
//!
//! Wrong passwords are limited per phone and per address, and counted before the password is looked at, so that parallel tries do not slip
//! through. An answer does not tell whether the phone is a member's.

mod reset;
mod set;
mod sign_in;

pub use reset::{ResetPassword, reset_password};
pub use set::{ChangePassword, change_password};
pub use sign_in::{SignInByPassword, sign_in_by_password};

use entity::member_password;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};

use crate::allowance::Allowance;
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;
use crate::member::Phone;
use crate::session::Client;

const QUARTER_SECONDS: i64 = 15 * 60;

/// Tries that were taken; given back when the password was right.
struct Tries([Allowance; 2]);

impl Tries {
    async fn take(ctx: &Context, phone: &Phone, client: &Client) -> Result<Self> {
        let settings = &ctx.settings.sign_in;
        let of_phone = format!("password-wrong:{}", phone.index(ctx));
        let of_address = format!("password-wrong:{}", client.address);
        let tries = Self([
            Allowance::per(ctx, &of_phone, settings.password_wrong_tries, QUARTER_SECONDS),
            Allowance::per(ctx, &of_address, settings.password_wrong_tries_per_address, QUARTER_SECONDS),
        ]);
        for allowance in &tries.0 {
            allowance.take(ctx).await?;
        }
        Ok(tries)
    }

    async fn give_back(self, ctx: &Context) -> Result<()> {
        for allowance in &self.0 {
            allowance.give_back(ctx).await?;
        }
        Ok(())
    }
}

async fn hash_of(connection: &impl ConnectionTrait, member_id: MemberId) -> Result<Option<String>> {
    let row = member_password::Entity::find_by_id(member_id).one(connection).await?;
    Ok(row.map(|row| row.hash))
}

async fn save(ctx: &Context, txn: &impl ConnectionTrait, member_id: MemberId, hash: String) -> Result<()> {
    let row = member_password::ActiveModel {
        member_id: Set(member_id),
        hash: Set(hash),
        changed_at: Set(ctx.now()),
    };
    let newest = OnConflict::column(member_password::Column::MemberId)
        .update_columns([member_password::Column::Hash, member_password::Column::ChangedAt])
        .to_owned();
    member_password::Entity::insert(row).on_conflict(newest).exec_without_returning(txn).await?;
    Ok(())
}
