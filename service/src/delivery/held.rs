//! Writes what a claim does not send: suppressed, deferred, or back in line, each with its reason and what the gates saw.

use chrono::{DateTime, Utc};
use entity::states::DeliveryState;
use sea_orm::{ConnectionTrait, Statement, Value};

use super::reason::Reason;
use super::saw::Saw;
use crate::error::{Error, Result};
use crate::ids::DeliveryId;

/// One delivery that does not go out now.
pub struct Held {
    pub id: DeliveryId,
    pub state: DeliveryState,
    pub reason: Reason,
    pub not_before: DateTime<Utc>,
    pub saw: Saw,
}

/// Rows per statement: far below both databases' limits on bound values.
const ROWS: usize = 1000;
const COLUMNS: usize = 5;

/// One statement for a batch, however different its rows are.
pub async fn write(txn: &impl ConnectionTrait, held: Vec<Held>, now: DateTime<Utc>) -> Result<()> {
    for rows in held.chunks(ROWS) {
        let mut values: Vec<Value> = vec![now.into()];
        for row in rows {
            values.push(row.id.0.into());
            values.push(row.state.as_str().into());
            values.push(row.reason.code().into());
            values.push(row.not_before.into());
            values.push(serde_json::to_value(&row.saw).map_err(Error::internal)?.into());
        }
        let statement = Statement::from_sql_and_values(txn.get_database_backend(), sql(rows.len()), values);
        txn.execute_raw(statement).await?;
    }
    Ok(())
}

/// Both databases name the columns of VALUES column1, column2 and so on, and both take `$n`.
fn sql(rows: usize) -> String {
    let tuple = |row: usize| {
        let places: Vec<_> = (0..COLUMNS).map(|column| format!("${}", 2 + row * COLUMNS + column)).collect();
        format!("({})", places.join(", "))
    };
    let tuples: Vec<_> = (0..rows).map(tuple).collect();
    format!(
        "UPDATE delivery SET state = held.column2, reason = held.column3, not_before = held.column4, \
         saw = held.column5, claimed_at = NULL, updated_at = $1 \
         FROM (VALUES {}) AS held WHERE delivery.id = held.column1",
        tuples.join(", ")
    )
}
