//! Who is in the hold-out and which wording a member gets: by a hash of the member and of the experiment (of the campaign, where
//! it belongs to none), so that it never changes, needs no memory, and is the same in every campaign of the experiment.
//!
//! The two are drawn from different bytes of the hash, so the hold-out takes the same share of each variant. A larger
//! hold-out contains a smaller one.

use entity::campaign;
use entity::states::CampaignState;
use sea_orm::sea_query::{CaseStatement, Expr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::crypto;
use crate::delivery::variants_of;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, MemberId};

/// How one campaign splits its members.
#[derive(Debug, Clone)]
pub struct Split {
    seed: Vec<u8>,
    holdout_percent: u32,
    variants: Vec<(String, u32)>,
}

/// Where one member belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// Gets nothing, on no channel.
    Holdout,
    /// None: the campaign has one wording.
    Gets(Option<&'a str>),
}

impl Split {
    pub fn of(campaign: &campaign::Model) -> Result<Self> {
        let variants = variants_of(campaign)?;
        Ok(Self::new(
            seed(campaign.id, campaign.experiment.as_deref()),
            campaign.holdout_percent,
            variants.into_iter().map(|one| (one.name, one.weight)).collect(),
        ))
    }

    pub fn new(seed: Vec<u8>, holdout_percent: i32, variants: Vec<(String, u32)>) -> Self {
        Self { seed, holdout_percent: u32::try_from(holdout_percent).unwrap_or_default(), variants }
    }

    pub fn place(&self, member: MemberId) -> Place<'_> {
        if self.holdout_percent == 0 && self.variants.is_empty() {
            return Place::Gets(None);
        }
        let (share, wording) = draws(&self.seed, member);
        if share % 100 < self.holdout_percent {
            return Place::Holdout;
        }
        Place::Gets(self.variant(wording))
    }

    fn variant(&self, draw: u32) -> Option<&str> {
        let total: u32 = self.variants.iter().map(|(_, weight)| weight).sum();
        let mut left = draw.checked_rem(total)?;
        for (name, weight) in &self.variants {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return Some(name),
            }
        }
        None
    }

    /// The same for a statement of PostgreSQL that has the member's id at `id`: whether the member is held out, and the name of the
    /// variant; None where that is the same for all.
    pub(super) fn in_postgres(&self, id: &str) -> (Option<Expr>, Option<Expr>) {
        // The first four bytes of the hash draw the hold-out, the next four the wording, as `draws` reads them.
        let word = |from: usize, divisor: u32| {
            let seed = hex::encode(&self.seed);
            let digest = format!("sha256('\\x{seed}'::bytea || uuid_send({id}))");
            format!("('x' || encode(substr({digest}, {from}, 4), 'hex'))::bit(32)::bigint % {divisor}")
        };
        let held_out = (self.holdout_percent > 0)
            .then(|| Expr::cust(format!("{} < {}", word(1, 100), self.holdout_percent)));
        let total: u32 = self.variants.iter().map(|(_, weight)| weight).sum();
        let mut below = 0;
        let mut case = CaseStatement::new();
        for (name, weight) in &self.variants {
            below += weight;
            case = case.case(Expr::cust(format!("{} < {below}", word(5, total))), Expr::val(name.as_str()));
        }
        (held_out, (total > 0).then(|| case.into()))
    }

    pub fn holds_out(&self, member: MemberId) -> bool {
        self.place(member) == Place::Holdout
    }
}

/// What members are drawn by.
pub fn seed(campaign: CampaignId, experiment: Option<&str>) -> Vec<u8> {
    experiment.map_or_else(|| campaign.0.as_bytes().to_vec(), |name| name.as_bytes().to_vec())
}

/// Two independent numbers of one member.
fn draws(seed: &[u8], member: MemberId) -> (u32, u32) {
    let digest = crypto::sha256(&[seed, member.0.as_bytes().as_slice()].concat());
    let word = |at: usize| digest[at..at + 4].iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    (word(0), word(4))
}

/// Campaigns of one experiment keep the same members out of all of them, which needs one share. Locks the experiment's campaigns
/// in the order of their ids and must come before any other lock on them.
pub async fn check_holdout(
    txn: &impl ConnectionTrait,
    id: Option<CampaignId>,
    (experiment, holdout_percent): (Option<&str>, i32),
) -> Result<()> {
    let Some(experiment) = experiment else { return Ok(()) };
    let rows: Vec<(CampaignId, CampaignState, i32)> = campaign::Entity::find()
        .select_only()
        .columns([campaign::Column::Id, campaign::Column::State, campaign::Column::HoldoutPercent])
        .filter(campaign::Column::Experiment.eq(experiment))
        .order_by_asc(campaign::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(txn)
        .await?;
    let fixed = rows.into_iter().find(|(other, state, percent)| {
        Some(*other) != id
            && !matches!(state, CampaignState::Draft | CampaignState::Cancelled)
            && *percent != holdout_percent
    });
    fixed.map_or(Ok(()), |(_, _, percent)| {
        Err(Error::invalid(
            "holdout_percent",
            format!("is {percent} in the other campaigns of this experiment"),
        ))
    })
}
