//! The shop's stores and the people who work there.

use entity::states::{StaffRole, StaffState};
use entity::{staff, staff_store, store};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use tokio::sync::OnceCell;

use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::ids::{StaffId, StoreId};
use crate::staff::{StaffCaller, StoreScope};

/// Of every demo account. It is printed, so it protects nothing: a demo listens on this machine alone.
pub const PASSWORD: &str = "shanyue-demo";

pub struct Account {
    pub login: &'static str,
    pub name: &'static str,
    pub role: StaffRole,
    /// Works at the first store alone.
    pub at_first_store: bool,
}

pub const ACCOUNTS: [Account; 4] = [
    Account { login: "owner", name: "沈怀山", role: StaffRole::Owner, at_first_store: false },
    Account { login: "marketer", name: "陆知夏", role: StaffRole::Marketer, at_first_store: false },
    Account { login: "manager", name: "罗文博", role: StaffRole::StoreManager, at_first_store: true },
    Account { login: "cashier", name: "何小满", role: StaffRole::Cashier, at_first_store: true },
];

const STORES: [(&str, &str, &str); 3] = [
    ("NS", "山月茶点 · 南山店", "深圳市南山区海德二道 66 号一层"),
    ("FT", "山月茶点 · 福田店", "深圳市福田区景田路 18 号"),
    ("LH", "山月茶点 · 罗湖店", "深圳市罗湖区文锦中路 9 号"),
];

/// The first account, in whose name the rest of the shop is made.
pub async fn ensure_owner(ctx: &Context) -> Result<StaffCaller> {
    let id = ensure_account(ctx, &ACCOUNTS[0], &[]).await?;
    Ok(StaffCaller { id, session_id: ctx.new_id(), role: StaffRole::Owner, stores: StoreScope::All })
}

pub async fn ensure_accounts(ctx: &Context, stores: &[StoreId]) -> Result<()> {
    for account in &ACCOUNTS[1..] {
        let limits = if account.at_first_store { &stores[..1] } else { &[] };
        ensure_account(ctx, account, limits).await?;
    }
    Ok(())
}

/// Hashed once: it is the same for all, and no secret.
async fn password_hash() -> Result<String> {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = HASH.get_or_try_init(|| async {
        let hashed = tokio::task::spawn_blocking(|| crypto::hash_password(PASSWORD)).await;
        hashed.map_err(Error::internal)?
    });
    hash.await.cloned()
}

/// Unlike the accounts that the console makes, these need no change of a one-time password.
async fn ensure_account(ctx: &Context, account: &Account, stores: &[StoreId]) -> Result<StaffId> {
    let known =
        staff::Entity::find().filter(staff::Column::Login.eq(account.login)).one(ctx.db.read()).await?;
    if let Some(known) = known {
        return Ok(known.id);
    }
    let id: StaffId = ctx.new_id();
    let row = staff::ActiveModel {
        id: Set(id),
        login: Set(account.login.to_owned()),
        name: Set(account.name.to_owned()),
        password_hash: Set(password_hash().await?),
        role: Set(account.role),
        state: Set(StaffState::Active),
        must_change_password: Set(false),
        created_at: Set(ctx.now()),
        updated_at: Set(ctx.now()),
        second_factor_at: Set(None),
    };
    let txn = ctx.db.begin().await?;
    staff::Entity::insert(row).exec_without_returning(&txn).await?;
    for &store_id in stores {
        let limit = staff_store::ActiveModel { staff_id: Set(id), store_id: Set(store_id) };
        staff_store::Entity::insert(limit).exec_without_returning(&txn).await?;
    }
    txn.commit().await?;
    Ok(id)
}

/// In the order of the table.
pub async fn ensure_stores(ctx: &Context, owner: &StaffCaller) -> Result<Vec<StoreId>> {
    let mut ids = Vec::with_capacity(STORES.len());
    for (code, name, address) in STORES {
        let known = store::Entity::find().filter(store::Column::Code.eq(code)).one(ctx.db.read()).await?;
        ids.push(match known {
            Some(known) => known.id,
            None => {
                let command = crate::store::CreateStore {
                    code: code.to_owned(),
                    name: name.to_owned(),
                    zone: None,
                    address: Some(address.to_owned()),
                };
                crate::store::create_store(ctx, owner, command).await?.id
            }
        });
    }
    Ok(ids)
}
