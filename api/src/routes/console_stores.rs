//! Stores in the console.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, patch, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::StoreId;
use service::states::StoreState;
use service::store::{self, ChangeStore, CreateStore, StoreRow};
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments, given};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct StoreView {
    id: StoreId,
    /// What imports and tills call it.
    code: String,
    name: String,
    /// An IANA zone; null for the shop's.
    zone: Option<String>,
    address: Option<String>,
    state: StoreState,
    created_at: DateTime<Utc>,
}

impl StoreView {
    fn of(store: StoreRow) -> Self {
        Self {
            id: store.id,
            code: store.code,
            name: store.name,
            zone: store.zone,
            address: store.address,
            state: store.state,
            created_at: store.created_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStore {
    code: String,
    name: String,
    zone: Option<String>,
    address: Option<String>,
}

/// An absent field stays as it is, null clears it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreChange {
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    zone: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    address: Option<Option<String>>,
    state: Option<StoreState>,
}

/// All stores, oldest first.
#[utoipa::path(
    tag = "console",
    params(PageQuery),
    responses((status = 200, body = PageView<StoreView>)),
    security(("staff" = []))
)]
#[get("/v1/console/stores")]
pub async fn list_stores(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadStores>,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<StoreView>>, Problem> {
    let page = store::list_stores(&ctx, &caller.0, &page.0.into()).await?;
    Ok(web::Json(PageView::of(page, StoreView::of)))
}

/// Makes a store.
#[utoipa::path(
    tag = "console",
    request_body = NewStore,
    responses((status = 201, body = StoreView)),
    security(("staff" = []))
)]
#[post("/v1/console/stores")]
pub async fn create_store(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteStores>,
    body: Json<NewStore>,
) -> Result<HttpResponse, Problem> {
    let Json(NewStore { code, name, zone, address }) = body;
    let store = store::create_store(&ctx, &caller.0, CreateStore { code, name, zone, address }).await?;
    Ok(HttpResponse::Created().json(StoreView::of(store)))
}

/// Changes name, zone, address or state.
#[utoipa::path(
    tag = "console",
    request_body = StoreChange,
    responses((status = 200, body = StoreView)),
    security(("staff" = []))
)]
#[patch("/v1/console/stores/{id}")]
pub async fn change_store(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteStores>,
    id: Segments<StoreId>,
    body: Json<StoreChange>,
) -> Result<web::Json<StoreView>, Problem> {
    let Json(StoreChange { name, zone, address, state }) = body;
    let change = ChangeStore { name, zone, address, state };
    Ok(web::Json(StoreView::of(store::change_store(&ctx, &caller.0, id.0, change).await?)))
}
