//! The rows of the two members: the one who stays takes what it lacks and the sums of both; the other's row keeps what it said, as the
//! record of who was merged, until the member is deleted.

use entity::member;
use entity::states::MemberState;
use sea_orm::{ActiveValue::Set, IntoActiveModel};

use crate::context::Context;

pub(super) fn join(ctx: &Context, kept: &member::Model, gone: &member::Model) -> member::ActiveModel {
    let consent = stricter(marketing(kept), marketing(gone));
    let behaviour = stricter(behaviour(kept), behaviour(gone));
    let mut row = kept.clone().into_active_model();
    row.name = Set(kept.name.clone().or_else(|| gone.name.clone()));
    // Of what both were sent, nobody knows any longer under which name.
    if kept.name != gone.name {
        row.name_since = Set(Some(ctx.now()));
    }
    row.gender = Set(kept.gender.or(gone.gender));
    row.birthday = Set(kept.birthday.or(gone.birthday));
    row.zone = Set(kept.zone.clone().or_else(|| gone.zone.clone()));
    row.home_store_id = Set(kept.home_store_id.or(gone.home_store_id));
    row.phone_cipher = Set(kept.phone_cipher.clone().or_else(|| gone.phone_cipher.clone()));
    row.occupation = Set(kept.occupation.clone().or_else(|| gone.occupation.clone()));
    row.marketing_consent = Set(consent.0);
    row.marketing_consent_at = Set(consent.1);
    row.behaviour_consent = Set(behaviour.0);
    row.behaviour_consent_at = Set(behaviour.1);
    row.purchase_count = Set(kept.purchase_count + gone.purchase_count);
    row.purchase_total_fen = Set(kept.purchase_total_fen + gone.purchase_total_fen);
    row.first_purchase_at = Set(kept.first_purchase_at.into_iter().chain(gone.first_purchase_at).min());
    row.last_purchase_at = Set(kept.last_purchase_at.max(gone.last_purchase_at));
    row.updated_at = Set(ctx.now());
    row
}

pub(super) fn retire(ctx: &Context, gone: member::Model) -> member::ActiveModel {
    let mut row = gone.into_active_model();
    row.state = Set(MemberState::Merged);
    row.purchase_count = Set(0);
    row.purchase_total_fen = Set(0);
    row.first_purchase_at = Set(None);
    row.last_purchase_at = Set(None);
    row.updated_at = Set(ctx.now());
    row
}

type Consent = (bool, Option<chrono::DateTime<chrono::Utc>>);

fn marketing(row: &member::Model) -> Consent {
    (row.marketing_consent, row.marketing_consent_at)
}

fn behaviour(row: &member::Model) -> Consent {
    (row.behaviour_consent, row.behaviour_consent_at)
}

/// A no that was said outranks a yes; never having been asked is no no.
fn stricter(kept: Consent, gone: Consent) -> Consent {
    let both = [kept, gone];
    let no = both.into_iter().find(|(given, at)| !given && at.is_some());
    let yes = both.into_iter().find(|(given, _)| *given);
    no.or(yes).unwrap_or((false, None))
}
