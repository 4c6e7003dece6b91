//! The CDNOW file, whole: every purchase of 23,570 customers over eighteen months.

use std::path::PathBuf;

use chrono::Duration;
use entity::member;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use service::calendar;
use service::import::{FileOptions, PurchaseImport};
use tests::TestApp;
use tests::database::chosen;

use super::{counts, imported};

fn cdnow() -> Option<PathBuf> {
    let folder = chosen("HUIKE_REAL_DATA", "");
    if folder.is_empty() {
        eprintln!("SKIPPED: HUIKE_REAL_DATA is not set, so the CDNOW file is not imported");
        return None;
    }
    Some(PathBuf::from(folder).join("cdnow_master.txt"))
}

#[tokio::test]
async fn the_cdnow_file_is_imported_whole_and_its_dormant_members_are_found() {
    let Some(path) = cdnow() else { return };
    let app = TestApp::start().await;
    let map = vec!["member=1,date=2,quantity=3,amount=4".to_owned()];
    let import = PurchaseImport {
        file: FileOptions { path, map, ..Default::default() },
        store: Some("cdnow".to_owned()),
        create_stores: true,
        create_members: true,
        ..Default::default()
    };
    let (dry, _) = imported(&app.ctx, &PurchaseImport { dry_run: true, ..import.clone() }).await;
    assert_eq!(counts(&app.ctx).await, [0; 4]);
    let (totals, heard) = imported(&app.ctx, &import).await;
    assert_eq!((&dry, heard.bad.len()), (&totals, 0));
    assert_eq!((totals.rows_read, totals.purchases_new, totals.members()), (69_659, 69_659, 23_570));
    assert_eq!((totals.quantity, totals.total_fen, totals.zero_amounts), (167_881, 250_031_563, 80));
    let (again, _) = imported(&app.ctx, &import).await;
    assert_eq!((again.purchases_new, again.purchases_known), (0, 69_659));
    assert_eq!(counts(&app.ctx).await, [23_570, 23_570, 69_659, 2]);
    let last = totals.last_date.expect("a last date");
    let edge = calendar::end_of_day(last - Duration::days(90), app.ctx.settings.timezone);
    let dormant = member::Entity::find().filter(member::Column::LastPurchaseAt.lte(edge));
    assert_eq!(dormant.count(app.ctx.db.read()).await.expect("a count"), 20_269);
}
