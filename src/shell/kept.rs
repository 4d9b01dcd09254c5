//! Filters that operators keep: a file in the state directory. Only this machine sees it.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::effect::KeptFilter;

/// The file.
#[derive(Debug, Clone)]
pub struct Kept(PathBuf);

impl Kept {
    /// The file `filters.json` in `directory`, made when a filter is first kept.
    pub fn new(directory: &Path) -> Self {
        Self(directory.join("filters.json"))
    }

    /// What is kept.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub fn read(&self) -> io::Result<Vec<KeptFilter>> {
        match fs::read(&self.0) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Keeps `filter`, or forgets it; of two programs on this machine one waits for the other.
    ///
    /// # Errors
    /// Why the file cannot be read or written; then it stays as it is.
    pub fn keep(&self, filter: KeptFilter, is_gone: bool) -> io::Result<()> {
        if let Some(directory) = self.0.parent() {
            fs::create_dir_all(directory)?;
        }
        let file = |path: PathBuf, truncate: bool| {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(truncate);
            options.mode(0o600).open(path)
        };
        let held = file(self.0.with_extension("lock"), false)?;
        held.lock()?;
        let mut all = self.read()?;
        filter.keep(&mut all, is_gone);
        let new = self.0.with_extension("new");
        let mut whole = file(new.clone(), true)?;
        whole.write_all(&serde_json::to_vec(&all)?)?;
        whole.sync_all()?;
        fs::rename(new, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::ScreenId;

    fn filter(name: &str, text: &str) -> KeptFilter {
        KeptFilter {
            screen: ScreenId::Errors,
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn what_is_kept_is_read_again_replaced_by_its_name_and_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let kept = Kept::new(&directory.path().join("not yet there"));
        assert_eq!(kept.read().unwrap(), []);
        kept.keep(filter("crm", "stage:crm"), false).unwrap();
        kept.keep(filter("mail", "stage:message"), false).unwrap();
        kept.keep(filter("crm", "stage:lead"), false).unwrap();
        let all = [filter("crm", "stage:lead"), filter("mail", "stage:message")];
        assert_eq!(kept.read().unwrap(), all);
        kept.keep(filter("crm", ""), true).unwrap();
        assert_eq!(kept.read().unwrap(), [filter("mail", "stage:message")]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("filters.json");
        fs::write(&path, "not what we wrote").unwrap();
        let kept = Kept::new(directory.path());
        kept.read().unwrap_err();
        kept.keep(filter("crm", "stage:crm"), false).unwrap_err();
        assert_eq!(fs::read_to_string(path).unwrap(), "not what we wrote");
    }
}
