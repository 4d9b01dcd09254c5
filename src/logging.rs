//! The log: one file under the state directory, never standard output. Holds no payloads and no secrets.

use std::{io, path::Path};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Starts to log to `outpost.log` in `directory`; what is logged is written until the guard is dropped.
///
/// # Errors
/// When the directory cannot be made, or `filter` is no filter.
pub fn start(directory: &Path, filter: &str) -> io::Result<WorkerGuard> {
    std::fs::create_dir_all(directory)?;
    let filter = EnvFilter::try_new(filter).map_err(io::Error::other)?;
    let (writer, guard) =
        tracing_appender::non_blocking(tracing_appender::rolling::never(directory, "outpost.log"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .init();
    Ok(guard)
}
