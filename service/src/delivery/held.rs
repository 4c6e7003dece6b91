//! Writes what a claim does not send: suppressed, deferred, or back in line, each with its reason and what the gates saw.

use chrono::{DateTime, Utc};
use entity::states::DeliveryState;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use super::reason::Reason;
use super::saw::Saw;
use crate::db;
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

/// Rows per statement in SQLite: far below its limit on bound values.
const ROWS: usize = 1000;
const COLUMNS: usize = 5;

/// $1 now; then delivery, state, reason, time and what was seen of each row, as arrays.
const IN_POSTGRES: &str = "UPDATE delivery SET state = held.state, reason = held.reason, not_before = held.not_before, \
     due_at = CASE WHEN held.state <> 'suppressed' THEN held.not_before END, \
     saw = held.saw::jsonb, claimed_at = NULL, updated_at = $1 \
     FROM unnest($2::text::uuid[], $3::text::text[], $4::text::text[], $5::text::timestamptz[], $6::text::text[]) \
     AS held(id, state, reason, not_before, saw) WHERE delivery.id = held.id";

/// One statement for a batch, however different its rows are.
pub async fn write(txn: &impl ConnectionTrait, held: Vec<Held>, now: DateTime<Utc>) -> Result<()> {
    if held.is_empty() {
        return Ok(());
    }
    if txn.get_database_backend() == DbBackend::Postgres {
        return write_in_postgres(txn, &held, now).await;
    }
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

async fn write_in_postgres(txn: &impl ConnectionTrait, held: &[Held], now: DateTime<Utc>) -> Result<()> {
    let saw: Vec<String> = held
        .iter()
        .map(|row| serde_json::to_string(&row.saw).map_err(Error::internal))
        .collect::<Result<_>>()?;
    let times = held.iter().map(|row| row.not_before.to_rfc3339());
    let values = [
        now.into(),
        db::array(held.iter().map(|row| row.id)).into(),
        db::array(held.iter().map(|row| row.state.as_str())).into(),
        db::array(held.iter().map(|row| row.reason.code())).into(),
        db::array(times).into(),
        db::text_array(saw.iter().map(String::as_str)).into(),
    ];
    txn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, IN_POSTGRES, values)).await?;
    Ok(())
}

/// SQLite names the columns of VALUES column1, column2 and so on, and takes `$n`.
fn sql(rows: usize) -> String {
    let tuple = |row: usize| {
        let places: Vec<_> = (0..COLUMNS).map(|column| format!("${}", 2 + row * COLUMNS + column)).collect();
        format!("({})", places.join(", "))
    };
    let tuples: Vec<_> = (0..rows).map(tuple).collect();
    format!(
        "UPDATE delivery SET state = held.column2, reason = held.column3, not_before = held.column4, \
         due_at = CASE WHEN held.column2 <> 'suppressed' THEN held.column4 END, \
         saw = held.column5, claimed_at = NULL, updated_at = $1 \
         FROM (VALUES {}) AS held WHERE delivery.id = held.column1",
        tuples.join(", ")
    )
}
