//! Staff, members and stores to start a test from.

use entity::states::{IdentityProvider, StaffRole};
use entity::{identity, member};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use service::ids::{MemberId, StoreId};
use service::member::{NewMember, Phone, identity_row, new_row};

use crate::app::TestApp;

/// What every member of staff of a test signs in with.
pub const PASSWORD: &str = "correct horse battery";

impl TestApp {
    /// The first owner, with a password of their own; the access token.
    pub async fn owner(&self) -> String {
        let first = service::staff::ensure_first_owner(&self.ctx).await.expect("an owner can be made");
        let first = first.expect("there is no staff yet");
        self.settle_password(&first.login, &first.password).await
    }

    /// Staff with a role, limited to `stores` when there are any; the access token.
    pub async fn staff(&self, owner: &str, role: StaffRole, stores: &[StoreId]) -> String {
        let login = format!("{}-{}", role.as_str(), self.ctx.new_id::<StoreId>());
        let body = json!({ "login": login, "name": "Staff", "role": role, "store_ids": stores });
        let made = self.post("/v1/console/staff", body).with_bearer(owner).await.expect(201);
        let password = made["password"].as_str().expect("a one-time password");
        self.settle_password(&login, password).await
    }

    /// Signs in, changes the one-time password to [`PASSWORD`]; the access token.
    pub async fn settle_password(&self, login: &str, password: &str) -> String {
        let token = self.staff_token(login, password).await;
        let body = json!({ "current": password, "new": PASSWORD });
        self.post("/v1/staff/password", body).with_bearer(&token).await.expect(204);
        token
    }

    pub async fn staff_token(&self, login: &str, password: &str) -> String {
        let body = json!({ "login": login, "password": password });
        let signed_in = self.post("/v1/staff/auth", body).await.expect(200);
        text(&signed_in, "access_token")
    }

    pub async fn store(&self, owner: &str, code: &str) -> StoreId {
        let body = json!({ "code": code, "name": format!("Store {code}") });
        let made = self.post("/v1/console/stores", body).with_bearer(owner).await.expect(201);
        text(&made, "id").parse().expect("an id")
    }

    /// A member with a phone, as an import would make one.
    pub async fn member(&self, phone: &str) -> MemberId {
        let phone = Phone::parse(phone).expect("a phone number");
        let new =
            NewMember { phone: Some(phone.clone()), source: "import".to_owned(), ..NewMember::default() };
        let row = new_row(&self.ctx, new).expect("a row");
        let id = *row.id.as_ref();
        let txn = self.ctx.db.begin().await.expect("a transaction");
        member::Entity::insert(row).exec_without_returning(&txn).await.expect("the member is written");
        let identity = identity_row(&self.ctx, id, IdentityProvider::Phone, phone.index(&self.ctx));
        identity::Entity::insert(identity).exec_without_returning(&txn).await.expect("the phone is written");
        txn.commit().await.expect("the commit works");
        id
    }
}

/// A text member of an answer.
#[track_caller]
pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}
