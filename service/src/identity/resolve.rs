//! From what was proven to the member it belongs to, and a session of theirs, in one transaction.

use entity::states::{IdentityProvider, MemberState};
use entity::{identity, member};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction,
    EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, TryIntoModel,
};

use super::history::{self, Method};
use super::known::sign_in_known;
use crate::audit::Actor;
use crate::callback;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::member::merge::{self, MergeOrder, Merged};
use crate::member::{NewMember, Phone, identity_row, new_row};
use crate::refusal::Refusal;
use crate::session::{self, Client, Tokens};
use crate::welcome;

/// A sign-in that loses a race reads again and finds the winner's member; more often than this it does not lose.
const RACES: usize = 4;

/// What the client has proven: that it is a member already signed in, accounts of one platform, most telling first, and a phone.
pub(super) struct Proof {
    pub member: Option<MemberId>,
    pub accounts: Vec<(IdentityProvider, String)>,
    pub phone: Option<Phone>,
    pub method: Method,
    /// The box was ticked. One that was left alone withdraws nothing from a member.
    pub marketing_consent: bool,
    pub client: Client,
}

pub struct SignedIn {
    pub tokens: Tokens,
    pub member: member::Model,
    /// Whether this sign-in made the member.
    pub enrolled: bool,
}

/// A platform's code that is empty is the caller's mistake, whatever the platform would make of it.
pub(super) fn require_given(field: &str, code: Option<&str>) -> Result<()> {
    match code {
        Some(code) if code.trim().is_empty() => Err(Error::invalid(field, "must not be empty")),
        _ => Ok(()),
    }
}

/// # Refuses
/// `wechat_taken`, `alipay_taken`, `member_disabled`
pub(super) async fn sign_in(ctx: &Context, proof: &Proof) -> Result<SignedIn> {
    if let Some(signed_in) = sign_in_known(ctx, proof).await? {
        apply_waiting_events(ctx, proof).await;
        return Ok(signed_in);
    }
    for _ in 0..RACES {
        match try_sign_in(ctx, proof).await {
            Ok(None) => {}
            Ok(Some(signed_in)) => {
                apply_waiting_events(ctx, proof).await;
                return Ok(signed_in);
            }
            Err(error) => return Err(refused(ctx, proof, error).await?),
        }
    }
    Err(Refusal::RequestInProgress.into())
}

/// The error itself. A refusal goes into the history of the member it was about; one by which two records did not become one leaves a
/// hint for staff, who may know better.
pub(super) async fn refused(ctx: &Context, proof: &Proof, error: Error) -> Result<Error> {
    let Error::Refused(refusal) = error else { return Ok(error) };
    let known = find_known(ctx.db.read(), &proof.subjects(ctx)).await?;
    let holders = proof.holders(ctx, &known);
    if let (Refusal::WechatTaken | Refusal::AlipayTaken, [one, other, ..]) = (refusal, &holders[..]) {
        merge::note_hint(ctx, (*one, *other), merge::PHONE_PROVEN).await?;
    }
    if proof.member.is_none() {
        let holder = holders.first().copied();
        history::note_refused(ctx, holder, (proof.method, refusal), &proof.client).await?;
    }
    Ok(refusal.into())
}

/// What the platform told of this person before they were a member. The sign-in stands without it: the next one tries again.
async fn apply_waiting_events(ctx: &Context, proof: &Proof) {
    for (provider, subject) in &proof.accounts {
        if *provider != IdentityProvider::WechatOpenid {
            continue;
        }
        if let Err(error) = callback::apply_waiting_of(ctx, subject).await {
            tracing::warn!(%error, "events that waited for a member could not be applied");
        }
    }
}

/// None when another request has just taken one of the identities, or merged one of the members.
async fn try_sign_in(ctx: &Context, proof: &Proof) -> Result<Option<SignedIn>> {
    let txn = ctx.db.begin().await?;
    let Some(held) = hold_together(ctx, &txn, proof).await? else {
        txn.rollback().await?;
        return Ok(None);
    };
    let tokens = history::open_session(ctx, &txn, (held.member.id, proof.method), &proof.client).await?;
    txn.commit().await?;
    Ok(Some(SignedIn { tokens, member: held.member, enrolled: held.enrolled }))
}

/// The one member whom all that was proven belongs to from now on.
pub(super) struct Held {
    pub member: member::Model,
    pub enrolled: bool,
}

/// Finds, merges or enrols the member and binds what was unknown, in the caller's transaction. None: look again, see [`try_sign_in`].
pub(super) async fn hold_together(
    ctx: &Context,
    txn: &DatabaseTransaction,
    proof: &Proof,
) -> Result<Option<Held>> {
    let subjects = proof.subjects(ctx);
    let known = find_known(txn, &subjects).await?;
    let holders = proof.holders(ctx, &known);
    let member = match holders.split_first() {
        None => enrol(ctx, txn, proof).await?,
        Some((first, others)) => {
            let cause = proof.cause(ctx, &known);
            let Some(member) = become_one(ctx, txn, (*first, others), cause).await? else { return Ok(None) };
            if !proof.accounts.iter().any(|account| owner_of(&known, account).is_some()) {
                refuse_second_account(txn, member.id, proof).await?;
            }
            complete(ctx, txn, member, proof).await?
        }
    };
    if !bind_unknown(ctx, txn, member.id, &subjects, &known).await? {
        return Ok(None);
    }
    if known.len() < subjects.len() {
        welcome::give(ctx, txn, &member, &proof.client).await?;
    }
    Ok(Some(Held { member, enrolled: holders.is_empty() }))
}

/// Whoever proves what belongs to several members shows that they are one.
async fn become_one(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (first, others): (MemberId, &[MemberId]),
    cause: &str,
) -> Result<Option<member::Model>> {
    let Some((second, rest)) = others.split_first() else {
        let row = member::Entity::find_by_id(first).lock_exclusive().one(txn).await?;
        let row = row.filter(|row| row.state != MemberState::Merged);
        return row.map(session::require_active_member).transpose();
    };
    let order = MergeOrder { members: (first, *second), cause, actor: Actor::Member(first), reason: None };
    match merge::merge(ctx, txn, order).await? {
        Merged::Stale => Ok(None),
        Merged::Into(member) => Box::pin(become_one(ctx, txn, (member.id, rest), cause)).await,
    }
}

impl Proof {
    /// All that was proven, in the order in which rows are written, so that two sign-ins never wait for each other.
    pub(super) fn subjects(&self, ctx: &Context) -> Vec<(IdentityProvider, String)> {
        let phone = self.phone.as_ref().map(|phone| (IdentityProvider::Phone, phone.index(ctx)));
        self.accounts.iter().cloned().chain(phone).collect()
    }

    /// The members whom something of it belongs to, each once; who proves first.
    fn holders(&self, ctx: &Context, known: &[identity::Model]) -> Vec<MemberId> {
        let subjects = self.subjects(ctx);
        let owners = subjects.iter().filter_map(|subject| owner_of(known, subject));
        let mut holders = Vec::new();
        for owner in self.member.into_iter().chain(owners) {
            if !holders.contains(&owner) {
                holders.push(owner);
            }
        }
        holders
    }

    /// What shows several members to be one.
    fn cause(&self, ctx: &Context, known: &[identity::Model]) -> &'static str {
        let phone = self.phone.as_ref().map(|phone| (IdentityProvider::Phone, phone.index(ctx)));
        let by_phone = phone.is_some_and(|phone| owner_of(known, &phone).is_some());
        if by_phone { merge::PHONE_PROVEN } else { merge::ACCOUNT_PROVEN }
    }

    /// Whether it gives the member a first phone, or a consent.
    pub(super) fn adds_to(&self, member: &member::Model) -> bool {
        let phone = self.phone.is_some() && member.phone_cipher.is_none();
        phone || self.marketing_consent && !member.marketing_consent
    }

    /// How `member.source` spells it.
    fn source(&self) -> &'static str {
        match self.method {
            Method::Wechat | Method::Soter => "wechat",
            Method::Alipay => "alipay",
            Method::Sms | Method::Password | Method::PasswordReset | Method::Passkey => "sms",
        }
    }
}

/// Whose phone it is.
pub(super) async fn holder_of(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    phone: &Phone,
) -> Result<Option<MemberId>> {
    let known = find_known(connection, &[(IdentityProvider::Phone, phone.index(ctx))]).await?;
    Ok(known.first().map(|row| row.member_id))
}

async fn find_known(
    txn: &impl ConnectionTrait,
    subjects: &[(IdentityProvider, String)],
) -> Result<Vec<identity::Model>> {
    Ok(identity::Entity::find().filter(any_of(subjects)).all(txn).await?)
}

pub(super) fn any_of(subjects: &[(IdentityProvider, String)]) -> Condition {
    subjects.iter().fold(Condition::any(), |any, (provider, subject)| {
        any.add(identity::Column::Provider.eq(*provider).and(identity::Column::Subject.eq(subject)))
    })
}

fn owner_of(known: &[identity::Model], subject: &(IdentityProvider, String)) -> Option<MemberId> {
    known.iter().find(|row| row.provider == subject.0 && row.subject == subject.1).map(|row| row.member_id)
}

/// A phone may be handed to a new owner, so it does not bring a second WeChat or Alipay account to a member by itself.
async fn refuse_second_account(txn: &impl ConnectionTrait, id: MemberId, proof: &Proof) -> Result<()> {
    let Some((provider, _)) = proof.accounts.first() else { return Ok(()) };
    let other = identity::Entity::find()
        .filter(identity::Column::MemberId.eq(id).and(identity::Column::Provider.eq(*provider)))
        .one(txn)
        .await?;
    match (other, provider) {
        (None, _) => Ok(()),
        (Some(_), IdentityProvider::Alipay) => Err(Refusal::AlipayTaken.into()),
        (Some(_), _) => Err(Refusal::WechatTaken.into()),
    }
}

/// Adds the first proven phone and a newly ticked consent. A further phone is bound as an identity; the member's own
/// number stays what it was.
async fn complete(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    member: member::Model,
    proof: &Proof,
) -> Result<member::Model> {
    if !proof.adds_to(&member) {
        return Ok(member);
    }
    let phone = proof.phone.as_ref().filter(|_| member.phone_cipher.is_none());
    let consents = proof.marketing_consent && !member.marketing_consent;
    let now = ctx.now();
    let mut change = member.into_active_model();
    if let Some(phone) = phone {
        change.phone_cipher = Set(Some(phone.seal(ctx)?));
    }
    if consents {
        change.marketing_consent = Set(true);
        change.marketing_consent_at = Set(Some(now));
    }
    change.updated_at = Set(now);
    Ok(change.update(txn).await?)
}

async fn enrol(ctx: &Context, txn: &impl ConnectionTrait, proof: &Proof) -> Result<member::Model> {
    let row = new_row(
        ctx,
        NewMember {
            phone: proof.phone.clone(),
            marketing_consent: proof.marketing_consent,
            source: proof.source().to_owned(),
            ..NewMember::default()
        },
    )?;
    member::Entity::insert(row.clone()).exec_without_returning(txn).await?;
    Ok(row.try_into_model()?)
}

/// False when somebody else has bound one of them in the meantime.
async fn bind_unknown(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    subjects: &[(IdentityProvider, String)],
    known: &[identity::Model],
) -> Result<bool> {
    for subject in subjects.iter().filter(|subject| owner_of(known, subject).is_none()) {
        let row = identity_row(ctx, member_id, subject.0, subject.1.clone());
        let bound =
            identity::Entity::insert(row).on_conflict(first_wins()).exec_without_returning(txn).await?;
        if bound == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn first_wins() -> OnConflict {
    OnConflict::columns([identity::Column::Provider, identity::Column::Subject]).do_nothing().to_owned()
}
