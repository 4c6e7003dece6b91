//! A person enrolled. Phone and card secret are encrypted; `purchase_*` are running sums kept with each purchase.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, StoreId};
use crate::states::{Gender, MemberState};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MemberId,
    #[sea_orm(column_type = "Text", unique)]
    pub card_number: String,
    #[sea_orm(column_type = "Text")]
    pub name: Option<String>,
    /// When it got today's name. None: it has had no other.
    pub name_since: Option<DateTimeUtc>,
    pub gender: Option<Gender>,
    pub birthday: Option<Date>,
    #[sea_orm(column_type = "Text")]
    pub zone: Option<String>,
    pub home_store_id: Option<StoreId>,
    pub phone_cipher: Option<Vec<u8>>,
    pub card_secret: Vec<u8>,
    pub state: MemberState,
    pub marketing_consent: bool,
    pub marketing_consent_at: Option<DateTimeUtc>,
    pub purchase_count: i64,
    pub purchase_total_fen: i64,
    pub first_purchase_at: Option<DateTimeUtc>,
    pub last_purchase_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub occupation: Option<String>,
    /// To what they do in the mini-program being kept.
    pub behaviour_consent: bool,
    pub behaviour_consent_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
