//! The main job on real input, as its people do it: the running binary, over HTTP alone, with the sandbox as judge.
//!
//! Import the CDNOW purchases, give every member a virtual phone, consent to most, opt some out, cap some; send a campaign to
//! those who have been away for 90 days, kill the sender half way, start it again, and hold inboxes, delivery states and forecast
//! against each other member by member. Then one of them signs in, claims a coupon, is scanned, and redeems once.

mod installation;
mod phones;
mod reconcile;
mod shop;

use std::path::PathBuf;

use installation::Installation;
use phones::Phones;
use shop::Shop;
use tests::database::chosen;

/// Whose last purchase lies 90 days or more before the file's last date.
const DORMANT: u64 = 20_269;
const MEMBERS: usize = 23_570;
/// Messages a second, so that the campaign lasts long enough to be killed half way.
const RATE: u32 = 1_500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job_adds_up_to_the_last_member_although_the_sender_is_killed_half_way() {
    let (Some(data), Some(binary)) = (real_data(), binary()) else { return };
    let clock = Stopwatch::start();
    let phones = Phones::start().await;
    let mut installation = Installation::create(binary, phones.base_url()).await;

    let report = installation.import_purchases(&data.join("cdnow_master.txt"));
    clock.lap("purchases imported");
    for total in ["23,570", "69,659", "2,500,315.63"] {
        assert!(report.contains(total), "the import's totals lack {total}:\n{report}");
    }
    let people = phones.make(MEMBERS).await;
    installation.import_members(&people);

    clock.lap("members imported");
    let owner_password = installation.start_api().await;
    installation.start_worker().await;
    let shop = Shop::open(installation.api_url(), &owner_password).await;
    phones.push_events_to(&installation.api_url(), installation::CALLBACK_TOKEN).await;
    phones.consent(&people).await;
    clock.lap("consents taken");
    shop.cap_some(&installation).await;
    shop.opt_some_out(&phones, &people).await;

    clock.lap("some capped, some opted out");
    assert_eq!(shop.dormant_members().await, DORMANT);
    let campaign = shop.draft_win_back().await;
    let forecast = shop.forecast(&campaign).await;
    clock.lap("forecast made");
    shop.schedule(&campaign).await;
    phones.wait_for_messages(forecast.will_send / 3).await;
    clock.lap("a third sent");
    installation.kill_worker();
    let half_way = phones.win_back_messages().await;
    assert!(half_way < forecast.will_send, "the kill came too late: all {half_way} messages were out");
    installation.start_worker().await;
    shop.wait_until_completed(&campaign).await;
    phones.wait_until_events_are_delivered().await;

    clock.lap("campaign completed");
    reconcile::hold_against_each_other(&shop, &phones, &campaign, &forecast).await;
    clock.lap("accounts agree");
    shop.one_member_redeems_once(&phones, &people).await;
    installation.stop_and_check_logs(&people).await;
}

/// Tells how long each step took, for who runs the test by itself.
struct Stopwatch(std::cell::Cell<std::time::Instant>);

impl Stopwatch {
    fn start() -> Self {
        Self(std::cell::Cell::new(std::time::Instant::now()))
    }

    fn lap(&self, step: &str) {
        let now = std::time::Instant::now();
        eprintln!("main job: {step} after {:.1} s", (now - self.0.replace(now)).as_secs_f64());
    }
}

fn real_data() -> Option<PathBuf> {
    let folder = chosen("HUIKE_REAL_DATA", "");
    if folder.is_empty() {
        tests::services::say_skipped("HUIKE_REAL_DATA", "the main job on the CDNOW file");
        return None;
    }
    Some(folder.into())
}

fn binary() -> Option<PathBuf> {
    let binary = chosen("HUIKE_TEST_BINARY", "");
    if binary.is_empty() {
        tests::services::say_skipped("HUIKE_TEST_BINARY", "the main job with the running binary");
        return None;
    }
    Some(binary.into())
}
