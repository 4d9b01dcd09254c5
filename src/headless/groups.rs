//! Groups of errors, found by the filter of the console's groups.

use super::rows::{Look, Unfound, read};
use crate::{
    domain::{
        Timestamp,
        error_group::{BEYOND, ErrorGroup, Errors, filtered::GroupLine},
        triage::{Place, Triage},
    },
    effect::FeedId,
    msg::{Fact, Fault},
    screens::errors,
    sources::postgres::{
        Client,
        catalog::Catalog,
        queries::{self, Memory},
    },
};

/// In so many refreshes a hundred thousand errors are read by group.
const REFRESHES: usize = 40;

/// Groups of unresolved errors, and where what is said of them is kept.
#[derive(Debug)]
pub struct Groups {
    /// Those that pass the filter.
    pub groups: Vec<ErrorGroup>,
    /// Where.
    pub place: Place,
    /// How far was looked for them, where that was not to the oldest.
    pub remark: Option<String>,
    /// The clock of the server.
    pub clock: Timestamp,
}

impl Look {
    /// The groups of unresolved errors that pass `filter`, which is that of the console's groups.
    ///
    /// # Errors
    /// As [`Look::find`].
    pub async fn groups(&mut self, filter: &str) -> Result<Groups, Unfound> {
        let filter = read(filter, &errors::VOCABULARY)?;
        let said = self.said.clone();
        let work = |client, catalog| async move {
            let clock = queries::clock(client).await?;
            let read = all(client, catalog, said).await?.unwrap_or_default();
            let payloads = queries::payloads(client, catalog, &filter, &read.recent).await?;
            let passes = |group: &ErrorGroup| {
                let line = GroupLine {
                    group,
                    is_marked: false,
                    rows: &read.recent,
                    payloads: &payloads,
                };
                group.open > 0 && filter.matches(&line, clock)
            };
            let remark = remark(&read, payloads.beyond());
            Ok(Groups {
                groups: read
                    .groups
                    .iter()
                    .filter(|it| passes(it))
                    .cloned()
                    .collect(),
                place: read.place,
                remark,
                clock,
            })
        };
        Box::pin(self.run(work)).await?
    }
}

/// How far was looked for unresolved errors, and of how many the filter could not know the payload; nothing where all is known.
fn remark(read: &Errors, beyond: usize) -> Option<String> {
    let mut said = Vec::new();
    if let Some(since) = read.since {
        said.push(format!(
            "only errors since {} were looked at: no index finds those that are resolved or not in a table as large; groups of older \
             ones may be missing, and counts are lower bounds",
            since.format("%Y-%m-%dT%H:%M:%SZ")
        ));
    } else if !read.coverage.has_all_open {
        said.push(format!(
            "only the newest {} unresolved errors were looked at; groups of older ones may be missing, and counts are lower bounds",
            read.coverage.open
        ));
    }
    if beyond > 0 {
        said.push(format!("without {beyond} {BEYOND}"));
    }
    (!said.is_empty()).then(|| said.join("; "))
}

/// The errors by group, all of them or as many as so many refreshes of a console read.
pub(super) async fn all(
    client: &Client,
    catalog: &Catalog,
    said: Vec<Triage>,
) -> Result<Option<Errors>, Fault> {
    let mut memory = Memory::brief();
    memory.hear(said);
    let mut found = None;
    for _ in 0..REFRESHES {
        let Fact::Errors(errors) =
            queries::fetch(client, catalog, FeedId::Errors, &mut memory).await?
        else {
            break;
        };
        let is_whole = errors.coverage.has_all_open && errors.coverage.knows_past;
        // Where what is unresolved is found by key alone, one look goes as far as it may.
        let is_far = errors.since.is_some();
        found = Some(errors);
        if is_whole || is_far {
            break;
        }
    }
    Ok(found)
}
