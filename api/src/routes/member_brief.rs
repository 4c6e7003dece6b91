//! A member beside what staff look at: enough to know whom it is about, the phone masked.

use serde::Serialize;
use service::Context;
use service::ids::MemberId;
use service::member::{self, MemberRow};
use utoipa::ToSchema;

use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct MemberBriefView {
    pub id: MemberId,
    pub card_number: String,
    /// Null where none is known, and of who has left.
    pub name: Option<String>,
    /// Masked, e.g. `138****5678`.
    pub phone: Option<String>,
}

impl MemberBriefView {
    pub fn of(ctx: &Context, row: MemberRow) -> Result<Self, Problem> {
        let phone = member::masked_phone(ctx, &row)?;
        Ok(Self { id: row.id, card_number: row.card_number, name: row.name, phone })
    }
}
