//! The rows of a new member, made one way for sign-in, import and staff.

use chrono::NaiveDate;
use entity::states::{Gender, IdentityProvider, MemberState};
use entity::{identity, member};
use sea_orm::ActiveValue::Set;

use super::Phone;
use crate::context::Context;
use crate::crypto;
use crate::error::Result;
use crate::ids::{MemberId, StoreId};

/// What is known of somebody who enrols. `source` says where from: `wechat`, `sms`, `alipay`, `import`, `staff`.
#[derive(Debug, Clone, Default)]
pub struct NewMember {
    pub name: Option<String>,
    pub gender: Option<Gender>,
    pub birthday: Option<NaiveDate>,
    pub phone: Option<Phone>,
    pub home_store_id: Option<StoreId>,
    pub marketing_consent: bool,
    pub source: String,
}

/// The member's row: a fresh id, a 16-digit card number with a check digit, a card secret of 32 bytes.
pub fn new_row(ctx: &Context, new: NewMember) -> Result<member::ActiveModel> {
    let now = ctx.now();
    let secret = crypto::random_bytes::<32>();
    Ok(member::ActiveModel {
        id: Set(ctx.new_id()),
        card_number: Set(card_number()),
        name: Set(new.name),
        name_since: Set(None),
        gender: Set(new.gender),
        birthday: Set(new.birthday),
        zone: Set(None),
        home_store_id: Set(new.home_store_id),
        phone_cipher: Set(new.phone.map(|phone| phone.seal(ctx)).transpose()?),
        card_secret: Set(ctx.keys.seal("member.card_secret", &secret)?),
        state: Set(MemberState::Active),
        marketing_consent: Set(new.marketing_consent),
        marketing_consent_at: Set(new.marketing_consent.then_some(now)),
        purchase_count: Set(0),
        purchase_total_fen: Set(0),
        first_purchase_at: Set(None),
        last_purchase_at: Set(None),
        source: Set(new.source),
        created_at: Set(now),
        updated_at: Set(now),
        occupation: Set(None),
        behaviour_consent: Set(false),
        behaviour_consent_at: Set(None),
    })
}

pub fn identity_row(
    ctx: &Context,
    member_id: MemberId,
    provider: IdentityProvider,
    subject: String,
) -> identity::ActiveModel {
    identity::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(member_id),
        provider: Set(provider),
        subject: Set(subject),
        created_at: Set(ctx.now()),
    }
}

/// 15 random digits after the leading 6, the last of them Luhn's check digit, so that a mistyped number is noticed.
fn card_number() -> String {
    let body = format!("6{}", crypto::random_digits(14));
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            if place % 2 == 0 { (digit * 2) / 10 + (digit * 2) % 10 } else { digit }
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}
