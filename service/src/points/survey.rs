//! Surveys: questions that the brand asks, answered once by a member, for points.

use chrono::{DateTime, Utc};
use entity::states::{PointsKind, PublicationState};
use entity::{survey, survey_answer};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::acts::{self, Gift};
use super::ledger;
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::ids::{MemberId, SurveyId};
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};
use crate::text;

pub use entity::survey::Model as SurveyRow;

const LONGEST_NAME: usize = 60;
const LONGEST_TEXT: usize = 200;
const LONGEST_ANSWER: usize = 1000;
const MOST_QUESTIONS: usize = 30;
const MOST_POINTS: i64 = 100_000;

#[derive(Debug, Clone)]
pub struct SurveyForm {
    pub name: String,
    pub questions: Vec<Question>,
    pub points: i64,
    pub open_from: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
    pub state: PublicationState,
}

/// With choices: one of them is the answer; without: any text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub text: String,
    #[serde(default)]
    pub choices: Vec<String>,
}

pub fn questions(row: &SurveyRow) -> Result<Vec<Question>> {
    serde_json::from_value(row.questions.clone()).map_err(Error::internal)
}

/// A new one, or with an id a change. Once somebody has answered, the questions stay.
///
/// # Refuses
/// `survey_has_answers`
pub async fn save_survey(
    ctx: &Context,
    staff: &StaffCaller,
    id: Option<SurveyId>,
    form: SurveyForm,
) -> Result<SurveyRow> {
    staff.require(Permission::WriteCoupons)?;
    validate(&form)?;
    let txn = ctx.db.begin().await?;
    let known = match id {
        Some(id) => {
            let row = survey::Entity::find_by_id(id).lock_exclusive().one(&txn).await?;
            Some(row.ok_or(Error::NotFound("survey"))?)
        }
        None => None,
    };
    let asked = serde_json::to_value(&form.questions).map_err(Error::internal)?;
    if let Some(known) = known.as_ref().filter(|known| known.questions != asked) {
        let mine = survey_answer::Column::SurveyId.eq(known.id);
        if survey_answer::Entity::find().filter(mine).count(&txn).await? > 0 {
            return Err(Refusal::SurveyHasAnswers.into());
        }
    }
    let now = ctx.now();
    let row = SurveyRow {
        id: known.as_ref().map_or_else(|| ctx.new_id(), |row| row.id),
        name: form.name.trim().to_owned(),
        questions: asked,
        points: form.points,
        state: form.state,
        open_from: form.open_from,
        open_until: form.open_until,
        created_at: known.as_ref().map_or(now, |row| row.created_at),
        updated_at: now,
    };
    let model = row.clone().into_active_model().reset_all();
    let action = if known.is_some() { "survey.change" } else { "survey.create" };
    match known {
        Some(_) => drop(model.update(&txn).await?),
        None => drop(survey::Entity::insert(model).exec_without_returning(&txn).await?),
    }
    let subject = ("survey", row.id.to_string());
    let detail = serde_json::json!({ "name": row.name, "points": row.points, "state": row.state });
    audit::record(ctx, &txn, Act { actor: staff.actor(), action, subject, detail }).await?;
    txn.commit().await?;
    Ok(row)
}

fn validate(form: &SurveyForm) -> Result<()> {
    text::line("name", &form.name, LONGEST_NAME)?;
    let mut errors = Vec::new();
    let mut require = |holds: bool, field: String, message: &str| {
        if !holds {
            errors.push(FieldError { field, message: message.to_owned() });
        }
    };
    let count = form.questions.len();
    require((1..=MOST_QUESTIONS).contains(&count), "questions".to_owned(), "are 1 to 30");
    require((0..=MOST_POINTS).contains(&form.points), "points".to_owned(), "is a number from 0 to 100000");
    for (index, question) in form.questions.iter().enumerate() {
        let fits = |text: &str| (1..=LONGEST_TEXT).contains(&text.trim().chars().count());
        require(fits(&question.text), format!("questions[{index}].text"), "has 1 to 200 characters");
        let choices = question.choices.iter().all(|choice| fits(choice)) && question.choices.len() != 1;
        require(choices, format!("questions[{index}].choices"), "are none, or two and more with a text each");
    }
    let in_order = !matches!((form.open_from, form.open_until), (Some(from), Some(until)) if from >= until);
    require(in_order, "open_until".to_owned(), "is after open_from");
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Answers once; the same again gives the points that the first answer gave, and nothing new.
///
/// # Refuses
/// `survey_closed`
pub async fn answer_survey(
    ctx: &Context,
    member_id: MemberId,
    id: SurveyId,
    answers: &[String],
) -> Result<i64> {
    let txn = ctx.db.begin().await?;
    let member_id = ledger::lock(&txn, member_id).await?;
    let row = survey::Entity::find_by_id(id).one(&txn).await?;
    let row = row.filter(|row| row.state != PublicationState::Draft).ok_or(Error::NotFound("survey"))?;
    let business_id = format!("{id}:{member_id}");
    if survey_answer::Entity::find_by_id((id, member_id)).one(&txn).await?.is_some() {
        let given = ledger::points_of(&txn, PointsKind::Survey, &business_id).await?;
        // The answer of a record that was merged into this one is under that one's name.
        return Ok(given.unwrap_or(row.points));
    }
    if !is_open(&row, ctx.now()) {
        return Err(Refusal::SurveyClosed.into());
    }
    check_answers(&questions(&row)?, answers)?;
    survey_answer::Entity::insert(survey_answer::ActiveModel {
        survey_id: Set(id),
        member_id: Set(member_id),
        answers: Set(serde_json::to_value(answers).map_err(Error::internal)?),
        created_at: Set(ctx.now()),
    })
    .on_conflict(OnConflict::new().do_nothing().to_owned())
    .exec_without_returning(&txn)
    .await?;
    let gift = Gift {
        member_id,
        kind: PointsKind::Survey,
        business_id,
        points: row.points,
        actor: Actor::Member(member_id),
        reason: Some(&row.name),
    };
    acts::give(ctx, &txn, gift).await?;
    txn.commit().await?;
    Ok(row.points)
}

fn is_open(row: &SurveyRow, now: DateTime<Utc>) -> bool {
    row.state == PublicationState::Published
        && row.open_from.is_none_or(|from| from <= now)
        && row.open_until.is_none_or(|until| now < until)
}

fn check_answers(questions: &[Question], answers: &[String]) -> Result<()> {
    if answers.len() != questions.len() {
        return Err(Error::invalid("answers", format!("are {}, one for each question", questions.len())));
    }
    for (index, (question, answer)) in questions.iter().zip(answers).enumerate() {
        let fits = match question.choices.is_empty() {
            true => (1..=LONGEST_ANSWER).contains(&answer.trim().chars().count()),
            false => question.choices.contains(answer),
        };
        if !fits {
            return Err(Error::invalid(format!("answers[{index}]"), "is not an answer to the question"));
        }
    }
    Ok(())
}

/// Those that a member can answer now and has not.
pub async fn open_surveys(ctx: &Context, member_id: MemberId) -> Result<Vec<SurveyRow>> {
    use survey::Column;
    let now = ctx.now();
    let answered = survey_answer::Entity::find()
        .select_only()
        .column(survey_answer::Column::SurveyId)
        .filter(survey_answer::Column::MemberId.eq(member_id));
    Ok(survey::Entity::find()
        .filter(Column::State.eq(PublicationState::Published))
        .filter(Column::OpenFrom.is_null().or(Column::OpenFrom.lte(now)))
        .filter(Column::OpenUntil.is_null().or(Column::OpenUntil.gt(now)))
        .filter(Column::Id.not_in_subquery(sea_orm::QueryTrait::into_query(answered)))
        .order_by_desc(Column::Id)
        .limit(50)
        .all(ctx.db.read())
        .await?)
}

/// A survey with the number of its answers.
#[derive(Debug, Clone)]
pub struct CountedSurvey {
    pub survey: SurveyRow,
    pub answers: u64,
}

/// All surveys for staff, the latest first.
pub async fn list_surveys(
    ctx: &Context,
    staff: &StaffCaller,
    page: &PageRequest,
) -> Result<Page<CountedSurvey>> {
    staff.require(Permission::ReadReports)?;
    let mut query = survey::Entity::find().order_by_desc(survey::Column::Id);
    if let Some(after) = page.after::<SurveyId>()? {
        query = query.filter(survey::Column::Id.lt(after));
    }
    let rows = query.limit(page.limit() + 1).all(ctx.db.read()).await?;
    let mut counted = Vec::with_capacity(rows.len());
    for survey in rows {
        let mine = survey_answer::Column::SurveyId.eq(survey.id);
        let answers = survey_answer::Entity::find().filter(mine).count(ctx.db.read()).await?;
        counted.push(CountedSurvey { survey, answers });
    }
    Ok(Page::from_rows(counted, page.limit(), |one| one.survey.id.0))
}
