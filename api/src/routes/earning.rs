//! What earns a member points, for the member to read.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::NaiveDate;
use serde::Serialize;
use service::Context;
use service::points::{CheckInPolicy, Expiry, InvitePolicy};
use service::programme::{self, Bonus, Earning, SurveyEarning, TierEarning};
use utoipa::ToSchema;

use crate::auth::MemberSession;
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct EarningView {
    /// Points for each yuan that is paid; 0: purchases earn nothing.
    pub per_yuan: i64,
    /// Points of a purchase can be spent after so many days.
    pub return_days: u32,
    /// Null while the brand has no tiers.
    pub tier: Option<TierEarningView>,
    /// What some purchases earn more or less now.
    pub bonuses: Vec<BonusView>,
    /// Null: there is no check-in.
    pub check_in: Option<CheckInPolicy>,
    /// Null: invitations are not rewarded.
    pub invite: Option<InvitePolicy>,
    /// Those that the member has not answered.
    pub surveys: Vec<SurveyEarningView>,
    pub expiry: Expiry,
}

/// Of the normal points, in the member's tier.
#[derive(Serialize, ToSchema)]
pub struct TierEarningView {
    pub name: String,
    pub percent: i32,
    /// In the month of the birthday.
    pub birthday_percent: i32,
}

#[derive(Serialize, ToSchema)]
pub struct BonusView {
    /// As it stands on the receipt.
    pub name: String,
    /// Of the normal points; null: nothing.
    pub percent: Option<i32>,
    /// The last day, in the brand's zone.
    pub until: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
pub struct SurveyEarningView {
    pub name: String,
    pub points: i64,
}

impl From<Earning> for EarningView {
    fn from(earning: Earning) -> Self {
        let tier = |TierEarning { name, percent, birthday_percent }| TierEarningView {
            name,
            percent,
            birthday_percent,
        };
        let bonus = |Bonus { name, percent, until }| BonusView { name, percent, until };
        let survey = |SurveyEarning { name, points }| SurveyEarningView { name, points };
        Self {
            per_yuan: earning.per_yuan,
            return_days: earning.return_days,
            tier: earning.tier.map(tier),
            bonuses: earning.bonuses.into_iter().map(bonus).collect(),
            check_in: earning.check_in,
            invite: earning.invite,
            surveys: earning.surveys.into_iter().map(survey).collect(),
            expiry: earning.expiry,
        }
    }
}

/// What earns the member points, by the rules in force today.
#[utoipa::path(tag = "member", responses((status = 200, body = EarningView)), security(("member" = [])))]
#[get("/v1/me/earning")]
pub async fn get_my_earning(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<EarningView>, Problem> {
    Ok(web::Json(programme::read_earning(&ctx, &caller.0.member).await?.into()))
}
