//! The database: PostgreSQL with a pool, or SQLite with many readers and one writer.
//!
//! Every write goes through [`Db::begin`], or by itself through [`Db::writer`]. On SQLite the writing pool has one connection and a transaction begins immediate, so
//! writers queue fairly here instead of failing at a busy lock; whoever holds a transaction must pass it on and
//! never begin a second one.

use std::fmt::Display;
use std::time::Duration;

use sea_orm::sea_query::{ColumnType, Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectOptions, ConnectionTrait, Database,
    DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait, IdenStatic, IntoActiveModel, Iterable,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait, Value,
};

use crate::error::{Error, Result};
use crate::settings::Settings;

/// A connection that rested for longer is asked whether it still stands before it is used; each time would double every read.
const TRUSTED: Duration = Duration::from_secs(1);
/// Rows per INSERT of SQLite: far below its limit on bound values.
const INSERT_ROWS: usize = 500;

#[derive(Clone)]
pub struct Db {
    read: DatabaseConnection,
    write: DatabaseConnection,
}

impl Db {
    pub async fn connect(settings: &Settings) -> Result<Self> {
        let wait = Duration::from_secs(settings.database.wait_seconds);
        let url = settings.database_url.expose();
        if settings.is_embedded() {
            return Self::connect_sqlite(url, wait).await;
        }
        let mut options = options(url, wait);
        options.max_connections(settings.database.max_connections).min_connections(1);
        options.set_application_name("huike");
        let pool = Database::connect(options).await?;
        Ok(Self { read: pool.clone(), write: pool })
    }

    async fn connect_sqlite(url: &str, wait: Duration) -> Result<Self> {
        let mut write = options(url, wait);
        write.max_connections(1).min_connections(1).map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .create_if_missing(true)
                .journal_mode(sea_orm::sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sea_orm::sqlx::sqlite::SqliteSynchronous::Full)
                .busy_timeout(wait)
                .pragma("wal_autocheckpoint", "4000")
        });
        let write = Database::connect(write).await?;
        let mut read = options(url, wait);
        read.max_connections(8).map_sqlx_sqlite_opts(move |sqlite| sqlite.busy_timeout(wait));
        Ok(Self { read: Database::connect(read).await?, write })
    }

    /// For reading outside of a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// A write transaction.
    pub async fn begin(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self.backend() == DbBackend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        Ok(self.write.begin_with_options(options).await?)
    }

    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// For a write of one statement, which needs no transaction around it, and for the migrator.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.write
    }

    pub async fn ping(&self) -> Result<()> {
        Ok(self.read.ping().await?)
    }

    pub async fn close(self) {
        let _ = self.read.close().await;
        let _ = self.write.close().await;
    }
}

fn options(url: &str, wait: Duration) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.acquire_timeout(wait).connect_timeout(wait).sqlx_logging(false);
    options.test_before_acquire_if_idle_for(TRUSTED);
    options
}

/// `column` is one of `ids`. PostgreSQL gets them as one parameter, so that a statement stays the same, and prepared, however many there
/// are, and reads it once and not for each row that it looks at; SQLite has no arrays.
pub fn is_any<C, Id>(backend: DbBackend, column: C, ids: impl IntoIterator<Item = Id>) -> Expr
where
    C: ColumnTrait,
    Id: Display + Into<Value>,
{
    match backend {
        DbBackend::Postgres => {
            let column = Expr::col(column.as_column_ref());
            Expr::cust_with_exprs(
                "$1 = ANY((SELECT $2::text::uuid[])::uuid[])",
                [column, Expr::val(array(ids))],
            )
        }
        _ => column.is_in(ids),
    }
}

/// In PostgreSQL, for the rest of a transaction: a statement is planned once per connection, for an index. Planning each
/// anew costs as much as running it; and one that was planned when a campaign's or a coupon's rows were few, without this, would go on
/// reading all of them.
pub async fn plan_once(txn: &DatabaseTransaction) -> Result<()> {
    if txn.get_database_backend() == DbBackend::Postgres {
        txn.execute_unprepared(
            "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off",
        )
        .await?;
    }
    Ok(())
}

/// Inserts rows, but those that a unique constraint keeps out; answers how many were inserted. In PostgreSQL one parameter per column, so
/// that it stays one statement however many they are.
pub async fn insert_all<E>(txn: &DatabaseTransaction, rows: Vec<E::Model>) -> Result<u64>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let rows: Vec<E::ActiveModel> = rows.into_iter().map(|row| row.into_active_model().reset_all()).collect();
    if rows.is_empty() {
        return Ok(0);
    }
    if txn.get_database_backend() == DbBackend::Postgres {
        let (sql, values) = insert_statement::<E>(&rows)?;
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        return Ok(txn.execute_raw(statement).await?.rows_affected());
    }
    let mut inserted = 0;
    for chunk in rows.chunks(INSERT_ROWS) {
        inserted += E::insert_many(chunk.to_vec())
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(txn)
            .await?;
    }
    Ok(inserted)
}

fn insert_statement<E: EntityTrait>(rows: &[E::ActiveModel]) -> Result<(String, Vec<Value>)>
where
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let (mut names, mut parameters, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for column in E::Column::iter() {
        names.push(format!("\"{}\"", column.as_str()));
        parameters.push(format!("${}::text::{}[]", names.len(), type_name(&column)?));
        let texts: Vec<Option<String>> =
            rows.iter().map(|row| text_of(row.get(column))).collect::<Result<_>>()?;
        values.push(nullable_text_array(texts.iter().map(Option::as_deref)).into());
    }
    let (table, names) = (E::default().table_name().to_owned(), names.join(", "));
    let parameters = parameters.join(", ");
    let sql = format!(
        "INSERT INTO \"{table}\" ({names}) SELECT * FROM unnest({parameters}) ON CONFLICT DO NOTHING"
    );
    Ok((sql, values))
}

fn type_name(column: &impl ColumnTrait) -> Result<&'static str> {
    Ok(match column.def().get_column_type() {
        ColumnType::Uuid => "uuid",
        ColumnType::Text | ColumnType::String(_) => "text",
        ColumnType::Integer => "int4",
        ColumnType::BigInteger => "int8",
        ColumnType::Boolean => "bool",
        ColumnType::TimestampWithTimeZone => "timestamptz",
        ColumnType::JsonBinary => "jsonb",
        other => return Err(Error::internal(anyhow::anyhow!("no array is made of {other:?}"))),
    })
}

/// As PostgreSQL reads it.
fn text_of(value: ActiveValue<Value>) -> Result<Option<String>> {
    Ok(match value.into_value() {
        Some(Value::Uuid(value)) => value.map(|id| id.to_string()),
        Some(Value::String(value)) => value,
        Some(Value::Int(value)) => value.map(|number| number.to_string()),
        Some(Value::BigInt(value)) => value.map(|number| number.to_string()),
        Some(Value::Bool(value)) => value.map(|yes| yes.to_string()),
        Some(Value::ChronoDateTimeUtc(value)) => value.map(|at| at.to_rfc3339()),
        Some(Value::Json(value)) => value.map(|json| json.to_string()),
        other => return Err(Error::internal(anyhow::anyhow!("no array is made of {other:?}"))),
    })
}

/// Values that need no quoting, as PostgreSQL writes an array; the statement casts it from text.
pub fn array(values: impl IntoIterator<Item = impl Display>) -> String {
    use std::fmt::Write;
    let mut text = String::from("{");
    for value in values {
        if text.len() > 1 {
            text.push(',');
        }
        // Writing to a string can't fail.
        let _ = write!(text, "{value}");
    }
    text.push('}');
    text
}

/// Any texts, as PostgreSQL writes an array.
pub fn text_array<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    array(values.into_iter().map(quoted))
}

pub fn nullable_text_array<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> String {
    array(values.into_iter().map(|value| value.map_or_else(|| "NULL".to_owned(), quoted)))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
