//! Which supplier is asked first, and when one is left out.

use chrono::{DateTime, Duration, Utc};
use platform::sms::SmsTrouble;
use platform::{Class, Error};
use proptest::prelude::*;
use service::sms::rules::{Admission, Breaker, goes_on, is_failure, milder, order};

fn now() -> DateTime<Utc> {
    "2026-03-02T02:00:00Z".parse().unwrap()
}

const EVERY: Duration = Duration::seconds(30);

#[test]
fn each_supplier_gets_its_share_and_a_message_always_asks_in_the_same_order() {
    let suppliers = [("tencent", 70), ("aliyun", 30)];
    let first = |key: usize| order(&format!("message {key}"), &suppliers)[0];
    let tencent = (0..10_000).filter(|key| first(*key) == "tencent").count();
    assert!((6_800..=7_200).contains(&tencent), "{tencent} of 10000");
    assert_eq!(order("one", &suppliers), order("one", &[("aliyun", 30), ("tencent", 70)]));
}

#[test]
fn an_open_breaker_lets_one_probe_through_and_a_closed_one_counts_anew() {
    let open = Breaker::NEW.opened(now(), EVERY);
    assert_eq!(open.admits(now(), EVERY), Admission::LeaveOut { until: now() + EVERY });
    let due = now() + EVERY;
    let Admission::Probe(taken) = open.admits(due, EVERY) else { panic!("nobody may probe") };
    assert_eq!(taken.admits(due, EVERY), Admission::LeaveOut { until: due + EVERY }, "one probe at a time");
    assert_eq!(taken.closed(), Breaker::Closed { generation: 1 });
    assert_eq!(taken.closed().admits(due, EVERY), Admission::Use);
    assert_eq!(Breaker::parse("nonsense"), Breaker::NEW);
}

#[test]
fn only_the_suppliers_own_trouble_goes_on_to_another() {
    use SmsTrouble::{Content, Limit, Number, Other, Refused, Supplier, Template, Unheard};
    for trouble in [Unheard, Content, Number, Refused, Limit, Other] {
        assert!(!goes_on(trouble), "{trouble:?}");
    }
    assert!(goes_on(Supplier) && goes_on(Template));
    assert!(is_failure(Unheard, false) && is_failure(Supplier, false));
    assert!(!is_failure(Supplier, true), "a throttle is no failure");
    assert!(!is_failure(Content, false) && !is_failure(Template, false));
}

#[test]
fn of_two_refusals_the_one_that_may_pass_decides() {
    let throttled = Error::new(Class::Throttled, "Throttling.User", "");
    let busy = Error::new(Class::Busy, "isp.SYSTEM_ERROR", "");
    let empty = Error::new(Class::Busy, "isv.AMOUNT_NOT_ENOUGH", "");
    let template = Error::new(Class::Permanent, "isv.SMS_TEMPLATE_ILLEGAL", "");
    let ranked = [throttled, busy, empty, template];
    for (index, mild) in ranked.iter().enumerate() {
        for hard in &ranked[index..] {
            assert_eq!(&milder(mild.clone(), hard.clone()), mild);
            assert_eq!(milder(hard.clone(), mild.clone()).code, mild.code);
        }
    }
}

proptest! {
    #[test]
    fn every_supplier_with_a_weight_is_asked_once(key in ".{0,40}", weights in (0..4_u32, 0..4_u32, 1..100_u32)) {
        let suppliers = [("a", weights.0), ("b", weights.1), ("c", weights.2)];
        let mut asked = order(&key, &suppliers);
        asked.sort_unstable();
        let due: Vec<_> = suppliers.iter().filter(|(_, weight)| *weight > 0).map(|(name, _)| *name).collect();
        prop_assert_eq!(asked, due);
    }

    #[test]
    fn a_breaker_reads_back_as_it_was_written(generation in 0..u64::MAX, seconds in 0..4_000_000_000_i64) {
        let probe_at = DateTime::from_timestamp(seconds, 0).unwrap();
        for breaker in [Breaker::Closed { generation }, Breaker::Open { generation, probe_at }] {
            prop_assert_eq!(Breaker::parse(&breaker.text()), breaker);
        }
    }

    #[test]
    fn an_open_breaker_never_lets_in_before_its_time(early in 1..1_000_000_i64, generation in 0..9_u64) {
        let open = Breaker::Open { generation, probe_at: now() };
        let at = now() - Duration::milliseconds(early);
        prop_assert_eq!(open.admits(at, EVERY), Admission::LeaveOut { until: now() });
    }
}
