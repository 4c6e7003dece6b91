//! Scores, classes and stages, pure. Scores of 1 to 5 are told by four cut points, the fifths of the values in order: equal values are on the
//! same side of every cut, so they get the same score. Recency and money are cut over everybody who bought within the window; frequency over
//! those alone who have bought more than once, who are also the ones that the averages and the eight classes are of.

use chrono::{Days, Months, NaiveDate};
use entity::states::{LifecycleStage, ValueClass};
use sea_orm::Iterable;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::MemberId;

/// Scores are 1 to so much.
pub const SCORES: usize = 5;

/// What a member has bought and kept up to the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bought {
    pub member_id: MemberId,
    /// Days since the first and since the last purchase.
    pub first_days: i32,
    pub last_days: i32,
    /// Purchases in all.
    pub purchases: u32,
    /// Purchases within the window, and what was paid for them, refunds taken off.
    pub frequency: u32,
    pub money_fen: i64,
}

impl Bought {
    fn is_within(&self) -> bool {
        self.frequency > 0
    }

    fn is_repeated(&self) -> bool {
        self.is_within() && self.purchases > 1
    }
}

/// A stage ends after so many days: `new` since the first purchase, the others since the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StageDays {
    pub new_days: i32,
    pub active_days: i32,
    pub slowing_days: i32,
    pub asleep_days: i32,
}

impl StageDays {
    pub fn stage(&self, first_days: i32, last_days: i32) -> LifecycleStage {
        match last_days {
            _ if first_days <= self.new_days => LifecycleStage::New,
            days if days <= self.active_days => LifecycleStage::Active,
            days if days <= self.slowing_days => LifecycleStage::Slowing,
            days if days <= self.asleep_days => LifecycleStage::Asleep,
            _ => LifecycleStage::Lost,
        }
    }
}

/// The highest value of each score but the last, from the lowest; of recency the days of score 5 come first. Empty: nobody has a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cuts {
    pub recency_days: Vec<i64>,
    pub frequency: Vec<i64>,
    pub money_fen: Vec<i64>,
}

/// Of the scores of those who have bought more than once; who is at least at the average is above it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Averages {
    pub recency: f64,
    pub frequency: f64,
    pub money: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scores {
    pub recency: i32,
    /// None: bought once.
    pub frequency: Option<i32>,
    pub money: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    pub stage: LifecycleStage,
    /// None: bought nothing within the window.
    pub within: Option<(ValueClass, Scores)>,
}

/// What a run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RfmResult {
    /// The first day of the window.
    pub first_day: NaiveDate,
    pub cuts: Cuts,
    pub averages: Averages,
    pub stage_days: StageDays,
    /// Members who were there and had never bought anything that they kept.
    pub never_bought: i64,
    /// Who bought, but nothing within the window: they have a stage and no class.
    pub before_window: i64,
    /// Who bought within the window, and what they paid, refunds taken off.
    pub buyers: i64,
    pub money_fen: i64,
    /// The fifth of them with the highest sums, and what they paid of it.
    pub top_buyers: i64,
    pub top_money_fen: i64,
    pub classes: Vec<ClassShare>,
    pub stages: Vec<StageShare>,
    /// Only the cells that have somebody.
    pub grid: Vec<GridCell>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassShare {
    pub value_class: ValueClass,
    pub members: i64,
    pub money_fen: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StageShare {
    pub stage: LifecycleStage,
    pub members: i64,
    /// Within the window.
    pub money_fen: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GridCell {
    pub recency_score: i32,
    /// Null: bought once.
    pub frequency_score: Option<i32>,
    pub members: i64,
    pub money_fen: i64,
}

/// The first day of so many months that end with `as_of`.
pub fn first_day(as_of: NaiveDate, window_months: i32) -> NaiveDate {
    let months = Months::new(u32::try_from(window_months).unwrap_or_default());
    let before = as_of.checked_sub_months(months).unwrap_or(NaiveDate::MIN);
    before.checked_add_days(Days::new(1)).unwrap_or(as_of)
}

/// The fifths of the values.
pub fn cut(mut values: Vec<i64>) -> Vec<i64> {
    if values.is_empty() {
        return Vec::new();
    }
    values.sort_unstable();
    (1..SCORES).map(|fifth| values[(values.len() * fifth).div_ceil(SCORES) - 1]).collect()
}

/// From 1, with every cut that the value is above.
fn score(cuts: &[i64], value: i64) -> i32 {
    1 + cuts.iter().map(|cut| i32::from(value > *cut)).sum::<i32>()
}

/// Cut points and averages of a run: what a member is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    cuts: Cuts,
    stage_days: StageDays,
    /// Of the scores of those who bought more than once, and how many these are.
    sums: [i64; 3],
    repeated: i64,
}

impl Measure {
    pub fn of(buyers: &[Bought], stage_days: StageDays) -> Self {
        let within = || buyers.iter().filter(|one| one.is_within());
        let repeated = || buyers.iter().filter(|one| one.is_repeated());
        let cuts = Cuts {
            recency_days: cut(within().map(|one| one.last_days.into()).collect()),
            frequency: cut(repeated().map(|one| one.frequency.into()).collect()),
            money_fen: cut(within().map(|one| one.money_fen).collect()),
        };
        let mut measure = Self { cuts, stage_days, sums: [0; 3], repeated: 0 };
        for one in repeated() {
            let scores = measure.all_scores(one);
            measure.repeated += 1;
            for (sum, score) in measure.sums.iter_mut().zip(scores) {
                *sum += i64::from(score);
            }
        }
        measure
    }

    pub fn judge(&self, one: &Bought) -> Judged {
        let stage = self.stage_days.stage(one.first_days, one.last_days);
        if !one.is_within() {
            return Judged { stage, within: None };
        }
        let scores = self.all_scores(one);
        let [recency, frequency, money] = scores;
        if !one.is_repeated() {
            let scores = Scores { recency, frequency: None, money };
            return Judged { stage, within: Some((ValueClass::BoughtOnce, scores)) };
        }
        let mut above =
            self.sums.iter().zip(scores).map(|(sum, score)| i64::from(score) * self.repeated >= *sum);
        let mut next = || above.next().unwrap_or_default();
        let class = class_of([next(), next(), next()]);
        Judged { stage, within: Some((class, Scores { recency, frequency: Some(frequency), money })) }
    }

    /// Recency, frequency, money; the fewer days ago the better.
    fn all_scores(&self, one: &Bought) -> [i32; 3] {
        let best = i32::try_from(SCORES).unwrap_or_default();
        [
            best + 1 - score(&self.cuts.recency_days, one.last_days.into()),
            score(&self.cuts.frequency, one.frequency.into()),
            score(&self.cuts.money_fen, one.money_fen),
        ]
    }

    fn averages(&self) -> Averages {
        let of = |sum: i64| if self.repeated == 0 { 0.0 } else { sum as f64 / self.repeated as f64 };
        let [recency, frequency, money] = self.sums.map(of);
        Averages { recency, frequency, money }
    }
}

/// By recency, frequency and money above the average or not: money makes it important, recency and frequency say what there is to do.
pub fn class_of([recency, frequency, money]: [bool; 3]) -> ValueClass {
    match (money, recency, frequency) {
        (true, true, true) => ValueClass::ImportantValue,
        (true, true, false) => ValueClass::ImportantGrowth,
        (true, false, true) => ValueClass::ImportantKeep,
        (true, false, false) => ValueClass::ImportantWinBack,
        (false, true, true) => ValueClass::GeneralValue,
        (false, true, false) => ValueClass::GeneralGrowth,
        (false, false, true) => ValueClass::GeneralKeep,
        (false, false, false) => ValueClass::GeneralWinBack,
    }
}

/// The counts and sums of a run; `never_bought` is told by who read the members.
pub fn sum_up(
    buyers: &[Bought],
    measure: &Measure,
    (first_day, never_bought): (NaiveDate, i64),
) -> RfmResult {
    let mut result = RfmResult {
        first_day,
        cuts: measure.cuts.clone(),
        averages: measure.averages(),
        stage_days: measure.stage_days,
        never_bought,
        before_window: 0,
        buyers: 0,
        money_fen: 0,
        top_buyers: 0,
        top_money_fen: 0,
        classes: ValueClass::iter()
            .map(|value_class| ClassShare { value_class, members: 0, money_fen: 0 })
            .collect(),
        stages: LifecycleStage::iter().map(|stage| StageShare { stage, members: 0, money_fen: 0 }).collect(),
        grid: grid(),
    };
    for one in buyers {
        count(&mut result, one, measure.judge(one));
    }
    result.grid.retain(|cell| cell.members > 0);
    let mut sums: Vec<i64> = buyers.iter().filter(|one| one.is_within()).map(|one| one.money_fen).collect();
    sums.sort_unstable_by(|one, other| other.cmp(one));
    let top = sums.len().div_ceil(5);
    result.top_buyers = i64::try_from(top).unwrap_or(i64::MAX);
    result.top_money_fen = sums[..top].iter().sum();
    result
}

fn grid() -> Vec<GridCell> {
    let scores = || (1..).take(SCORES);
    let frequencies = || std::iter::once(None).chain(scores().map(Some));
    let cell = |recency_score| {
        frequencies().map(move |frequency_score| GridCell {
            recency_score,
            frequency_score,
            members: 0,
            money_fen: 0,
        })
    };
    scores().flat_map(cell).collect()
}

fn count(result: &mut RfmResult, one: &Bought, judged: Judged) {
    if let Some(stage) = result.stages.iter_mut().find(|share| share.stage == judged.stage) {
        stage.members += 1;
        stage.money_fen += one.money_fen;
    }
    let Some((class, scores)) = judged.within else {
        result.before_window += 1;
        return;
    };
    result.buyers += 1;
    result.money_fen += one.money_fen;
    if let Some(share) = result.classes.iter_mut().find(|share| share.value_class == class) {
        share.members += 1;
        share.money_fen += one.money_fen;
    }
    let place = (scores.recency, scores.frequency);
    if let Some(cell) =
        result.grid.iter_mut().find(|cell| (cell.recency_score, cell.frequency_score) == place)
    {
        cell.members += 1;
        cell.money_fen += one.money_fen;
    }
}
