//! What a batch needs beside its writes: the lock that keeps a second one from the same stage, and eyes for what becomes of
//! the rows that it sent. Both are one session, so that every look proves the lock.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use tokio::time::sleep;
use tokio_postgres::{Row, types::Type};

use super::{
    Fate, Keyed, Parameter, Statements,
    newest::first_event,
    rows,
    trace::{Doubt, is_begun, trace},
};
use crate::{
    domain::{
        Timestamp,
        batch::{Sighting, Usual},
        error_group::Fingerprint,
        event::{EventType, RowId},
        plan::EventTarget,
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{
        Client, Purpose, Session, Settings,
        catalog::Catalog,
        connect::{Route, connect},
        fault_of,
    },
};

/// How far back an error is looked for that an event failed with before.
pub(super) const BEFORE: TimeDelta = TimeDelta::days(30);

/// An error may be written a little before the moment at which we know that its event was sent.
const SLACK: TimeDelta = TimeDelta::seconds(1);

/// How often a lock is tried to be had, and the time between: the server takes a moment to see that a session has ended.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(100);

/// The only replay of some stages, as long as its session lives.
#[derive(Debug)]
pub struct Replay {
    settings: Settings,
    session: Session,
    catalog: Catalog,
    /// What is to be added to a moment of ours to have it by the server's clock.
    skew: TimeDelta,
}

impl Replay {
    /// The replay of `stages`, if there is no other one. Through a pooler there is no session, and so no lock:
    /// [`Replay::is_alone`] says so.
    ///
    /// # Errors
    /// Who replays one of these stages just now, or what the server or the connection answered.
    pub async fn open(settings: &Settings, stages: &[EventType]) -> Result<Self, Fault> {
        let mut session = connect(settings, Purpose::Reader).await?;
        let work = async {
            let catalog = Catalog::read(&session.client, &settings.schema, &settings.words).await?;
            let mut skew = TimeDelta::zero();
            if session.opened.route != Route::Pooler {
                for stage in stages {
                    skew = lock(&session.client, &settings.schema, stage).await?;
                }
            }
            Ok::<_, Fault>((catalog, skew))
        };
        let (catalog, skew) = session.driver.run(settings.deadline(), work).await??;
        Ok(Self {
            settings: settings.clone(),
            session,
            catalog,
            skew,
        })
    }

    /// Whether no other can replay these stages meanwhile.
    pub fn is_alone(&self) -> bool {
        self.session.opened.route != Route::Pooler
    }

    /// Why the session ended, when it has; nothing is looked at meanwhile.
    pub async fn lost(&mut self) -> Fault {
        (&mut self.session.driver).await
    }

    /// What became of a transaction that was to send a row. A session that hangs in it is ended.
    ///
    /// # Errors
    /// What the server or the connection answered.
    pub async fn trace(&mut self, doubt: &Doubt<'_>) -> Result<Fate, Fault> {
        let Session { client, driver, .. } = &mut self.session;
        let trace = trace(client, &self.catalog, doubt);
        driver.run(self.settings.deadline(), trace).await?
    }

    /// Whether the workflow of the event `id` has begun with it since the transaction `xid` took it for a call.
    ///
    /// # Errors
    /// What the server or the connection answered.
    pub async fn is_begun(&mut self, id: &RowId, xid: &str) -> Result<bool, Fault> {
        let Session { client, driver, .. } = &mut self.session;
        let look = is_begun(client, &self.catalog, (id, xid));
        driver.run(self.settings.deadline(), look).await?
    }

    /// Where the events `ids` stand, which were sent at `sent` or later.
    ///
    /// # Errors
    /// What the server or the connection answered.
    pub async fn look(&mut self, ids: &[RowId], sent: Timestamp) -> Result<Vec<Sighting>, Fault> {
        let since = sent + self.skew - SLACK;
        let Session { client, driver, .. } = &mut self.session;
        let look = look(client, &self.catalog, (ids, since));
        driver.run(self.settings.deadline(), look).await?
    }

    /// How many events of each of `stages` have not ended: of a large table, among the newest 200,000. A batch asks how much more
    /// they have become, and what is new is among those.
    ///
    /// # Errors
    /// What the server or the connection answered.
    pub async fn unended(&mut self, stages: &[EventType]) -> Result<Vec<(EventType, u64)>, Fault> {
        let names: Vec<&str> = stages.iter().map(EventType::raw).collect();
        let Session { client, driver, .. } = &mut self.session;
        let ask = unended(client, &self.catalog, &names);
        let rows = driver.run(self.settings.deadline(), ask).await??;
        rows.iter().map(|row| numbered(row, "unended")).collect()
    }

    /// How many events each of `stages` does in a usual minute; nothing of one of which too little is known.
    ///
    /// # Errors
    /// What the server or the connection answered.
    pub async fn usual(&mut self, stages: &[EventType]) -> Result<Usual, Fault> {
        let names: Vec<&str> = stages.iter().map(EventType::raw).collect();
        let Session { client, driver, .. } = &mut self.session;
        let ask = usual_of_stages(client, &self.catalog, &names);
        driver.run(self.settings.deadline(), ask).await?
    }
}

/// How many events of each of the stages `names` have not ended.
async fn unended(
    client: &impl Statements,
    catalog: &Catalog,
    names: &[&str],
) -> Result<Vec<Row>, Fault> {
    let first = if catalog.is_long("pipeline_events") {
        first_event(client, catalog).await?
    } else {
        None
    };
    let first = first.map(|key| key.to_string());
    let sql = include_str!("../../../../sql/mutations/unended.sql");
    let parameters: [Parameter<'_>; 2] = [(&names, Type::TEXT_ARRAY), (&first, Type::TEXT)];
    rows(client, catalog, sql, &parameters).await
}

/// What each of the stages `names` does in a usual minute; nothing where no index finds the newest events.
async fn usual_of_stages(
    client: &impl Statements,
    catalog: &Catalog,
    names: &[&str],
) -> Result<Usual, Fault> {
    if !catalog.finds_newest() {
        return Ok(Usual::default());
    }
    let sql = include_str!("../../../../sql/mutations/usual.sql");
    let rows = rows(client, catalog, sql, &[(&names, Type::TEXT_ARRAY)]).await?;
    rows.iter().map(usual).collect()
}

/// A stage's name, and what it does in a usual minute.
fn usual(row: &Row) -> Result<(EventType, u32), Fault> {
    let (stage, n) = numbered(row, "usual")?;
    Ok((stage, u32::try_from(n).unwrap_or(u32::MAX)))
}

/// What the stages of `targets` do in a usual minute, where that is known; of single events it is not asked.
pub(super) async fn usual_of(
    client: &impl Statements,
    catalog: &Catalog,
    targets: &[EventTarget],
) -> Usual {
    if targets.len() < 2 {
        return Usual::default();
    }
    let stages: BTreeSet<&str> = targets.iter().map(|it| it.stage.raw()).collect();
    let names: Vec<&str> = stages.into_iter().collect();
    let found = usual_of_stages(client, catalog, &names).await;
    found.unwrap_or_else(|fault| {
        tracing::info!(%fault, "what stages usually do is not known");
        Usual::default()
    })
}

/// A stage's name and a number.
fn numbered(row: &Row, column: &str) -> Result<(EventType, u64), Fault> {
    let wrong = |error: tokio_postgres::Error| fault_of(&error);
    let n: i64 = row.try_get(column).map_err(wrong)?;
    let stage: &str = row.try_get("stage").map_err(wrong)?;
    Ok((EventType::from(stage), n.unsigned_abs()))
}

/// The number of the lock of `stage`; advisory locks are the database's own.
fn key(schema: &str, stage: &EventType) -> i64 {
    let digest = Sha256::digest(format!("outpost retry {schema} {}", stage.raw()));
    let first = digest.iter().take(8);
    first.fold(0, |key, byte| (key << 8) | i64::from(*byte))
}

/// Takes the lock of `stage`; what is to be added to our clock to have the server's.
async fn lock(client: &Client, schema: &str, stage: &EventType) -> Result<TimeDelta, Fault> {
    let key = key(schema, stage);
    let parameters: [Parameter<'_>; 1] = [(&key, Type::INT8)];
    let sql = include_str!("../../../../sql/mutations/replay_lock.sql");
    let wrong = |error: tokio_postgres::Error| fault_of(&error);
    for _ in 0..TRIES {
        let row = client.query_typed_one(sql, &parameters).await;
        let row = row.map_err(|error| fault_of(&error))?;
        let now: Timestamp = row.try_get("now").map_err(wrong)?;
        if row.try_get("taken").map_err(wrong)? {
            return Ok(now - Utc::now());
        }
        sleep(PAUSE).await;
    }
    let sql = include_str!("../../../../sql/mutations/replay_holder.sql");
    let held = client.query_typed(sql, &parameters).await;
    let held = held.map_err(|error| fault_of(&error))?;
    let holder = held
        .first()
        .map_or(Ok("somebody"), |row| row.try_get("holder"));
    let text = format!(
        "{} replays {} just now, and one replay a stage is the most: nothing was changed",
        Untrusted::from(holder.map_err(wrong)?).display_cut(64),
        stage.label()
    );
    Err(Fault::Refused(Untrusted::from(text)))
}

async fn look(
    client: &impl Statements,
    catalog: &Catalog,
    (ids, since): (&[RowId], Timestamp),
) -> Result<Vec<Sighting>, Fault> {
    let standing = standing(client, catalog, ids).await?;
    let wrong = |error: tokio_postgres::Error| fault_of(&error);
    let found = Keyed::of(&standing);
    let mut sightings = Vec::with_capacity(ids.len());
    for id in ids {
        let row = found.get(id);
        let word = row.map(|row| row.try_get::<_, &str>("status")).transpose();
        let said = row.map(|row| row.try_get::<_, Option<&str>>("error_message"));
        let said = said.transpose().map_err(wrong)?.flatten();
        sightings.push(Sighting {
            id: id.clone(),
            status: word.map_err(wrong)?.map(|word| catalog.status_of(word)),
            version: row
                .and_then(|row| row.try_get::<_, Option<&str>>("version").ok().flatten())
                .map(str::to_owned),
            cause: fingerprint(said),
        });
    }
    let is_failed = |it: &Sighting| it.status == Some(crate::domain::event::EventStatus::Failed);
    let silent: Vec<&RowId> = sightings
        .iter()
        .filter(|it| is_failed(it) && it.cause.is_none())
        .map(|it| &it.id)
        .collect();
    if !silent.is_empty() {
        let found = errors(client, catalog, (&silent, since)).await;
        for it in &mut sightings {
            it.cause = it.cause.take().or_else(|| found.get(&it.id).cloned());
        }
    }
    Ok(sightings)
}

/// How events stand now.
pub(super) async fn standing(
    client: &impl Statements,
    catalog: &Catalog,
    ids: &[RowId],
) -> Result<Vec<Row>, Fault> {
    let keys: Vec<&str> = ids.iter().map(RowId::as_str).collect();
    let sql = include_str!("../../../../sql/mutations/events_stand.sql");
    rows(client, catalog, sql, &[(&keys, Type::TEXT_ARRAY)]).await
}

fn fingerprint(message: Option<&str>) -> Option<Fingerprint> {
    let message = message.filter(|message| !message.trim().is_empty())?;
    Some(Fingerprint::of(&Untrusted::from(message)))
}

/// The newest error of each of `ids` since then. Where they cannot be read, none: it is only said what they were.
pub(super) async fn errors(
    client: &impl Statements,
    catalog: &Catalog,
    (ids, since): (&[&RowId], Timestamp),
) -> BTreeMap<RowId, Fingerprint> {
    let keys: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let parameters: [Parameter<'_>; 2] = [(&keys, Type::TEXT_ARRAY), (&since, Type::TIMESTAMPTZ)];
    let sql = if catalog.needs_error_floor() {
        include_str!("../../../../sql/mutations/events_errors_newest.sql")
    } else {
        include_str!("../../../../sql/mutations/events_errors.sql")
    };
    let found = rows(client, catalog, sql, &parameters).await;
    let found = found.unwrap_or_else(|fault| {
        tracing::info!(%fault, "what events failed with is not known");
        Vec::new()
    });
    let one = |row: &Row| {
        let id = RowId::parse(row.try_get("id").ok()?)?;
        Some((id, fingerprint(row.try_get("error_message").ok()?)?))
    };
    found.iter().filter_map(one).collect()
}

/// What `targets` failed with before, where that is known.
pub(super) async fn causes_before(
    client: &impl Statements,
    catalog: &Catalog,
    targets: &[EventTarget],
) -> BTreeMap<RowId, Fingerprint> {
    let ids: Vec<RowId> = targets.iter().map(|target| target.id.clone()).collect();
    let Ok(standing) = standing(client, catalog, &ids).await else {
        return BTreeMap::new();
    };
    let one = |row: &Row| {
        let id = RowId::parse(row.try_get("id").ok()?)?;
        Some((id, fingerprint(row.try_get("error_message").ok()?)?))
    };
    let mut causes: BTreeMap<RowId, Fingerprint> = standing.iter().filter_map(one).collect();
    let silent: BTreeSet<&RowId> = ids.iter().filter(|id| !causes.contains_key(id)).collect();
    if !silent.is_empty() {
        let silent: Vec<&RowId> = silent.into_iter().collect();
        let found = errors(client, catalog, (&silent, Utc::now() - BEFORE)).await;
        causes.extend(found);
    }
    causes
}
