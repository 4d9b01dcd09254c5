//! A plan that is carried out row by row, over minutes: canaries first, then at a pace, with a brake; and what became of
//! each row.
//!
//! A batch is the sum of its records. The journal keeps them, the runner adds to them and the console is told of them: all
//! three add them up here, so that none of them can know something else.

mod limits;
mod machine;
mod pacing;
mod record;
mod report;
mod row;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

pub use self::{
    limits::{Bound, Limits, Load, MEASURE_S, Rate, Usual},
    machine::{Sighting, Step},
    pacing::{Bulk, Pacing},
    record::{Driver, End, Halt, Order, Record},
    report::Report,
    row::{Row, Standing},
};
use super::{
    Timestamp,
    error_group::Fingerprint,
    event::{EventType, RowId},
    plan::Plan,
};

/// What a batch is called: the moment it began and a few letters. Safe to print, and as the name of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BatchId(String);

impl BatchId {
    /// The one that begins `at`; `salt` tells it from another of the same second.
    pub fn new(at: Timestamp, salt: u64) -> Self {
        Self(format!(
            "{}-{:04x}",
            at.format("%Y%m%d-%H%M%S"),
            salt & 0xffff
        ))
    }

    /// The one that `text` names; `None` unless it is 1 to 40 letters, digits and dashes.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        ((1..=40).contains(&text.len()) && text.chars().all(plain)).then(|| Self(text.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What makes a second try of its row `id` known as the same one.
    pub fn key(&self, id: &RowId) -> String {
        format!("{}/{id}", self.0)
    }
}

impl std::fmt::Display for BatchId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// What stands at the head of a journal: all that is known before the first row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// What it is called.
    pub batch: BatchId,
    /// When it began.
    pub at: Timestamp,
    /// Who confirmed it: the account, and the host.
    pub who: String,
    /// The database and the schema it is about.
    pub place: String,
    /// The plan, whole, as it was confirmed.
    pub plan: Plan,
}

/// Whether rows are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// They are.
    Running,
    /// They are not, until somebody resumes it.
    Paused(Halt),
    /// They never will be again; what was sent is still waited for.
    Stopping,
    /// It is over.
    Over,
}

/// A batch, as its records tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// What it is about.
    pub head: Head,
    /// Its rows, in the order in which they are sent.
    pub rows: Vec<Row>,
    /// Whether rows are sent.
    pub mode: Mode,
    /// Rows a minute, at most.
    pub per_minute: u32,
    /// Equal failures in a row that stop it.
    pub brake: u32,
    /// Events a minute that a stage is sent also where it usually does fewer.
    pub least: u32,
    /// When something last happened to it.
    pub at: Timestamp,
    /// What is known just now beside the pace that was asked for; its records do not tell.
    pub limits: Limits,
    /// Until when n8n asked to be left alone, and how often in a row.
    pub(super) deferred: Option<(Timestamp, u32)>,
    places: HashMap<RowId, usize>,
    last_sent: Option<Timestamp>,
    /// What the last rows failed with, and how many in a row did.
    streak: (Option<Trouble>, u32),
    /// Rows that failed and do not say with what, and since when that is seen.
    wordless: HashMap<RowId, Timestamp>,
    /// Events of each stage in the queue when rows began to be sent, without ours.
    queued: BTreeMap<EventType, u64>,
}

/// What two rows have in common that did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trouble {
    stage: EventType,
    what: Trap,
}

/// Why a row did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trap {
    /// It failed, with this where that is known.
    Failed(Option<Fingerprint>),
    /// It did not end in the time agreed.
    Untaken,
}

impl Batch {
    /// Before its first row. Of each stage and cause the first rows are canaries, and come before all others.
    pub fn new(head: Head) -> Self {
        let pacing = head.pacing();
        let targets = head.plan.targets().iter();
        let stages: HashMap<&RowId, &EventType> = targets.map(|it| (&it.id, &it.stage)).collect();
        let mut of_group: HashMap<(&EventType, Option<&Fingerprint>), u32> = HashMap::new();
        let mut rows: Vec<Row> = Vec::new();
        let mut places = HashMap::new();
        for id in head.plan.runs() {
            let Some((id, stage)) = stages.get_key_value(&id) else {
                continue;
            };
            let cause = head.plan.cause(id);
            let before = of_group.entry((stage, cause)).or_default();
            *before += 1;
            // One that is named twice is one row.
            if places.insert((*id).clone(), 0).is_none() {
                rows.push(Row {
                    id: (*id).clone(),
                    stage: (*stage).clone(),
                    cause: cause.cloned(),
                    is_canary: *before <= pacing.canary,
                    clone: None,
                    version: None,
                    xid: None,
                    standing: Standing::Waiting,
                    since: head.at,
                });
            }
        }
        rows.sort_by_key(|row| !row.is_canary);
        let examined = head.plan.examined.as_ref();
        let usual = examined.map(|it| it.usual.clone()).unwrap_or_default();
        for (place, row) in rows.iter().enumerate() {
            places.insert(row.id.clone(), place);
        }
        Self {
            rows,
            mode: Mode::Running,
            per_minute: pacing.per_minute,
            brake: pacing.brake,
            least: pacing.least,
            at: head.at,
            limits: Limits {
                usual,
                ..Limits::default()
            },
            deferred: None,
            places,
            last_sent: None,
            streak: (None, 0),
            wordless: HashMap::new(),
            queued: BTreeMap::new(),
            head,
        }
    }

    /// One that has these records.
    pub fn of(head: Head, records: &[Record]) -> Self {
        let mut batch = Self::new(head);
        for record in records {
            batch.add(record);
        }
        batch
    }

    /// The row `id`, or that in whose place the event `id` was written.
    pub fn row(&self, id: &RowId) -> Option<&Row> {
        self.rows.get(*self.places.get(id)?)
    }

    fn row_mut(&mut self, id: &RowId) -> Option<&mut Row> {
        self.rows.get_mut(*self.places.get(id)?)
    }

    /// The stages of its rows, each once.
    pub fn stages(&self) -> Vec<EventType> {
        let mut stages: Vec<EventType> = self.rows.iter().map(|row| row.stage.clone()).collect();
        stages.sort();
        stages.dedup();
        stages
    }

    /// Whether nothing will happen to it any more.
    pub fn is_over(&self) -> bool {
        self.mode == Mode::Over
    }

    /// What became of its rows so far.
    pub fn report(&self) -> Report {
        Report::of(&self.rows)
    }

    /// Adds `record`. One that cannot be, such as the sending of a row that has ended, adds nothing.
    pub fn add(&mut self, record: &Record) {
        match record {
            Record::Begun {
                id,
                at,
                xid,
                skip,
                clone,
            } => {
                let standing = Standing::Begun {
                    at: *at,
                    xid: xid.clone(),
                    skip: skip.clone(),
                    clone: clone.clone(),
                };
                self.begun(id, *at, standing);
            }
            Record::TakenBack { id, at } => {
                self.take_back(id, *at);
            }
            Record::Deferred {
                id,
                at,
                until,
                version,
            } => self.defer(id, (*at, *until), version.clone()),
            Record::Sent { id, at, clone } => {
                self.deferred = None;
                if self.set(id, *at, Standing::Sent(*at), Row::is_open) {
                    self.last_sent = self.last_sent.max(Some(*at));
                    self.stands_in(id, clone.as_ref());
                }
            }
            Record::Skipped { id, at, why } => {
                self.set(id, *at, Standing::Skipped(why.clone()), Row::is_open);
            }
            Record::Unknown { id, at, why } => {
                self.set(id, *at, Standing::Unknown(why.clone()), |now| {
                    Row::is_open(now) || now.is_watched()
                });
            }
            Record::Ended { id, at, how } => self.ended(id, *at, how),
            Record::Paused { at, why } if self.mode == Mode::Running => {
                self.turn(*at, Mode::Paused(why.clone()));
            }
            Record::Resumed { at, .. } if matches!(self.mode, Mode::Paused(_) | Mode::Running) => {
                self.turn(*at, Mode::Running);
                self.streak = (None, 0);
                self.deferred = None;
                self.queued.clear();
            }
            Record::Paced {
                at,
                per_minute,
                brake,
                least,
            } => self.pace(*at, *per_minute, (*brake, *least)),
            Record::Stopped { at, .. } if self.mode != Mode::Over => self.turn(*at, Mode::Stopping),
            Record::Finished { at } => self.turn(*at, Mode::Over),
            Record::Paused { .. } | Record::Resumed { .. } | Record::Stopped { .. } => {}
        }
    }

    fn begun(&mut self, id: &RowId, at: Timestamp, standing: Standing) {
        let Standing::Begun { xid, .. } = &standing else {
            return;
        };
        let xid = xid.clone();
        if self.set(id, at, standing, Row::is_open)
            && let Some(row) = self.row_mut(id)
        {
            row.xid = Some(xid);
        }
    }

    /// The row `id` waits as before; whether it had been begun.
    fn take_back(&mut self, id: &RowId, at: Timestamp) -> bool {
        let may = |now: &Standing| matches!(now, Standing::Begun { .. });
        self.set(id, at, Standing::Waiting, may)
    }

    fn turn(&mut self, at: Timestamp, mode: Mode) {
        self.at = at;
        self.mode = mode;
    }

    /// Lets the row `id` stand so where it may, given how it stood; whether it did.
    fn set(
        &mut self,
        id: &RowId,
        at: Timestamp,
        standing: Standing,
        may: impl Fn(&Standing) -> bool,
    ) -> bool {
        let Some(row) = self.row_mut(id) else {
            return false;
        };
        let may = may(&row.standing);
        if may {
            row.standing = standing;
            row.since = at;
            self.at = at;
        }
        may
    }

    /// `clone` is watched in the place of the row `id`.
    fn stands_in(&mut self, id: &RowId, clone: Option<&RowId>) {
        let place = self.places.get(id).copied();
        let row = place.and_then(|place| self.rows.get_mut(place));
        if let (Some(place), Some(row), Some(clone)) = (place, row, clone) {
            row.clone = Some(clone.clone());
            self.places.insert(clone.clone(), place);
        }
    }

    fn ended(&mut self, id: &RowId, at: Timestamp, how: &End) {
        let Some(row) = self.row(id) else { return };
        let Some(sent) = row.standing.sent() else {
            return;
        };
        let stage = row.stage.clone();
        let (standing, trouble) = match how {
            End::Ok => (Standing::Ok, None),
            End::Failed { cause, same } => {
                let standing = Standing::Failed {
                    cause: cause.clone(),
                    same: *same,
                };
                let what = Trap::Failed(cause.clone());
                (standing, Some(Trouble { stage, what }))
            }
            End::Pending if matches!(row.standing, Standing::Pending(_)) => return,
            End::Pending => (
                Standing::Pending(sent),
                Some(Trouble {
                    stage,
                    what: Trap::Untaken,
                }),
            ),
        };
        if self.set(id, at, standing, Standing::is_watched) {
            let as_before = trouble.is_some() && self.streak.0 == trouble;
            let n = if as_before { self.streak.1 + 1 } else { 1 };
            self.streak = (trouble, n);
        }
    }
}

impl Head {
    /// How it goes about its rows.
    pub fn pacing(&self) -> Pacing {
        self.plan.pacing.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
