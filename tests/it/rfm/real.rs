//! The CDNOW file: every purchase of 23,570 customers over eighteen months, judged as of its last day. The numbers were worked out from
//! the file apart from this code.

use std::path::PathBuf;

use entity::states::{LifecycleStage, StaffRole, ValueClass};
use service::import::{FileOptions, PurchaseImport};
use service::rfm::rules::RfmResult;
use service::rfm::{RfmRequest, compute_due, compute_rfm, find_run};
use tests::TestApp;
use tests::database::chosen;

use super::run::{members_of, of};
use crate::import::imported;

async fn with_cdnow() -> Option<TestApp> {
    let folder = chosen("HUIKE_REAL_DATA", "");
    if folder.is_empty() {
        eprintln!("SKIPPED: HUIKE_REAL_DATA is not set, so no CDNOW customer is judged");
        return None;
    }
    let app = TestApp::start().await;
    let import = PurchaseImport {
        file: FileOptions {
            path: PathBuf::from(folder).join("cdnow_master.txt"),
            map: vec!["member=1,date=2,quantity=3,amount=4".to_owned()],
            ..Default::default()
        },
        store: Some("cdnow".to_owned()),
        create_stores: true,
        create_members: true,
        ..Default::default()
    };
    imported(&app.ctx, &import).await;
    Some(app)
}

fn money_of(result: &RfmResult, class: ValueClass) -> i64 {
    result.classes.iter().find(|share| share.value_class == class).unwrap().money_fen
}

#[tokio::test]
async fn the_customers_of_cdnow_are_judged_as_they_are_by_another_program() {
    let Some(app) = with_cdnow().await else { return };
    let owner = app.caller(StaffRole::Owner);
    let whole = RfmRequest { window_months: Some(18), ..of("1998-06-30") };
    let asked = [
        compute_rfm(&app.ctx, &owner, of("1998-06-30")).await.unwrap().row.id,
        compute_rfm(&app.ctx, &owner, whole).await.unwrap().row.id,
    ];
    compute_due(&app.ctx).await.unwrap();

    let year = find_run(&app.ctx, &owner, asked[0]).await.unwrap().result.unwrap();
    assert_eq!((year.buyers, year.before_window), (8_332, 15_238));
    assert_eq!(year.cuts.recency_days, [33, 91, 159, 246]);
    assert_eq!(year.cuts.frequency, [1, 2, 3, 5]);
    assert_eq!(year.cuts.money_fen, [2_498, 4_697, 8_539, 16_844]);
    assert_eq!((year.money_fen, year.top_buyers, year.top_money_fen), (106_935_650, 1_667, 67_955_168));
    assert_eq!(members_of(&year, ValueClass::BoughtOnce), 0, "all came first before the window");
    assert_eq!(members_of(&year, ValueClass::ImportantValue), 2_139);
    assert_eq!(members_of(&year, ValueClass::GeneralWinBack), 2_498);
    assert_eq!(money_of(&year, ValueClass::ImportantWinBack), 12_192_278);

    let all = find_run(&app.ctx, &owner, asked[1]).await.unwrap().result.unwrap();
    assert_eq!((all.buyers, all.before_window, all.money_fen), (23_570, 0, 250_031_563));
    assert_eq!(members_of(&all, ValueClass::BoughtOnce), 11_908);
    assert_eq!(money_of(&all, ValueClass::BoughtOnce), 35_994_669);
    assert_eq!(all.cuts.frequency, [2, 3, 4, 6], "of the 11,662 who came again");
    let classes = [
        (ValueClass::ImportantValue, 2_632),
        (ValueClass::ImportantGrowth, 184),
        (ValueClass::ImportantKeep, 1_123),
        (ValueClass::ImportantWinBack, 623),
        (ValueClass::GeneralValue, 831),
        (ValueClass::GeneralGrowth, 1_072),
        (ValueClass::GeneralKeep, 780),
        (ValueClass::GeneralWinBack, 4_417),
    ];
    for (class, members) in classes {
        assert_eq!(members_of(&all, class), members, "{class:?}");
    }
    let stages: Vec<_> = all.stages.iter().map(|share| (share.stage, share.members)).collect();
    use LifecycleStage::*;
    assert_eq!(stages, [(New, 0), (Active, 3_317), (Slowing, 2_057), (Asleep, 2_976), (Lost, 15_220)]);
    assert_eq!((all.top_buyers, all.top_money_fen), (4_714, 169_464_850));
}
