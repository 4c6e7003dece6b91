//! What the requests are about, and a caller of each kind; made once, over HTTP.

use entity::states::{Channel, DeliveryState, MessageClass, StaffRole};
use entity::{delivery, inbox_message, passkey, session};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder};
use serde_json::{Value, json};
use service::dead_letter::DeadLetter;
use service::ids::{DeadLetterId, DeliveryId, InboxMessageId, MemberId, PasskeyId, SessionId, StoreId};
use tests::people::{PASSWORD, text};
use tests::phones::Person;
use tests::{Phones, TestApp};

use super::caller::{Caller, Kind};

/// So that nobody is refused for having asked too often.
const GENEROUS: &str = "sign_in.attempts_per_address_per_minute = 10000\nsign_in.staff_wrong_tries = 10000";

pub struct World {
    phones: Phones,
    pub callers: Vec<Caller>,
    pub store: StoreId,
    pub subject_phone: String,
    pub scan: String,
    pub coupon: String,
    coupon_code: String,
    pub segment: String,
    pub template: String,
    pub grant: String,
    pack: String,
    pub subject_card: String,
    pub tier: String,
    pub stamp_card: String,
    purchase: String,
    reward: String,
    mall_item: String,
    exchange: String,
    survey: String,
    adjustment: String,
    subject: MemberId,
    /// The same person as the subject.
    pub other_subject: MemberId,
    account: String,
    redemption: String,
    campaign: String,
    tag: String,
    message: InboxMessageId,
    /// Another one of the member's.
    session: SessionId,
    owner_session: SessionId,
    passkey: PasskeyId,
    attribute: String,
    dead_letter: DeadLetterId,
    delivery: DeliveryId,
    feedback: String,
    rfm_run: String,
    association_run: String,
}

impl World {
    pub async fn create() -> Self {
        let phones = Phones::with_settings(GENEROUS).await;
        let app = &phones.app;
        let owner = app.owner().await;
        let (store, elsewhere) = (app.store(&owner, "S1").await, app.store(&owner, "S2").await);
        let member = SignedIn::new(&phones, "13800138001").await;
        let cashier = app.staff(&owner, StaffRole::Cashier, &[store]).await;
        let subject_phone = "13800138000".to_owned();
        let subject = app.member(&subject_phone).await;
        let other_subject = app.member("13800138006").await;
        let (template, coupon) = offer(app, &owner, &member.token).await;
        let (scan, redemption) = redeem(app, (store, &cashier), (&member.token, &coupon)).await;
        let held = app.get(&format!("/v1/me/coupons/{coupon}")).with_bearer(&member.token).await.expect(200);
        let coupon_code = text(&held, "code");
        let pack = json!({ "name": "新人礼包", "items": [{ "template_id": template }] });
        let pack = make(app, &owner, "/v1/console/coupon-packs", pack).await;
        let grant = json!({ "store_id": store, "till": "1" });
        let grant = app.post("/v1/staff/offline-grants", grant).with_bearer(&cashier).await.expect(201);
        let grant = text(&grant, "grant_id");
        let segment = make(app, &owner, "/v1/console/segments", Self::everybody()).await;
        let campaign = make(app, &owner, "/v1/console/campaigns", Self::inbox_campaign(&segment)).await;
        let tag = make(app, &owner, "/v1/console/tags", json!({ "name": "新客" })).await;
        let account = json!({ "login": "account", "name": "Account", "role": "cashier" });
        let account = app.post("/v1/console/staff", account).with_bearer(&owner).await.expect(201);
        let message = message_to(app, member.id).await;
        let attribute = json!({ "key": "size", "label": "尺码", "kind": "text" });
        let attribute = make(app, &owner, "/v1/console/attributes", attribute).await;
        let session = session_of(app, member.id).await;
        // Another one, for it is ended: the newest comes first.
        app.staff_token("owner", PASSWORD).await;
        let owner_session = app.get("/v1/staff/sessions").with_bearer(&owner).await.expect(200);
        let owner_session = text(&owner_session["items"][0], "id").parse().expect("an id");
        let passkey = passkey_of(app, member.id).await;
        let delivery = delivery_to(app, member.id, &campaign).await;
        let purchase = json!({ "store_id": store, "scan_id": scan, "order_no": "P1", "total_fen": 100 });
        let purchase = make(app, &cashier, "/v1/staff/purchases", purchase).await;
        let survey = make(app, &owner, "/v1/console/surveys", Self::survey()).await;
        let adjustment = format!("/v1/console/members/{subject}/points/adjustments");
        let adjustment =
            make(app, &owner, &adjustment, json!({ "points": 1_000_000, "reason": "a mistake" })).await;
        let ladder = json!({ "tiers": [{ "name": "普卡" }] });
        let ladder = app.put("/v1/console/tiers", ladder).with_bearer(&owner).await.expect(200);
        let tier = text(&ladder["items"][0]["tier"], "id");
        let adjust = format!("/v1/console/members/{}/points/adjustments", member.id);
        make(app, &owner, &adjust, json!({ "points": 100, "reason": "a present" })).await;
        let mall_item = make(app, &owner, "/v1/console/mall-items", Self::mall_item()).await;
        let exchange = format!("/v1/mall-items/{mall_item}/exchanges");
        let exchange = make(app, &member.token, &exchange, json!({ "request_no": "E1" })).await;
        let feedback = json!({ "kind": "message", "text": "你好。", "store_id": store });
        let feedback = make(app, &member.token, "/v1/me/feedback", feedback).await;
        // Of its own: the other one is withdrawn by then.
        let reward = published(app, &owner).await;
        let stamp_card = make(app, &owner, "/v1/console/stamp-cards", stamp_card(&reward)).await;
        let subject_card =
            app.get(&format!("/v1/console/members/{subject}")).with_bearer(&owner).await.expect(200);
        let rfm_run = asked_for(app, &owner, "/v1/console/rfm-runs").await;
        let association_run = asked_for(app, &owner, "/v1/console/association-runs").await;
        let mut callers = others(&phones, &owner, elsewhere).await;
        callers.extend([
            caller(Kind::Member, member.token),
            caller(Kind::Staff(StaffRole::Cashier), cashier),
            caller(
                Kind::Staff(StaffRole::StoreManager),
                app.staff(&owner, StaffRole::StoreManager, &[store]).await,
            ),
            caller(Kind::Staff(StaffRole::Marketer), app.staff(&owner, StaffRole::Marketer, &[]).await),
            caller(Kind::Staff(StaffRole::Owner), owner),
        ]);
        let account = text(&account["staff"], "id");
        Self {
            callers,
            store,
            subject_phone,
            scan,
            coupon,
            coupon_code,
            segment,
            grant,
            pack,
            subject_card: text(&subject_card, "card_number"),
            tier,
            stamp_card,
            purchase,
            reward,
            mall_item,
            exchange,
            survey,
            adjustment,
            subject,
            other_subject,
            account,
            template,
            redemption,
            campaign,
            tag,
            message,
            session,
            owner_session,
            passkey,
            attribute,
            dead_letter: dead_letter(&phones.app).await,
            delivery,
            feedback,
            rfm_run,
            association_run,
            phones,
        }
    }

    pub fn app(&self) -> &TestApp {
        &self.phones.app
    }

    /// What a segment of a path stands for, by its name and the part before it.
    pub fn id(&self, segment: &str, noun: &str) -> String {
        match (segment, noun) {
            ("token", "u") => {
                service::consent::opt_out_link(&self.app().ctx, Channel::Inbox, self.delivery).token
            }
            ("provider" | "platform", _) => "aliyun".to_owned(),
            ("code", "coupon-codes") => self.coupon_code.clone(),
            ("cause", _) => "none".to_owned(),
            (_, "dead-letters") => self.dead_letter.to_string(),
            ("tag_id", _) => self.tag.clone(),
            ("member_id", _) | (_, "members") => self.subject.to_string(),
            (_, "campaigns") => self.campaign.clone(),
            (_, "coupon-templates") => self.template.clone(),
            (_, "coupon-packs") => self.pack.clone(),
            (_, "adjustments") => self.adjustment.clone(),
            (_, "exchanges") => self.exchange.clone(),
            (_, "mall-items") => self.mall_item.clone(),
            (_, "stamp-cards") => self.stamp_card.clone(),
            (_, "purchases") => self.purchase.clone(),
            (_, "surveys") => self.survey.clone(),
            (_, "coupons") => self.coupon.clone(),
            (_, "feedback") => self.feedback.clone(),
            (_, "inbox") => self.message.to_string(),
            (_, "deliveries") => self.delivery.to_string(),
            (_, "redemptions") => self.redemption.clone(),
            (_, "tags") => self.tag.clone(),
            (_, "attributes") => self.attribute.clone(),
            (_, "passkeys") => self.passkey.to_string(),
            ("session_id", _) => self.owner_session.to_string(),
            (_, "sessions") => self.session.to_string(),
            (_, "segments") => self.segment.clone(),
            (_, "staff") => self.account.clone(),
            (_, "rfm-runs") => self.rfm_run.clone(),
            (_, "association-runs") => self.association_run.clone(),
            (_, "stores") => self.store.to_string(),
            _ => panic!("nothing is known for {{{segment}}} after {noun}"),
        }
    }

    pub fn money_off() -> Value {
        json!({
            "name": "满100减20", "kind": "money_off", "threshold_fen": 10_000, "discount_fen": 2_000,
            "validity": "relative", "valid_days": 30, "stock": 100,
        })
    }

    pub fn mall_item() -> Value {
        json!({ "name": "杯子", "kind": "gift", "points": 10, "stock": 100, "state": "published" })
    }

    pub fn stamp_card_body(&self) -> Value {
        stamp_card(&self.reward)
    }

    pub fn survey() -> Value {
        let questions = json!([{ "text": "最爱", "choices": ["茶", "咖啡"] }]);
        json!({ "name": "口味", "points": 1, "state": "published", "questions": questions })
    }

    pub fn everybody() -> Value {
        json!({ "name": "所有人", "rule": { "all": [{ "dormant_days": { "at_least": 90 } }] } })
    }

    pub fn inbox_campaign(segment: &str) -> Value {
        json!({
            "name": "新品到店", "segment_id": segment, "channel": "inbox",
            "message": { "title": "新品到店", "body": "本周的新品已经上架。" },
        })
    }
}

fn stamp_card(template: &str) -> Value {
    json!({ "name": "集章", "stamps": 5, "reward_template_id": template, "state": "published" })
}

/// A member who has come by SMS.
struct SignedIn {
    id: MemberId,
    token: String,
}

impl SignedIn {
    async fn new(phones: &Phones, phone: &str) -> Self {
        let person: Person = phones.person(phone).await;
        let signed_in = phones.sign_in(&person).await;
        let id = text(&signed_in["member"], "id").parse().expect("an id");
        Self { id, token: text(&signed_in, "access_token") }
    }
}

fn caller(kind: Kind, token: String) -> Caller {
    Caller { kind, token: Some(token) }
}

/// Those whom the requests are not about.
async fn others(phones: &Phones, owner: &str, elsewhere: StoreId) -> Vec<Caller> {
    let app = &phones.app;
    let (disabled, deleted, gone) = (
        SignedIn::new(phones, "13800138002").await,
        SignedIn::new(phones, "13800138003").await,
        SignedIn::new(phones, "13800138004").await,
    );
    let disable = format!("/v1/console/members/{}/disable", disabled.id);
    app.post(&disable, json!({})).with_bearer(owner).await.expect(200);
    app.delete("/v1/me").with_bearer(&deleted.token).await.expect(204);
    app.post("/v1/auth/logout", json!({})).with_bearer(&gone.token).await.expect(204);
    vec![
        Caller { kind: Kind::Anonymous, token: None },
        caller(Kind::GarbageToken, "eyJhbGciOiJIUzI1NiJ9.e30.none".to_owned()),
        caller(Kind::SignedOutMember, gone.token),
        caller(Kind::DisabledMember, disabled.token),
        caller(Kind::DeletedMember, deleted.token),
        caller(Kind::OtherMember, SignedIn::new(phones, "13800138005").await.token),
        caller(Kind::CashierElsewhere, app.staff(owner, StaffRole::Cashier, &[elsewhere]).await),
        caller(Kind::OneTimePassword, second_owner(app, owner, "once").await.1),
        caller(Kind::DisabledStaff, disabled_owner(app, owner).await),
    ]
}

/// An owner who has signed in with the one-time password: id and token.
async fn second_owner(app: &TestApp, owner: &str, login: &str) -> (String, String) {
    let body = json!({ "login": login, "name": "Owner", "role": "owner" });
    let made = app.post("/v1/console/staff", body).with_bearer(owner).await.expect(201);
    (text(&made["staff"], "id"), app.staff_token(login, &text(&made, "password")).await)
}

async fn disabled_owner(app: &TestApp, owner: &str) -> String {
    let (id, token) = second_owner(app, owner, "left").await;
    let change = json!({ "state": "disabled" });
    app.patch(&format!("/v1/console/staff/{id}"), change).with_bearer(owner).await.expect(200);
    token
}

async fn make(app: &TestApp, token: &str, path: &str, body: Value) -> String {
    text(&app.post(path, body).with_bearer(token).await.expect(201), "id")
}

/// A run that waits to be computed.
async fn asked_for(app: &TestApp, owner: &str, path: &str) -> String {
    text(&app.post(path, json!({})).with_bearer(owner).await.expect(202)["run"], "id")
}

async fn published(app: &TestApp, owner: &str) -> String {
    let template = make(app, owner, "/v1/console/coupon-templates", World::money_off()).await;
    let publish = format!("/v1/console/coupon-templates/{template}/publish");
    app.post(&publish, json!({})).with_bearer(owner).await.expect(200);
    template
}

/// A published template with a batch of codes, and the member's copy of it.
async fn offer(app: &TestApp, owner: &str, member: &str) -> (String, String) {
    let template = published(app, owner).await;
    let codes = json!({ "batch": "通讯", "count": 1 });
    let path = format!("/v1/console/coupon-templates/{template}/codes");
    app.post(&path, codes).with_bearer(owner).await.expect(201);
    let coupon = make(app, member, &format!("/v1/coupon-templates/{template}/claims"), json!({})).await;
    (template, coupon)
}

/// A scan of the member's card at the store, and the redemption of the coupon.
async fn redeem(
    app: &TestApp,
    (store, cashier): (StoreId, &str),
    (member, coupon): (&str, &str),
) -> (String, String) {
    let code = app.get("/v1/me/card/code").with_bearer(member).await.expect(200)["code"].clone();
    let scan = json!({ "code": code, "store_id": store });
    let scan = app.post("/v1/staff/scans", scan).with_bearer(cashier).await.expect(201);
    let scan = text(&scan, "scan_id");
    let body = json!({
        "store_id": store, "scan_id": scan, "coupon_id": coupon, "request_no": "R1", "amount_fen": 20_000,
    });
    let receipt = app.post("/v1/staff/redemptions", body).with_bearer(cashier).await.expect(201);
    (scan, text(&receipt, "redemption_id"))
}

/// One that has gone out.
async fn delivery_to(app: &TestApp, member_id: MemberId, campaign: &str) -> DeliveryId {
    let now = app.ctx.now();
    let row = delivery::Model {
        id: app.ctx.new_id(),
        campaign_id: campaign.parse().expect("an id"),
        member_id,
        channel: Channel::Inbox,
        class: MessageClass::Marketing,
        topic: "offers".to_owned(),
        state: DeliveryState::Sent,
        reason: None,
        not_before: now,
        due_at: None,
        claimed_at: None,
        slot_at: None,
        sent_at: Some(now),
        attempts: 1,
        coupon_id: None,
        platform_message_id: None,
        created_at: now,
        updated_at: now,
        variant: None,
        step: 0,
        version: 1,
        cost_fen: 0,
        supplier: None,
        saw: None,
        opened_at: None,
    };
    let id = row.id;
    let insert = delivery::Entity::insert(row.into_active_model().reset_all());
    insert.exec_without_returning(app.ctx.db.writer()).await.expect("the delivery is written");
    id
}

async fn message_to(app: &TestApp, member_id: MemberId) -> InboxMessageId {
    let row = inbox_message::Model {
        id: app.ctx.new_id(),
        member_id,
        delivery_id: None,
        title: "你好".to_owned(),
        body: "欢迎".to_owned(),
        page: None,
        created_at: app.ctx.now(),
        read_at: None,
    };
    let id = row.id;
    let insert = inbox_message::Entity::insert(row.into_active_model().reset_all());
    insert.exec_without_returning(app.ctx.db.writer()).await.expect("the message is written");
    id
}

async fn passkey_of(app: &TestApp, member_id: MemberId) -> PasskeyId {
    let row = passkey::Model {
        id: app.ctx.new_id(),
        member_id,
        credential_id: "credential".to_owned(),
        credential: json!({}),
        name: "手机".to_owned(),
        created_at: app.ctx.now(),
        last_used_at: None,
        refused_at: None,
    };
    let id = row.id;
    let insert = passkey::Entity::insert(row.into_active_model().reset_all());
    insert.exec_without_returning(app.ctx.db.writer()).await.expect("the passkey is written");
    id
}

async fn session_of(app: &TestApp, member_id: MemberId) -> SessionId {
    app.member_session(member_id).await;
    let newest = session::Entity::find().order_by_desc(session::Column::Id);
    let row = newest.one(app.ctx.db.read()).await.expect("the database answers");
    row.expect("there is a session").id
}

async fn dead_letter(app: &TestApp) -> DeadLetterId {
    let body = br#"{"job":"expire_coupons"}"#;
    let letter =
        DeadLetter { queue: "member.work", message_id: "m1", body, reason: "undecodable", attempts: 1 };
    service::dead_letter::record(&app.ctx, letter).await.expect("the letter is written");
    let row = entity::dead_letter::Entity::find().one(app.ctx.db.read()).await.expect("the database answers");
    row.expect("there is a dead letter").id
}
