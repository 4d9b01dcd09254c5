//! What became of a transaction that was to send a row: as the server says, and where it has forgotten, as what it would have
//! left says. What neither says stays unknown.

use tokio_postgres::types::Type;

use super::{Fate, Keyed, Parameter, Statements, commit::end_own, fate, replay::standing};
use crate::{
    domain::{
        Timestamp,
        event::{EventStatus, RowId},
        plan::EventTarget,
    },
    msg::Fault,
    sources::postgres::{Client, catalog::Catalog, fault_of},
};

/// A transaction of which it is not known whether it stands.
#[derive(Debug, Clone, Copy)]
pub struct Doubt<'a> {
    /// Its number.
    pub xid: &'a str,
    /// What its line in the audit log would be known by; `None` where an earlier one may have the same.
    pub key: Option<&'a str>,
    /// When it was about to be committed.
    pub at: Timestamp,
    /// The row that it was to send, as it was shown.
    pub target: &'a EventTarget,
    /// The version of that row before it, where rows have one.
    pub version: Option<&'a str>,
    /// The event that it was to write in the place of the row.
    pub clone: Option<&'a RowId>,
}

/// How a row stands of which something is in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trace {
    word: String,
    version: Option<String>,
}

/// What became of `doubt`.
pub(super) async fn trace(
    client: &Client,
    catalog: &Catalog,
    doubt: &Doubt<'_>,
) -> Result<Fate, Fault> {
    match fate(client, doubt.xid).await {
        Ok(Fate::InProgress) => {
            // Nobody is at its other end: who was has left it in doubt.
            if let Err(fault) = end_own(client, doubt.xid, None).await {
                tracing::info!(%fault, "a session that was left in a transaction is not ended");
            }
            Ok(Fate::InProgress)
        }
        Ok(Fate::Forgotten) | Err(Fault::Missing(_) | Fault::Refused(_)) => {
            left(client, catalog, doubt).await
        }
        told => told,
    }
}

/// What the transaction would have left, looked for.
async fn left(
    client: &impl Statements,
    catalog: &Catalog,
    doubt: &Doubt<'_>,
) -> Result<Fate, Fault> {
    if is_audited(client, catalog, doubt).await? {
        return Ok(Fate::Committed);
    }
    let mut ids = vec![doubt.target.id.clone()];
    ids.extend(doubt.clone.cloned());
    let rows = standing(client, catalog, &ids).await?;
    let found = Keyed::of(&rows);
    if doubt.clone.is_some_and(|clone| found.get(clone).is_some()) {
        return Ok(Fate::Committed);
    }
    let row = found.get(&doubt.target.id);
    let now = row.map(|row| -> Result<_, tokio_postgres::Error> {
        Ok(Trace {
            word: row.try_get("status")?,
            version: row.try_get("version")?,
        })
    });
    let now = now.transpose().map_err(|error| fault_of(&error))?;
    Ok(judged(doubt, now.as_ref()))
}

/// What follows from how the row stands: it bears the number of who wrote it last.
fn judged(doubt: &Doubt<'_>, now: Option<&Trace>) -> Fate {
    let Some(Trace {
        word,
        version: Some(version),
    }) = now
    else {
        return Fate::Forgotten;
    };
    if is_of(doubt.xid, version) {
        Fate::Committed
    } else if Some(version.as_str()) == doubt.version && *word == doubt.target.raw_status.raw() {
        Fate::Aborted
    } else {
        Fate::Forgotten
    }
}

/// Whether a row of this version was last written by the transaction `xid`: a version has the low half of the number.
fn is_of(xid: &str, version: &str) -> bool {
    let xid = xid.parse::<u64>().ok();
    let version = version.parse::<u64>().ok();
    version.is_some() && xid.map(|xid| xid & 0xffff_ffff) == version
}

async fn is_audited(
    client: &impl Statements,
    catalog: &Catalog,
    doubt: &Doubt<'_>,
) -> Result<bool, Fault> {
    let may = catalog
        .relation("audit")
        .is_some_and(|audit| audit.usage && audit.select);
    let Some(key) = doubt.key.filter(|_| may) else {
        return Ok(false);
    };
    let parameters: [Parameter<'_>; 2] = [(&key, Type::TEXT), (&doubt.at, Type::TIMESTAMPTZ)];
    let sql = include_str!("../../../../sql/mutations/audited.sql");
    let found = client.query_typed(sql, &parameters).await;
    Ok(!found.map_err(|error| fault_of(&error))?.is_empty())
}

/// Whether somebody has changed the event `id` since the transaction `xid` took it for a call, and it waits no more: that is
/// its workflow, which then was started.
pub(super) async fn is_begun(
    client: &impl Statements,
    catalog: &Catalog,
    (id, xid): (&RowId, &str),
) -> Result<bool, Fault> {
    let rows = standing(client, catalog, std::slice::from_ref(id)).await?;
    let Some(row) = Keyed::of(&rows).get(id) else {
        return Ok(false);
    };
    let wrong = |error: tokio_postgres::Error| fault_of(&error);
    let word: &str = row.try_get("status").map_err(wrong)?;
    let version: Option<&str> = row.try_get("version").map_err(wrong)?;
    let is_touched = version.is_some_and(|version| !is_of(xid, version));
    Ok(is_touched && catalog.status_of(word) != EventStatus::Pending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{event::EventType, pipeline::SideEffect, untrusted::Untrusted};

    #[test]
    fn a_row_says_who_wrote_it_last_and_what_others_changed_says_nothing() {
        let target = EventTarget {
            id: RowId::from(1),
            stage: EventType::from("slots_created"),
            side_effect: SideEffect::Internal,
            raw_status: Untrusted::from("failed"),
            retries: 0,
        };
        let doubt = Doubt {
            xid: "4294967299",
            key: None,
            at: Timestamp::default(),
            target: &target,
            version: Some("77"),
            clone: None,
        };
        let judged = |word: &str, version: Option<&str>| {
            let now = Trace {
                word: word.to_owned(),
                version: version.map(str::to_owned),
            };
            judged(&doubt, Some(&now))
        };
        assert_eq!(judged("pending", Some("3")), Fate::Committed);
        assert_eq!(judged("failed", Some("77")), Fate::Aborted);
        assert_eq!(judged("pending", Some("77")), Fate::Forgotten);
        assert_eq!(judged("processed", Some("4")), Fate::Forgotten);
        assert_eq!(judged("failed", None), Fate::Forgotten, "a view");
        assert_eq!(super::judged(&doubt, None), Fate::Forgotten, "it is gone");
    }
}
