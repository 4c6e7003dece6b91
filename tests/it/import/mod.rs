//! Members and purchases from files: what is read, what is refused, and that nothing is doubled.

mod file;
mod members;
mod purchases;
mod real;
mod values;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use entity::{audit_entry, identity, member, purchase};
use sea_orm::{EntityTrait, PaginatorTrait};
use service::Context;
use service::import::{BadRow, FileOptions, PurchaseImport, PurchaseTotals, Watch, purchases};

/// A file that goes away with this value.
pub struct TestFile(PathBuf);

impl TestFile {
    pub fn of(text: impl AsRef<[u8]>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("huike_import_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).expect("the temporary folder is writable");
        Self(path)
    }

    pub fn options(&self, map: &str) -> FileOptions {
        FileOptions { path: self.0.clone(), map: vec![map.to_owned()], ..Default::default() }
    }

    pub fn path(&self) -> PathBuf {
        self.0.clone()
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Keeps what it is told.
#[derive(Default)]
pub struct Heard {
    pub bad: Vec<BadRow>,
}

impl Heard {
    pub fn lines(&self) -> Vec<(u64, &'static str)> {
        self.bad.iter().map(|row| (row.line, row.field)).collect()
    }
}

impl Watch for Heard {
    fn bad_row(&mut self, row: &BadRow) -> service::Result<()> {
        self.bad.push(row.clone());
        Ok(())
    }
    fn progress(&mut self, _: u64, _: u64, _: u64) {}
}

/// An import that makes whatever it needs, with the usual columns.
pub fn all_of(file: &TestFile) -> PurchaseImport {
    PurchaseImport {
        file: file.options("member=1,date=2,quantity=3,amount=4"),
        store: Some("s1".to_owned()),
        create_stores: true,
        create_members: true,
        ..Default::default()
    }
}

pub async fn imported(ctx: &Context, import: &PurchaseImport) -> (PurchaseTotals, Heard) {
    let mut heard = Heard::default();
    let outcome = purchases(ctx, import, &mut heard).await.expect("the file can be imported");
    (outcome.totals, heard)
}

/// Rows of member, identity, purchase and audit_entry.
pub async fn counts(ctx: &Context) -> [u64; 4] {
    let db = ctx.db.read();
    [
        member::Entity::find().count(db).await.expect("members"),
        identity::Entity::find().count(db).await.expect("identities"),
        purchase::Entity::find().count(db).await.expect("purchases"),
        audit_entry::Entity::find().count(db).await.expect("audit entries"),
    ]
}

/// Every member's running sums equal the sums over the member's purchases.
pub async fn assert_sums_hold(ctx: &Context) {
    let db = ctx.db.read();
    let purchases = purchase::Entity::find().all(db).await.expect("purchases");
    for member in member::Entity::find().all(db).await.expect("members") {
        let own: Vec<_> = purchases.iter().filter(|purchase| purchase.member_id == member.id).collect();
        assert_eq!(member.purchase_count, own.len() as i64);
        assert_eq!(member.purchase_total_fen, own.iter().map(|purchase| purchase.total_fen).sum::<i64>());
        assert_eq!(member.first_purchase_at, own.iter().map(|purchase| purchase.purchased_at).min());
        assert_eq!(member.last_purchase_at, own.iter().map(|purchase| purchase.purchased_at).max());
    }
}
