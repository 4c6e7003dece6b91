//! A migrated database per test: migrated once per process as a template, then copied.
//!
//! `HUIKE_TEST_WAY=distributed` picks PostgreSQL at `HUIKE_TEST_DATABASE_URL`, anything else SQLite. What a killed test
//! run left behind is removed by the next one, told apart by the process id in its name.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tokio::sync::OnceCell;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Which of the two ways of running the tests run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Embedded,
    Distributed,
}

impl Way {
    pub fn chosen() -> Self {
        if chosen("HUIKE_TEST_WAY", "embedded") == "distributed" { Self::Distributed } else { Self::Embedded }
    }
}

/// What the environment says of a test run; settings.rs leaves these names alone.
#[allow(clippy::disallowed_methods, reason = "the tests' one reader of the environment")]
pub fn chosen(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// A database that goes away with this value.
pub struct TestDatabase {
    url: String,
    kept: Kept,
}

enum Kept {
    File(PathBuf),
    Postgres(String),
}

impl TestDatabase {
    /// Migrated.
    pub async fn create(way: Way) -> Self {
        Self::made(way, true).await
    }

    /// Without any table.
    pub async fn empty(way: Way) -> Self {
        Self::made(way, false).await
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    async fn made(way: Way, migrated: bool) -> Self {
        let name = format!("{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        match way {
            Way::Embedded => sqlite(&name, migrated).await,
            Way::Distributed => postgres(&name, migrated).await,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &self.kept {
            Kept::File(path) => {
                for suffix in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
                }
            }
            Kept::Postgres(name) => {
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let dropped = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    runtime.expect("a runtime").block_on(async {
                        let admin = admin().await;
                        let _ = admin.execute_unprepared(&statement).await;
                        let _ = admin.close().await;
                    });
                });
                let _ = dropped.join();
            }
        }
    }
}

async fn sqlite(name: &str, migrated: bool) -> TestDatabase {
    static TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(sqlite_template).await;
    let path = template.with_file_name(format!("{name}.db"));
    if migrated {
        std::fs::copy(template, &path).expect("the template can be copied");
    }
    TestDatabase { url: format!("sqlite://{}?mode=rwc", path.display()), kept: Kept::File(path) }
}

async fn sqlite_template() -> PathBuf {
    remove_stale_folders();
    let folder = process_folder();
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let path = folder.join("template.db");
    let template =
        Database::connect(format!("sqlite://{}?mode=rwc", path.display())).await.expect("SQLite opens");
    Migrator::up(&template, None).await.expect("the migrations run on SQLite");
    template.close().await.expect("the template closes");
    path
}

fn remove_stale_folders() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix("huike_test_"));
        if owner.is_some_and(|owner| !is_alive(owner)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

async fn postgres(name: &str, migrated: bool) -> TestDatabase {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(postgres_template).await;
    let name = format!("huike_test_{name}");
    let from = if migrated { template } else { "template0" };
    let admin = admin().await;
    admin
        .execute_unprepared(&format!("CREATE DATABASE {name} TEMPLATE {from}"))
        .await
        .expect("a test database can be made");
    let _ = admin.close().await;
    TestDatabase { url: postgres_url(&name), kept: Kept::Postgres(name) }
}

async fn postgres_template() -> String {
    let admin = admin().await;
    remove_stale_databases(&admin).await;
    let name = format!("huike_test_{}_template", std::process::id());
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("the template can be made");
    let _ = admin.close().await;
    let template = Database::connect(postgres_url(&name)).await.expect("PostgreSQL answers");
    Migrator::up(&template, None).await.expect("the migrations run on PostgreSQL");
    template.close().await.expect("the template closes");
    name
}

async fn remove_stale_databases(admin: &DatabaseConnection) {
    let find = Statement::from_string(
        DbBackend::Postgres,
        r"SELECT datname FROM pg_database WHERE datname LIKE 'huike\_test\_%'",
    );
    for row in admin.query_all_raw(find).await.expect("the databases can be listed") {
        let name: String = row.try_get("", "datname").expect("a name");
        let owner = name.trim_start_matches("huike_test_").split('_').next().unwrap_or_default();
        if !is_alive(owner) {
            let _ = admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}

fn is_alive(process: &str) -> bool {
    Path::new("/proc").join(process).exists()
}

async fn admin() -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(admin_url());
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("PostgreSQL answers at HUIKE_TEST_DATABASE_URL")
}

fn admin_url() -> String {
    chosen("HUIKE_TEST_DATABASE_URL", "postgres://root@127.0.0.1:5432/test")
}

/// The admin's URL with another database.
fn postgres_url(database: &str) -> String {
    let admin = admin_url();
    let server = admin.rsplit_once('/').map_or(admin.as_str(), |(server, _)| server);
    format!("{server}/{database}")
}

/// A folder that goes away with this value.
pub struct TestFolder(PathBuf);

impl TestFolder {
    pub fn create() -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = process_folder().join(format!("folder_{count}"));
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn process_folder() -> PathBuf {
    std::env::temp_dir().join(format!("huike_test_{}", std::process::id()))
}

/// A column as the database has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    pub table: String,
    pub name: String,
    pub nullable: bool,
}

/// Every column of the schema but those of the migrator's own table, in order.
pub async fn columns(connection: &DatabaseConnection) -> Vec<Column> {
    let find = match connection.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT table_name AS \"table\", column_name AS name, is_nullable = 'YES' AS nullable \
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'seaql_migrations' \
             ORDER BY 1, 2"
        }
        _ => {
            "SELECT t.name AS \"table\", c.name AS name, c.\"notnull\" = 0 AS nullable \
             FROM sqlite_master t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'seaql_migrations' ORDER BY 1, 2"
        }
    };
    let rows = connection
        .query_all_raw(Statement::from_string(connection.get_database_backend(), find))
        .await
        .expect("the columns can be listed");
    rows.iter()
        .map(|row| Column {
            table: row.try_get("", "table").expect("a table"),
            name: row.try_get("", "name").expect("a name"),
            nullable: row.try_get("", "nullable").expect("a flag"),
        })
        .collect()
}
