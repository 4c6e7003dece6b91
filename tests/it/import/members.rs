//! Members: enrolled, found again, filled in, never overwritten.

use chrono::Duration;
use entity::states::{Gender, IdentityProvider};
use entity::{identity, member, member_tag, tag};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use service::Context;
use service::import::{FileOptions, MemberImport, MemberTotals, members};
use service::member::Phone;
use tests::TestApp;

use super::{Heard, TestFile, all_of, counts, imported};

const HEADER: &str = "external,name,phone,gender,birthday,store,openid,tags,consent,created\n";

fn import_of(file: &TestFile) -> MemberImport {
    let options = FileOptions { path: file.path(), ..Default::default() };
    MemberImport { file: options, create_stores: true, ..Default::default() }
}

async fn import(ctx: &Context, rows: &str) -> (MemberTotals, Heard) {
    let file = TestFile::of(format!("{HEADER}{rows}"));
    let mut heard = Heard::default();
    let outcome = members(ctx, &import_of(&file), &mut heard).await.expect("the file can be imported");
    (outcome.totals, heard)
}

async fn of_number(ctx: &Context, number: &str) -> member::Model {
    let own = identity::Entity::find()
        .filter(identity::Column::Provider.eq(IdentityProvider::External))
        .filter(identity::Column::Subject.eq(number))
        .one(ctx.db.read())
        .await
        .expect("a query")
        .expect("an identity");
    member::Entity::find_by_id(own.member_id).one(ctx.db.read()).await.expect("a query").expect("a member")
}

#[tokio::test]
async fn a_balance_and_a_tier_are_brought_along_once() {
    let app = TestApp::start().await;
    let owner = app.caller(entity::states::StaffRole::Owner);
    let ladder = crate::tier::shop::forms();
    service::tier::save_tiers(&app.ctx, &owner, ladder).await.expect("the ladder is saved");
    let rows = "external,points,tier\n1,120,银卡\n2,,\n3,-5,\n4,0,钻石\n";
    for _ in 0..2 {
        let file = TestFile::of(rows);
        let mut heard = Heard::default();
        members(&app.ctx, &import_of(&file), &mut heard).await.expect("the file can be imported");
        assert_eq!(heard.lines(), [(4, "points"), (5, "row")]);
    }

    let (first, second) = (of_number(&app.ctx, "1").await, of_number(&app.ctx, "2").await);
    let balance = |id| crate::points::ledger::balance(&app.ctx, id);
    assert_eq!((balance(first.id).await.balance, balance(second.id).await.balance), (120, 0));
    let ctx = &app.ctx;
    let place = |id| async move {
        service::tier::place_of(ctx.db.read(), id).await.expect("a query").expect("a ladder").current
    };
    assert_eq!((place(first.id).await, place(second.id).await), (1, 0));
    crate::points::ledger::audit(&app.ctx).await;
}

#[tokio::test]
async fn a_member_is_enrolled_with_all_that_the_file_says() {
    let app = TestApp::start().await;
    let row = "7,王芳,138 1234 5678,女,1990-02-03,hz1,o-7,vip；新客;vip,yes,2024-05-06\n";
    let (totals, heard) = import(&app.ctx, row).await;
    assert_eq!((totals.members_new, totals.bad, heard.bad.len()), (1, 0, 0));
    let member = of_number(&app.ctx, "7").await;
    assert_eq!(member.name.as_deref(), Some("王芳"));
    assert_eq!(
        (member.gender, member.birthday.map(|day| day.to_string())),
        (Some(Gender::Female), Some("1990-02-03".into()))
    );
    assert_eq!(
        Phone::open(&app.ctx, &member.phone_cipher.expect("a phone")).expect("opens").expose(),
        "13812345678"
    );
    assert!(
        member.marketing_consent && member.marketing_consent_at.is_some() && member.home_store_id.is_some()
    );
    assert_eq!(member.created_at.to_rfc3339(), "2024-05-05T16:00:00+00:00");
    assert_eq!(tag::Entity::find().count(app.ctx.db.read()).await.expect("tags"), 2);
    assert_eq!(member_tag::Entity::find().count(app.ctx.db.read()).await.expect("tags worn"), 2);
    assert_eq!(counts(&app.ctx).await, [1, 3, 0, 1]);
}

#[tokio::test]
async fn blanks_are_filled_and_nothing_is_overwritten() {
    let app = TestApp::start().await;
    import(&app.ctx, "7,王芳,,,,,,,,\n").await;
    let (totals, _) = import(&app.ctx, "7,李雷,13812345678,f,,,o-7,,,\n").await;
    assert_eq!((totals.members_known, totals.filled, totals.kept), (1, 1, 1));
    let (totals, _) = import(&app.ctx, ",,13812345678,,1990-02-03,,o-8,,,\n").await;
    assert_eq!(
        (totals.members_known, totals.filled, totals.kept),
        (1, 1, 1),
        "found by phone; another openid is kept out"
    );
    let member = of_number(&app.ctx, "7").await;
    assert_eq!((member.name.as_deref(), member.gender), (Some("王芳"), Some(Gender::Female)));
    assert!(member.birthday.is_some() && member.phone_cipher.is_some());
    assert_eq!(counts(&app.ctx).await[..2], [1, 3]);
}

#[tokio::test]
async fn a_name_that_is_filled_in_is_known_since_then_and_one_that_was_there_is_not_touched() {
    let app = TestApp::start().await;
    import(&app.ctx, "7,,13812345678,,,,,,,\n8,王芳,,,,,,,,\n").await;
    let since = async |number: &str| of_number(&app.ctx, number).await.name_since;
    assert_eq!((since("7").await, since("8").await), (None, None), "nothing was sent to them before");
    app.clock.advance(Duration::hours(1));

    import(&app.ctx, "7,李雷,,,,,,,,\n8,,,f,,,,,,\n").await;
    let filled = app.ctx.now();
    app.clock.advance(Duration::hours(1));
    import(&app.ctx, "7,韩梅,,f,,,,,,\n8,王芳芳,,,1990-02-03,,,,,\n").await;

    assert_eq!((since("7").await, since("8").await), (Some(filled), None));
}

#[tokio::test]
async fn members_that_a_purchase_import_made_get_their_names_and_consent_later() {
    let app = TestApp::start().await;
    imported(&app.ctx, &all_of(&TestFile::of("7 20260105 1 10\n"))).await;
    let (totals, _) = import(&app.ctx, "7,王芳,,,,,,,yes,\n").await;
    assert_eq!((totals.members_new, totals.members_known, totals.filled), (0, 1, 1));
    let member = of_number(&app.ctx, "7").await;
    assert!(member.marketing_consent && member.marketing_consent_at.is_some());
    assert_eq!((member.name.as_deref(), member.purchase_count), (Some("王芳"), 1));
}

#[tokio::test]
async fn a_field_may_be_mapped_by_its_other_name() {
    let app = TestApp::start().await;
    let file = TestFile::of("number;wx\n7;o-7\n");
    let import = MemberImport { file: file.options("external=number,wechat_openid=wx"), ..import_of(&file) };
    let totals = members(&app.ctx, &import, &mut Heard::default()).await.expect("an import").totals;
    assert_eq!((totals.members_new, totals.with_wechat), (1, 1));
}

#[tokio::test]
async fn a_row_of_two_members_is_bad_and_says_so() {
    let app = TestApp::start().await;
    import(&app.ctx, "1,,13812345678,,,,,,,\n2,,13912345678,,,,,,,\n").await;
    let (totals, heard) =
        import(&app.ctx, "1,,13912345678,,,,,,,\n3,,139,,,,,,,\n,name alone,,,,,,,,\n").await;
    assert_eq!((totals.bad, totals.members_new), (3, 0));
    let mut lines = heard.lines();
    lines.sort_unstable();
    assert_eq!(lines, [(2, "row"), (3, "phone"), (4, "row")]);
    assert!(heard.bad.iter().any(|bad| bad.reason == "external and phone belong to two different members"));
    assert!(heard.bad.iter().all(|bad| !bad.reason.contains("13912345678")));
    assert_eq!(counts(&app.ctx).await[..2], [2, 4]);
}

fn many() -> String {
    (0..1200)
        .map(|row| format!("{},m{row},1380000{row:04},,,,o-{row},t{},,\n", row % 1100, row % 3))
        .collect()
}

#[tokio::test]
async fn a_second_import_adds_none_and_a_dry_run_tells_the_same() {
    let app = TestApp::start().await;
    let file = TestFile::of(format!("{HEADER}{}", many()));
    let import = import_of(&file);
    for new in [1100, 0] {
        let before = counts(&app.ctx).await;
        let dry = MemberImport { dry_run: true, ..import.clone() };
        let dry = members(&app.ctx, &dry, &mut Heard::default()).await.expect("a dry run").totals;
        assert_eq!(counts(&app.ctx).await, before);
        let wet = members(&app.ctx, &import, &mut Heard::default()).await.expect("an import").totals;
        assert_eq!(dry, wet);
        assert_eq!((wet.members_new, wet.members_known, wet.bad), (new, 1200 - new, 0));
    }
    assert_eq!(counts(&app.ctx).await[..2], [1100, 3300]);
}

#[tokio::test]
async fn two_member_imports_at_once_do_not_double() {
    let app = TestApp::start().await;
    let text = many();
    let backwards: String = text.lines().rev().flat_map(|line| [line, "\n"]).collect();
    let (a, b) = tokio::join!(import(&app.ctx, &text), import(&app.ctx, &backwards));
    assert_eq!(a.0.members_new + b.0.members_new, 1100);
    assert_eq!(member::Entity::find().count(app.ctx.db.read()).await.expect("members"), 1100);
}
