//! Every migration can be applied, taken back, and applied again.

use std::collections::BTreeSet;

use migration::{Migrator, MigratorTrait};
use sea_orm::Database;
use tests::database::{TestDatabase, Way, columns};

#[tokio::test]
async fn the_migrations_go_up_down_and_up_again() {
    let database = TestDatabase::empty(Way::chosen()).await;
    let connection = Database::connect(database.url()).await.expect("it opens");

    Migrator::up(&connection, None).await.expect("up");
    let first = columns(&connection).await;
    Migrator::down(&connection, None).await.expect("down");
    let between: BTreeSet<_> = columns(&connection).await.into_iter().map(|column| column.table).collect();
    Migrator::up(&connection, None).await.expect("up again");

    assert_eq!(between, BTreeSet::new(), "down leaves tables behind");
    assert_eq!(columns(&connection).await, first);
    connection.close().await.expect("it closes");
}

#[tokio::test]
async fn each_migration_can_be_taken_back_by_itself() {
    let database = TestDatabase::empty(Way::chosen()).await;
    let connection = Database::connect(database.url()).await.expect("it opens");
    for _ in Migrator::migrations() {
        Migrator::up(&connection, Some(1)).await.expect("up");
        let after = columns(&connection).await;
        Migrator::down(&connection, Some(1)).await.expect("down");
        Migrator::up(&connection, Some(1)).await.expect("up again");
        assert_eq!(columns(&connection).await, after);
    }
    connection.close().await.expect("it closes");
}

#[tokio::test]
async fn applying_twice_changes_nothing() {
    let database = TestDatabase::create(Way::chosen()).await;
    let connection = Database::connect(database.url()).await.expect("it opens");
    let before = columns(&connection).await;

    Migrator::up(&connection, None).await.expect("up");

    assert_eq!(columns(&connection).await, before);
    connection.close().await.expect("it closes");
}
