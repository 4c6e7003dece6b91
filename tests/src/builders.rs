//! What tests start from: members, staff, segments and campaigns with one line each.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::states::{Channel, DeliveryState, IdentityProvider, StaffRole, StaffState, SubjectKind};
use entity::{delivery, identity, member, session, staff};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, Statement,
};
use service::Context;
use service::audience::{self, Rule, SegmentDraft};
use service::campaign::{self, CampaignDraft, CampaignRow};
use service::crypto::hmac_sha256;
use service::delivery::{DeliveryRow, MessageDraft};
use service::ids::{CampaignId, MemberId, SegmentId, SessionId, StaffId};
use service::member::{NewMember, Phone, identity_row, new_row};
use service::staff::{StaffCaller, StoreScope};
use uuid::Uuid;

use crate::app::TestApp;
use crate::platforms::{COUPON_EXPIRY, Person, SMS_MARKETING, SMS_MARKETING_TENCENT};

const ROWS: usize = 500;

/// A member together with the person behind the phone.
#[derive(Debug, Clone)]
pub struct Reachable {
    pub member: MemberId,
    pub person: Person,
}

impl TestApp {
    /// A member of staff with a session, as the use cases see one.
    pub fn caller(&self, role: StaffRole) -> StaffCaller {
        StaffCaller { id: self.ctx.new_id(), session_id: self.ctx.new_id(), role, stores: StoreScope::All }
    }

    /// An account with `role`, signed in; the access token.
    pub async fn staff_session(&self, role: StaffRole) -> String {
        staff_token(&self.ctx, role).await
    }

    /// A member's access token, as signing in would give it.
    pub async fn member_session(&self, member: MemberId) -> String {
        member_token(&self.ctx, member).await
    }

    /// So many members without any address.
    pub async fn members(&self, count: usize) -> Vec<MemberId> {
        let rows: Vec<_> = (0..count).map(|_| self.member_row(None)).collect();
        self.insert_members(rows, Vec::new()).await
    }

    /// Members who are bound to these people's WeChat and phone and who agree to marketing.
    pub async fn enrol(&self, people: Vec<Person>) -> Vec<Reachable> {
        let mut identities = Vec::new();
        let rows: Vec<_> = people
            .iter()
            .map(|person| {
                let phone = Phone::parse(&person.phone).expect("a phone number");
                let row = self.member_row(Some(phone.clone()));
                let id = *row.id.as_ref();
                let bind = |provider, subject| identity_row(&self.ctx, id, provider, subject);
                identities.push(bind(IdentityProvider::WechatOpenid, person.openid.clone()));
                identities.push(bind(IdentityProvider::Phone, phone.index(&self.ctx)));
                row
            })
            .collect();
        let ids = self.insert_members(rows, identities).await;
        ids.into_iter().zip(people).map(|(member, person)| Reachable { member, person }).collect()
    }

    /// So many members, reachable on every channel, who have each accepted [`COUPON_EXPIRY`] `consents` times.
    pub async fn reachable(&self, count: usize, consents: u32) -> Vec<Reachable> {
        let reachable = self.enrol(self.people(count).await).await;
        let people: Vec<_> = reachable.iter().map(|one| one.person.clone()).collect();
        for _ in 0..consents {
            self.answer_prompts(&people, COUPON_EXPIRY, "accept").await;
        }
        reachable
    }

    fn member_row(&self, phone: Option<Phone>) -> member::ActiveModel {
        let new =
            NewMember { phone, marketing_consent: true, source: "import".to_owned(), ..NewMember::default() };
        new_row(&self.ctx, new).expect("a row")
    }

    async fn insert_members(
        &self,
        rows: Vec<member::ActiveModel>,
        identities: Vec<identity::ActiveModel>,
    ) -> Vec<MemberId> {
        let ids = rows.iter().map(|row| *row.id.as_ref()).collect();
        let txn = self.ctx.db.begin().await.expect("a transaction");
        for chunk in rows.chunks(ROWS) {
            let insert = member::Entity::insert_many(chunk.to_vec());
            insert.exec_without_returning(&txn).await.expect("the members are written");
        }
        for chunk in identities.chunks(ROWS) {
            let insert = identity::Entity::insert_many(chunk.to_vec());
            insert.exec_without_returning(&txn).await.expect("the identities are written");
        }
        txn.commit().await.expect("the commit works");
        ids
    }

    pub async fn segment(&self, rule: Rule) -> SegmentId {
        let draft = SegmentDraft { name: self.ctx.new_id::<SegmentId>().to_string(), rule };
        let owner = self.caller(StaffRole::Owner);
        audience::create(&self.ctx, &owner, draft).await.expect("the segment is made").id
    }

    /// A draft over `channel` to everybody, changed by `change`.
    pub async fn campaign(&self, channel: Channel, change: impl FnOnce(&mut CampaignDraft)) -> CampaignRow {
        let mut draft = draft(channel, self.segment(Rule::All(Vec::new())).await);
        if channel == Channel::Sms && self.ctx.settings.sms.provider == "tencent" {
            draft.message.template_id = Some(SMS_MARKETING_TENCENT.to_owned());
        }
        change(&mut draft);
        let owner = self.caller(StaffRole::Owner);
        campaign::create(&self.ctx, &owner, draft).await.expect("the campaign is made")
    }

    /// A campaign as [`TestApp::campaign`] makes it, due now.
    pub async fn scheduled(&self, channel: Channel, change: impl FnOnce(&mut CampaignDraft)) -> CampaignId {
        let id = self.campaign(channel, change).await.id;
        let owner = self.caller(StaffRole::Owner);
        campaign::schedule(&self.ctx, &owner, id, None).await.expect("the campaign is scheduled");
        id
    }
}

/// A complete draft for a channel, with a message that the sandbox takes.
pub fn draft(channel: Channel, segment_id: SegmentId) -> CampaignDraft {
    CampaignDraft::new("会员日", segment_id, channel, message(channel))
}

pub fn message(channel: Channel) -> MessageDraft {
    let parameters = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    };
    match channel {
        Channel::WechatSubscribe => MessageDraft {
            template_id: Some(COUPON_EXPIRY.to_owned()),
            page: Some("pages/card/index".to_owned()),
            parameters: parameters(&[
                ("thing1", "满100减20券"),
                ("date2", "2026年03月31日"),
                ("thing3", "到店出示会员码即可使用"),
            ]),
            ..MessageDraft::default()
        },
        Channel::Sms => MessageDraft {
            template_id: Some(SMS_MARKETING.to_owned()),
            parameters: parameters(&[("name", "{{name}}")]),
            ..MessageDraft::default()
        },
        Channel::Inbox => MessageDraft {
            title: Some("会员日".to_owned()),
            body: Some("{{name}}，周五全场八折。".to_owned()),
            page: Some("pages/card/index".to_owned()),
            ..MessageDraft::default()
        },
    }
}

async fn insert<A>(ctx: &Context, row: A)
where
    A: ActiveModelTrait + Send,
{
    let txn = ctx.db.begin().await.expect("a transaction");
    A::Entity::insert(row.reset_all()).exec_without_returning(&txn).await.expect("the row is written");
    txn.commit().await.expect("the commit works");
}

/// An account with `role`, signed in; the access token.
pub async fn staff_token(ctx: &Context, role: StaffRole) -> String {
    let id: StaffId = ctx.new_id();
    let now = ctx.now();
    let row = staff::Model {
        id,
        login: id.to_string(),
        name: "李店员".to_owned(),
        password_hash: "none".to_owned(),
        role,
        state: StaffState::Active,
        must_change_password: false,
        created_at: now,
        updated_at: now,
        second_factor_at: None,
    };
    insert(ctx, row.into_active_model()).await;
    token(ctx, SubjectKind::Staff, id.0).await
}

/// A member's access token with a session of its own.
pub async fn member_token(ctx: &Context, member: MemberId) -> String {
    token(ctx, SubjectKind::Member, member.0).await
}

async fn token(ctx: &Context, kind: SubjectKind, subject: Uuid) -> String {
    let (now, id): (_, SessionId) = (ctx.now(), ctx.new_id());
    let row = session::Model {
        id,
        subject_kind: kind,
        subject_id: subject,
        device: None,
        created_at: now,
        last_seen_at: now,
        revoked_at: None,
        revoked_reason: None,
    };
    insert(ctx, row.into_active_model()).await;
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = serde_json::json!({
        "sub": subject, "kind": kind, "sid": id, "iat": now.timestamp(),
        "exp": now.timestamp() + ctx.settings.sign_in.access_token_seconds,
    });
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = hmac_sha256(&ctx.keys.derived("access-token"), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What happened, read back.
impl TestApp {
    pub async fn campaign_row(&self, id: CampaignId) -> CampaignRow {
        let row = entity::campaign::Entity::find_by_id(id).one(self.ctx.db.read()).await;
        row.expect("the database answers").expect("there is such a campaign")
    }

    /// Every delivery of a campaign, in the order of its members.
    pub async fn deliveries_of(&self, id: CampaignId) -> Vec<DeliveryRow> {
        delivery::Entity::find()
            .filter(delivery::Column::CampaignId.eq(id))
            .order_by_asc(delivery::Column::MemberId)
            .all(self.ctx.db.read())
            .await
            .expect("the deliveries can be read")
    }

    pub async fn delivery_to(&self, id: CampaignId, member: MemberId) -> DeliveryRow {
        let all = self.deliveries_of(id).await;
        all.into_iter().find(|row| row.member_id == member).expect("the member is in the audience")
    }

    /// Waits until so many deliveries of a campaign are in a state.
    pub async fn wait_for(&self, id: CampaignId, state: DeliveryState, count: usize) {
        let reached = async {
            while self.counts(id).await.iter().all(|(other, number)| *other != state || *number < count) {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), reached).await;
        assert!(waited.is_ok(), "{count} {state:?} were not reached: {:?}", self.counts(id).await);
    }

    /// Until somebody waits for a lock that another holds; SQLite, which has one writer, tells of none.
    pub async fn somebody_waits(&self) {
        const WAITING: &str = "SELECT count(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        if self.ctx.db.backend() != DbBackend::Postgres {
            return;
        }
        let waiting = async || {
            let statement = Statement::from_string(DbBackend::Postgres, WAITING);
            let row = self.ctx.db.read().query_one_raw(statement).await.expect("the database answers");
            row.and_then(|row| row.try_get_by_index::<i64>(0).ok()).unwrap_or_default()
        };
        let reached = async {
            while waiting().await == 0 {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached).await.expect("somebody waits for a lock");
    }

    /// The explanation of one member's delivery over HTTP.
    pub async fn explanation(&self, staff: &str, id: CampaignId, member: MemberId) -> serde_json::Value {
        let path = format!("/v1/console/campaigns/{id}/members/{member}/explanation");
        self.get(&path).with_bearer(staff).await.expect(200)
    }

    /// What a member still allows for a template: available and held.
    pub async fn consent_left(&self, member: MemberId, template: &str) -> (i32, i32) {
        let ledger = service::consent::ledger_of(&self.ctx, member).await.expect("the ledger can be read");
        let row = ledger.iter().find(|row| row.template_id == template);
        row.map_or((0, 0), |row| (row.available, row.reserved))
    }

    /// How many deliveries of a campaign are in which state.
    pub async fn counts(&self, id: CampaignId) -> Vec<(DeliveryState, usize)> {
        let mut counts = BTreeMap::new();
        for row in self.deliveries_of(id).await {
            *counts.entry(row.state).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }

    /// How many deliveries of a campaign have which reason; those without one are left out.
    pub async fn reasons(&self, id: CampaignId) -> Vec<(String, usize)> {
        let mut counts = BTreeMap::new();
        for reason in self.deliveries_of(id).await.into_iter().filter_map(|row| row.reason) {
            *counts.entry(reason).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }
}
