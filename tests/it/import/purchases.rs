//! Purchases: new, already there, twice, at once, interrupted.

use chrono::NaiveDate;
use entity::{member, purchase, store};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use service::calendar;
use service::import::{MemberKey, PurchaseImport, Shift, purchases};
use service::member::{NewMember, Phone, identity_row, new_row};
use tests::TestApp;

use super::{Heard, TestFile, all_of, assert_sums_hold, counts, imported};

/// 1,200 rows of 300 members over three chunks; each member buys the same thing twice on one day.
fn shop() -> Vec<String> {
    (0..1200)
        .map(|row| format!("m{} 202601{:02} 2 {}.50", row % 300, 1 + row % 300 / 100, row % 600 / 300))
        .collect()
}

#[tokio::test]
async fn rows_alike_are_all_kept_and_a_second_import_adds_none() {
    let app = TestApp::start().await;
    let rows = shop();
    let (first, _) = imported(&app.ctx, &all_of(&TestFile::of(rows.join("\n")))).await;
    assert_eq!((first.purchases_new, first.purchases_known, first.bad), (1200, 0, 0));
    assert_eq!((first.members_new, first.members_known, first.quantity), (300, 0, 2400));
    assert_eq!(first.total_fen, 600 * 50 + 600 * 150);
    let reversed: Vec<String> = rows.iter().rev().cloned().chain(["m1 20260201 1 9.99".to_owned()]).collect();
    let (second, _) = imported(&app.ctx, &all_of(&TestFile::of(reversed.join("\n")))).await;
    assert_eq!((second.purchases_new, second.purchases_known, second.members_new), (1, 1200, 0));
    assert_eq!(counts(&app.ctx).await, [300, 300, 1201, 2]);
    assert_sums_hold(&app.ctx).await;
}

#[tokio::test]
async fn a_dry_run_tells_the_same_totals_and_writes_nothing() {
    let app = TestApp::start().await;
    let file = TestFile::of(shop().join("\n") + "\nm1 20260101 1 x\n");
    let import = all_of(&file);
    for already in [false, true] {
        let before = counts(&app.ctx).await;
        let (dry, dry_heard) = imported(&app.ctx, &PurchaseImport { dry_run: true, ..import.clone() }).await;
        assert_eq!(counts(&app.ctx).await, before);
        let (wet, wet_heard) = imported(&app.ctx, &import).await;
        assert_eq!((&dry, &dry_heard.bad), (&wet, &wet_heard.bad));
        assert_eq!(wet.purchases_new == 0, already);
    }
}

#[tokio::test]
async fn two_imports_at_once_do_not_double() {
    let app = TestApp::start().await;
    let mut rows = shop();
    let there = TestFile::of(rows.join("\n"));
    rows.reverse();
    let back = TestFile::of(rows.join("\n"));
    let (one, other) = (all_of(&there), all_of(&back));
    let ((one, one_heard), (other, other_heard)) =
        tokio::join!(imported(&app.ctx, &one), imported(&app.ctx, &other));
    assert_eq!((one_heard.bad, other_heard.bad), (vec![], vec![]));
    assert_eq!(one.purchases_new + other.purchases_new, 1200);
    assert_eq!(one.members_new + other.members_new, 300);
    assert_eq!(counts(&app.ctx).await, [300, 300, 1200, 2]);
    assert_sums_hold(&app.ctx).await;
}

#[tokio::test]
async fn an_interrupted_import_run_again_completes() {
    let app = TestApp::start().await;
    let rows = shop();
    imported(&app.ctx, &all_of(&TestFile::of(rows[..700].join("\n")))).await;
    let (whole, _) = imported(&app.ctx, &all_of(&TestFile::of(rows.join("\n")))).await;
    assert_eq!((whole.purchases_new, whole.purchases_known), (500, 700));
    assert_sums_hold(&app.ctx).await;
}

#[tokio::test]
async fn a_strict_import_with_a_bad_row_writes_nothing() {
    let app = TestApp::start().await;
    let file = TestFile::of("1 20260105 1 10\n2 20260105 1 ten\n");
    let import = PurchaseImport { strict: true, ..all_of(&file) };
    let outcome = purchases(&app.ctx, &import, &mut Heard::default()).await.expect("an outcome");
    assert!(outcome.aborted);
    assert_eq!(outcome.totals.bad, 1);
    assert_eq!(counts(&app.ctx).await, [0; 4]);
}

#[tokio::test]
async fn a_date_is_the_start_of_that_day_in_the_shops_zone_and_a_shift_moves_whole_days() {
    let app = TestApp::start().await;
    let file = TestFile::of("1 19980630 1 10\n1 19970101 1 10\n");
    let day = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day");
    let (totals, _) =
        imported(&app.ctx, &PurchaseImport { shift: Shift::LastOn(day), ..all_of(&file) }).await;
    assert_eq!((totals.last_date, totals.shift_days), (Some(day), 10106));
    let rows = purchase::Entity::find().all(app.ctx.db.read()).await.expect("purchases");
    let at = rows.iter().map(|row| row.purchased_at).max().expect("a purchase");
    assert_eq!(at, calendar::start_of_day(day, app.ctx.settings.timezone));
    let (again, _) = imported(&app.ctx, &all_of(&file)).await;
    assert_eq!(
        (again.purchases_new, again.purchases_known),
        (0, 2),
        "the shift is no part of a purchase's number"
    );
}

#[tokio::test]
async fn an_order_number_tells_purchases_apart_and_must_not_change_its_values() {
    let app = TestApp::start().await;
    let text = "member,date,amount,order,store\n1,2026-01-05,10,A1,s1\n1,2026-01-05,10,A1,s1\n1,2026-01-05,10,A1,s2\n\
                1,2026-01-05,11,A1,s1\n";
    let file = TestFile::of(text);
    let map = "member=member,date=date,amount=amount,order=order,store=store";
    let import = PurchaseImport { file: file.options(map), store: None, ..all_of(&file) };
    let (totals, heard) = imported(&app.ctx, &import).await;
    assert_eq!((totals.purchases_new, totals.purchases_known), (2, 1));
    assert_eq!(heard.lines(), [(5, "order")]);
    let changed = TestFile::of("member,date,amount,order,store\n1,2026-01-05,12,A1,s1\n");
    let (totals, heard) = imported(&app.ctx, &PurchaseImport { file: changed.options(map), ..import }).await;
    assert_eq!((totals.purchases_new, heard.lines()), (0, vec![(2, "order")]));
    assert_sums_hold(&app.ctx).await;
}

#[tokio::test]
async fn members_are_found_by_phone_or_card_and_strangers_are_bad_rows() {
    let app = TestApp::start().await;
    let ctx = &app.ctx;
    let phone = Phone::parse("13812345678").expect("a phone");
    let row = new_row(ctx, NewMember { phone: Some(phone.clone()), ..Default::default() }).expect("a member");
    let known = row.insert(ctx.db.writer()).await.expect("a member");
    identity_row(ctx, known.id, entity::states::IdentityProvider::Phone, phone.index(ctx))
        .insert(ctx.db.writer())
        .await
        .expect("an identity");
    let by_phone =
        TestFile::of("+8613812345678 20260105 1 10\n13912345678 20260105 1 10\nnobody 20260105 1 10\n");
    let import = PurchaseImport { member_key: MemberKey::Phone, create_members: false, ..all_of(&by_phone) };
    let (totals, heard) = imported(ctx, &import).await;
    assert_eq!((totals.purchases_new, heard.lines()), (1, vec![(3, "member"), (2, "member")]));
    assert_eq!(heard.bad[1].reason, "139****5678 is not known");
    let bought = purchase::Entity::find().all(ctx.db.read()).await.expect("purchases");
    assert!(!bought[0].order_no.contains("13812345678"));
    let by_card = TestFile::of(format!("{} 20260106 1 10\n", known.card_number));
    let import =
        PurchaseImport { member_key: MemberKey::CardNumber, create_members: false, ..all_of(&by_card) };
    assert_eq!(imported(ctx, &import).await.0.purchases_new, 1);
    assert_sums_hold(ctx).await;
}

#[tokio::test]
async fn a_disabled_member_gets_no_purchases() {
    let app = TestApp::start().await;
    let ctx = &app.ctx;
    imported(ctx, &all_of(&TestFile::of("1 20260105 1 10\n"))).await;
    let row = member::Entity::find().one(ctx.db.read()).await.expect("a query").expect("a member");
    let disabled =
        member::ActiveModel { state: Set(entity::states::MemberState::Disabled), ..row.into_active_model() };
    disabled.update(ctx.db.writer()).await.expect("the member is disabled");
    let (totals, heard) = imported(ctx, &all_of(&TestFile::of("1 20260106 1 10\n"))).await;
    assert_eq!((totals.purchases_new, heard.lines()), (0, vec![(1, "member")]));
    assert_eq!(store::Entity::find().all(ctx.db.read()).await.expect("stores").len(), 1);
}
