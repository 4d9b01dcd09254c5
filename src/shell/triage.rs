//! What operators say of groups of errors and of alert rules where the database does not take it: a file in the state directory, for each
//! database apart. Only this machine sees it.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Timestamp,
        error_group::GroupId,
        plan::{Outcome, Plan},
        triage::{Standing, Triage, TriageTarget},
    },
    sources::postgres,
};

/// Databases, and of each what is said of its groups.
type Kept = BTreeMap<String, Vec<Said>>;

/// What is said of a group here.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Said {
    id: GroupId,
    standing: Standing,
    /// Whether somebody had said something of it already, which this machine can only hide: then also that nothing is said is
    /// kept.
    #[serde(default)]
    hides: bool,
}

/// Groups of one database that are kept; more are refused.
const MOST: usize = 5_000;

/// The file, and the database that is watched.
#[derive(Debug, Clone)]
pub struct Local {
    path: PathBuf,
    database: String,
}

impl Local {
    /// The file `triage.json` in `directory`, made when something is first said, for the database of `settings`.
    pub fn new(directory: &Path, settings: &postgres::Settings) -> Self {
        Self {
            path: directory.join("triage.json"),
            database: settings.place(),
        }
    }

    /// What is said; `None` where nothing was ever.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub fn read(&self) -> io::Result<Option<Vec<Triage>>> {
        let own = self.all()?.remove(&self.database);
        let said = |said: Said| Triage {
            id: said.id,
            standing: said.standing,
        };
        Ok(own.map(|own| own.into_iter().map(said).collect()))
    }

    fn all(&self) -> io::Result<Kept> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kept::new()),
            Err(error) => Err(error),
        }
    }

    /// Says what `plan` says of those of `targets` that stand as they were shown. Of two programs on this machine one waits
    /// for the other.
    ///
    /// # Errors
    /// Why the file cannot be read or written; then nothing is said.
    pub fn carry_out(
        &self,
        plan: &Plan,
        targets: &[TriageTarget],
        at: Timestamp,
    ) -> io::Result<Outcome> {
        if let Some(directory) = self.path.parent() {
            fs::create_dir_all(directory)?;
        }
        let _held = self.lock()?;
        let mut all = self.all()?;
        let own = all.entry(self.database.clone()).or_default();
        let runs = plan.runs();
        let mut outcome = Outcome::default();
        for target in targets.iter().filter(|target| runs.contains(&target.key())) {
            let known = own.iter().position(|said| said.id == target.id);
            // What is not said here yet stands as it was shown.
            let known = known.and_then(|place| own.get(place));
            let hides = known.map_or(!target.was.is_empty(), |said| said.hides);
            let is_new = known.is_none();
            let now = known.map_or_else(|| target.was.clone(), |said| said.standing.clone());
            if let Some(why) = target.objection(&now) {
                outcome.skipped.push((target.key(), why));
                continue;
            }
            if is_new && own.len() >= MOST {
                let why = format!(
                    "this machine keeps what is said of {MOST} groups and rules, and no more"
                );
                outcome.skipped.push((target.key(), why));
                continue;
            }
            let said = Said {
                id: target.id,
                standing: target.applied(&now, at),
                hides,
            };
            own.retain(|known| known.id != target.id);
            if said.hides || !said.standing.is_empty() {
                own.push(said);
            }
            outcome.done.push(target.key());
        }
        if !outcome.done.is_empty() {
            self.write(&all)?;
        }
        Ok(outcome)
    }

    /// Held until it is dropped.
    fn lock(&self) -> io::Result<fs::File> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.path.with_extension("lock"))?;
        file.lock()?;
        Ok(file)
    }

    /// Puts a whole new file in the place of the old one: who reads finds one or the other.
    fn write(&self, all: &Kept) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(&serde_json::to_vec(all)?)?;
        file.sync_all()?;
        fs::rename(new, &self.path)
    }
}
