//! Events and errors, found by the console's own filter, as text or as JSON.

use std::{io, time::Duration};

use super::groups;
use crate::{
    domain::{
        Timestamp,
        error_group::{
            BEYOND, ErrorRow,
            filtered::{OF_GROUPS, RowLine},
        },
        event::EventRow,
        filter::{Filter, FilterError, Filtered, Vocabulary},
        mask,
        triage::Triage,
        untrusted::Untrusted,
    },
    msg::Fault,
    screens::{errors, json::Object, stream},
    sources::postgres::{self, Client, Purpose, Session, catalog::Catalog, queries},
};

/// How long one look may take, with everything that is asked on the way.
const DEADLINE: Duration = Duration::from_mins(1);

/// Which rows are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Events, whatever became of them.
    Events,
    /// Events that nobody has ended well.
    OpenEvents,
    /// Errors that are not resolved.
    Errors,
    /// Errors that are.
    ResolvedErrors,
    /// The events that unresolved errors are about.
    EventsOfErrors,
}

/// Rows of one kind, newest first.
#[derive(Debug)]
pub enum Rows {
    /// Events.
    Events(Vec<EventRow>),
    /// Errors.
    Errors(Vec<ErrorRow>),
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// What was looked for.
    pub kind: Kind,
    /// The rows that pass the filter.
    pub rows: Rows,
    /// How many rows were looked at.
    pub looked_at: usize,
    /// Whether as many were looked at as may be.
    pub is_full: bool,
    /// Since when rows were looked at, where no index finds those of the kind and older ones were left out.
    pub since: Option<Timestamp>,
    /// Of how many errors the event was not found, and may lie farther back than was looked.
    pub beyond: u64,
    /// The clock of the server.
    pub clock: Timestamp,
}

/// A connection for looking, which cannot write.
#[derive(Debug)]
pub struct Look {
    session: Session,
    catalog: Catalog,
    /// What is said of groups of errors on this machine alone.
    pub(super) said: Vec<Triage>,
}

/// Why nothing was found.
#[derive(Debug, thiserror::Error)]
pub enum Unfound {
    /// The filter makes no sense.
    #[error("filter: {0}, at {at}", at = .0.at + 1)]
    Filter(#[from] FilterError),
    /// What should be a moment is none, or one to come.
    #[error(
        "{0} is no moment that is past: 14:24, 2h, yesterday 14:24, 2026-03-09T14:24Z; times of day are UTC"
    )]
    Moment(String),
    /// The database did not answer.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// What was found could not be written.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Look {
    /// Connects.
    ///
    /// # Errors
    /// Why that was not possible.
    pub async fn open(settings: &postgres::Settings) -> Result<Self, Fault> {
        let mut session = postgres::connect(settings, Purpose::Reader).await?;
        let read = Catalog::read(&session.client, &settings.schema, &settings.words);
        let catalog = session.driver.run(DEADLINE, read).await??;
        Ok(Self {
            session,
            catalog,
            said: Vec::new(),
        })
    }

    /// It, knowing what is said of groups of errors on this machine alone.
    #[must_use]
    pub fn hearing(self, said: Vec<Triage>) -> Self {
        Self { said, ..self }
    }

    /// Does `work` on this connection.
    ///
    /// # Errors
    /// Why the connection ended.
    pub async fn run<'a, T, F: Future<Output = T>>(
        &'a mut self,
        work: impl FnOnce(&'a Client, &'a Catalog) -> F,
    ) -> Result<T, Fault> {
        let Session { client, driver, .. } = &mut self.session;
        driver.run(DEADLINE, work(client, &self.catalog)).await
    }

    /// The clock of the server.
    ///
    /// # Errors
    /// What the server or the connection answered.
    pub async fn clock(&mut self) -> Result<Timestamp, Fault> {
        self.run(|client, _| queries::clock(client)).await?
    }

    /// The rows of `kind` among the newest `limit` that pass `filter`.
    ///
    /// # Errors
    /// What is wrong with the filter, or what the database lacks or answered.
    pub async fn find(&mut self, kind: Kind, filter: &str, limit: u32) -> Result<Found, Unfound> {
        let said = self.said.clone();
        let work = |client, catalog| Box::pin(find((client, catalog), kind, (filter, limit), said));
        self.run(work).await?
    }
}

async fn find(
    (client, catalog): (&Client, &Catalog),
    kind: Kind,
    (filter, limit): (&str, u32),
    said: Vec<Triage>,
) -> Result<Found, Unfound> {
    let clock = queries::clock(client).await?;
    let most = i64::from(limit);
    let since;
    let mut beyond = 0;
    let (rows, looked_at) = match kind {
        Kind::Events | Kind::OpenEvents => {
            let filter = read(filter, &stream::VOCABULARY)?;
            let open = kind == Kind::OpenEvents;
            let all;
            (all, since) = queries::newest_events(client, catalog, most, open).await?;
            let n = all.len();
            (Rows::Events(passing(all, &filter, clock)), n)
        }
        Kind::Errors | Kind::ResolvedErrors | Kind::EventsOfErrors => {
            let filter = read(filter, &errors::VOCABULARY)?;
            let resolved = kind == Kind::ResolvedErrors;
            let all;
            (all, since) = queries::newest_errors(client, catalog, most, resolved).await?;
            let n = all.len();
            // What only groups can tell is asked for only by who wants to know it, and so is what payloads hold.
            let groups = if filter.asks_for(&OF_GROUPS) {
                let read = groups::all(client, catalog, said).await?;
                read.map_or_else(Vec::new, |read| read.groups)
            } else {
                Vec::new()
            };
            let payloads = queries::payloads(client, catalog, &filter, &all).await?;
            beyond = payloads.beyond() as u64;
            let passes = |row: &ErrorRow| {
                let line = RowLine {
                    row,
                    is_marked: false,
                    groups: &groups,
                    payloads: &payloads,
                };
                filter.matches(&line, clock)
            };
            let passing: Vec<ErrorRow> = all.into_iter().filter(passes).collect();
            if kind == Kind::EventsOfErrors {
                let events;
                let unfound;
                (events, unfound) = queries::events_of_errors(client, catalog, &passing).await?;
                beyond += unfound;
                (Rows::Events(events), n)
            } else {
                (Rows::Errors(passing), n)
            }
        }
    };
    Ok(Found {
        rows,
        looked_at,
        kind,
        is_full: looked_at >= limit as usize,
        since,
        beyond,
        clock,
    })
}

pub(super) fn read(text: &str, vocabulary: &Vocabulary) -> Result<Filter, FilterError> {
    let mut filter = Filter::default();
    filter.set(text, vocabulary)?;
    Ok(filter)
}

fn passing<T: Filtered>(rows: Vec<T>, filter: &Filter, clock: Timestamp) -> Vec<T> {
    rows.into_iter()
        .filter(|row| filter.matches(row, clock))
        .collect()
}

impl Rows {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Events(rows) => rows.len(),
            Self::Errors(rows) => rows.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One line of JSON each.
    fn json(&self) -> Vec<String> {
        match self {
            Self::Events(rows) => rows.iter().map(event).collect(),
            Self::Errors(rows) => rows.iter().map(error).collect(),
        }
    }

    /// One line of text each, with what its columns are in the first.
    fn lines(&self) -> Vec<String> {
        let cut = |text: Option<&Untrusted>, n: usize| {
            text.map_or_else(String::new, |text| text.display_cut(n))
        };
        let mut lines = vec![match self {
            Self::Events(_) => "id\tcreated\tstage\tstatus\tretries\trecord\terror".to_owned(),
            Self::Errors(_) => "id\tcreated\tstage\tseverity\trecord\tmessage".to_owned(),
        }];
        match self {
            Self::Events(rows) => lines.extend(rows.iter().map(|row| {
                format!(
                    "{}\t{}\t{}\t{}\t{}\t{}\t{}",
                    row.id,
                    moment(row.created_at),
                    row.stage.label(),
                    row.raw_status.display_cut(16),
                    row.retries,
                    cut(row.record.as_ref(), 64),
                    cut(row.error.as_ref().map(mask::message).as_ref(), 160),
                )
            })),
            Self::Errors(rows) => lines.extend(rows.iter().map(|row| {
                format!(
                    "{}\t{}\t{}\t{}\t{}\t{}",
                    row.id,
                    moment(row.created_at),
                    row.stage.label(),
                    row.severity.word(),
                    cut(row.record.as_ref(), 64),
                    mask::message(&row.message).display_cut(160),
                )
            })),
        }
        lines
    }
}

fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Found {
    /// As text, a table with tabs between its columns; a line of how far was looked goes elsewhere.
    pub fn text(&self) -> String {
        self.rows.lines().join("\n") + "\n"
    }

    /// As one JSON object.
    pub fn json(&self) -> String {
        let rows = self.rows.json().join(",");
        Object::default()
            .raw("rows", &format!("[{rows}]"))
            .number("looked_at", self.looked_at as u64)
            .raw("is_bounded", &self.is_bounded().to_string())
            .moment("since", self.since)
            .number("beyond", self.beyond)
            .moment("clock", Some(self.clock))
            .end()
            + "\n"
    }

    /// As one line of JSON a row.
    pub fn jsonl(&self) -> String {
        self.rows
            .json()
            .iter()
            .map(|row| format!("{row}\n"))
            .collect()
    }

    /// Whether there may be more than were looked at.
    pub const fn is_bounded(&self) -> bool {
        self.is_full || self.since.is_some() || self.beyond > 0
    }

    /// How far was looked, where there may be more.
    pub fn remark(&self) -> Option<String> {
        let mut said = Vec::new();
        if let Some(since) = self.since {
            let (rows, those) = if self.kind == Kind::OpenEvents {
                ("events", "that nobody has ended well")
            } else {
                ("errors", "that are resolved or not")
            };
            said.push(format!(
                "only {rows} since {} were looked at: no index finds those {those} in a table as large; older ones may be missing",
                moment(since)
            ));
        } else if self.is_full {
            said.push(format!(
                "only the newest {} rows were looked at; --limit looks further",
                self.looked_at
            ));
        }
        if self.beyond > 0 {
            said.push(format!("without {} {BEYOND}", self.beyond));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

fn event(row: &EventRow) -> String {
    Object::default()
        .text("id", row.id.as_str())
        .text("event_type", &row.stage.label())
        .untrusted("status", Some(&row.raw_status))
        .moment("created_at", Some(row.created_at))
        .moment("processed_at", row.processed_at)
        .number("retries", u64::from(row.retries))
        .untrusted("record_id", row.record.as_ref())
        .untrusted("error", row.error.as_ref().map(mask::message).as_ref())
        .untrusted("execution", row.execution.as_ref())
        .end()
}

fn error(row: &ErrorRow) -> String {
    Object::default()
        .text("id", row.id.as_str())
        .text("event_type", &row.stage.label())
        .untrusted("record_id", row.record.as_ref())
        .text("severity", &row.severity.word())
        .untrusted("error_message", Some(&mask::message(&row.message)))
        .moment("created_at", Some(row.created_at))
        .end()
}
