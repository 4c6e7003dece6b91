//! A ladder to test on: 普卡, 银卡 from 1,000 yuan, 金卡 from 5,000 yuan or 50 visits.

use entity::{member, tier_standing};
use sea_orm::EntityTrait;
use service::ids::{MemberId, TierId};
use service::points::{PointsPolicy, save_policy as save_points};
use service::purchase::{Customer, RecordPurchase, RecordedPurchase, record_purchase};
use service::tier::{self, TierForm, TierPolicy};

use crate::coupon::shop::Shop;

pub struct Ladder {
    pub shop: Shop,
    pub tiers: Vec<TierId>,
}

pub fn form(name: &str, spend_fen: Option<i64>, visits: Option<i64>) -> TierForm {
    TierForm {
        id: None,
        name: name.to_owned(),
        spend_fen,
        visits,
        points_percent: 100,
        birthday_percent: 100,
        coupon_template_ids: Vec::new(),
        rights: Vec::new(),
    }
}

pub fn forms() -> Vec<TierForm> {
    vec![form("普卡", None, None), form("银卡", Some(100_000), None), form("金卡", Some(500_000), Some(50))]
}

impl Ladder {
    /// Purchases are settled at once.
    pub async fn open() -> Self {
        Self::with(forms(), TierPolicy::default(), 0).await
    }

    pub async fn with(forms: Vec<TierForm>, policy: TierPolicy, return_days: u32) -> Self {
        let shop = Shop::open().await;
        save_points(shop.ctx(), &shop.owner, PointsPolicy { return_days, ..PointsPolicy::default() })
            .await
            .unwrap();
        tier::save_policy(shop.ctx(), &shop.owner, policy).await.unwrap();
        let ladder = tier::save_tiers(shop.ctx(), &shop.owner, forms).await.unwrap();
        Self { shop, tiers: ladder.into_iter().map(|one| one.tier.id).collect() }
    }

    pub async fn buy(&self, member: &member::Model, total_fen: i64) -> RecordedPurchase {
        let order = RecordPurchase {
            store_id: self.shop.store,
            customer: Customer::CardNumber(member.card_number.clone()),
            order_no: self.shop.ctx().new_id::<MemberId>().to_string(),
            total_fen,
            purchased_at: None,
            lines: Vec::new(),
        };
        record_purchase(self.shop.ctx(), &self.shop.cashier, order).await.unwrap()
    }

    pub async fn standing(&self, member: &member::Model) -> Option<tier_standing::Model> {
        tier_standing::Entity::find_by_id(member.id).one(self.shop.ctx().db.read()).await.unwrap()
    }

    /// The member's place in the ladder.
    pub async fn place(&self, member: &member::Model) -> usize {
        tier::place_of(self.shop.ctx().db.read(), member.id).await.unwrap().unwrap().current
    }

    /// Moves the clock to a time of the shop.
    pub fn go_to(&self, at: &str) {
        self.shop.app.clock.set(at.parse().unwrap());
    }
}
