//! A mall with one kind of item, and members with points.

use entity::states::{MallKind, PublicationState};
use entity::{mall_item, member};
use sea_orm::EntityTrait;
use service::Result;
use service::ids::MallItemId;
use service::mall::{ExchangeItem, ExchangeRow, ItemForm, exchange_item, save_item};

use crate::coupon::shop::Shop;
use crate::points::ledger::give;

pub struct Mall {
    pub shop: Shop,
    pub item: MallItemId,
}

/// A cup for 100 points: ten of them, as many as one likes.
pub fn cup() -> ItemForm {
    ItemForm {
        name: "杯子".to_owned(),
        description: String::new(),
        kind: MallKind::Gift,
        coupon_template_id: None,
        points: 100,
        price_fen: 0,
        cost_fen: 1_500,
        stock: 10,
        limit_per_member: None,
        open_from: None,
        open_until: None,
        state: PublicationState::Published,
    }
}

impl Mall {
    pub async fn with(form: ItemForm) -> Self {
        let shop = Shop::open().await;
        let item = save_item(shop.ctx(), &shop.owner, None, form).await.unwrap().id;
        Self { shop, item }
    }

    pub async fn member_with(&self, points: i64) -> member::Model {
        let member = self.shop.member().await;
        give(self.shop.ctx(), &member, points, None).await;
        member
    }

    pub async fn exchange(&self, member: &member::Model, request_no: &str) -> Result<ExchangeRow> {
        let command =
            ExchangeItem { member_id: member.id, item_id: self.item, request_no: request_no.to_owned() };
        exchange_item(self.shop.ctx(), command).await
    }

    pub async fn taken(&self) -> i64 {
        let item = mall_item::Entity::find_by_id(self.item).one(self.shop.ctx().db.read()).await;
        item.unwrap().unwrap().taken
    }
}
