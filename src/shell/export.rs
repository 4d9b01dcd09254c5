//! Exports: files that an operator takes away, in a directory of their own.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Writes `files`, by name, into `exports` below `state`, for nobody else to read. The directory.
///
/// # Errors
/// Why one of them cannot be written.
pub fn write(state: &Path, files: &[(String, String)]) -> io::Result<PathBuf> {
    let directory = state.join("exports");
    fs::create_dir_all(&directory)?;
    for (name, text) in files {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(directory.join(name))?;
        file.write_all(text.as_bytes())?;
    }
    Ok(directory)
}
