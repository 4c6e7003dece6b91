//! The sums by which a file and what was made of it are compared.

use chrono::NaiveDate;
use serde::Serialize;

use super::row::Row;

/// Quantities, money, dates and members are those of all good rows, whether new or already there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PurchaseTotals {
    pub rows_read: u64,
    pub bad: u64,
    pub purchases_new: u64,
    pub purchases_known: u64,
    pub members_new: u64,
    pub members_known: u64,
    pub quantity: i64,
    pub total_fen: i64,
    /// Of the new purchases alone.
    pub new_fen: i64,
    pub zero_amounts: u64,
    /// After the shift.
    pub first_date: Option<NaiveDate>,
    pub last_date: Option<NaiveDate>,
    pub shift_days: i64,
}

impl PurchaseTotals {
    pub fn members(&self) -> u64 {
        self.members_new + self.members_known
    }

    /// `member`: the row is the first of its member, who was made for it or not.
    pub(super) fn count(&mut self, row: &Row, is_new: bool, member: Option<bool>) {
        match member {
            Some(true) => self.members_new += 1,
            Some(false) => self.members_known += 1,
            None => {}
        }
        if is_new {
            self.purchases_new += 1;
            self.new_fen += row.total_fen;
        } else {
            self.purchases_known += 1;
        }
        self.quantity += row.quantity;
        self.total_fen += row.total_fen;
        self.zero_amounts += u64::from(row.total_fen == 0);
        let date = row.at.date();
        self.first_date = Some(self.first_date.map_or(date, |first| first.min(date)));
        self.last_date = self.last_date.max(Some(date));
    }
}
