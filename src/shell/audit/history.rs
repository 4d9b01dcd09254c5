//! Reading the audit file back.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use super::Audit;
use crate::domain::audit::{Whole, read};

/// Of a longer file only the end is read.
const TAIL: u64 = 8 * 1024 * 1024;

/// Entries that are told, the newest.
const MOST: usize = 1_000;

impl Audit {
    /// What was written into the file, the newest first, each whole: of the last 8 MB, at most 1,000.
    ///
    /// # Errors
    /// Why the file cannot be read; that there is none is no error.
    pub fn history(&self) -> io::Result<Vec<Whole>> {
        let mut all = self.tail(TAIL)?;
        all.truncate(MOST);
        Ok(all)
    }

    /// Everything that was written into the file, the newest first.
    ///
    /// # Errors
    /// As [`Audit::history`].
    pub fn everything(&self) -> io::Result<Vec<Whole>> {
        self.tail(u64::MAX)
    }

    fn tail(&self, most: u64) -> io::Result<Vec<Whole>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let len = file.metadata()?.len();
        let from = len.saturating_sub(most);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // A line that was cut in half is none.
        let skipped = if from == 0 {
            0
        } else {
            bytes
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(bytes.len(), |at| at + 1)
        };
        let text = bytes.get(skipped..).unwrap_or_default();
        let text = String::from_utf8_lossy(text);
        let mut at = from + skipped as u64;
        let lines = text.split_inclusive('\n').map(|line| {
            let begin = at;
            at += line.len() as u64;
            (begin, line)
        });
        Ok(read::lines(lines))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::{
        audit::EntryId,
        event::RowId,
        plan::{Mutation, Outcome, Plan},
    };

    fn filled(directory: &Path, n: i64) -> Audit {
        let audit = Audit::new(directory, "ann@host".to_owned());
        for at in 0..n {
            let resolve = Mutation::ResolveErrors {
                ids: vec![RowId::from(at)],
                note: "a token was rotated".to_owned(),
            };
            let when = chrono::DateTime::from_timestamp(at, 0).unwrap();
            let plan = Plan::new(resolve, when);
            audit.begin(&plan).unwrap();
            let outcome = Outcome {
                done: vec![RowId::from(at)],
                ..Outcome::default()
            };
            audit.end(&plan, &Ok(outcome)).unwrap();
        }
        audit
    }

    #[test]
    fn what_was_written_is_read_back_and_an_entry_is_found_again_by_where_it_stands() {
        let directory = tempfile::tempdir().unwrap();
        let audit = Audit::new(directory.path(), "ann@host".to_owned());
        assert!(audit.history().unwrap().is_empty());
        let audit = filled(directory.path(), 5);
        let read = audit.history().unwrap();
        assert_eq!(read.len(), 5);
        assert!(
            read.iter()
                .all(|whole| whole.undo.is_some() && whole.entry.counts.done == 1)
        );
        assert_eq!(read[4].entry.id, EntryId::Line(0));
        // More comes behind; what was there stands where it stood.
        filled(directory.path(), 2);
        let again = audit.history().unwrap();
        assert_eq!(again[2..], read[..]);
    }

    #[test]
    fn of_a_long_file_the_end_is_read_and_nothing_half() {
        let directory = tempfile::tempdir().unwrap();
        let audit = filled(directory.path(), 50);
        let all = audit.everything().unwrap();
        assert_eq!(all.len(), 50);
        let some = audit.tail(5_000).unwrap();
        assert!(!some.is_empty() && some.len() < 50, "{}", some.len());
        assert_eq!(some[0], all[0]);
    }
}
