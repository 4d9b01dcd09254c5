//! What operators said of groups of errors and of alert rules, as it is kept in the database; where it is kept on this machine alone, that.

use chrono::{DateTime, Utc};
use tokio_postgres::{Row, types::Type};

use super::{
    super::decode::{self, Wrong},
    Ask, files, where_possible,
};
use crate::{
    domain::{
        error_group::GroupId,
        triage::{Ignored, Place, Standing, Triage, Until},
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// Groups and rules of which something is said that are read: the rules first, then the groups last said something of.
const MOST: i64 = 2_000;

/// What was said, by what is known of it so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// What is kept on this machine.
    pub(super) local: Vec<Triage>,
    /// What the database said last.
    shared: Vec<Triage>,
}

impl Heard {
    /// What is said now, and where it is kept.
    pub(super) async fn ask(&mut self, ask: &Ask<'_>) -> Result<(Vec<Triage>, Place), Fault> {
        if ask.catalog.reads_triage() {
            match where_possible(ask.rows(files::TRIAGE, &[(&MOST, Type::INT8)]).await) {
                Ok(rows) => {
                    let rows = decode::all(&rows.unwrap_or_default(), triage)?;
                    self.shared = rows.into_iter().flatten().collect();
                }
                // What was heard before goes on.
                Err(Fault::TooSlow(_)) => {}
                Err(fault) => return Err(fault),
            }
        } else {
            self.shared.clear();
        }
        let place = ask.catalog.triage_place();
        let mut said = self.shared.clone();
        if matches!(place, Place::Local(_)) {
            let is_ours = |triage: &Triage| self.local.iter().any(|own| own.id == triage.id);
            said.retain(|triage| !is_ours(triage));
            said.extend(self.local.iter().cloned());
        }
        Ok((said, place))
    }
}

/// A row; `None` where its key is none of ours.
pub(in crate::sources::postgres) fn triage(row: &Row) -> Result<Option<Triage>, Wrong> {
    let text = |name: &str| -> Result<Option<Untrusted>, Wrong> {
        Ok(row.try_get::<_, Option<&str>>(name)?.map(Untrusted::from))
    };
    let number = |name: &str| -> Result<Option<u64>, Wrong> {
        Ok(row.try_get::<_, Option<i64>>(name)?.map(i64::unsigned_abs))
    };
    let at = |name: &str| -> Result<Option<DateTime<Utc>>, Wrong> { Ok(row.try_get(name)?) };
    let until = match (
        at("ignored_until")?,
        number("ignored_more")?,
        number("ignored_rate")?,
    ) {
        (Some(at), _, _) => Some(Until::Time(at)),
        (None, Some(n), _) => Some(Until::More(n)),
        (None, None, Some(n)) => Some(Until::Rate(n)),
        (None, None, None) => None,
    };
    let ignored = match (until, at("ignored_at")?) {
        (Some(until), Some(since)) => Some(Ignored {
            until,
            since,
            by: text("ignored_by")?.unwrap_or_default(),
        }),
        (Some(_), None) | (None, _) => None,
    };
    let standing = Standing {
        owner: text("owner")?,
        owned_at: at("owned_at")?,
        note: text("note")?,
        ignored,
    };
    let id = GroupId::parse(row.try_get("id")?);
    Ok(id.map(|id| Triage { id, standing }))
}
