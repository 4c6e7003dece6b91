//! `subscribe/send`.
//!
//! Checks run in this order (the platform's own is not published): touser, template, page, data, ban, a second send to
//! the same person, sensitive words, consent, quota. A refused call never spends consent: the ledger is touched last,
//! under the person's lock, so two sends cannot share one consent.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::callback::wechat_event::{Event, SentResult};
use crate::callback::{self, Push};
use crate::pipeline::{Call, Desk};
use crate::wechat::{Answer, Refusal, json_body, ok, take_quota, text, value_rules};
use crate::world::World;
use crate::world::counter::bump;
use crate::world::fault::Parcel;
use crate::world::message::{Content, ServiceNotification};
use crate::world::person::{Grant, Person};
use crate::world::template::Template;

pub(crate) const SEND_PATH: &str = "/cgi-bin/message/subscribe/send";

/// Message ids lie far above 2^53, where a client that reads them as a float loses digits.
const FIRST_MSGID: u64 = 3_412_345_678_901_234_567;
/// Room of one seed's message ids: a sandbox that starts anew with another seed repeats none.
const MSGIDS_A_SEED: u64 = 1_000_000_000;
const SEEDS: u64 = 1_000_000_000;

struct Order {
    person: Arc<Person>,
    template: Arc<Template>,
    page: Option<Box<str>>,
    values: Value,
}

/// Whom a send is addressed to; `None` when the body does not say.
pub(crate) fn receiver(world: &World, call: &Call) -> Option<Arc<Person>> {
    #[derive(serde::Deserialize)]
    struct Address<'a> {
        #[serde(borrow)]
        touser: std::borrow::Cow<'a, str>,
    }
    let address: Address<'_> = serde_json::from_slice(&call.body).ok()?;
    world.people.by_openid(&address.touser)
}

/// What a send is about, for the fault knobs.
pub(crate) fn parcel(call: &Call) -> Parcel {
    let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    Parcel { template: text(&body, "template_id").to_owned(), address: text(&body, "touser").to_owned() }
}

pub(crate) fn send(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let order = Order::read(desk)?;
    order.check_bans(desk)?;
    order.check_words(desk)?;
    order.spend_consent(desk)?;
    let msgid = next_msgid(desk);
    let failed = desk.world.dice.hits(desk.world.faults.callbacks().failed_rate);
    let push = order.sent_event(desk, msgid, failed);
    order.deliver(desk, msgid, failed);
    let mut body = ok();
    if !desk.faults.is_some_and(|faults| faults.omit_msgid) {
        body["msgid"] = json!(msgid);
    }
    Ok(Answer::WithPushes(body, push))
}

fn next_msgid(desk: &Desk<'_>) -> u64 {
    let sent = desk.world.counters.sends_accepted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    // An odd step, so that neighbouring ids differ in digits that a float cannot hold.
    FIRST_MSGID + desk.hub.settings.seed % SEEDS * MSGIDS_A_SEED + sent * 131
}

impl Order {
    fn read(desk: &Desk<'_>) -> Result<Self, Refusal> {
        let mut body = json_body(desk)?;
        let world = desk.world;
        let person = world.people.by_openid(text(&body, "touser"));
        let person = person.ok_or_else(|| Refusal::new(40003, "invalid openid"))?;
        let template = world.templates.find(text(&body, "template_id"));
        let template = template.ok_or_else(|| Refusal::new(40037, "invalid template_id"))?;
        let page = Some(text(&body, "page")).filter(|page| !page.is_empty());
        if let Some(page) = page {
            check_page(desk, page)?;
        }
        let page = page.map(Box::from);
        let values = body["data"].take();
        value_rules::check(&template, &values)?;
        Ok(Self { person, template, page, values })
    }

    fn check_bans(&self, desk: &Desk<'_>) -> Result<(), Refusal> {
        let banned = self.template.banned || desk.world.account.with(|account| account.subscribe_banned);
        if banned {
            return Err(Refusal::new(43107, "subscribe message is banned"));
        }
        if desk.crowded {
            return Err(Refusal::new(43108, "concurrent sending to the same user"));
        }
        Ok(())
    }

    fn check_words(&self, desk: &Desk<'_>) -> Result<(), Refusal> {
        let words = desk.world.account.with(|account| account.sensitive_words.clone());
        let said = |word: &String| self.spoken().any(|value| value.contains(word.as_str()));
        if words.iter().any(said) { Err(Refusal::new(45168, "keyword in blacklist")) } else { Ok(()) }
    }

    fn spoken(&self) -> impl Iterator<Item = &str> {
        let values = self.values.as_object().into_iter().flat_map(serde_json::Map::values);
        values.filter_map(|value| value["value"].as_str())
    }

    fn spend_consent(&self, desk: &Desk<'_>) -> Result<(), Refusal> {
        let mut own = self.person.own();
        let allowed = own.grant(&self.template.id).is_some_and(Grant::allows_a_send);
        if own.main_switch_off || !allowed {
            return Err(Refusal::new(43101, "user refuse to accept the msg"));
        }
        take_quota(desk)?;
        own.spend(&self.template.id);
        Ok(())
    }

    fn sent_event(&self, desk: &Desk<'_>, msgid: u64, failed: bool) -> Vec<Push> {
        let result = SentResult { template: Arc::clone(&self.template.id), msgid, failed };
        callback::for_wechat(desk.world, &self.person.openid, Event::Sent(result), desk.hub)
    }

    /// An asynchronous failure is the one case where an accepted message reaches nobody.
    fn deliver(self, desk: &Desk<'_>, msgid: u64, failed: bool) {
        if failed {
            return bump(&desk.world.counters.sends_lost);
        }
        let content = ServiceNotification {
            template: self.template,
            values: self.values.to_string().into(),
            page: self.page,
            msgid,
        };
        desk.hub.deliver(desk.world, &self.person, Content::ServiceNotification(Box::new(content)));
    }
}

/// Pages carry a query here; an empty list of released pages lets every page through.
fn check_page(desk: &Desk<'_>, page: &str) -> Result<(), Refusal> {
    let path = page.split('?').next().unwrap_or_default().trim_start_matches('/');
    let exists = desk.world.account.with(|account| {
        account.pages.is_empty() || account.pages.iter().any(|known| known.trim_start_matches('/') == path)
    });
    if exists { Ok(()) } else { Err(Refusal::new(41030, "invalid page")) }
}
