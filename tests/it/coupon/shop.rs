//! A shop to test in: a store, an owner, a cashier, and what else a test asks for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use entity::states::{CouponKind, CouponState, MemberState, StaffRole, StaffState, StoreState, SubjectKind};
use entity::{
    coupon, coupon_event, coupon_template, member, redemption, scan, session, staff, staff_store, store,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use service::Context;
use service::card::{self, ScanCard};
use service::coupon::template::{TemplateForm, create_template, publish_template};
use service::coupon::{Basket, HeldCoupon, Proof, RedeemCoupon, claim};
use service::crypto::hmac_sha256;
use service::ids::{CouponId, CouponTemplateId, MemberId, ScanId, SessionId, StaffId, StoreId};
use service::member::merge::{MergeMembers, merge_members};
use service::member::{NewMember, new_row};
use service::staff::{StaffCaller, StoreScope};
use tests::TestApp;
use uuid::Uuid;

pub struct Shop {
    pub app: TestApp,
    pub store: StoreId,
    pub owner: StaffCaller,
    pub cashier: StaffCaller,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with_settings("").await
    }

    pub async fn with_settings(overrides: &str) -> Self {
        let app = TestApp::with_settings(overrides).await;
        let store = add_store(&app.ctx, "S1").await;
        let owner = caller(&app.ctx, StaffRole::Owner, StoreScope::All);
        let cashier = caller(&app.ctx, StaffRole::Cashier, StoreScope::Only(vec![store]));
        Self { app, store, owner, cashier }
    }

    pub fn ctx(&self) -> &Context {
        &self.app.ctx
    }

    /// Of another process of the same installation.
    pub fn another_process(&self) -> Context {
        Context { claims: Default::default(), redemptions: Default::default(), ..self.ctx().clone() }
    }

    pub async fn add_store(&self, code: &str) -> StoreId {
        add_store(self.ctx(), code).await
    }

    pub fn cashier_of(&self, store: StoreId) -> StaffCaller {
        caller(self.ctx(), StaffRole::Cashier, StoreScope::Only(vec![store]))
    }

    pub async fn close_store(&self) {
        let row = store::Entity::find_by_id(self.store).one(self.ctx().db.read()).await.unwrap().unwrap();
        let mut row = row.into_active_model();
        row.state = sea_orm::ActiveValue::Set(StoreState::Closed);
        row.update(self.ctx().db.writer()).await.unwrap();
    }

    pub async fn member(&self) -> member::Model {
        self.members(1).await.remove(0)
    }

    pub async fn members(&self, count: usize) -> Vec<member::Model> {
        let rows: Vec<member::ActiveModel> = (0..count)
            .map(|number| {
                let name = Some(format!("王小{number}"));
                new_row(self.ctx(), NewMember { name, source: "staff".to_owned(), ..NewMember::default() })
                    .unwrap()
            })
            .collect();
        for chunk in rows.chunks(500) {
            let insert = member::Entity::insert_many(chunk.to_vec());
            insert.exec_without_returning(self.ctx().db.writer()).await.unwrap();
        }
        use sea_orm::TryIntoModel;
        rows.into_iter().map(|row| row.try_into_model().unwrap()).collect()
    }

    /// Two records of one person; who enrolled first is the first.
    pub async fn two_records(&self) -> [member::Model; 2] {
        let elder = self.member().await;
        self.app.clock.advance(Duration::seconds(1));
        [elder, self.member().await]
    }

    /// Makes them one and answers who stays.
    pub async fn merge(&self, one: MemberId, other: MemberId) -> MemberId {
        let command = MergeMembers { member_id: one, other_id: other, reason: "the same person".to_owned() };
        merge_members(self.ctx(), &self.owner, command).await.unwrap().id
    }

    pub async fn disable(&self, member: &member::Model) {
        let mut row = member.clone().into_active_model();
        row.state = sea_orm::ActiveValue::Set(MemberState::Disabled);
        row.update(self.ctx().db.writer()).await.unwrap();
    }

    /// A published template.
    pub async fn template(&self, form: TemplateForm) -> CouponTemplateId {
        let offer = create_template(self.ctx(), &self.owner, form).await.unwrap();
        publish_template(self.ctx(), &self.owner, offer.template.id).await.unwrap();
        offer.template.id
    }

    /// A member who has claimed a copy of a new template.
    pub async fn holder_of(&self, form: TemplateForm) -> (member::Model, HeldCoupon) {
        let member = self.member().await;
        let template = self.template(form).await;
        let held = claim(self.ctx(), &member, template).await.unwrap();
        (member, held)
    }

    /// A fresh scan at the shop's store; moves the clock to the next step, so that the code is a new one.
    pub async fn scan(&self, member: &member::Model) -> ScanId {
        self.scan_at(member, self.store, &self.cashier).await
    }

    pub async fn scan_at(&self, member: &member::Model, store_id: StoreId, staff: &StaffCaller) -> ScanId {
        self.app.clock.advance(Duration::seconds(30));
        let code = card::show_code(self.ctx(), member).unwrap().code;
        card::scan_card(self.ctx(), staff, ScanCard { code, store_id }).await.unwrap().scan.id
    }

    pub fn redemption(&self, scan_id: ScanId, coupon_id: CouponId, request_no: &str) -> RedeemCoupon {
        RedeemCoupon {
            store_id: self.store,
            proof: Proof::Scan(scan_id),
            coupon_ids: vec![coupon_id],
            request_no: request_no.to_owned(),
            order_no: None,
            basket: Basket::of_amount(20_000),
            quoted_fen: None,
        }
    }

    pub async fn read_template(&self, id: CouponTemplateId) -> coupon_template::Model {
        coupon_template::Entity::find_by_id(id).one(self.ctx().db.read()).await.unwrap().unwrap()
    }

    pub async fn read_coupon(&self, id: CouponId) -> coupon::Model {
        coupon::Entity::find_by_id(id).one(self.ctx().db.read()).await.unwrap().unwrap()
    }

    pub async fn copies_of(&self, id: CouponTemplateId) -> Vec<coupon::Model> {
        let of_template = coupon::Column::TemplateId.eq(id);
        coupon::Entity::find().filter(of_template).all(self.ctx().db.read()).await.unwrap()
    }

    pub async fn live_redemptions(&self, id: CouponId) -> u64 {
        redemption::Entity::find()
            .filter(redemption::Column::CouponId.eq(id))
            .filter(redemption::Column::ReversedAt.is_null())
            .count(self.ctx().db.read())
            .await
            .unwrap()
    }

    pub async fn scans(&self) -> u64 {
        scan::Entity::find().count(self.ctx().db.read()).await.unwrap()
    }

    /// The states that a coupon moved to, in order.
    pub async fn moves_of(&self, id: CouponId) -> Vec<CouponState> {
        use sea_orm::QueryOrder;
        coupon_event::Entity::find()
            .filter(coupon_event::Column::CouponId.eq(id))
            .order_by_asc(coupon_event::Column::Id)
            .all(self.ctx().db.read())
            .await
            .unwrap()
            .into_iter()
            .map(|event| event.to_state)
            .collect()
    }

    /// An access token of a member, as signing in would give it.
    pub async fn token_of(&self, member: MemberId) -> String {
        token(self.ctx(), SubjectKind::Member, member.0).await
    }

    /// A cashier of the shop's store with a token.
    pub async fn cashier_token(&self) -> String {
        self.staff_token(StaffRole::Cashier, Some(self.store)).await
    }

    pub async fn owner_token(&self) -> String {
        self.staff_token(StaffRole::Owner, None).await
    }

    pub async fn staff_token(&self, role: StaffRole, store: Option<StoreId>) -> String {
        let id: StaffId = self.ctx().new_id();
        let now = self.ctx().now();
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
        insert(self.ctx(), row.into_active_model()).await;
        if let Some(store_id) = store {
            insert(self.ctx(), staff_store::Model { staff_id: id, store_id }.into_active_model()).await;
        }
        token(self.ctx(), SubjectKind::Staff, id.0).await
    }
}

/// 20 yuan off from 100 yuan; a thousand copies, one per member, good for 30 days.
pub fn money_off() -> TemplateForm {
    TemplateForm {
        threshold_fen: 10_000,
        discount_fen: Some(2_000),
        ..TemplateForm::new("满100减20", CouponKind::MoneyOff)
    }
}

fn caller(ctx: &Context, role: StaffRole, stores: StoreScope) -> StaffCaller {
    StaffCaller { id: ctx.new_id(), session_id: ctx.new_id(), role, stores }
}

async fn add_store(ctx: &Context, code: &str) -> StoreId {
    let id: StoreId = ctx.new_id();
    let row = store::Model {
        id,
        code: code.to_owned(),
        name: format!("{code} 店"),
        zone: None,
        address: None,
        state: StoreState::Open,
        created_at: ctx.now(),
    };
    insert(ctx, row.into_active_model()).await;
    id
}

async fn insert<A>(ctx: &Context, row: A)
where
    A: ActiveModelTrait + Send,
{
    A::Entity::insert(row.reset_all()).exec_without_returning(ctx.db.writer()).await.unwrap();
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
        "sub": subject, "kind": kind, "sid": id, "iat": now.timestamp(), "exp": now.timestamp() + 900,
    });
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = hmac_sha256(&ctx.keys.derived("access-token"), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
