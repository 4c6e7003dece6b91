//! The open stores, for shoppers.

use actix_web::get;
use actix_web::web::{self, Data};
use serde::Serialize;
use service::Context;
use service::ids::StoreId;
use service::store::{self, StoreRow};
use utoipa::ToSchema;

use crate::input::Query;
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct OpenStoreView {
    id: StoreId,
    name: String,
    address: Option<String>,
}

impl OpenStoreView {
    fn of(store: StoreRow) -> Self {
        Self { id: store.id, name: store.name, address: store.address }
    }
}

/// Where members can buy and redeem.
#[utoipa::path(tag = "member", params(PageQuery), responses((status = 200, body = PageView<OpenStoreView>)))]
#[get("/v1/stores")]
pub async fn list_open_stores(
    ctx: Data<Context>,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<OpenStoreView>>, Problem> {
    let page = store::list_open_stores(&ctx, &page.0.into()).await?;
    Ok(web::Json(PageView::of(page, OpenStoreView::of)))
}
