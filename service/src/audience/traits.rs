//! What a rule looks at, in words that may be told to the member it picked: the kinds of facts used, never the values or a tag's
//! name (Personal Information Protection Law, article 24: a decision by personal traits is explained).

use std::collections::BTreeSet;

use super::rule::Rule;

macro_rules! traits {
    ($($name:ident = $code:literal, $zh:literal, $en:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Trait { $($name,)+ }

        impl Trait {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$name => $zh,)+ }
            }
            pub fn english(self) -> &'static str {
                match self { $(Self::$name => $en,)+ }
            }
        }
    };
}

traits! {
    Everybody = "everybody", "发给全体会员", "It goes to every member.";
    Gender = "gender", "您填写的性别", "The gender you gave.";
    Age = "age", "您填写的生日（年龄）", "The birthday you gave (your age).";
    Birthday = "birthday", "您的生日月份", "The month of your birthday.";
    Profile = "profile", "您填写的资料", "What you told of yourself.";
    HomeStore = "home_store", "您常去的门店", "Your home store.";
    Tag = "tag", "门店为您做的标记", "A mark that the shop set.";
    LastPurchase = "last_purchase", "您最近一次消费的时间", "When you last bought something.";
    Purchases = "purchases", "您的消费次数或金额", "How often or how much you bought.";
    Value = "value", "您消费的时间、次数与金额", "When, how often and for how much you bought.";
    Enrolled = "enrolled", "您入会的时间", "When you joined.";
    MarketingConsent = "marketing_consent", "您是否同意接收营销信息", "Whether you agreed to marketing.";
    Tier = "tier", "您的会员等级", "Your tier.";
    Points = "points", "您的积分", "Your points.";
    Coupons = "coupons", "您领取和使用的优惠券", "The coupons you hold and have used.";
    Goods = "goods", "您买过的商品", "What you bought.";
    Behaviour = "behaviour", "您同意记录的小程序浏览", "What you looked at in the app, as you agreed.";
    Subscribed = "subscribed", "您订阅的消息", "The messages you subscribed to.";
    Reachable = "reachable", "您绑定的账号", "The accounts that you are bound with.";
}

/// In a fixed order, each once.
pub fn traits_of(rule: &Rule) -> Vec<Trait> {
    if rule.is_everybody() {
        return vec![Trait::Everybody];
    }
    let mut found = BTreeSet::new();
    collect(rule, &mut found);
    found.into_iter().collect()
}

fn collect(rule: &Rule, found: &mut BTreeSet<Trait>) {
    found.insert(match rule {
        Rule::All(rules) | Rule::Any(rules) | Rule::None(rules) => {
            return rules.iter().for_each(|rule| collect(rule, found));
        }
        Rule::Gender(_) => Trait::Gender,
        Rule::Age(_) | Rule::AgeBand(_) => Trait::Age,
        Rule::Occupation(_) | Rule::Attribute(_) => Trait::Profile,
        Rule::BirthdayMonth(_) => Trait::Birthday,
        Rule::HomeStore(_) => Trait::HomeStore,
        Rule::Tag(_) => Trait::Tag,
        Rule::DormantDays(_) | Rule::LastPurchase(_) => Trait::LastPurchase,
        Rule::NeverBought(_) | Rule::PurchaseCount(_) | Rule::PurchaseTotalFen(_) => Trait::Purchases,
        Rule::ValueClass(_) | Rule::LifecycleStage(_) => Trait::Value,
        Rule::Enrolled(_) => Trait::Enrolled,
        Rule::MarketingConsent(_) => Trait::MarketingConsent,
        Rule::Identity(_) => Trait::Reachable,
        Rule::Tier(_) => Trait::Tier,
        Rule::Points(_) => Trait::Points,
        Rule::Coupon(_) => Trait::Coupons,
        Rule::Bought(_) => Trait::Goods,
        Rule::Behaviour(_) => Trait::Behaviour,
        Rule::Subscribed(_) => Trait::Subscribed,
    });
}
