//! The directory of a cluster, and what became of earlier ones.
//!
//! It stands in `/tmp`: a socket's path has about 100 characters at most, the account we drop to must reach it,
//! and in a sticky directory that account can remove it. Its owner holds a lock on a file in it, so that whoever
//! gets that lock knows that the directory was left behind.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
};

use super::{StartError, account::Account, last_lines};

const PARENT: &str = "/tmp";
const PREFIX: &str = "outpost-pg-";

/// The directory of one cluster. The watchdog removes it.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Locked as long as we live; never read.
    _lock: File,
}

impl Directory {
    /// Makes a new one, which only `account` can enter.
    pub(super) fn create(account: &Account) -> Result<Self, StartError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| StartError::Files { path, source }
        };
        let path = fresh().map_err(at(Path::new(PARENT)))?;
        let lock = File::create(path.join("lock")).map_err(at(&path))?;
        lock.lock().map_err(at(&path))?;
        account.own(&path).map_err(at(&path))?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file `name`, for the account alone.
    pub(super) fn write(
        &self,
        name: &str,
        content: &[u8],
        account: &Account,
    ) -> Result<(), StartError> {
        let path = self.path.join(name);
        let written = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&path)?;
            io::Write::write_all(&mut file, content)?;
            account.own(&path)
        };
        written().map_err(|source| StartError::Files {
            path: path.clone(),
            source,
        })
    }

    /// The last lines of the server's log.
    pub(super) fn log_tail(&self) -> String {
        let bytes = fs::read(self.path.join("log")).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&bytes))
    }
}

impl Drop for Directory {
    /// Usually the watchdog was first; this is for a start that never came to one.
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

/// A directory that was not there before, named after our process.
fn fresh() -> io::Result<PathBuf> {
    let mut number = 0_u32;
    loop {
        let path = Path::new(PARENT).join(format!("{PREFIX}{}-{number}", process::id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 10_000 => {
                number += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Removes the directories of clusters whose owner and watchdog are both gone, as after a power cut. A server
/// that still runs in one ends by itself within a minute, when it misses its files.
pub(super) fn remove_stale(account: &Account) {
    let Ok(entries) = fs::read_dir(PARENT) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_stale(&entry, account) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// Whether it is ours, old enough to be finished, and locked by nobody. Without the file to lock, somebody was killed
/// while removing it.
fn is_stale(entry: &fs::DirEntry, account: &Account) -> bool {
    let ours = entry
        .metadata()
        .is_ok_and(|meta| meta.is_dir() && meta.uid() == account.uid() && is_old(&meta));
    let lock = || {
        OpenOptions::new()
            .write(true)
            .custom_flags(
                (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32,
            )
            .open(entry.path().join("lock"))
    };
    ours && match lock() {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// More than a minute: a cluster that is just being made has no locked file yet.
fn is_old(meta: &fs::Metadata) -> bool {
    meta.modified()
        .and_then(|at| at.elapsed().map_err(io::Error::other))
        .is_ok_and(|age| age.as_secs() > 60)
}
