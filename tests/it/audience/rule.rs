//! Every rule against the same rule worked out by hand, over members with and without each property.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Asia::Shanghai;
use entity::states::{Gender, IdentityProvider, MemberState, StaffRole};
use entity::{identity, member, member_tag, points_account, store, tag, tier, tier_standing};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::json;
use service::audience::Rule;
use service::audience::rule::{DateRange, Range, age_on};
use service::calendar;
use service::ids::{MemberId, StoreId, TagId, TierId};
use service::member::{NewMember, identity_row, new_row};
use tests::TestApp;
use uuid::Uuid;

const TAGS: [&str; 2] = ["VIP", "新客"];

/// What a member is made of here.
#[derive(Debug, Clone)]
struct Person {
    id: MemberId,
    state: MemberState,
    gender: Option<Gender>,
    birthday: Option<NaiveDate>,
    home_store: Option<StoreId>,
    tags: Vec<&'static str>,
    last_purchase_at: Option<DateTime<Utc>>,
    purchase_count: i64,
    purchase_total_fen: i64,
    created_at: DateTime<Utc>,
    marketing_consent: bool,
    openid: bool,
    points: Option<i64>,
    /// Place in the ladder; none: never placed.
    tier: Option<usize>,
}

struct Town {
    app: TestApp,
    people: Vec<Person>,
    stores: [StoreId; 2],
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl Town {
    /// A hundred and twenty people, each property running at its own beat so that all combinations occur.
    async fn settle() -> Self {
        let app = TestApp::start().await;
        let stores = [add_store(&app, "S1").await, add_store(&app, "S2").await];
        let tags = [add_tag(&app, TAGS[0]).await, add_tag(&app, TAGS[1]).await];
        let people: Vec<_> = (0..120).map(|number| person(&app, number, stores)).collect();
        add_ladder(&app).await;
        for one in &people {
            write(&app, one, tags).await;
        }
        Self { app, people, stores }
    }

    async fn picked(&self, rule: &Rule) -> Vec<MemberId> {
        let ctx = &self.app.ctx;
        let rows = member::Entity::find()
            .filter(rule.condition(ctx.now(), Shanghai, ctx.db.backend()))
            .order_by_asc(member::Column::Id)
            .all(ctx.db.read())
            .await
            .unwrap();
        rows.into_iter().map(|row| row.id).collect()
    }

    fn expected(&self, rule: &Rule) -> Vec<MemberId> {
        let today = calendar::local_date(self.app.ctx.now(), Shanghai);
        let active = self.people.iter().filter(|one| one.state == MemberState::Active);
        let mut ids: Vec<_> = active.filter(|one| holds(rule, one, today)).map(|one| one.id).collect();
        ids.sort_unstable();
        ids
    }
}

fn person(app: &TestApp, number: usize, stores: [StoreId; 2]) -> Person {
    let now = app.ctx.now();
    let nth = |every: usize| number % every;
    let days = i64::try_from(number).unwrap();
    let bought = nth(4) != 0;
    Person {
        id: app.ctx.new_id(),
        state: if nth(11) == 10 { MemberState::Disabled } else { MemberState::Active },
        gender: [None, Some(Gender::Female), Some(Gender::Male)][nth(3)],
        birthday: (nth(5) != 0).then(|| {
            [date("1990-03-02"), date("1990-03-03"), date("2004-02-29"), date("1979-12-31")][nth(4)]
        }),
        home_store: [None, Some(stores[0]), Some(stores[1])][nth(7) % 3],
        tags: TAGS
            .iter()
            .copied()
            .enumerate()
            .filter(|(place, _)| nth(place + 3) == 1)
            .map(|(_, tag)| tag)
            .collect(),
        // Around midnight in Shanghai of the days before.
        last_purchase_at: bought
            .then(|| now - Duration::hours(10 + 24 * (days % 100)) + Duration::seconds(days - 60)),
        purchase_count: if bought { days % 6 + 1 } else { 0 },
        purchase_total_fen: if bought { days * 1_000 } else { 0 },
        created_at: now - Duration::days(days * 3),
        marketing_consent: nth(2) == 0,
        openid: nth(3) == 0,
        points: (nth(3) != 1).then_some(days * 10 - 300),
        tier: [None, Some(0), Some(1)][nth(5) % 3],
    }
}

async fn write(app: &TestApp, one: &Person, tags: [TagId; 2]) {
    let ctx = &app.ctx;
    let mut row = new_row(ctx, NewMember { source: "import".to_owned(), ..NewMember::default() }).unwrap();
    row.id = Set(one.id);
    row.state = Set(one.state);
    row.gender = Set(one.gender);
    row.birthday = Set(one.birthday);
    row.home_store_id = Set(one.home_store);
    row.last_purchase_at = Set(one.last_purchase_at);
    row.purchase_count = Set(one.purchase_count);
    row.purchase_total_fen = Set(one.purchase_total_fen);
    row.created_at = Set(one.created_at);
    row.marketing_consent = Set(one.marketing_consent);
    let txn = ctx.db.begin().await.unwrap();
    member::Entity::insert(row).exec_without_returning(&txn).await.unwrap();
    if one.openid {
        let openid = identity_row(ctx, one.id, IdentityProvider::WechatOpenid, one.id.to_string());
        identity::Entity::insert(openid).exec_without_returning(&txn).await.unwrap();
    }
    for name in &one.tags {
        let place = TAGS.iter().position(|tag| tag == name).unwrap();
        let tagged = member_tag::Model {
            member_id: one.id,
            tag_id: tags[place],
            source: "staff".to_owned(),
            reason: None,
            created_at: ctx.now(),
        };
        let tagged = tagged.into_active_model().reset_all();
        member_tag::Entity::insert(tagged).exec_without_returning(&txn).await.unwrap();
    }
    let now = ctx.now();
    if let Some(balance) = one.points {
        let row = points_account::Model { member_id: one.id, balance, pending: 0, debt: 0, updated_at: now };
        let row = row.into_active_model().reset_all();
        points_account::Entity::insert(row).exec_without_returning(&txn).await.unwrap();
    }
    if let Some(place) = one.tier {
        let row = tier_standing::Model {
            member_id: one.id,
            tier_id: tier_id(place),
            since: now,
            misses: 0,
            checked_period: None,
            ends_at: None,
            frozen_until: None,
            updated_at: now,
        };
        let row = row.into_active_model().reset_all();
        tier_standing::Entity::insert(row).exec_without_returning(&txn).await.unwrap();
    }
    txn.commit().await.unwrap();
}

fn tier_id(place: usize) -> TierId {
    TierId(Uuid::from_u128(place as u128))
}

async fn add_ladder(app: &TestApp) {
    for (rank, place) in (0..).zip(0..2) {
        let row = tier::Model {
            id: tier_id(place),
            rank,
            name: rank.to_string(),
            spend_fen: None,
            visits: None,
            points_percent: 100,
            birthday_percent: 100,
            coupon_template_ids: json!([]),
            rights: json!([]),
            created_at: app.ctx.now(),
            updated_at: app.ctx.now(),
        };
        let row = row.into_active_model().reset_all();
        tier::Entity::insert(row).exec_without_returning(app.ctx.db.writer()).await.unwrap();
    }
}

async fn add_store(app: &TestApp, code: &str) -> StoreId {
    let id: StoreId = app.ctx.new_id();
    let row = store::Model {
        id,
        code: code.to_owned(),
        name: code.to_owned(),
        zone: None,
        address: None,
        state: entity::states::StoreState::Open,
        created_at: app.ctx.now(),
    };
    let row = row.into_active_model().reset_all();
    store::Entity::insert(row).exec_without_returning(app.ctx.db.writer()).await.unwrap();
    id
}

async fn add_tag(app: &TestApp, name: &str) -> TagId {
    let id: TagId = app.ctx.new_id();
    let row =
        tag::Model { id, name: name.to_owned(), created_at: app.ctx.now() }.into_active_model().reset_all();
    tag::Entity::insert(row).exec_without_returning(app.ctx.db.writer()).await.unwrap();
    id
}

/// The rule by its words: what is absent does not hold, and "none" holds where nothing of it does.
fn holds(rule: &Rule, one: &Person, today: NaiveDate) -> bool {
    let day = |at: DateTime<Utc>| calendar::local_date(at, Shanghai);
    match rule {
        Rule::All(rules) => rules.iter().all(|rule| holds(rule, one, today)),
        Rule::Any(rules) => rules.iter().any(|rule| holds(rule, one, today)),
        Rule::None(rules) => !rules.iter().any(|rule| holds(rule, one, today)),
        Rule::Gender(gender) => one.gender == Some(*gender),
        Rule::Age(range) => one.birthday.is_some_and(|born| within(*range, age_on(born, today).into())),
        Rule::AgeBand(_) | Rule::Occupation(_) | Rule::Attribute(_) => unreachable!("see profile.rs"),
        Rule::Coupon(_) | Rule::Bought(_) | Rule::Behaviour(_) | Rule::Subscribed(_) => {
            unreachable!("see deed.rs")
        }
        Rule::ValueClass(_) | Rule::LifecycleStage(_) => unreachable!("see rfm/standing.rs"),
        Rule::BirthdayMonth(month) => {
            one.birthday.is_some_and(|born| born.format("%-m").to_string() == month.to_string())
        }
        Rule::HomeStore(store) => one.home_store == Some(*store),
        Rule::Tag(name) => one.tags.iter().any(|tag| tag == name),
        Rule::DormantDays(range) => {
            one.last_purchase_at.is_some_and(|last| within(*range, (today - day(last)).num_days()))
        }
        Rule::LastPurchase(range) => one.last_purchase_at.is_some_and(|last| spans(*range, day(last))),
        Rule::NeverBought(never) => (one.purchase_count == 0) == *never,
        Rule::PurchaseCount(range) => within(*range, one.purchase_count),
        Rule::PurchaseTotalFen(range) => within(*range, one.purchase_total_fen),
        Rule::Enrolled(range) => spans(*range, day(one.created_at)),
        Rule::MarketingConsent(given) => one.marketing_consent == *given,
        Rule::Identity(provider) => *provider == IdentityProvider::WechatOpenid && one.openid,
        Rule::Tier(tier) => *tier == tier_id(one.tier.unwrap_or(0)),
        Rule::Points(range) => within(*range, one.points.unwrap_or(0)),
    }
}

fn within(range: Range, number: i64) -> bool {
    range.at_least.is_none_or(|low| number >= low) && range.at_most.is_none_or(|high| number <= high)
}

fn spans(range: DateRange, date: NaiveDate) -> bool {
    range.from.is_none_or(|from| date >= from) && range.until.is_none_or(|until| date <= until)
}

fn any_range(most: i64) -> impl Strategy<Value = Range> {
    let number = || proptest::option::of(0..=most);
    (number(), number()).prop_filter_map("a range", |(at_least, at_most)| match (at_least, at_most) {
        (None, None) => None,
        (Some(low), Some(high)) if low > high => None,
        _ => Some(Range { at_least, at_most }),
    })
}

fn any_dates() -> impl Strategy<Value = DateRange> {
    let day =
        || proptest::option::of((0..420_u64).prop_map(|ago| date("2026-03-03") - chrono::Days::new(ago)));
    (day(), day()).prop_filter_map("a range", |(from, until)| match (from, until) {
        (None, None) => None,
        (Some(from), Some(until)) if from > until => None,
        _ => Some(DateRange { from, until }),
    })
}

fn any_test(stores: [StoreId; 2]) -> impl Strategy<Value = Rule> {
    prop_oneof![
        prop_oneof![Just(Gender::Female), Just(Gender::Male), Just(Gender::Other)].prop_map(Rule::Gender),
        any_range(60).prop_map(Rule::Age),
        (1..=12_u32).prop_map(Rule::BirthdayMonth),
        prop_oneof![Just(stores[0]), Just(stores[1])].prop_map(Rule::HomeStore),
        prop_oneof![Just("VIP"), Just("新客"), Just("unknown")].prop_map(|tag| Rule::Tag(tag.to_owned())),
        any_range(110).prop_map(Rule::DormantDays),
        any_dates().prop_map(Rule::LastPurchase),
        any::<bool>().prop_map(Rule::NeverBought),
        any_range(7).prop_map(Rule::PurchaseCount),
        any_range(120_000).prop_map(Rule::PurchaseTotalFen),
        any_dates().prop_map(Rule::Enrolled),
        any::<bool>().prop_map(Rule::MarketingConsent),
        prop_oneof![Just(IdentityProvider::WechatOpenid), Just(IdentityProvider::Alipay)]
            .prop_map(Rule::Identity),
        (0..3_usize).prop_map(|place| Rule::Tier(tier_id(place))),
        any_range(900).prop_map(Rule::Points),
    ]
}

fn any_rule(stores: [StoreId; 2]) -> impl Strategy<Value = Rule> {
    any_test(stores).prop_recursive(3, 12, 3, |inner| {
        let several = || proptest::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            several().prop_map(Rule::All),
            several().prop_map(Rule::Any),
            several().prop_map(Rule::None)
        ]
    })
}

/// `cases` rules of `strategy`, each as the database and as the words have it.
async fn agree(town: &Town, strategy: impl Strategy<Value = Rule>, cases: u32) {
    let mut runner = TestRunner::new(Config { cases, ..Config::default() });
    for _ in 0..cases {
        let rule = strategy.new_tree(&mut runner).unwrap().current();
        rule.validate().unwrap();
        assert_eq!(town.picked(&rule).await, town.expected(&rule), "{rule:?}");
        let json = serde_json::to_value(&rule).unwrap();
        assert_eq!(serde_json::from_value::<Rule>(json).unwrap(), rule);
    }
}

#[tokio::test]
async fn every_rule_picks_whom_its_words_pick_alone_and_nested() {
    let town = Town::settle().await;
    agree(&town, any_test(town.stores), 200).await;
    agree(&town, any_test(town.stores).prop_map(|rule| Rule::None(vec![rule])), 100).await;
    agree(&town, any_rule(town.stores), 200).await;
}

#[tokio::test]
async fn days_are_the_brands_and_birthdays_are_reached_on_their_day() {
    let town = Town::settle().await;
    // 10:00 on 2 March in Shanghai: whoever was born on 2 March 1990 has turned 36, on 3 March not yet.
    let exactly = |years| Rule::Age(Range { at_least: Some(years), at_most: Some(years) });
    for years in [21, 22, 35, 36, 46] {
        assert_eq!(town.picked(&exactly(years)).await, town.expected(&exactly(years)), "{years}");
    }
    for days in 0..100 {
        let rule = Rule::DormantDays(Range { at_least: Some(days), at_most: Some(days) });
        assert_eq!(town.picked(&rule).await, town.expected(&rule), "{days}");
    }
}

#[tokio::test]
async fn a_count_over_http_counts_whom_the_rule_picks() {
    let town = Town::settle().await;
    let staff = town.app.staff_session(StaffRole::StoreManager).await;
    let rule = Rule::All(vec![Rule::Tag("VIP".to_owned()), Rule::None(vec![Rule::NeverBought(true)])]);
    let body = json!({ "rule": rule });
    let told = town.app.post("/v1/console/segments/count", body).with_bearer(&staff).await.expect(200);
    let expected = town.expected(&rule);
    assert_eq!(told["members"], expected.len());
    assert_eq!(told["sample"].as_array().unwrap().len(), expected.len().min(5));
}
