//! Reading the audit file back, from its end, a line at a time.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use super::Audit;
use crate::domain::audit::{
    EntryId, Filed, Whole,
    about::{Deeds, Subject},
    read::Lines,
};

/// For the screen only the end of a longer file is read: some plans of as many rows as there may be in one.
const TAIL: u64 = 16 * 1024 * 1024;

/// Entries that the screen is told, the newest.
const MOST: usize = 1_000;

/// Bytes that are read at once; more where a line is longer.
const CHUNK: u64 = 64 * 1024;

impl Audit {
    /// What was written into the file of this database, or of an unknown one; the newest first, of the last 16 MB at most 1,000.
    ///
    /// # Errors
    /// Why the file cannot be read; that there is none is no error.
    pub fn history(&self) -> io::Result<Filed> {
        let mut lines = self.backwards(TAIL, false)?;
        let mut entries = Vec::new();
        for whole in lines.by_ref().take(MOST) {
            entries.push(whole?.entry);
        }
        Ok(Filed {
            entries,
            elsewhere: lines.elsewhere(),
        })
    }

    /// The entry `id` of those, whole; `None` where it is not there.
    ///
    /// # Errors
    /// As [`Audit::history`].
    pub fn whole(&self, id: EntryId) -> io::Result<Option<Whole>> {
        for whole in self.backwards(TAIL, false)? {
            let whole = whole?;
            if whole.entry.id == id {
                return Ok(Some(whole));
            }
        }
        Ok(None)
    }

    /// Those of the entries `ids` that stand in the file, whole.
    ///
    /// # Errors
    /// As [`Audit::history`].
    pub fn wholes(&self, ids: &BTreeSet<EntryId>) -> io::Result<Vec<(EntryId, Whole)>> {
        let mut left = ids
            .iter()
            .filter(|id| matches!(id, EntryId::Line(_)))
            .count();
        let mut found = Vec::new();
        let mut lines = self.backwards(TAIL, false)?;
        while left > 0
            && let Some(whole) = lines.next()
        {
            let whole = whole?;
            if ids.contains(&whole.entry.id) {
                left -= 1;
                found.push((whole.entry.id, whole));
            }
        }
        Ok(found)
    }

    /// What the last 16 MB of the file say of the rows of `subject`, of the newest 1,000 entries since its moment.
    ///
    /// # Errors
    /// As [`Audit::history`].
    pub fn about(&self, subject: &Subject) -> io::Result<Deeds> {
        let mut all = Vec::new();
        for whole in self.backwards(TAIL, false)?.take(MOST) {
            let whole = whole?;
            if whole.entry.at < subject.since {
                break;
            }
            all.extend(whole.deeds(subject));
        }
        Ok(Deeds { all, missing: None })
    }

    /// Everything that was written into the file of this database and of an unknown one, or of all databases; the newest first.
    /// No more of it is held than a line, and the parts of what stands in several.
    ///
    /// # Errors
    /// As [`Audit::history`].
    pub fn everything(&self, is_of_all: bool) -> io::Result<Backwards> {
        self.backwards(u64::MAX, is_of_all)
    }

    fn backwards(&self, most: u64, is_of_all: bool) -> io::Result<Backwards> {
        let (file, len) = match File::open(&self.path) {
            Ok(file) => {
                let len = file.metadata()?.len();
                (Some(file), len)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (None, 0),
            Err(error) => return Err(error),
        };
        Ok(Backwards {
            file,
            at: len,
            least: len.saturating_sub(most),
            held: Vec::new(),
            lines: Lines::new(self.database.clone(), is_of_all),
        })
    }
}

/// The entries of the file, from the last to the first.
#[derive(Debug)]
pub struct Backwards {
    file: Option<File>,
    /// Where what is held begins.
    at: u64,
    /// Nothing before this is read.
    least: u64,
    /// What was read and not given yet: up to the end of a line.
    held: Vec<u8>,
    lines: Lines,
}

impl Backwards {
    /// How many entries of other databases were passed over so far.
    pub const fn elsewhere(&self) -> u64 {
        self.lines.elsewhere()
    }

    /// The line before those that were given, with where it begins.
    fn line(&mut self) -> io::Result<Option<(u64, String)>> {
        loop {
            let body = self.held.strip_suffix(b"\n").unwrap_or(&self.held);
            let end = body.iter().rposition(|byte| *byte == b'\n');
            if let Some(end) = end {
                let line = self.held.split_off(end + 1);
                let begin = self.at + self.held.len() as u64;
                return Ok(Some((begin, String::from_utf8_lossy(&line).into_owned())));
            }
            if self.at > self.least {
                self.read()?;
                continue;
            }
            let rest = std::mem::take(&mut self.held);
            // What was cut in half is no line.
            let is_line = self.at == 0 && !rest.is_empty();
            return Ok(is_line.then(|| (0, String::from_utf8_lossy(&rest).into_owned())));
        }
    }

    /// Reads what stands before what is held.
    fn read(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            self.at = self.least;
            return Ok(());
        };
        // As much again as is held, so that a long line is not copied over and over.
        let wanted = CHUNK.max(self.held.len() as u64);
        let begin = self.at.saturating_sub(wanted).max(self.least);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(begin))?;
        let read = file.take(self.at - begin).read_to_end(&mut bytes)? as u64;
        if read < self.at - begin {
            return Err(io::Error::other("it was cut short while it was read"));
        }
        bytes.append(&mut self.held);
        (self.at, self.held) = (begin, bytes);
        Ok(())
    }
}

impl Iterator for Backwards {
    type Item = io::Result<Whole>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.line() {
                Ok(Some((begin, text))) => {
                    if let Some(whole) = self.lines.take(begin, &text) {
                        return Some(Ok(whole));
                    }
                }
                Ok(None) => return None,
                Err(error) => {
                    // Nothing more is read after a failure.
                    (self.file, self.least) = (None, self.at);
                    self.held.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
