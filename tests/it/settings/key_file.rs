//! The keys of an embedded installation that was given none.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use service::crypto::Keys;
use service::key_file::{KeySource, ensure};
use service::settings::{Secret, Settings};
use tests::database::TestFolder;

fn installation(folder: &TestFolder) -> (Settings, PathBuf) {
    let mut settings = Settings::from_toml("").expect("the defaults are valid");
    let database = folder.path().join("shop.db");
    settings.database_url = Secret::new(format!("sqlite://{}?mode=rwc", database.display()));
    (settings, database)
}

#[test]
fn the_first_start_makes_keys_that_the_second_finds() {
    let folder = TestFolder::create();
    let (mut first, database) = installation(&folder);
    let (mut second, _) = installation(&folder);
    let file = folder.path().join("shop.db.key");

    assert_eq!(ensure(&mut first).expect("keys"), KeySource::NewFile(file.clone()));
    std::fs::write(database, "a database").expect("it is written");
    assert_eq!(ensure(&mut second).expect("keys"), KeySource::File(file.clone()));

    assert_eq!(first.secret_keys.expose(), second.secret_keys.expose());
    assert!(Keys::parse(first.secret_keys.expose()).is_ok());
    let mode = file.metadata().expect("the file is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "others can read it");
}

#[test]
fn a_database_without_its_key_file_is_refused() {
    let folder = TestFolder::create();
    let (mut settings, database) = installation(&folder);
    std::fs::write(database, "a database").expect("it is written");

    let refused = ensure(&mut settings).expect_err("no keys are made").to_string();

    assert!(refused.contains("shop.db.key is missing"), "{refused}");
    assert!(!folder.path().join("shop.db.key").exists());
}

#[test]
fn keys_of_the_settings_come_first() {
    let folder = TestFolder::create();
    let (mut settings, _) = installation(&folder);
    settings.secret_keys = Secret::new(Keys::generate());
    let given = settings.secret_keys.clone();

    assert_eq!(ensure(&mut settings).expect("keys"), KeySource::Settings);

    assert_eq!(settings.secret_keys.expose(), given.expose());
    assert!(!folder.path().join("shop.db.key").exists());
}

#[test]
fn of_many_that_start_at_once_all_have_the_same_keys() {
    let folder = TestFolder::create();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let (mut settings, _) = installation(&folder);
            std::thread::spawn(move || {
                ensure(&mut settings).expect("keys");
                settings.secret_keys.expose().to_owned()
            })
        })
        .collect();
    let keys: Vec<_> = starts.into_iter().map(|start| start.join().expect("it starts")).collect();

    assert!(keys.iter().all(|key| *key == keys[0] && !key.is_empty()));
    let files = std::fs::read_dir(folder.path()).expect("the folder is there").count();
    assert_eq!(files, 1, "drafts are left behind");
}
