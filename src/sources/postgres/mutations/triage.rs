//! What operators say of groups of errors and of alert rules: each only where it stands as it was shown, so that of two who want the same group
//! the second is told who has it.

use serde_json::{Value, json};
use tokio_postgres::types::Type;

use super::{Change, Keyed, Line, Parameter, rows, step::Ticket, texts};
use crate::{
    domain::{
        event::RowId,
        plan::{Examination, Outcome, Plan, Version},
        triage::{Place, Standing, Triage, TriageTarget, Until},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{catalog::Catalog, client::Client, decode, queries},
};

/// How it is said.
pub(super) const SET: &str = include_str!("../../../../sql/mutations/triage.sql");

const NOW: &str = include_str!("../../../../sql/mutations/triage_now.sql");
const ROWS: &str = include_str!("../../../../sql/mutations/triage_rows.sql");

/// Which of `targets` stand as they were shown. Only reads.
pub(super) async fn look(
    client: &Client,
    catalog: &Catalog,
    (targets, place): (&[TriageTarget], &Place),
) -> Result<Examination, Fault> {
    let eligible = |target: &TriageTarget| Version {
        id: target.key(),
        xmin: None,
    };
    let Place::Database = place else {
        return Ok(Examination {
            eligible: targets.iter().map(eligible).collect(),
            statement: "none: it is written into a file on this machine".to_owned(),
            ..Examination::default()
        });
    };
    catalog.table("triage")?;
    let ids: Vec<RowId> = targets.iter().map(TriageTarget::key).collect();
    let keys = texts(&ids);
    let found = rows(client, catalog, NOW, &[(&keys, Type::TEXT_ARRAY)]).await?;
    let said = decode::all(&found, queries::triage)?;
    let mut examination = Examination {
        statement: SET.to_owned(),
        ..Examination::default()
    };
    for target in targets {
        match target.objection(standing(&said, target)) {
            Some(why) => examination.blocked.push((target.key(), why)),
            None => examination.eligible.push(eligible(target)),
        }
    }
    Ok(examination)
}

/// What is said of `target` in `said`.
fn standing<'a>(said: &'a [Option<Triage>], target: &TriageTarget) -> &'a Standing {
    const NOTHING: &Standing = &Standing {
        owner: None,
        owned_at: None,
        note: None,
        ignored: None,
    };
    let own = said.iter().flatten().find(|triage| triage.id == target.id);
    own.map_or(NOTHING, |triage| &triage.standing)
}

/// Says what `plan` says of those of `targets` that stand as they were shown.
pub(super) async fn set(
    client: &mut Client,
    catalog: &Catalog,
    (plan, targets): (&Plan, &[TriageTarget]),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    catalog.table("triage")?;
    if catalog.triage_place() != Place::Database {
        let what = "INSERT and UPDATE on outpost.triage";
        return Err(Fault::Forbidden(Untrusted::from(what)));
    }
    let runs = plan.runs();
    let targets: Vec<&TriageTarget> = targets
        .iter()
        .filter(|target| runs.contains(&target.key()))
        .collect();
    let groups: Value = targets.iter().map(|target| group(target)).collect();
    let change = Change::begin(client, catalog).await?;
    let parameters: [Parameter<'_>; 2] = [(&ticket.who, Type::TEXT), (&groups, Type::JSONB)];
    change.rows(ROWS, &parameters).await?;
    let touched = change.rows(SET, &parameters).await?;
    let keys = texts(&runs);
    let found = change.rows(NOW, &[(&keys, Type::TEXT_ARRAY)]).await?;
    let said = decode::all(&found, queries::triage)?;
    let touched = Keyed::of(&touched);
    let mut outcome = Outcome::default();
    for target in targets {
        if touched.get(&target.key()).is_some() {
            outcome.done.push(target.key());
        } else {
            let why = target.objection(standing(&said, target));
            let why = why.unwrap_or_else(|| "it was left as it is".to_owned());
            outcome.skipped.push((target.key(), why));
        }
    }
    let words = plan.mutation.words();
    let line = Line {
        action: plan.mutation.name(),
        targets: &runs,
        note: Some(&words),
    };
    change.commit(&line, outcome, ticket).await
}

/// `target` as the statement takes it.
fn group(target: &TriageTarget) -> Value {
    json!({
        "id": target.key().as_str(),
        "stage": target.place().raw(),
        "says": target.says().raw(),
        "is_rule": target.rule().is_some(),
        "was": row(&target.was),
        "becomes": row(&target.becomes),
    })
}

/// `standing` by the columns of the table.
fn row(standing: &Standing) -> Value {
    let text = |text: &Untrusted| Value::from(text.raw());
    let ignored = standing.ignored.as_ref();
    let until = ignored.map(|ignored| ignored.until);
    json!({
        "owner": standing.owner.as_ref().map(text),
        "owned_at": standing.owned_at,
        "note": standing.note.as_ref().map(text),
        "ignored_at": ignored.map(|ignored| ignored.since),
        "ignored_by": ignored.map(|ignored| text(&ignored.by)),
        "ignored_until": match until { Some(Until::Time(at)) => Some(at), Some(Until::More(_) | Until::Rate(_)) | None => None },
        "ignored_more": match until { Some(Until::More(n)) => Some(n), Some(Until::Time(_) | Until::Rate(_)) | None => None },
        "ignored_rate": match until { Some(Until::Rate(n)) => Some(n), Some(Until::Time(_) | Until::More(_)) | None => None },
    })
}
