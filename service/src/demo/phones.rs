//! Who holds which virtual phone: every member as the sandbox has to know them, so that it can be begun anew.

use std::collections::HashMap;

use entity::states::{IdentityProvider, MemberState};
use entity::{consent, identity, member};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;
use crate::member::Phone;

/// Holds a phone number and openids: never logged.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct PhoneOwner {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub openid: Option<String>,
    pub unionid: Option<String>,
    pub alipay_open_id: Option<String>,
    /// Template and sends left.
    pub consents: Vec<(String, u32)>,
}

/// All active members, in the order in which they enrolled.
pub async fn phone_owners(ctx: &Context) -> Result<Vec<PhoneOwner>> {
    let members = member::Entity::find()
        .filter(member::Column::State.eq(MemberState::Active))
        .order_by_asc(member::Column::Id)
        .all(ctx.db.read())
        .await?;
    let mut identities: HashMap<MemberId, Vec<identity::Model>> = HashMap::new();
    for row in identity::Entity::find().all(ctx.db.read()).await? {
        identities.entry(row.member_id).or_default().push(row);
    }
    let mut consents: HashMap<MemberId, Vec<(String, u32)>> = HashMap::new();
    for row in consent::Entity::find().all(ctx.db.read()).await? {
        let left = u32::try_from(row.available).unwrap_or_default();
        consents.entry(row.member_id).or_default().push((row.template_id, left));
    }
    members
        .into_iter()
        .map(|member| {
            let sealed = member.phone_cipher.as_deref();
            let phone = sealed.map(|sealed| Phone::open(ctx, sealed)).transpose()?;
            let mut owner = PhoneOwner {
                name: member.name,
                phone: phone.map(|phone| phone.expose().to_owned()),
                consents: consents.remove(&member.id).unwrap_or_default(),
                ..PhoneOwner::default()
            };
            identities.remove(&member.id).into_iter().flatten().for_each(|row| owner.know_as(row));
            Ok(owner)
        })
        .collect()
}

impl PhoneOwner {
    fn know_as(&mut self, identity: identity::Model) {
        match identity.provider {
            IdentityProvider::WechatOpenid => self.openid = Some(identity.subject),
            IdentityProvider::WechatUnionid => self.unionid = Some(identity.subject),
            IdentityProvider::Alipay => self.alipay_open_id = Some(identity.subject),
            IdentityProvider::Phone | IdentityProvider::External => {}
        }
    }
}
