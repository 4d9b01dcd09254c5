//! The journal of a batch: a file of its own, one line of JSON for each record, on the disk before anything hangs on it.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::domain::batch::{Batch, BatchId, Head, Record};

/// How journals are written today.
const VERSION: u32 = 1;

/// Where the journals lie below the directory of states.
const DIRECTORY: &str = "batches";

/// How their names end.
const ENDING: &str = "jsonl";

/// A journal that this process writes, and no other.
#[derive(Debug)]
pub struct Journal {
    file: File,
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
        let mut journal = Journal { file };
        journal.lock()?;
        let first = First {
            journal: VERSION,
            head: head.clone(),
        };
        journal.line(&first)?;
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
        let mut journal = Journal { file };
        journal.lock()?;
        let text = journal.read()?;
        let (kept, whole) = parse(&text, true)?;
        if whole < text.len() {
            journal.file.set_len(whole as u64)?;
            journal.file.sync_all()?;
        }
        Ok((journal, kept))
    }

    /// Reads the journal of `id`.
    ///
    /// # Errors
    /// Why that cannot be.
    pub fn read(&self, id: &BatchId) -> Result<Kept, Unusable> {
        let mut journal = Journal {
            file: File::open(self.path(id))?,
        };
        let is_driven = match journal.file.try_lock_shared() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(error)) => return Err(error.into()),
        };
        let text = journal.read()?;
        Ok(parse(&text, is_driven)?.0)
    }

    /// Every journal there is, the newest first.
    ///
    /// # Errors
    /// Why the directory cannot be read.
    pub fn all(&self) -> io::Result<Vec<(BatchId, Result<Kept, Unusable>)>> {
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
        Ok(ids
            .into_iter()
            .map(|id| {
                let kept = self.read(&id);
                (id, kept)
            })
            .collect())
    }
}

impl Journal {
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
        let mut line = serde_json::to_string(what)?;
        line.push('\n');
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()
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
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use chrono::DateTime;

    use super::*;
    use crate::domain::{
        event::RowId,
        plan::{Mutation, Plan},
    };

    fn head() -> Head {
        Head {
            batch: BatchId::new(DateTime::UNIX_EPOCH, 0xbeef),
            at: DateTime::UNIX_EPOCH,
            who: "ann@host".to_owned(),
            place: "db:5432/app marketing".to_owned(),
            plan: Plan::new(
                Mutation::RetryEvents(Vec::new().into()),
                DateTime::UNIX_EPOCH,
            ),
        }
    }

    fn sent(id: i64) -> Record {
        Record::Sent {
            id: RowId::from(id),
            at: DateTime::UNIX_EPOCH,
            clone: None,
        }
    }

    #[test]
    fn what_is_written_is_read_and_only_its_owner_may() {
        let directory = tempfile::tempdir().unwrap();
        let journals = Journals::below(directory.path());
        let mut journal = journals.begin(&head()).unwrap();
        journal.add(&sent(1)).unwrap();
        let path = directory.path().join("batches/19700101-000000-beef.jsonl");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let kept = journals.read(&head().batch).unwrap();
        assert_eq!((&kept.head, kept.records.len()), (&head(), 1));
        assert!(kept.is_driven);
        assert!(matches!(
            journals.resume(&head().batch),
            Err(Unusable::Driven)
        ));
        drop(journal);
        let (_, kept) = journals.resume(&head().batch).unwrap();
        assert_eq!(kept.records, [sent(1)]);
        let all = journals.all().unwrap();
        assert_eq!(all.len(), 1);
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_a_torn_line_before_it_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let journals = Journals::below(directory.path());
        let mut journal = journals.begin(&head()).unwrap();
        journal.add(&sent(1)).unwrap();
        let torn = serde_json::to_string(&sent(2)).unwrap();
        for cut in [1, 9, torn.len()] {
            let bytes = &torn.as_bytes()[..cut];
            journal.file.write_all(bytes).unwrap();
            drop(journal);
            let (again, kept) = journals.resume(&head().batch).unwrap();
            assert_eq!(kept.records, [sent(1)], "cut after {cut} bytes");
            journal = again;
        }
        journal
            .file
            .write_all("{\"what\":\"s\u{e9}".as_bytes()[..11].as_ref())
            .unwrap();
        drop(journal);
        let (mut journal, _) = journals.resume(&head().batch).unwrap();
        journal.add(&sent(3)).unwrap();
        journal.file.write_all(b"nonsense\n").unwrap();
        journal.add(&sent(4)).unwrap();
        drop(journal);
        let told = journals.resume(&head().batch).unwrap_err();
        assert!(matches!(told, Unusable::Line(4, _)), "{told}");
    }
}
