//! Trying an event again by a call to the webhook of its stage: what the database has to do with it. The event is taken
//! before the call, in a transaction of its own: a workflow that is called writes to the same row. Whatever happens between,
//! it is called at most once.

mod calls;

use serde::de::IgnoredAny;
use tokio_postgres::{Row, types::Type};

use super::{Change, Client, Line, Parameter, events, guard::Barred, step::Ticket};
use crate::{
    domain::{
        event::{EventStatus, RowId},
        plan::{EventTarget, Mutation, Outcome, Plan, Retry},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::{
        n8n::Call,
        postgres::{catalog::Catalog, fault_of},
    },
};

/// How an event is taken for a call.
pub(super) const CLAIM: &str = include_str!("../../../../sql/mutations/claim_event.sql");
/// How it is put back where nobody accepted the call.
pub(super) const PUT_BACK: &str = include_str!("../../../../sql/mutations/put_back_event.sql");

/// How an event stands whose call got no clear answer.
const CALLED: &str = include_str!("../../../../sql/mutations/called_event.sql");

/// What the audit log says of an event between the two.
const ABOUT_TO: &str = "its webhook is about to be called";

/// Those whose stage has no webhook that is known.
pub(super) fn unheard(retry: &Retry) -> Vec<Barred> {
    let why = |target: &EventTarget| {
        let text = if retry.webhooks.is_empty() {
            "no webhook can be called: give n8n.base_url, and a pipeline that names them".to_owned()
        } else {
            let stage = target.stage.label();
            format!("the pipeline names no webhook of {stage}")
        };
        (target.id.clone(), text)
    };
    let unheard = retry.targets.iter();
    let unheard = unheard.filter(|target| retry.webhook(target).is_none());
    unheard.map(why).collect()
}

/// The requests that would leave.
pub(super) fn requests(retry: &Retry) -> String {
    let request = |(event, address): (&String, &String)| {
        let event = Untrusted::from(event.as_str()).display_cut(64);
        format!(
            "POST {address}\ncontent-type: application/json\nidempotency-key: outpost-<key>-<retry count>\n\n\
             {{\"event_id\": <key>, \"event_type\": \"{event}\", \"payload\": <as it stands>}}"
        )
    };
    let all: Vec<String> = retry.webhooks.iter().map(request).collect();
    all.join("\n\n")
}

/// An event that was taken for a call, and how it stood before.
#[derive(Debug)]
pub(super) struct Claim {
    /// Its key.
    pub(super) id: RowId,
    /// The call.
    pub(super) call: Call,
    word: Untrusted,
    retries: u32,
    error_message: Option<String>,
    processed_at: Option<String>,
    taken: String,
    keeps: bool,
}

/// What became of one event that was tried again.
#[derive(Debug)]
pub struct Tried {
    /// Its outcome.
    pub outcome: Outcome,
    /// Where n8n asked to be called later, and the event was put back: then its outcome is no end.
    pub later: Option<Later>,
}

/// A call that n8n put off.
#[derive(Debug)]
pub struct Later {
    /// For how long n8n is to be left alone, s.
    pub seconds: u64,
    /// The version that the event is in, now that it was put back.
    pub version: String,
}

impl From<Outcome> for Tried {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            later: None,
        }
    }
}

/// Takes the event `id` of `plan` for a call, once the guard has looked again.
pub(super) async fn claim(
    client: &mut Client,
    catalog: &Catalog,
    (plan, id): (&Plan, &RowId),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let (Mutation::RetryEvents(retry), Some(examined)) = (&plan.mutation, &plan.examined) else {
        return Ok(Outcome::default());
    };
    let target = plan.target(id).zip(examined.version(id));
    let Some((target, version)) = target else {
        return Ok(Outcome::default());
    };
    let Some(address) = retry.webhook(target) else {
        return Ok(Outcome::default());
    };
    catalog.may_change("pipeline_events", &events::CHANGED)?;
    let change = Change::begin(client, catalog).await?;
    let run = (target, version.xmin.as_deref());
    let (skipped, runs) = events::still_clear(&change, catalog, &[run], (retry, examined)).await?;
    let keeps = catalog.announces_changes();
    let mut outcome = Outcome {
        skipped,
        ..Outcome::default()
    };
    if !runs.is_empty() {
        let (id, word) = (target.id.as_str(), target.raw_status.raw());
        let (retries, version) = (i64::from(target.retries), version.xmin.as_deref());
        let parameters: [Parameter<'_>; 5] = [
            (&id, Type::TEXT),
            (&word, Type::TEXT),
            (&retries, Type::INT8),
            (&version, Type::TEXT),
            (&keeps, Type::BOOL),
        ];
        let rows = change.rows(CLAIM, &parameters).await?;
        if let Some(row) = rows.first() {
            let is_number = catalog.is_ordered_by_key();
            let claim = taken(target, row, (address, keeps, is_number));
            ticket.claim = Some(claim.map_err(|error| fault_of(&error))?);
            let about_to = (target.id.clone(), ABOUT_TO.to_owned());
            outcome.unknown.push(about_to);
        } else {
            outcome.skipped = events::reasons(&change, &[target]).await?;
        }
    }
    change.commit(&line(plan, id), outcome, ticket).await
}

fn taken(
    target: &EventTarget,
    row: &Row,
    (address, keeps, is_number): (&str, bool, bool),
) -> Result<Claim, tokio_postgres::Error> {
    let payload: Option<&str> = row.try_get("payload")?;
    let event_type: &str = row.try_get("event_type")?;
    Ok(Claim {
        id: target.id.clone(),
        call: Call {
            address: address.to_owned(),
            body: body(&target.id, is_number, event_type, payload),
            key: format!("outpost-{}-{}", target.id, target.retries.saturating_add(1)),
        },
        word: target.raw_status.clone(),
        retries: target.retries,
        error_message: row.try_get("error_message")?,
        processed_at: row.try_get("processed_at")?,
        taken: row.try_get("taken")?,
        keeps,
    })
}

/// What a webhook is called with. The payload goes as it is stored, to the letter: a number that is read and written again
/// may be another one.
fn body(id: &RowId, is_number: bool, event_type: &str, payload: Option<&str>) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let id = if is_number {
        id.to_string()
    } else {
        text(id.as_str())
    };
    let payload = match payload {
        None => "null".to_owned(),
        Some(json) if serde_json::from_str::<IgnoredAny>(json).is_ok() => json.to_owned(),
        Some(other) => text(other),
    };
    let event_type = text(event_type);
    format!(r#"{{"event_id":{id},"event_type":{event_type},"payload":{payload}}}"#)
}

/// What the audit log says of a call for one event.
fn line<'a>(plan: &'a Plan, id: &'a RowId) -> Line<'a> {
    Line {
        action: plan.mutation.name(),
        targets: std::slice::from_ref(id),
        note: plan.reason.as_deref(),
    }
}

/// Puts an event back that nobody accepted, and writes down `outcome`; its reason says so where that cannot be.
pub(super) async fn put_back(
    client: &mut Client,
    catalog: &Catalog,
    (plan, claim, outcome): (&Plan, &Claim, &Outcome),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let change = Change::begin(client, catalog).await?;
    let word = (!claim.keeps).then(|| claim.word.raw());
    let (id, retries) = (claim.id.as_str(), i64::from(claim.retries));
    let parameters: [Parameter<'_>; 6] = [
        (&id, Type::TEXT),
        (&word, Type::TEXT),
        (&retries, Type::INT8),
        (&claim.error_message, Type::TEXT),
        (&claim.processed_at, Type::TEXT),
        (&claim.taken, Type::TEXT),
    ];
    let rows = change.rows(PUT_BACK, &parameters).await?;
    let mut outcome = outcome.clone();
    match rows.first().map(|row| row.try_get("version")).transpose() {
        Ok(Some(version)) => ticket.put_back = Some(version),
        Ok(None) => {
            for (_, why) in &mut outcome.failed {
                why.push_str("; somebody changed it meanwhile, so it was not put back");
            }
        }
        Err(error) => return Err(fault_of(&error)),
    }
    change.commit(&line(plan, &claim.id), outcome, ticket).await
}

/// Looks at an event whose call got no clear answer, and writes down what became of it. Whoever changed it since it was taken is
/// its workflow, which then was started; what nobody has changed stays unknown, as `outcome` has it.
pub(super) async fn settle(
    client: &mut Client,
    catalog: &Catalog,
    (plan, claim, outcome): (&Plan, &Claim, &Outcome),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let change = Change::begin(client, catalog).await?;
    let id = claim.id.as_str();
    let parameters: [Parameter<'_>; 2] = [(&id, Type::TEXT), (&claim.taken, Type::TEXT)];
    let rows = change.rows(CALLED, &parameters).await?;
    let now = rows.first().map(|row| -> Result<_, tokio_postgres::Error> {
        Ok((
            row.try_get::<_, &str>("status")?,
            row.try_get::<_, bool>("is_touched")?,
        ))
    });
    let now = now.transpose().map_err(|error| fault_of(&error))?;
    let mut outcome = outcome.clone();
    if let Some((word, is_touched)) = now {
        let shown = Untrusted::from(word).display_cut(16);
        let status = catalog.status_of(word);
        let is_begun = is_touched && status != EventStatus::Pending;
        for (id, why) in std::mem::take(&mut outcome.unknown) {
            if is_begun {
                let remark = format!("{why}; but its workflow has taken it since: it is {shown}");
                outcome.remarks.push((id.clone(), remark));
                outcome.done.push(id);
            } else {
                outcome.unknown.push((id, format!("{why}; it is {shown}")));
            }
        }
    }
    change.commit(&line(plan, &claim.id), outcome, ticket).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_goes_to_the_letter_and_what_is_no_json_goes_as_text() {
        let id = RowId::from(7);
        let whole = r#"{"big": 12345678901234567890.10, "b":1}"#;
        assert_eq!(
            body(&id, true, "a\"b", Some(whole)),
            r#"{"event_id":7,"event_type":"a\"b","payload":{"big": 12345678901234567890.10, "b":1}}"#
        );
        assert_eq!(
            body(&id, false, "x", Some("{half")),
            r#"{"event_id":"7","event_type":"x","payload":"{half"}"#
        );
        assert!(body(&id, true, "x", None).ends_with(r#""payload":null}"#));
    }
}
