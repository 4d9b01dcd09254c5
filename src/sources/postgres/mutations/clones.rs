//! Trying events again by new ones, and taking that back.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use tokio_postgres::{Row, types::Type};

use super::{
    Change, Client, Keyed, Line, Parameter,
    events::Frozen,
    guard::Barred,
    newest::{NEWEST, first_event},
    rows,
    step::Ticket,
};
use crate::{
    domain::{
        Timestamp,
        event::{EventStatus, GONE, RowId},
        plan::{EventClone, EventTarget, Examination, Mutation, Outcome, Plan, Version},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{catalog::Catalog, fault_of},
};

/// How events are cloned.
pub(super) const CLONE: &str = include_str!("../../../../sql/mutations/clone_events.sql");
/// How clones are deleted.
pub(super) const DELETE: &str = include_str!("../../../../sql/mutations/delete_clones.sql");

const NOW: &str = include_str!("../../../../sql/mutations/clones_now.sql");
const OF: &str = include_str!("../../../../sql/mutations/clones_of.sql");

/// The lowest key there can be, where keys are of this kind.
const LOWEST_UUID: &str = "00000000-0000-0000-0000-000000000000";

/// Clones that are looked at by one statement: of many more the server would rather read the whole table.
const AT_ONCE: usize = 1_000;

/// Those of `targets` that must not be cloned, and why. Only reads.
pub(super) async fn unfit(
    client: &Client,
    catalog: &Catalog,
    targets: &[EventTarget],
) -> Result<Vec<Barred>, Fault> {
    catalog.may_insert("pipeline_events")?;
    catalog.may_change("pipeline_events", &["status", "retry_count"])?;
    let ids: Vec<&str> = targets.iter().map(|target| target.id.as_str()).collect();
    let sql = include_str!("../../../../sql/mutations/unclonable.sql");
    let odd = rows(client, catalog, sql, &[(&ids, Type::TEXT_ARRAY)]).await?;
    let broken = if matches!(
        catalog.type_of("pipeline_events", "raw"),
        Some("json" | "jsonb")
    ) {
        Vec::new()
    } else {
        broken(client, catalog, &ids).await?
    };
    let odd = Keyed::of(&odd);
    let why = |target: &EventTarget| {
        let word = target.raw_status.raw();
        if catalog.status_of(word) != EventStatus::Failed {
            let word = target.raw_status.display_cut(16);
            return Some(format!("it is {word}: beside a clone it may run as well"));
        }
        let is_odd = odd.get(&target.id).is_some() || broken.contains(&target.id);
        is_odd.then(|| "its payload is no JSON object that could name what it clones".to_owned())
    };
    let barred = |target: &EventTarget| Some((target.id.clone(), why(target)?));
    Ok(targets.iter().filter_map(barred).collect())
}

/// Those of the events `ids` whose payload, a text, is no JSON.
async fn broken(client: &Client, catalog: &Catalog, ids: &[&str]) -> Result<Vec<RowId>, Fault> {
    let sql = include_str!("../../../../sql/mutations/payloads.sql");
    let rows = rows(client, catalog, sql, &[(&ids, Type::TEXT_ARRAY)]).await?;
    let broken = |row: &Row| {
        let payload: Option<&str> = row.try_get("payload").ok()?;
        let is_object = serde_json::from_str::<Map<String, Value>>(payload.unwrap_or_default());
        RowId::parse(row.try_get("id").ok()?).filter(|_| is_object.is_err())
    };
    Ok(rows.iter().filter_map(broken).collect())
}

/// What is known of the clones of some events.
pub(super) struct Clones {
    /// What is said of those that have one that waits, runs or ended well, by key.
    pub(super) known: HashMap<String, String>,
    /// Those that may have one beyond what was looked at, unless they are known to have one.
    pub(super) unseen: Vec<RowId>,
}

/// The clones of the events `ids` among the newest rows by key, where keys have an order in time.
pub(super) async fn by_key(
    client: &Client,
    catalog: &Catalog,
    ids: &[&RowId],
) -> Result<Clones, Fault> {
    let bound = first_event(client, catalog).await?.unwrap_or(i64::MIN);
    let first = ids.iter().filter_map(|id| id.number()).min();
    let first = first.unwrap_or(i64::MIN).max(bound).to_string();
    let unseen = ids.iter().filter(|id| id.number() < Some(bound));
    Ok(Clones {
        known: of(client, catalog, (ids, &first, None)).await?,
        unseen: unseen.map(|id| (*id).clone()).collect(),
    })
}

/// As [`by_key`], among the newest rows by time.
pub(super) async fn by_time(
    client: &Client,
    catalog: &Catalog,
    ids: &[&RowId],
) -> Result<Clones, Fault> {
    if !catalog.finds_newest() {
        return Ok(Clones {
            known: HashMap::new(),
            unseen: ids.iter().map(|id| (*id).clone()).collect(),
        });
    }
    let sql = include_str!("../../../../sql/mutations/events_reach.sql");
    let found = rows(client, catalog, sql, &[(&NEWEST, Type::INT8)]).await?;
    let since = found
        .first()
        .map_or(Ok(None), |row| row.try_get::<_, Option<Timestamp>>("since"));
    let since = since.map_err(|error| fault_of(&error))?;
    let unseen = match since {
        Some(since) => before(client, catalog, (ids, since)).await?,
        None => Vec::new(),
    };
    let is_uuid = catalog.type_of("pipeline_events", "id") == Some("uuid");
    let first = if is_uuid { LOWEST_UUID } else { "" };
    Ok(Clones {
        known: of(client, catalog, (ids, first, since)).await?,
        unseen,
    })
}

/// Those of the events `ids` that were written before `since`.
async fn before(
    client: &Client,
    catalog: &Catalog,
    (ids, since): (&[&RowId], Timestamp),
) -> Result<Vec<RowId>, Fault> {
    let keys: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let parameters: [Parameter<'_>; 2] = [(&keys, Type::TEXT_ARRAY), (&since, Type::TIMESTAMPTZ)];
    let sql = include_str!("../../../../sql/mutations/events_before.sql");
    let found = rows(client, catalog, sql, &parameters).await?;
    let id = |row: &Row| RowId::parse(row.try_get("id").ok()?);
    Ok(found.iter().filter_map(id).collect())
}

/// How the youngest clone of each of the events `ids` stands, of the rows from the key `first` on that were written since then.
async fn of(
    client: &Client,
    catalog: &Catalog,
    (ids, first, since): (&[&RowId], &str, Option<Timestamp>),
) -> Result<HashMap<String, String>, Fault> {
    let keys: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let parameters: [Parameter<'_>; 3] = [
        (&keys, Type::TEXT_ARRAY),
        (&first, Type::TEXT),
        (&since, Type::TIMESTAMPTZ),
    ];
    let found = rows(client, catalog, OF, &parameters).await?;
    let one = |row: &Row| -> Result<(String, String), tokio_postgres::Error> {
        let text = |name: &str| -> Result<String, tokio_postgres::Error> {
            Ok(Untrusted::from(row.try_get::<_, &str>(name)?).display_cut(64))
        };
        let how = format!("its clone {} is {}", text("clone")?, text("status")?);
        Ok((row.try_get("event")?, how))
    };
    let known: Result<_, _> = found.iter().map(one).collect();
    known.map_err(|error| fault_of(&error))
}

/// Writes a clone of each of `frozen` that is as it was shown, and sees that the pipeline is notified of it, once.
pub(super) async fn write(
    change: &Change<'_>,
    catalog: &Catalog,
    frozen: &Frozen<'_>,
    targets: &[&EventTarget],
) -> Result<Vec<EventClone>, Fault> {
    let written = change.rows(CLONE, &frozen.parameters()).await?;
    if !catalog.announces_inserts() {
        let sql = include_str!("../../../../sql/mutations/notify_inserted.sql");
        for row in &written {
            let read = || -> Result<[&str; 3], tokio_postgres::Error> {
                Ok([
                    row.try_get("id")?,
                    row.try_get("event_type")?,
                    row.try_get("payload")?,
                ])
            };
            let [id, event_type, payload] = read().map_err(|error| fault_of(&error))?;
            let parameters: [Parameter<'_>; 3] = [
                (&id, Type::TEXT),
                (&event_type, Type::TEXT),
                (&payload, Type::TEXT),
            ];
            change.rows(sql, &parameters).await?;
        }
    }
    let clone = |row: &Row| {
        let of: &str = row.try_get("of").ok()?;
        let target = targets.iter().find(|target| target.id.as_str() == of)?;
        Some(EventClone {
            id: RowId::parse(row.try_get("id").ok()?)?,
            of: target.id.clone(),
            retries: target.retries.saturating_add(1),
        })
    };
    Ok(written.iter().filter_map(clone).collect())
}

/// The arrays that statements about `clones` take.
struct Keys<'a> {
    ids: Vec<&'a str>,
    ofs: Vec<&'a str>,
    retries: Vec<i64>,
}

impl<'a> Keys<'a> {
    fn of(clones: impl IntoIterator<Item = &'a EventClone>) -> Self {
        let mut keys = Self {
            ids: Vec::new(),
            ofs: Vec::new(),
            retries: Vec::new(),
        };
        for clone in clones {
            keys.ids.push(clone.id.as_str());
            keys.ofs.push(clone.of.as_str());
            keys.retries.push(clone.retries.into());
        }
        keys
    }

    fn parameters(&self) -> [Parameter<'_>; 3] {
        [
            (&self.ids, Type::TEXT_ARRAY),
            (&self.ofs, Type::TEXT_ARRAY),
            (&self.retries, Type::INT8_ARRAY),
        ]
    }
}

/// Which of `clones` may still be deleted. Only reads.
pub(super) async fn look_again(
    client: &Client,
    catalog: &Catalog,
    clones: &[EventClone],
) -> Result<Examination, Fault> {
    let mut found = Vec::new();
    for some in clones.chunks(AT_ONCE) {
        let keys = Keys::of(some);
        found.extend(rows(client, catalog, NOW, &keys.parameters()).await?);
    }
    let found = Keyed::of(&found);
    let mut examination = Examination::default();
    for EventClone { id, .. } in clones {
        match touched(found.get(id)).map_err(|error| fault_of(&error))? {
            Some(why) => examination.blocked.push((id.clone(), why)),
            None => examination.eligible.push(Version {
                id: id.clone(),
                xmin: None,
            }),
        }
    }
    Ok(examination)
}

/// Why a clone must not be deleted any more, if it must not.
fn touched(now: Option<&Row>) -> Result<Option<String>, tokio_postgres::Error> {
    let Some(row) = now else {
        return Ok(Some(GONE.to_owned()));
    };
    if !row.try_get::<_, bool>("is_ours")? {
        return Ok(Some("it is no clone that was written here".to_owned()));
    }
    if row.try_get::<_, bool>("is_untouched")? {
        return Ok(None);
    }
    let word = Untrusted::from(row.try_get::<_, &str>("status")?);
    let word = word.display_cut(16);
    Ok(Some(format!(
        "somebody has taken or retried it: it is {word} now"
    )))
}

/// Deletes the clones `ids` of `plan`, each only while nobody has touched it.
pub(super) async fn delete(
    client: &mut Client,
    catalog: &Catalog,
    (plan, ids): (&Plan, &[RowId]),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let Mutation::DeleteClones(clones) = &plan.mutation else {
        return Ok(Outcome::default());
    };
    let meant: HashSet<&RowId> = ids.iter().collect();
    let clones = clones.iter().filter(|clone| meant.contains(&clone.id));
    let keys = Keys::of(clones);
    let change = Change::begin(client, catalog).await?;
    let deleted = change.rows(DELETE, &keys.parameters()).await?;
    let left = change.rows(NOW, &keys.parameters()).await?;
    let (deleted, left) = (Keyed::of(&deleted), Keyed::of(&left));
    let mut outcome = Outcome::default();
    for id in ids {
        if deleted.get(id).is_some() {
            outcome.done.push(id.clone());
            continue;
        }
        let why = touched(left.get(id)).map_err(|error| fault_of(&error))?;
        let why = why.unwrap_or_else(|| "somebody changes it just now".to_owned());
        outcome.skipped.push((id.clone(), why));
    }
    let line = Line {
        action: plan.mutation.name(),
        targets: ids,
        note: plan.reason.as_deref(),
    };
    change.commit(&line, outcome, ticket).await
}
