//! What the member is told of a redemption and of its reversal: in the inbox, and by a subscribe message where the settings
//! name a template and the member has accepted it.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use entity::states::Channel;
use entity::{redemption, store};

use super::redeem::Receipt;
use crate::context::Context;
use crate::notice::{Kind, NewNotice, Step};

/// Later than that a subscribe message about a purchase only surprises.
const GOOD_FOR: Duration = Duration::days(1);
/// The platform's limits: 20 characters of a `thing`, 5 of a `phrase`.
const LONGEST_THING: usize = 20;
const LONGEST_PHRASE: usize = 5;

/// What happened, in the words that the messages are made of.
struct Told<'a> {
    kind: Kind,
    what: &'a str,
    coupon: String,
    store: &'a store::Model,
    /// The first of the request.
    redemption: &'a redemption::Model,
    discount_fen: i64,
    at: DateTime<Utc>,
}

pub(super) fn of_redemption(ctx: &Context, receipt: &Receipt, store: &store::Model) -> NewNotice {
    notice(ctx, receipt, (Kind::RedemptionReceipt, "已核销", store))
}

pub(super) fn of_reversal(ctx: &Context, receipt: &Receipt, store: &store::Model) -> NewNotice {
    notice(ctx, receipt, (Kind::ReversalReceipt, "已撤销", store))
}

fn notice(ctx: &Context, receipt: &Receipt, (kind, what, store): (Kind, &str, &store::Model)) -> NewNotice {
    let names: Vec<&str> = receipt.parts().map(|(_, held)| held.offer.template.name.as_str()).collect();
    let (redemption, discount_fen) = (&receipt.redemption, receipt.discount_fen());
    let told = Told { kind, what, coupon: names.join("、"), store, redemption, discount_fen, at: ctx.now() };
    let settings = &ctx.settings.receipts;
    let mut steps = Vec::new();
    if !settings.wechat_template.is_empty() && ctx.platforms.wechat().is_ok() {
        steps.push(subscribe_message(ctx, &told));
    }
    let (title, body) = inbox_words(&told, ctx.settings.timezone);
    let page = Some(settings.page.clone()).filter(|page| !page.is_empty());
    steps.push(Step::inbox(title, body, page));
    NewNotice {
        member_id: told.redemption.member_id,
        kind: told.kind,
        business_key: format!("{}:{}", told.kind.as_str(), told.redemption.id),
        steps,
        expires_at: Some(ctx.now() + GOOD_FOR),
    }
}

fn inbox_words(told: &Told<'_>, zone: Tz) -> (String, String) {
    let (coupon, store, at) = (&told.coupon, &told.store.name, time(told, zone));
    match told.kind {
        Kind::RedemptionReceipt => {
            let (off, pay) = (yuan(told.discount_fen), yuan(payable(told)));
            let text = format!("{at}，您在{store}使用了“{coupon}”，优惠{off}，实付{pay}。");
            ("优惠券核销成功".to_owned(), text)
        }
        _ => {
            let text = format!("{at}，{store}撤销了“{coupon}”的核销。");
            ("优惠券核销已撤销".to_owned(), text)
        }
    }
}

fn subscribe_message(ctx: &Context, told: &Told<'_>) -> Step {
    let settings = &ctx.settings.receipts;
    let parameters = settings
        .wechat_parameters
        .iter()
        .map(|(key, text)| (key.clone(), fit(key, &fill(text, told, ctx.settings.timezone))))
        .collect();
    Step {
        channel: Channel::WechatSubscribe,
        template_id: Some(settings.wechat_template.clone()),
        page: Some(settings.page.clone()).filter(|page| !page.is_empty()),
        parameters,
        title: String::new(),
        body: String::new(),
    }
}

fn fill(text: &str, told: &Told<'_>, zone: Tz) -> String {
    text.replace("{{what}}", told.what)
        .replace("{{coupon}}", &told.coupon)
        .replace("{{store}}", &told.store.name)
        .replace("{{discount}}", &yuan(told.discount_fen))
        .replace("{{payable}}", &yuan(payable(told)))
        .replace("{{time}}", &time(told, zone))
}

/// Cut to what the platform takes of a keyword of this kind.
fn fit(key: &str, text: &str) -> String {
    let longest = match key.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "thing" => LONGEST_THING,
        "phrase" => LONGEST_PHRASE,
        _ => return text.to_owned(),
    };
    text.chars().take(longest).collect()
}

fn payable(told: &Told<'_>) -> i64 {
    told.redemption.amount_fen - told.discount_fen
}

fn time(told: &Told<'_>, brand_zone: Tz) -> String {
    let zone = told.store.zone.as_deref().and_then(|zone| zone.parse().ok()).unwrap_or(brand_zone);
    told.at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

fn yuan(fen: i64) -> String {
    format!("¥{}.{:02}", fen / 100, fen % 100)
}
