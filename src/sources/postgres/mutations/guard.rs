//! The guard against sending twice: before events are tried again whose workflow writes to people, it looks whether
//! the message has left already and whether its address may be written to. What it cannot look at, it says.

mod sent;

use std::collections::HashSet;

use tokio_postgres::{Row, types::Type};

use super::{Keyed, Parameter, Statements, events::moved, rows, unknown};
use crate::{
    domain::{
        Timestamp,
        event::RowId,
        pipeline::SideEffect,
        plan::{EventTarget, Examination, Quiet, Version},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{catalog::Catalog, fault_of, syntax::fits},
};

/// The stage whose message follows others to the same person: only what was sent since it fell due is that message.
const FOLLOW_UP: &str = "follow_up_due";

/// An event of the plan as it stands, and whom it is about.
struct Subject {
    id: RowId,
    version: Option<String>,
    written: Option<Timestamp>,
    contact: Option<String>,
    campaign: Option<String>,
    message: Option<String>,
    email: Option<String>,
    is_follow_up: bool,
    is_facing: bool,
}

/// What speaks against trying `targets` again. Only reads.
///
/// # Errors
/// What keeps the events themselves from being read; of what the guard looks at beside them, it says what it could not.
pub(super) async fn look(
    client: &impl Statements,
    catalog: &Catalog,
    (targets, quiet): (&[EventTarget], Option<&Quiet>),
) -> Result<Examination, Fault> {
    let ids: Vec<&str> = targets.iter().map(|target| target.id.as_str()).collect();
    let look = Look {
        client,
        catalog,
        unknown: Vec::new(),
    };
    let sql = include_str!("../../../../sql/mutations/examine_events.sql");
    let rows = look.rows(sql, &[(&ids, Type::TEXT_ARRAY)]).await?;
    let found = Keyed::of(&rows);
    let mut blocked = Vec::new();
    let mut subjects = Vec::new();
    for target in targets {
        match subject(target, &found).map_err(|error| fault_of(&error))? {
            Ok(subject) => subjects.push(subject),
            Err(why) => blocked.push((target.id.clone(), why)),
        }
    }
    let (barred, unknown) = look.messages(&subjects, quiet).await;
    let held: HashSet<&RowId> = barred.iter().map(|(id, _)| id).collect();
    let is_clear = |subject: &&Subject| !held.contains(&subject.id);
    let clear: Vec<&Subject> = subjects.iter().filter(is_clear).collect();
    let facing: Vec<&Subject> = clear.iter().filter(|s| s.is_facing).copied().collect();
    let examination = Examination {
        people: distinct(&facing, |subject| {
            subject.contact.as_ref().or(subject.email.as_ref())
        }),
        campaigns: distinct(&facing, |subject| subject.campaign.as_ref()),
        eligible: clear.into_iter().map(Subject::version).collect(),
        blocked: [blocked, barred].concat(),
        unknown,
        ..Examination::default()
    };
    Ok(examination)
}

fn distinct<'a>(subjects: &[&'a Subject], of: impl Fn(&'a Subject) -> Option<&'a String>) -> usize {
    let mut all: Vec<&String> = subjects.iter().filter_map(|subject| of(subject)).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// The event of `target` as it stands; or why it is not to be touched.
fn subject(
    target: &EventTarget,
    rows: &Keyed<'_>,
) -> Result<Result<Subject, String>, tokio_postgres::Error> {
    let Some(row) = rows.get(&target.id) else {
        return Ok(Err("it is gone".to_owned()));
    };
    let word = Untrusted::from(row.try_get::<_, &str>("status")?);
    if let Some(how) = moved(target, &word, row.try_get("retry_count")?) {
        return Ok(Err(how));
    }
    let text = |column: &str| -> Result<Option<String>, tokio_postgres::Error> {
        let text: Option<String> = row.try_get(column)?;
        Ok(text.filter(|text| !text.is_empty()))
    };
    Ok(Ok(Subject {
        id: target.id.clone(),
        version: row.try_get("version")?,
        written: row.try_get("created_at")?,
        contact: text("contact")?,
        campaign: text("campaign")?,
        message: text("message")?,
        email: text("email")?,
        is_follow_up: target.stage.raw() == FOLLOW_UP,
        is_facing: target.side_effect == SideEffect::PersonFacing,
    }))
}

impl Subject {
    fn version(&self) -> Version {
        Version {
            id: self.id.clone(),
            xmin: self.version.clone(),
        }
    }
}

/// Why `email` must not be written to, if it must not.
///
/// # Errors
/// That it is not known, in a sentence.
pub(super) async fn suppressed(
    client: &impl Statements,
    catalog: &Catalog,
    email: Option<&str>,
) -> Result<Option<String>, String> {
    let Some(email) = email else {
        return Err("this event has no address to look up".to_owned());
    };
    let (events, emails) = (["new"], [email.to_lowercase()]);
    let parameters: [Parameter<'_>; 2] = [
        (&events.as_slice(), Type::TEXT_ARRAY),
        (&emails.as_slice(), Type::TEXT_ARRAY),
    ];
    match rows(client, catalog, SUPPRESSED, &parameters).await {
        Ok(rows) => {
            let found = barred(&rows, "its address must not be written to");
            Ok(found.into_iter().next().map(|(_, why)| why))
        }
        Err(fault) => Err(format!("whether this person may be written to: {fault}")),
    }
}

/// A row that must not run, and why.
pub(super) type Barred = (RowId, String);

/// The first of what is said of each event.
pub(super) fn once_each(mut barred: Vec<Barred>) -> Vec<Barred> {
    let mut seen = HashSet::new();
    barred.retain(|(id, _)| seen.insert(id.clone()));
    barred
}

/// A look in progress, and what it could not see.
struct Look<'a, C> {
    client: &'a C,
    catalog: &'a Catalog,
    unknown: Vec<String>,
}

impl<C: Statements> Look<'_, C> {
    async fn rows(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Fault> {
        rows(self.client, self.catalog, sql, parameters).await
    }

    /// Which of the events that write to people must not, and what could not be seen.
    async fn messages(
        mut self,
        subjects: &[Subject],
        quiet: Option<&Quiet>,
    ) -> (Vec<Barred>, Vec<String>) {
        let facing: Vec<&Subject> = subjects.iter().filter(|s| s.is_facing).collect();
        if facing.is_empty() {
            return (Vec::new(), self.unknown);
        }
        let mut barred = self.sent(&facing).await;
        barred.extend(self.suppressed(&facing).await);
        barred.extend(twice(&facing, &barred));
        // Said last: what must not leave at all must not leave in the morning either.
        if let Some(quiet) = quiet.filter(|quiet| !quiet.is_overridden)
            && self.is_quiet(quiet).await
        {
            let why = quiet.why();
            barred.extend(facing.iter().map(|it| (it.id.clone(), why.clone())));
        }
        (once_each(barred), self.unknown)
    }

    /// Whether these are the quiet hours; where nobody knows, that is noted.
    async fn is_quiet(&mut self, quiet: &Quiet) -> bool {
        let parameters: [Parameter<'_>; 3] = [
            (&quiet.zone, Type::TEXT),
            (&quiet.from, Type::TEXT),
            (&quiet.until, Type::TEXT),
        ];
        let sql = include_str!("../../../../sql/mutations/quiet.sql");
        let answer = self.rows(sql, &parameters).await;
        let rows = self.known("whether these are quiet hours", answer);
        let is_quiet = |row: &Row| row.try_get("is_quiet").unwrap_or(false);
        rows.first().is_some_and(is_quiet)
    }

    /// The answer, or a note that it is not known.
    fn known(&mut self, what: &str, answer: Result<Vec<Row>, Fault>) -> Vec<Row> {
        answer.unwrap_or_else(|fault| {
            self.unknown.push(format!("{what}: {fault}"));
            Vec::new()
        })
    }

    fn note(&mut self, n: usize, what: &str) {
        self.unknown.extend(unknown::of_events(n, what));
    }

    /// Those whose address must not be written to, by what the event says it is and by what it is now.
    async fn suppressed(&mut self, facing: &[&Subject]) -> Vec<Barred> {
        let current = self.addresses(facing).await;
        let mut addressed: Vec<(&str, &str)> = Vec::new();
        let mut without = 0;
        for subject in facing {
            let now = current
                .iter()
                .find(|(id, _)| Some(id) == subject.contact.as_ref())
                .map(|(_, email)| email.as_str());
            let then = subject.email.as_deref();
            without += usize::from(now.is_none() && then.is_none());
            let id = subject.id.as_str();
            addressed.extend(now.into_iter().chain(then).map(|email| (id, email)));
        }
        self.note(without, "have no address to look up");
        let (events, emails): (Vec<&str>, Vec<&str>) = addressed.into_iter().unzip();
        let parameters: [Parameter<'_>; 2] =
            [(&events, Type::TEXT_ARRAY), (&emails, Type::TEXT_ARRAY)];
        let answer = self.rows(SUPPRESSED, &parameters).await;
        let rows = self.known("whether these people may be written to", answer);
        barred(&rows, "its address must not be written to")
    }

    /// The addresses of the contacts as they are now, where the site keeps them under the same key.
    async fn addresses(&self, facing: &[&Subject]) -> Vec<(String, String)> {
        let Some(data_type) = self.catalog.type_of("contact_enrichment", "id") else {
            return Vec::new();
        };
        let ids: Vec<&String> = facing
            .iter()
            .filter_map(|subject| subject.contact.as_ref())
            .filter(|contact| fits(data_type, contact))
            .collect();
        let sql = include_str!("../../../../sql/mutations/addresses.sql");
        // Without them there still are the addresses in the events; an event that has neither is counted.
        let rows = self.rows(sql, &[(&ids, Type::TEXT_ARRAY)]).await;
        let pair = |row: &Row| Some((row.try_get("id").ok()?, row.try_get("email").ok()?));
        rows.unwrap_or_default().iter().filter_map(pair).collect()
    }
}

const SUPPRESSED: &str = include_str!("../../../../sql/mutations/suppressed.sql");

/// The events in `rows`, each with `what` and the word that the row has for it.
fn barred(rows: &[Row], what: &str) -> Vec<Barred> {
    let one = |row: &Row| {
        let id = RowId::parse(row.try_get("event").ok()?)?;
        let word: Option<&str> = row
            .try_get("status")
            .or_else(|_| row.try_get("reason"))
            .ok()?;
        let at: Option<Timestamp> = row.try_get("at").unwrap_or_default();
        let mut text = what.to_owned();
        if let Some(word) = word {
            text = format!("{text}: {}", Untrusted::from(word).display_cut(32));
        }
        if let Some(at) = at {
            text = format!("{text}, {}", at.format("%Y-%m-%d %H:%M:%SZ"));
        }
        Some((id, text))
    };
    rows.iter().filter_map(one).collect()
}

/// Those that write to the same person in the same campaign as an earlier event of the plan.
fn twice(facing: &[&Subject], barred: &[Barred]) -> Vec<Barred> {
    let mut found: Vec<Barred> = Vec::new();
    let mut writing: Vec<&Subject> = Vec::new();
    for subject in facing {
        if subject.contact.is_none() || barred.iter().any(|(id, _)| *id == subject.id) {
            continue;
        }
        let same = |other: &&&Subject| {
            (&other.contact, &other.campaign) == (&subject.contact, &subject.campaign)
        };
        match writing.iter().find(same) {
            Some(other) => {
                let text = format!("event {} of this plan writes to the same person", other.id);
                found.push((subject.id.clone(), text));
            }
            None => writing.push(subject),
        }
    }
    found
}
