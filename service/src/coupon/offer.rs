//! A template with its conditions and the stores that it is limited to, and copies with theirs: what every rule needs.

use std::collections::HashMap;
use std::sync::Arc;

use entity::{coupon, coupon_template, coupon_template_store};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{Conditions, rules};
use crate::db::is_any;
use crate::error::{Error, Result};
use crate::ids::{CouponTemplateId, StoreId};

#[derive(Debug, Clone)]
pub struct Offer {
    pub template: coupon_template::Model,
    /// Empty when it is for all stores.
    pub store_ids: Vec<StoreId>,
    pub conditions: Conditions,
}

impl Offer {
    pub fn is_for(&self, store: StoreId) -> bool {
        self.template.all_stores || self.store_ids.contains(&store)
    }

    /// Copies that are left of the stock and of the budget, whatever may be taken today.
    pub fn left(&self) -> i64 {
        rules::left_in_all(&self.template)
    }
}

/// A copy with the rules that it follows.
#[derive(Debug, Clone)]
pub struct HeldCoupon {
    pub coupon: coupon::Model,
    pub offer: Arc<Offer>,
}

pub async fn load(connection: &impl ConnectionTrait, id: CouponTemplateId) -> Result<Arc<Offer>> {
    let template = coupon_template::Entity::find_by_id(id).one(connection).await?;
    let template = template.ok_or(Error::NotFound("coupon template"))?;
    let mut offers = complete(connection, vec![template]).await?;
    offers.pop().map(Arc::new).ok_or(Error::NotFound("coupon template"))
}

/// What one copy costs the brand.
pub async fn cost_fen(connection: &impl ConnectionTrait, id: CouponTemplateId) -> Result<i64> {
    let template = coupon_template::Entity::find_by_id(id).one(connection).await?;
    Ok(template.map_or(0, |template| template.cost_fen))
}

/// Templates with their stores, in the given order.
pub async fn complete(
    connection: &impl ConnectionTrait,
    templates: Vec<coupon_template::Model>,
) -> Result<Vec<Offer>> {
    let limited: Vec<_> = templates.iter().filter(|t| !t.all_stores).map(|t| t.id).collect();
    let mut stores: HashMap<CouponTemplateId, Vec<StoreId>> = HashMap::new();
    if !limited.is_empty() {
        let rows = coupon_template_store::Entity::find()
            .filter(is_any(
                connection.get_database_backend(),
                coupon_template_store::Column::TemplateId,
                limited,
            ))
            .order_by_asc(coupon_template_store::Column::StoreId)
            .all(connection)
            .await?;
        for row in rows {
            stores.entry(row.template_id).or_default().push(row.store_id);
        }
    }
    templates
        .into_iter()
        .map(|template| {
            let conditions = serde_json::from_value(template.conditions.clone()).map_err(Error::internal)?;
            let store_ids = stores.remove(&template.id).unwrap_or_default();
            Ok(Offer { template, store_ids, conditions })
        })
        .collect()
}

/// Copies with their rules, in the given order.
pub async fn attach(
    connection: &impl ConnectionTrait,
    coupons: Vec<coupon::Model>,
) -> Result<Vec<HeldCoupon>> {
    let mut ids: Vec<_> = coupons.iter().map(|coupon| coupon.template_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let templates = coupon_template::Entity::find()
        .filter(is_any(connection.get_database_backend(), coupon_template::Column::Id, ids))
        .all(connection)
        .await?;
    let offers: HashMap<_, _> = complete(connection, templates)
        .await?
        .into_iter()
        .map(|offer| (offer.template.id, Arc::new(offer)))
        .collect();
    coupons
        .into_iter()
        .map(|coupon| {
            let offer = offers.get(&coupon.template_id).ok_or(Error::NotFound("coupon template"))?.clone();
            Ok(HeldCoupon { coupon, offer })
        })
        .collect()
}
