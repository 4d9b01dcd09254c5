//! What the command line says of groups of errors: who has them, until when they are left alone, what is noted.

use super::{Plans, examined, finish, open};
use crate::{
    cli::{
        self,
        rows::{Apply, Assign, Ignore, Note},
    },
    config::Config,
    domain::{
        Timestamp,
        plan::Mutation,
        triage::{Change, Said, TriageTarget, Until, assigned, ignored, until, whose, woken},
    },
    program::{Failure, database, runtime},
};

/// Says who has groups.
pub(super) fn assign(config: &Config, how: &Assign) -> Result<u8, Failure> {
    let said = whose(&noted(&how.to, how.note.as_deref())?, &cli::actor());
    let said = said.map_err(Failure::usage)?;
    say(config, (&how.filter, &how.apply), |groups, _| {
        assigned(groups, &said)
    })
}

/// Notes something of groups.
pub(super) fn note(config: &Config, how: &Note) -> Result<u8, Failure> {
    let said = whose(&format!(";{}", how.note), &cli::actor()).map_err(Failure::usage)?;
    say(config, (&how.filter, &how.apply), |groups, _| {
        assigned(groups, &said)
    })
}

/// Leaves groups alone, or ends that.
pub(super) fn ignore(config: &Config, how: &Ignore) -> Result<u8, Failure> {
    let Some(when) = how.until.as_deref().filter(|_| !how.end) else {
        return say(config, (&how.filter, &how.apply), |groups, _| woken(groups));
    };
    let text = noted(when, how.note.as_deref())?;
    let (me, zone) = (cli::actor(), cli::zone());
    say(config, (&how.filter, &how.apply), |groups, times| {
        let said: (Until, Change) = until(&text, times.shown, &zone)?;
        if matches!(said.0, Until::Time(at) if at <= times.now) {
            return Err("that moment has passed".to_owned());
        }
        ignored(groups, &said, (&me, times.shown))
    })
}

/// `text` and a note, as they are typed in the console.
fn noted(text: &str, note: Option<&str>) -> Result<String, Failure> {
    if text.contains(';') {
        return Err(Failure::usage("no semicolon here: --note notes something"));
    }
    Ok(note.map_or_else(|| text.to_owned(), |note| format!("{text};{note}")))
}

/// When a plan was shown, by which what was said is understood, and what time it is: both by the clock of the database.
struct Times {
    shown: Timestamp,
    now: Timestamp,
}

/// Makes the plan of what is `said` of the groups that a filter finds, and prints it or carries it out.
fn say(
    config: &Config,
    (filter, apply): (&str, &Apply),
    said: impl Fn(Vec<TriageTarget>, &Times) -> Result<Said, String>,
) -> Result<u8, Failure> {
    let settings = database(config)?;
    runtime()?.block_on(async {
        let mut look = open(&settings).await?;
        let found = look.groups(filter).await?;
        // `4h` is counted from when the plan was shown.
        let shown = apply
            .apply
            .as_ref()
            .and_then(|hash| Plans::own().frozen_at(hash));
        let times = Times {
            shown: shown.unwrap_or(found.clock),
            now: found.clock,
        };
        if found.groups.is_empty() {
            let remark = found
                .remark
                .map_or_else(String::new, |it| format!(": {it}"));
            return Err(Failure::failed(format!(
                "no group of unresolved errors passes the filter{remark}"
            )));
        }
        let groups = found.groups.iter().map(TriageTarget::of).collect();
        let (deed, targets) = said(groups, &times).map_err(Failure::failed)?;
        let mutation = Mutation::Triage {
            deed,
            targets,
            place: found.place,
        };
        let plan = examined(&mut look, mutation, times.shown).await?;
        drop(look);
        finish(config, apply, (plan, Vec::new(), found.remark), &settings).await
    })
}
