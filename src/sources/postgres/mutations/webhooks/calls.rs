//! The calls themselves: one after the other, each once.

use chrono::Utc;

use super::{
    super::{Witness, step::Step, writer::Writer},
    Later, Tried,
};
use crate::{
    domain::{
        Timestamp,
        event::RowId,
        plan::{Outcome, Plan},
    },
    msg::Fault,
    sources::n8n::{self, Call, Called, Caller, Sighting},
};

impl Writer {
    /// Calls the webhook of each event that runs, one after the other, until one is not accepted.
    pub(in crate::sources::postgres::mutations) async fn call_each(
        &mut self,
        plan: &Plan,
    ) -> Result<Outcome, Fault> {
        let runs = plan.runs();
        let mut outcome = Outcome::default();
        let mut left = runs.iter();
        for id in left.by_ref() {
            let why = match self.call(plan, id, None).await {
                Ok(Tried { outcome: part, .. }) => {
                    let is_well = part.failed.is_empty() && part.unknown.is_empty();
                    outcome.done.extend(part.done);
                    outcome.skipped.extend(part.skipped);
                    outcome.failed.extend(part.failed);
                    outcome.unknown.extend(part.unknown);
                    outcome.remarks.extend(part.remarks);
                    outcome.audited_in_database = part.audited_in_database;
                    if is_well {
                        continue;
                    }
                    break;
                }
                Err(fault @ Fault::InDoubt(_)) => {
                    outcome.unknown.push((id.clone(), fault.to_string()));
                    break;
                }
                Err(fault) if outcome == Outcome::default() => return Err(fault),
                Err(fault) => fault.to_string(),
            };
            outcome.failed.push((id.clone(), why));
            break;
        }
        outcome.untried = left.as_slice().to_vec();
        Ok(outcome)
    }

    /// What calls webhooks, made when it is first needed.
    fn caller(&mut self) -> Result<Caller, Fault> {
        match (&self.caller, &self.webhooks) {
            (Some(caller), _) => Ok(caller.clone()),
            (None, Some(webhooks)) => Ok(self.caller.insert(Caller::new(webhooks)?).clone()),
            (None, None) => {
                let text = "the webhooks of n8n have no address: give n8n.base_url";
                Err(Fault::NotConfigured(text.to_owned()))
            }
        }
    }

    /// Takes an event, calls its webhook once, and puts the event back where nobody accepted the call.
    pub(in crate::sources::postgres::mutations) async fn call(
        &mut self,
        plan: &Plan,
        id: &RowId,
        witness: Option<&mut dyn Witness>,
    ) -> Result<Tried, Fault> {
        let caller = self.caller()?;
        let (mut outcome, left) = self.attempt(Step::Claim(plan, id), witness).await?;
        let Some(claim) = left.claim else {
            return Ok(outcome.into());
        };
        outcome.unknown.clear();
        let id = id.clone();
        let mut seconds = None;
        let sent_at = Utc::now();
        let step = match caller.call(&claim.call).await {
            Called::Accepted => {
                outcome.done.push(id);
                Step::Note(plan, &outcome)
            }
            Called::Unknown(why) => match sighted(self.n8n.clone(), (&claim.call, sent_at)).await {
                Some(Sighting::Started(run)) => {
                    let remark = format!("{why}; but n8n has it as execution {run}");
                    outcome.remarks.push((id.clone(), remark));
                    outcome.done.push(id);
                    Step::Note(plan, &outcome)
                }
                seen => {
                    let seen = seen.and_then(Sighting::unseen);
                    let why = seen.map_or_else(|| why.clone(), |seen| format!("{why}; {seen}"));
                    outcome.unknown.push((id, why));
                    Step::Settle(plan, &claim, &outcome)
                }
            },
            Called::Later(wait) => {
                seconds = Some(wait);
                let why = format!("n8n takes no more calls for {wait} s");
                outcome.failed.push((id, why));
                Step::PutBack(plan, &claim, &outcome)
            }
            Called::Refused(why) => {
                outcome.failed.push((id, why));
                Step::PutBack(plan, &claim, &outcome)
            }
        };
        match self.attempt(step, None).await {
            Ok((outcome, left)) => {
                let later = |(seconds, version)| Later { seconds, version };
                Ok(Tried {
                    outcome,
                    later: seconds.zip(left.put_back).map(later),
                })
            }
            Err(fault) => {
                tracing::warn!(%fault, "what came of a call is not in the database");
                for (_, why) in &mut outcome.failed {
                    *why = format!("{why}; it could not be put back: {fault}");
                }
                Ok(outcome.into())
            }
        }
    }
}

/// What n8n has of a call without an answer; `None` where no n8n can be asked.
async fn sighted(
    n8n: Option<n8n::Settings>,
    (call, sent_at): (&Call, Timestamp),
) -> Option<Sighting> {
    let n8n = n8n?;
    Some(n8n::look(&n8n, (call, sent_at)).await)
}
