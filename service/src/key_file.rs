//! The secret keys of an embedded installation that was given none: made on first start in a file beside the database,
//! readable by its owner alone. Whoever loses the file loses every phone number, so it is never made anew for a
//! database that exists.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::crypto::{Keys, random_bytes};
use crate::settings::{Secret, Settings};

/// Where the keys came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    Settings,
    File(PathBuf),
    NewFile(PathBuf),
}

/// Fills `secret_keys` when the installation is embedded and the setting empty.
pub fn ensure(settings: &mut Settings) -> Result<KeySource> {
    if !settings.secret_keys.is_empty() || !settings.is_embedded() {
        return Ok(KeySource::Settings);
    }
    let database = database_file(settings.database_url.expose());
    let path = with_suffix(&database, ".key");
    // Asked before the file is looked for: a process that starts beside this one makes the file first.
    let database_exists = database.metadata().is_ok_and(|database| database.len() > 0);
    if let Some(keys) = read(&path)? {
        settings.secret_keys = Secret::new(keys);
        return Ok(KeySource::File(path));
    }
    if database_exists {
        bail!(
            "{} is missing, but {} exists and is encrypted with it; restore the file or set secret_keys",
            path.display(),
            database.display()
        );
    }
    write(&path, &Keys::generate()).with_context(|| format!("writing {}", path.display()))?;
    // Of two processes that start at once the first one's file stands.
    settings.secret_keys = Secret::new(read(&path)?.unwrap_or_default());
    Ok(KeySource::NewFile(path))
}

/// The file that an SQLite URL names.
pub fn database_file(url: &str) -> PathBuf {
    let rest = url.strip_prefix("sqlite:").unwrap_or(url);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    PathBuf::from(rest.split('?').next().unwrap_or(rest))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn read(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(keys) => Ok(Some(keys.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

/// Whole or not at all: written beside, then linked to its name unless that is taken.
fn write(path: &Path, keys: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = with_suffix(path, &format!(".{}", hex::encode(random_bytes::<8>())));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(keys.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
