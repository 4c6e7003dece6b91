//! On which days a recurrence falls, and when: tables, and properties over zones with and without daylight saving.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use service::calendar;
use service::campaign::{Every, Recurrence};

fn daily(at: &str) -> Recurrence {
    Recurrence { every: Every::Day, at: at.to_owned(), weekdays: vec![], days: vec![], until: None }
}

fn weekly(at: &str, weekdays: &[u32]) -> Recurrence {
    Recurrence { every: Every::Week, weekdays: weekdays.to_vec(), ..daily(at) }
}

fn monthly(at: &str, days: &[u32]) -> Recurrence {
    Recurrence { every: Every::Month, days: days.to_vec(), ..daily(at) }
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The next occurrences after an instant, as their instants.
fn following(recurrence: &Recurrence, zone: Tz, after: &str, count: usize) -> Vec<String> {
    let mut at = time(after);
    let mut all = Vec::new();
    while let Some(next) = recurrence.next_after(at, zone).filter(|_| all.len() < count) {
        at = next.at;
        all.push(next.at.format("%Y-%m-%dT%H:%MZ").to_string());
    }
    all
}

const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;
const BERLIN: Tz = chrono_tz::Europe::Berlin;

#[test]
fn the_days_of_each_kind() {
    let table: &[(Recurrence, Tz, &str, &[&str])] = &[
        (daily("10:00"), SHANGHAI, "2026-03-01T01:59:59Z", &["2026-03-01T02:00Z", "2026-03-02T02:00Z"]),
        (daily("10:00"), SHANGHAI, "2026-03-01T02:00:00Z", &["2026-03-02T02:00Z"]),
        // Just after midnight in Shanghai it is still the day before in UTC.
        (daily("00:05"), SHANGHAI, "2026-02-28T16:00:00Z", &["2026-02-28T16:05Z"]),
        (
            weekly("09:30", &[1, 6]),
            SHANGHAI,
            "2026-03-01T00:00:00Z",
            &["2026-03-02T01:30Z", "2026-03-07T01:30Z", "2026-03-09T01:30Z"],
        ),
        (
            monthly("10:00", &[31]),
            SHANGHAI,
            "2026-01-01T00:00:00Z",
            &["2026-01-31T02:00Z", "2026-02-28T02:00Z", "2026-03-31T02:00Z", "2026-04-30T02:00Z"],
        ),
        (
            monthly("10:00", &[29]),
            SHANGHAI,
            "2028-02-01T00:00:00Z",
            &["2028-02-29T02:00Z", "2028-03-29T02:00Z"],
        ),
        // Two days that a short month has on its last are one.
        (
            monthly("10:00", &[30, 31]),
            SHANGHAI,
            "2026-02-01T00:00:00Z",
            &["2026-02-28T02:00Z", "2026-03-30T02:00Z"],
        ),
    ];
    for (recurrence, zone, after, expected) in table {
        assert_eq!(following(recurrence, *zone, after, expected.len()), *expected, "{recurrence:?}");
    }
}

#[test]
fn a_skipped_time_runs_at_the_first_that_exists_and_a_repeated_one_at_the_earlier() {
    // 29 March 2026: 02:00 becomes 03:00; 25 October: 03:00 becomes 02:00.
    let at = daily("02:30");
    assert_eq!(
        following(&at, BERLIN, "2026-03-28T00:00:00Z", 3),
        ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"]
    );
    assert_eq!(
        following(&at, BERLIN, "2026-10-24T00:00:00Z", 3),
        ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"]
    );
}

#[test]
fn the_last_day_still_runs_and_then_none() {
    let until = NaiveDate::from_ymd_opt(2026, 3, 2);
    let recurrence = Recurrence { until, ..daily("10:00") };
    assert_eq!(following(&recurrence, SHANGHAI, "2026-03-01T03:00:00Z", 9), ["2026-03-02T02:00Z"]);
}

#[test]
fn of_those_that_were_missed_the_newest_runs_if_it_is_not_too_late() {
    let (from, limit) = (time("2026-03-01T02:00:00Z"), Duration::hours(6));
    let days = |runs: &[service::campaign::Occurrence]| {
        runs.iter().map(|run| run.key()).collect::<Vec<_>>().join(" ")
    };
    for (now, run, skipped) in [
        ("2026-03-01T02:00:00Z", "2026-03-01", ""),
        ("2026-03-01T08:00:00Z", "2026-03-01", ""),
        ("2026-03-01T08:00:01Z", "", "2026-03-01"),
        ("2026-03-03T03:00:00Z", "2026-03-03", "2026-03-01 2026-03-02"),
        ("2026-03-03T12:00:00Z", "", "2026-03-01 2026-03-02 2026-03-03"),
    ] {
        let caught = daily("10:00").catch_up(from, time(now), limit, SHANGHAI);
        let told = (days(caught.run.as_slice()), days(&caught.skipped));
        assert_eq!(told, (run.to_owned(), skipped.to_owned()), "{now}");
    }
}

#[test]
fn what_is_wrong_with_a_recurrence_is_named() {
    let fields = |recurrence: Recurrence| -> Vec<String> {
        recurrence.errors().into_iter().map(|error| error.field).collect()
    };
    assert_eq!(fields(daily("25:00")), ["recurrence.at"]);
    assert_eq!(fields(weekly("10:00", &[])), ["recurrence.weekdays"]);
    assert_eq!(fields(weekly("10:00", &[0])), ["recurrence.weekdays"]);
    assert_eq!(fields(weekly("10:00", &[8])), ["recurrence.weekdays"]);
    assert_eq!(fields(monthly("10:00", &[])), ["recurrence.days"]);
    assert_eq!(fields(monthly("10:00", &[32])), ["recurrence.days"]);
    assert_eq!(fields(Recurrence { days: vec![1], ..daily("10:00") }), ["recurrence.days"]);
    assert!(fields(monthly("23:59", &[1, 15, 31])).is_empty());
}

fn zones() -> impl Strategy<Value = Tz> {
    proptest::sample::select(vec![
        SHANGHAI,
        BERLIN,
        chrono_tz::America::New_York,
        chrono_tz::Australia::Lord_Howe,
        chrono_tz::Pacific::Apia,
        chrono_tz::UTC,
    ])
}

fn recurrences() -> impl Strategy<Value = Recurrence> {
    let at = (0..24_u32, 0..60_u32).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"));
    let kind = prop_oneof![
        Just((Every::Day, vec![], vec![])),
        proptest::collection::vec(1..=7_u32, 1..4).prop_map(|days| (Every::Week, days, vec![])),
        proptest::collection::vec(1..=31_u32, 1..4).prop_map(|days| (Every::Month, vec![], days)),
    ];
    (at, kind).prop_map(|(at, (every, weekdays, days))| Recurrence { every, at, weekdays, days, until: None })
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    // 2010 to 2034.
    (1_262_304_000_i64..2_019_686_400).prop_map(|at| DateTime::from_timestamp(at, 0).unwrap())
}

proptest! {
    #[test]
    fn the_next_is_later_on_a_day_that_is_meant_and_none_is_left_out(
        recurrence in recurrences(), zone in zones(), after in instants(),
    ) {
        let next = recurrence.next_after(after, zone).expect("it never ends");
        prop_assert!(next.at > after);
        match recurrence.every {
            Every::Day => {}
            Every::Week => prop_assert!(recurrence.weekdays.contains(&next.day.weekday().number_from_monday())),
            Every::Month => {
                let last = next.day.succ_opt().unwrap().day() == 1;
                prop_assert!(recurrence.days.iter().any(|day| *day == next.day.day() || last && *day > next.day.day()));
            }
        }
        // The time of day is the one that was asked for, unless the clocks skip it.
        let asked: NaiveTime = NaiveTime::parse_from_str(&recurrence.at, "%H:%M").unwrap();
        prop_assert_eq!(next.at, calendar::instant(next.day.and_time(asked), zone));
        // Whatever moment before it is asked from, it is the same one.
        let between = after + (next.at - after) / 2;
        prop_assert_eq!(recurrence.next_after(between, zone), Some(next));
        prop_assert_eq!(recurrence.first_from(next.at, zone), Some(next));
    }

    #[test]
    fn a_day_has_one_occurrence_at_most(recurrence in recurrences(), zone in zones(), after in instants()) {
        let mut at = after;
        let mut last = None;
        for _ in 0..40 {
            let next = recurrence.next_after(at, zone).unwrap();
            prop_assert!(last.is_none_or(|last| last < next.day));
            (at, last) = (next.at, Some(next.day));
        }
    }

    #[test]
    fn catching_up_leaves_nothing_out_and_runs_one(
        recurrence in recurrences(), zone in zones(), after in instants(), hours in 0..2000_i64, limit in 0..100_i64,
    ) {
        let from = recurrence.next_after(after, zone).unwrap().at;
        let now = from + Duration::hours(hours);
        let limit = Duration::hours(limit);
        let caught = recurrence.catch_up(from, now, limit, zone);
        let mut all = caught.skipped.clone();
        all.extend(caught.run);
        let mut expected = Vec::new();
        let mut next = recurrence.first_from(from, zone);
        while let Some(run) = next.filter(|run| run.at <= now) {
            expected.push(run);
            next = recurrence.next_after(run.at, zone);
        }
        prop_assert_eq!(&all, &expected);
        prop_assert_eq!(caught.run.is_some(), now - expected.last().unwrap().at <= limit);
    }
}
