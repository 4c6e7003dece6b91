//! Pushes that no API call sets off: withdrawn authorisations, punishments, a stranger's forgeries, and texted replies.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use crate::callback::wechat_event::{Event, Punishment};
use crate::callback::{Letter, for_wechat};
use crate::control::{Answer, ControlError, Shared, person_of};
use crate::sms;
use crate::world::World;
use crate::world::person::{Choice, Person};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PushWish {
    kind: PushKind,
    person: Option<String>,
    /// `user_authorization_revoke`: what was withdrawn, 8 is the phone number.
    revoke_info: Option<String>,
    /// `wxa_punish_event`: 1 warning, 2 ban of a function, 3 takedown, 4 ban of the account, 10 ban of a page.
    event_type: Option<u32>,
    #[serde(default)]
    reason: String,
    /// Signed with a wrong token, as a stranger would.
    #[serde(default)]
    bad_signature: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PushKind {
    UserInfoModified,
    UserAuthorizationRevoke,
    UserAuthorizationCancellation,
    WxaPunishEvent,
    /// An accept that nobody gave, with a bad signature.
    Stranger,
}

pub(crate) async fn push(hub: Shared, wish: web::Json<PushWish>) -> Answer {
    let world = hub.world();
    let wish = wish.into_inner();
    let person = wish.person.as_deref().map(|id| person_of(&world, id)).transpose()?;
    let openid = person.as_ref().map_or_else(|| Arc::from(""), |person| Arc::clone(&person.openid));
    let forged = wish.bad_signature || matches!(wish.kind, PushKind::Stranger);
    let event = wish.event(&world, person.as_deref())?;
    let pushes = for_wechat(&world, &openid, event, &hub);
    let count = pushes.len();
    for mut push in pushes {
        if let Letter::WeChat { stranger, .. } = &mut push.letter {
            *stranger |= forged;
        }
        hub.pushes.push(push);
    }
    Ok(HttpResponse::Ok().json(json!({ "pushed": count })))
}

impl PushWish {
    fn event(self, world: &World, person: Option<&Person>) -> Result<Event, ControlError> {
        let someone = || person.ok_or_else(|| ControlError::refused("this push needs a person"));
        let authorization = |event: &str, revoke_info: Option<String>| {
            let unionid = someone()?.unionid.to_string();
            Ok(Event::Authorization { event: event.into(), unionid, revoke_info })
        };
        match self.kind {
            PushKind::UserInfoModified => authorization("user_info_modified", None),
            PushKind::UserAuthorizationRevoke => authorization(
                "user_authorization_revoke",
                Some(self.revoke_info.unwrap_or_else(|| "8".into())),
            ),
            PushKind::UserAuthorizationCancellation => authorization("user_authorization_cancellation", None),
            PushKind::WxaPunishEvent => Ok(Event::Punish(Punishment {
                event_type: self.event_type.unwrap_or(1),
                punish_id: world.dice.digits(12),
                illegal_reason: self.reason,
                rule_name: "滥用订阅消息".into(),
            })),
            PushKind::Stranger => {
                someone()?;
                let template = world.templates.all().first().map(|template| Arc::clone(&template.id));
                let template =
                    template.ok_or_else(|| ControlError::refused("the account has no template"))?;
                Ok(Event::Popup(vec![(template, Choice::Accept)]))
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmsReply {
    text: String,
}

/// The person texts back; R and T put the number on the provider's blacklist.
pub(crate) async fn sms_reply(hub: Shared, id: web::Path<String>, reply: web::Json<SmsReply>) -> Answer {
    let world = hub.world();
    let person = person_of(&world, &id)?;
    let answered = sms::reply::take(&hub, &world, &person, &reply.text).map_err(ControlError::refused)?;
    Ok(HttpResponse::Ok().json(json!({ "provider": answered.provider, "blacklisted": answered.blacklisted })))
}
