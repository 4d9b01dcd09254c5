//! The journal of a batch: a file of its own, one line of JSON for each record, on the disk before anything hangs on it.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::{
    Timestamp,
    batch::{Batch, BatchId, Head, Record},
};

/// How journals are written today.
const VERSION: u32 = 1;

/// Where the journals lie below the directory of states.
const DIRECTORY: &str = "batches";

/// How their names end.
const ENDING: &str = "jsonl";

/// Journals of batches that are over are kept for so long after their end.
const OLDEST: TimeDelta = TimeDelta::days(30);

/// And no more of them than this, the newest.
const KEPT: usize = 200;

/// A journal that this process writes, and no other.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// Bytes of it that are whole lines.
    whole: u64,
    /// Whether more stands behind those, which is to be cut away before anything is written.
    is_torn: bool,
}

/// What tells whether a journal is as it was when it was last read, and costs no reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    len: u64,
    modified: Option<SystemTime>,
    is_driven: bool,
}

/// A journal that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it is about.
    pub head: Head,
    /// What happened.
    pub records: Vec<Record>,
    /// Whether a process drives it.
    pub is_driven: bool,
}

impl Kept {
    /// The batch that it tells of.
    pub fn batch(&self) -> Batch {
        Batch::of(self.head.clone(), &self.records)
    }
}

/// Why a journal is of no use.
#[derive(Debug)]
pub enum Unusable {
    /// There is none of that name.
    Missing,
    /// Another process drives the batch.
    Driven,
    /// It cannot be read or written.
    File(io::Error),
    /// A line of it makes no sense.
    Line(usize, String),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no batch of that name here"),
            Self::Driven => f.write_str("another outpost on this machine drives this batch"),
            Self::File(error) => write!(f, "the journal cannot be used: {error}"),
            Self::Line(line, why) => {
                write!(f, "line {line} of the journal makes no sense: {why}")
            }
        }
    }
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing
        } else {
            Self::File(error)
        }
    }
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct First {
    journal: u32,
    #[serde(flatten)]
    head: Head,
}

/// The journals of this account on this machine.
#[derive(Debug, Clone)]
pub struct Journals(PathBuf);

impl Journals {
    /// Those below the directory of states.
    pub fn below(state: &Path) -> Self {
        Self(state.join(DIRECTORY))
    }

    fn path(&self, id: &BatchId) -> PathBuf {
        self.0.join(format!("{id}.{ENDING}"))
    }

    /// Begins the journal of `head`.
    ///
    /// # Errors
    /// Why it cannot be written, or that there is one of this name.
    pub fn begin(&self, head: &Head) -> Result<Journal, Unusable> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)?;
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path(&head.batch))?;
        let mut journal = Journal::of(file);
        journal.lock()?;
        let first = First {
            journal: VERSION,
            head: head.clone(),
        };
        if let Err(error) = journal.line(&first) {
            // Without its first line nobody could ever read it.
            drop(fs::remove_file(self.path(&head.batch)));
            return Err(error.into());
        }
        // The name is on the disk as well.
        File::open(&self.0)?.sync_all()?;
        Ok(journal)
    }

    /// Goes on with the journal of `id`; a line that was torn off at its end is cut away.
    ///
    /// # Errors
    /// Why that cannot be.
    pub fn resume(&self, id: &BatchId) -> Result<(Journal, Kept), Unusable> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(self.path(id))?;
        let mut journal = Journal::of(file);
        journal.lock()?;
        let text = journal.read()?;
        let (kept, whole) = parse(&text, true)?;
        journal.whole = whole as u64;
        journal.is_torn = journal.file.metadata()?.len() > journal.whole;
        journal.mend()?;
        Ok((journal, kept))
    }

    /// Reads the journal of `id`.
    ///
    /// # Errors
    /// Why that cannot be.
    pub fn read(&self, id: &BatchId) -> Result<Kept, Unusable> {
        let mut journal = Journal::of(File::open(self.path(id))?);
        let is_driven = journal.is_driven()?;
        let text = journal.read()?;
        Ok(parse(&text, is_driven)?.0)
    }

    /// What tells whether the journal of `id` is as it was.
    ///
    /// # Errors
    /// Why that cannot be looked at.
    pub(super) fn mark(&self, id: &BatchId) -> io::Result<Mark> {
        let file = File::open(self.path(id))?;
        let known = file.metadata()?;
        let journal = Journal::of(file);
        Ok(Mark {
            len: known.len(),
            modified: known.modified().ok(),
            is_driven: journal.is_driven()?,
        })
    }

    /// The names of all journals, the newest first.
    ///
    /// # Errors
    /// Why the directory cannot be read.
    pub(super) fn ids(&self) -> io::Result<Vec<BatchId>> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut ids: Vec<BatchId> = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let is_ours = path.extension().is_some_and(|ending| ending == ENDING);
            let name = path.file_stem().and_then(|name| name.to_str());
            ids.extend(name.filter(|_| is_ours).and_then(BatchId::parse));
        }
        ids.sort();
        ids.reverse();
        Ok(ids)
    }

    /// Deletes the journals of batches that are over: those that ended more than 30 days before `now`, and those beyond the
    /// newest 200. One that is not over is kept, however old, and so is one that cannot be read. How many were deleted.
    ///
    /// # Errors
    /// Why the directory cannot be read, or a journal not be deleted.
    pub fn prune(&self, now: Timestamp) -> io::Result<usize> {
        let (mut over, mut pruned) = (0, 0);
        for id in self.ids()? {
            let Ok(kept) = self.read(&id) else { continue };
            let batch = kept.batch();
            if !batch.is_over() || kept.is_driven {
                continue;
            }
            over += 1;
            if over > KEPT || now - batch.at > OLDEST {
                fs::remove_file(self.path(&id))?;
                pruned += 1;
            }
        }
        Ok(pruned)
    }

    /// Every journal there is, the newest first.
    ///
    /// # Errors
    /// Why the directory cannot be read.
    pub fn all(&self) -> io::Result<Vec<(BatchId, Result<Kept, Unusable>)>> {
        let read = |id: BatchId| {
            let kept = self.read(&id);
            (id, kept)
        };
        Ok(self.ids()?.into_iter().map(read).collect())
    }
}

impl Journal {
    const fn of(file: File) -> Self {
        Self {
            file,
            whole: 0,
            is_torn: false,
        }
    }

    /// Keeps every other process out, as long as this one lives.
    fn lock(&self) -> Result<(), Unusable> {
        // Somebody who only looks whether it is driven has it for a moment.
        for wait in [1, 10, 50, 0] {
            match self.file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) if wait > 0 => {
                    thread::sleep(Duration::from_millis(wait));
                }
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        Err(Unusable::Driven)
    }

    /// Whether another process has it.
    fn is_driven(&self) -> io::Result<bool> {
        match self.file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Cuts away what is no whole line, if there is such.
    fn mend(&mut self) -> io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.whole)?;
            self.file.sync_all()?;
            self.is_torn = false;
        }
        Ok(())
    }

    fn read(&mut self) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        // What was torn off may end within a character.
        let valid = match std::str::from_utf8(&bytes) {
            Ok(_) => bytes.len(),
            Err(error) => error.valid_up_to(),
        };
        bytes.truncate(valid);
        Ok(String::from_utf8(bytes).unwrap_or_default())
    }

    fn line(&mut self, what: &impl Serialize) -> io::Result<()> {
        self.mend()?;
        let mut line = serde_json::to_string(what)?;
        line.push('\n');
        let written = self.file.write_all(line.as_bytes());
        let written = written.and_then(|()| self.file.sync_data());
        if written.is_ok() {
            self.whole += line.len() as u64;
        } else {
            // A full disk may have taken half of it, behind which nothing could be read.
            self.is_torn = true;
            drop(self.mend());
        }
        written
    }

    /// Writes down `record`; when this returns it is on the disk.
    ///
    /// # Errors
    /// Why it is not.
    pub fn add(&mut self, record: &Record) -> io::Result<()> {
        self.line(record)
    }
}

/// What the journal says, and how many bytes of it are whole lines. The last line may be torn off; any other must make
/// sense.
fn parse(text: &str, is_driven: bool) -> Result<(Kept, usize), Unusable> {
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let lines = text.get(..whole).unwrap_or_default();
    let mut lines = lines.lines().enumerate();
    let wrong =
        |line: usize, error: &serde_json::Error| Unusable::Line(line + 1, error.to_string());
    let Some((_, first)) = lines.next() else {
        return Err(Unusable::Line(1, "there is none".to_owned()));
    };
    let first: First = serde_json::from_str(first).map_err(|error| wrong(0, &error))?;
    if first.journal != VERSION {
        let why = format!("it is of version {}, this is {VERSION}", first.journal);
        return Err(Unusable::Line(1, why));
    }
    let record =
        |(at, line): (usize, &str)| serde_json::from_str(line).map_err(|error| wrong(at, &error));
    let kept = Kept {
        head: first.head,
        records: lines.map(record).collect::<Result<_, _>>()?,
        is_driven,
    };
    Ok((kept, whole))
}

#[cfg(test)]
mod tests;
