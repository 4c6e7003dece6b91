//! Members with phones, written as an import and the platform's events would have left them.

use std::collections::HashMap;

use entity::states::{ConsentKind, IdentityProvider};
use entity::{consent, identity, member};
use reqwest::Method;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use serde_json::json;
use service::ids::MemberId;
use service::member::{NewMember, identity_row, new_row};

use super::Cluster;
use crate::platforms::COUPON_EXPIRY;

const ROWS: usize = 1000;

#[derive(Default)]
pub struct Audience {
    /// In the order of their ids, with the id of the person behind each.
    pub members: Vec<(MemberId, String)>,
    pub openids: HashMap<MemberId, String>,
}

impl Cluster {
    /// Makes people, the members that they are, and on both sides their consents to [`COUPON_EXPIRY`].
    pub(super) async fn enrol(&self, count: usize, consents: i32) -> Audience {
        let mut audience = Audience::default();
        if count == 0 {
            return audience;
        }
        let people = self.make_people(count).await;
        if consents > 0 {
            let body =
                json!({ "all": true, "template_id": COUPON_EXPIRY, "answer": "accept", "times": consents });
            self.sandbox_api(Method::POST, "/prompts/batch", body).await;
        }
        let txn = self.ctx.db.begin().await.expect("a transaction");
        for people in people.chunks(ROWS) {
            let (mut members, mut identities, mut accepted) = (Vec::new(), Vec::new(), Vec::new());
            for person in people {
                let new =
                    NewMember { source: "import".to_owned(), marketing_consent: true, ..Default::default() };
                let row = new_row(&self.ctx, new).expect("a row");
                let id = *row.id.as_ref();
                members.push(row);
                let openid = person.openid.clone();
                identities.push(identity_row(&self.ctx, id, IdentityProvider::WechatOpenid, openid));
                accepted.push(self.consent(id, consents));
                audience.members.push((id, person.id.clone()));
                audience.openids.insert(id, person.openid.clone());
            }
            member::Entity::insert_many(members).exec_without_returning(&txn).await.expect("members");
            identity::Entity::insert_many(identities).exec_without_returning(&txn).await.expect("identities");
            consent::Entity::insert_many(accepted).exec_without_returning(&txn).await.expect("consents");
        }
        txn.commit().await.expect("the commit works");
        audience
    }

    fn consent(&self, member_id: MemberId, available: i32) -> consent::ActiveModel {
        consent::ActiveModel {
            id: Set(self.ctx.new_id()),
            member_id: Set(member_id),
            template_id: Set(COUPON_EXPIRY.to_owned()),
            kind: Set(ConsentKind::OneTime),
            available: Set(available),
            reserved: Set(0),
            updated_at: Set(self.ctx.now()),
        }
    }
}
