//! What the shop offers: coupons, segments, one campaign that goes out at the first start and one that waits to be scheduled.

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use entity::states::{CampaignState, Channel, CouponKind, CouponTemplateState, Validity};
use entity::{campaign, coupon_template, segment};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::people::{ARRIVAL, MEMBER_DAY, TAGS};
use super::sizes::keep_past_sizes;
use crate::audience::{self, Rule, SegmentDraft, rule::Range};
use crate::calendar;
use crate::campaign::{self as campaigns, CampaignDraft};
use crate::context::Context;
use crate::coupon::template::{self, Moment, TemplateForm};
use crate::delivery::MessageDraft;
use crate::error::Result;
use crate::ids::{CampaignId, CouponTemplateId, SegmentId};
use crate::staff::StaffCaller;

const COMEBACK: &str = "回店礼 · 满20减10";
const COMEBACK_DAYS: i32 = 30;
const COUPONS_PAGE: &str = "pages/coupons/index";

pub struct Templates {
    pub claimable: CouponTemplateId,
    /// What a full stamp card gives.
    pub stamp_reward: CouponTemplateId,
    /// What comes with a large order.
    pub order_gift: CouponTemplateId,
    /// May be given to a friend.
    pub for_a_friend: CouponTemplateId,
    comeback: CouponTemplateId,
}

pub struct Segments {
    pub dormant: SegmentId,
    pub regulars: SegmentId,
}

pub async fn ensure_templates(ctx: &Context, owner: &StaffCaller) -> Result<Templates> {
    let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
    let for_a_friend = TemplateForm {
        threshold_fen: 4000,
        discount_fen: Some(1200),
        transferable: true,
        ..relative("好友同享 · 满40减12", CouponKind::MoneyOff, 30)
    };
    let money_off = TemplateForm {
        threshold_fen: 3000,
        discount_fen: Some(800),
        ..fixed("满30减8", CouponKind::MoneyOff, (today, 60))
    };
    let percentage = TemplateForm {
        pay_percent: Some(80),
        discount_ceiling_fen: Some(1500),
        ..fixed("茶饮烘焙八折券", CouponKind::Percentage, (today, 45))
    };
    let gift = TemplateForm {
        gift_name: Some("海盐可颂一枚".to_owned()),
        ..relative("新朋友赠礼 · 海盐可颂", CouponKind::Gift, 14)
    };
    let comeback = TemplateForm {
        threshold_fen: 2000,
        discount_fen: Some(1000),
        claimable: false,
        ..relative(COMEBACK, CouponKind::MoneyOff, COMEBACK_DAYS)
    };
    let cup = TemplateForm {
        gift_name: Some("任意茶饮一杯".to_owned()),
        claimable: false,
        limit_per_member: 100,
        ..relative("集章礼 · 任意茶饮一杯", CouponKind::Gift, 60)
    };
    let next_visit = TemplateForm {
        threshold_fen: 2500,
        discount_fen: Some(500),
        claimable: false,
        limit_per_member: 20,
        ..relative("下次来 · 满25减5", CouponKind::MoneyOff, 30)
    };
    // Offers are listed from the newest: the first one to be seen stays the welcome gift.
    let for_a_friend = ensure_template(ctx, owner, for_a_friend).await?;
    let claimable = ensure_template(ctx, owner, money_off).await?;
    ensure_template(ctx, owner, percentage).await?;
    ensure_template(ctx, owner, gift).await?;
    let stamp_reward = ensure_template(ctx, owner, cup).await?;
    let order_gift = ensure_template(ctx, owner, next_visit).await?;
    let comeback = ensure_template(ctx, owner, comeback).await?;
    Ok(Templates { claimable, stamp_reward, order_gift, for_a_friend, comeback })
}

fn fixed(name: &str, kind: CouponKind, (from, days): (NaiveDate, i64)) -> TemplateForm {
    TemplateForm {
        validity: Validity::Fixed,
        valid_from: Some(Moment::Day(from)),
        valid_until: Some(Moment::Day(from + Duration::days(days))),
        valid_days: None,
        ..relative(name, kind, 0)
    }
}

fn relative(name: &str, kind: CouponKind, valid_days: i32) -> TemplateForm {
    TemplateForm { valid_days: Some(valid_days), ..TemplateForm::new(name, kind) }
}

async fn ensure_template(ctx: &Context, owner: &StaffCaller, form: TemplateForm) -> Result<CouponTemplateId> {
    let known = coupon_template::Entity::find()
        .filter(coupon_template::Column::Name.eq(&form.name))
        .one(ctx.db.read())
        .await?;
    let row = match known {
        Some(known) => known,
        None => template::create_template(ctx, owner, form).await?.template,
    };
    if row.state == CouponTemplateState::Draft {
        template::publish_template(ctx, owner, row.id).await?;
    }
    Ok(row.id)
}

pub async fn ensure_segments(ctx: &Context, owner: &StaffCaller) -> Result<Segments> {
    let at_least = |least| Range { at_least: Some(least), at_most: None };
    let dormant = Rule::DormantDays(at_least(30));
    let regulars =
        Rule::Any(vec![Rule::PurchaseCount(at_least(8)), Rule::PurchaseTotalFen(at_least(30_000))]);
    let sweet =
        Rule::All(vec![Rule::Tag(TAGS[1].to_owned()), Rule::None(vec![Rule::DormantDays(at_least(60))])]);
    ensure_segment(ctx, owner, "最近在来的面包控", sweet).await?;
    Ok(Segments {
        dormant: ensure_segment(ctx, owner, "30 天没来的老朋友", dormant).await?,
        regulars: ensure_segment(ctx, owner, "常客（8 单或 300 元以上）", regulars).await?,
    })
}

async fn ensure_segment(ctx: &Context, owner: &StaffCaller, name: &str, rule: Rule) -> Result<SegmentId> {
    let known = segment::Entity::find().filter(segment::Column::Name.eq(name)).one(ctx.db.read()).await?;
    match known {
        Some(known) => Ok(known.id),
        None => {
            let draft = SegmentDraft { name: name.to_owned(), rule: rule.clone() };
            let id = audience::create(ctx, owner, draft).await?.id;
            keep_past_sizes(ctx, id, &rule).await?;
            Ok(id)
        }
    }
}

/// The one that goes out, and the one that waits.
pub async fn ensure_campaigns(
    ctx: &Context,
    owner: &StaffCaller,
    segments: &Segments,
    templates: &Templates,
) -> Result<(CampaignId, CampaignId)> {
    let sent = ensure_campaign(ctx, owner, comeback(ctx, segments.dormant, templates.comeback)).await?;
    if sent.state == CampaignState::Draft {
        campaigns::schedule(ctx, owner, sent.id, None).await?;
    }
    let draft = ensure_campaign(ctx, owner, member_day(ctx, segments.regulars)).await?;
    Ok((sent.id, draft.id))
}

pub(super) async fn ensure_campaign(
    ctx: &Context,
    owner: &StaffCaller,
    draft: CampaignDraft,
) -> Result<campaign::Model> {
    let known =
        campaign::Entity::find().filter(campaign::Column::Name.eq(&draft.name)).one(ctx.db.read()).await?;
    match known {
        Some(known) => Ok(known),
        None => campaigns::create(ctx, owner, draft).await,
    }
}

fn comeback(ctx: &Context, segment_id: SegmentId, coupon: CouponTemplateId) -> CampaignDraft {
    let until = local_day(ctx, ctx.now() + Duration::days(COMEBACK_DAYS.into()));
    let parameters = [
        ("thing1", COMEBACK.to_owned()),
        ("amount2", "¥10.00".to_owned()),
        ("date3", chinese(until)),
        ("thing4", "三家店通用".to_owned()),
    ];
    CampaignDraft {
        coupon_template_id: Some(coupon),
        ..wechat("好久不见，送您一张回店礼", segment_id, (ARRIVAL, &parameters))
    }
}

fn member_day(ctx: &Context, segment_id: SegmentId) -> CampaignDraft {
    let today = local_day(ctx, ctx.now());
    let saturday = today + Duration::days(i64::from(12 - today.weekday().num_days_from_monday()));
    let parameters = [
        ("thing1", "周六会员日，新茶免费试饮".to_owned()),
        ("time2", format!("{} 10:00", chinese(saturday))),
        ("thing3", "南山店、福田店、罗湖店".to_owned()),
    ];
    // Slow enough to be watched.
    CampaignDraft {
        rate_per_second: Some(5),
        holdout_percent: 10,
        ..wechat("周六会员日", segment_id, (MEMBER_DAY, &parameters))
    }
}

fn wechat(
    name: &str,
    segment_id: SegmentId,
    (template_id, parameters): (&str, &[(&str, String)]),
) -> CampaignDraft {
    let message = MessageDraft {
        template_id: Some(template_id.to_owned()),
        page: Some(COUPONS_PAGE.to_owned()),
        parameters: parameters.iter().map(|(key, text)| ((*key).to_owned(), text.clone())).collect(),
        ..MessageDraft::default()
    };
    CampaignDraft::new(name, segment_id, Channel::WechatSubscribe, message)
}

pub(super) fn local_day(ctx: &Context, at: DateTime<Utc>) -> NaiveDate {
    calendar::local_date(at, ctx.settings.timezone)
}

fn chinese(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}
