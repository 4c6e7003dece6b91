//! Whole files: encodings, headers, ragged rows, and which line is blamed.

use service::import::{AmountUnit, MemberKey, PurchaseImport, ReportFile};
use tests::TestApp;

use super::{TestFile, all_of, counts, imported};

const GBK_HEADER: &[u8] = b"\xbb\xe1\xd4\xb1\xba\xc5,\xc8\xd5\xc6\xda,\xbd\xf0\xb6\xee\n";

#[tokio::test]
async fn gbk_is_recognised_and_columns_are_found_by_name() {
    let app = TestApp::start().await;
    let file = TestFile::of([GBK_HEADER, b"7,2026-01-05,12.00\n"].concat());
    let import =
        PurchaseImport { file: file.options("member=会员号,date=日期,amount=金额"), ..all_of(&file) };
    let (totals, heard) = imported(&app.ctx, &import).await;
    assert_eq!((totals.rows_read, totals.total_fen, heard.bad.len()), (1, 1200, 0));
}

#[tokio::test]
async fn a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_value() {
    let app = TestApp::start().await;
    let file =
        TestFile::of("\u{feff}member;date;amount\r\n7;2026-01-05;\"1,200.50\"\r\n\r\n8;2026-01-06;1\r\n");
    let import =
        PurchaseImport { file: file.options("member=Member,date=date,amount=amount"), ..all_of(&file) };
    let (totals, heard) = imported(&app.ctx, &import).await;
    assert_eq!((totals.rows_read, totals.total_fen, heard.bad.len()), (2, 120_150, 0));
}

#[tokio::test]
async fn every_bad_row_is_told_with_its_line_and_the_good_ones_are_taken() {
    let app = TestApp::start().await;
    let file = TestFile::of(
        "id,date,n,money\n1,2026-01-05,1,10\n2,2026-13-05,1,10\n\n,2026-01-05,1,10\n3,2026-01-05,x,10\n\
         4,2026-01-05,1,1.234\n5,2026-01-05,1\n6,2026-01-05,1,10,extra\n\"7,2026-01-05,1,10\n8,2026-01-05,1,10\n\
         \"9\",\"2026-01-05\n\",1,10\n10,2027-01-05,1,10\n11,2026-01-05,1,13812345678\n",
    );
    let (totals, heard) = imported(&app.ctx, &all_of(&file)).await;
    let expected = [
        (3, "date"),
        (5, "member"),
        (6, "quantity"),
        (7, "amount"),
        (8, "amount"),
        (9, "row"),
        (10, "row"),
        (14, "date"),
        (15, "amount"),
    ];
    assert_eq!(heard.lines(), expected);
    assert_eq!(heard.bad[8].reason, "\"138****5678\" is too large for an amount");
    assert_eq!((totals.rows_read, totals.bad, totals.purchases_new), (12, 9, 3));
    assert_eq!(counts(&app.ctx).await, [3, 3, 3, 1]);
}

#[tokio::test]
async fn the_report_file_lists_every_bad_row() {
    let bad = service::import::BadRow::new(7, "amount", "\"a, b\" is not a number");
    let file = TestFile::of("");
    let mut report = ReportFile::create(&file.path()).expect("a report");
    report.push(&bad).expect("a row is written");
    report.finish().expect("the report is written");
    let text = std::fs::read_to_string(file.path()).expect("the report can be read");
    assert_eq!(text, "line,field,reason\n7,amount,\"\"\"a, b\"\" is not a number\"\n");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said_before_anything_is_read() {
    let app = TestApp::start().await;
    let file = TestFile::of("id date n money\n1 20260105 1 10\n");
    let good = all_of(&file);
    let wrong = [
        (PurchaseImport { file: file.options("member=1,date=2"), ..good.clone() }, "map"),
        (PurchaseImport { file: file.options("member=1,date=2,amount=9"), ..good.clone() }, "map"),
        (PurchaseImport { file: file.options("member=1,date=2,amount=price"), ..good.clone() }, "map"),
        (PurchaseImport { file: file.options("member=1,date=2,amount=4,colour=3"), ..good.clone() }, "map"),
        (PurchaseImport { file: file.options("member=0,date=2,amount=4"), ..good.clone() }, "map"),
        (PurchaseImport { store: None, ..good.clone() }, "store"),
        (PurchaseImport { create_stores: false, ..good.clone() }, "store"),
        (PurchaseImport { member_key: MemberKey::Phone, ..good.clone() }, "create_members"),
    ];
    for (import, field) in wrong {
        let error = service::import::purchases(&app.ctx, &import, &mut super::Heard::default()).await;
        let Err(service::Error::Invalid(fields)) = error else { panic!("not refused: {import:?}") };
        assert_eq!(fields[0].field, field);
    }
    assert_eq!(counts(&app.ctx).await, [0; 4]);
}

#[tokio::test]
async fn amounts_in_fen_and_a_file_without_a_header_are_read() {
    let app = TestApp::start().await;
    let file = TestFile::of("1 20260105 1 1077\n");
    let (totals, _) =
        imported(&app.ctx, &PurchaseImport { amount_unit: AmountUnit::Fen, ..all_of(&file) }).await;
    assert_eq!((totals.rows_read, totals.total_fen), (1, 1077));
}
