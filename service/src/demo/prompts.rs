//! Which of the sandbox's subscribe-message templates the shop asks for, and when.

use super::people::{ARRIVAL, MEMBER_DAY};
use crate::settings::PromptMoment::{self, Claim, MemberDay, Points, Redemption};
use crate::settings::{Subscription, SubscriptionKind};

const EXPIRY: &str = "TMPL_COUPON_EXPIRY_00000000000000000000000A";
const POINTS_CHANGE: &str = "TMPL_POINTS_CHANGE_00000000000000000000000C";

pub fn subscriptions() -> Vec<Subscription> {
    vec![
        one_time(EXPIRY, "优惠券到期提醒", &[Claim, Points]),
        one_time(ARRIVAL, "优惠券到账通知", &[Claim, Redemption]),
        one_time(POINTS_CHANGE, "积分变动通知", &[Redemption, Points]),
        one_time(MEMBER_DAY, "会员日活动通知", &[MemberDay]),
    ]
}

fn one_time(template_id: &str, title: &str, moments: &[PromptMoment]) -> Subscription {
    Subscription {
        template_id: template_id.to_owned(),
        title: title.to_owned(),
        kind: SubscriptionKind::OneTime,
        moments: moments.to_vec(),
    }
}
