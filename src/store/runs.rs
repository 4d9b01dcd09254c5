//! Executions of n8n that were read whole: kept, since n8n is slow with them.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::{
    domain::{Timestamp, event::RowId, run::RunData},
    msg::Fault,
};

/// Executions that are kept.
const KEPT: usize = 64;

/// One that had not ended is read again after so long.
const AGAIN: TimeDelta = TimeDelta::seconds(10);

/// One that could not be read is tried again after so long.
const FAILED: TimeDelta = TimeDelta::minutes(1);

/// No longer than so long n8n is left alone, whatever it asks for: it may be wrong.
const SILENCE: TimeDelta = TimeDelta::minutes(10);

/// The executions that were read.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    read: BTreeMap<RowId, (Timestamp, Result<RunData, Fault>)>,
    /// Until when n8n asked to be left alone.
    silent_until: Option<Timestamp>,
}

impl Runs {
    /// What was read of the execution `id`, if it was.
    pub fn of(&self, id: &RowId) -> Option<&Result<RunData, Fault>> {
        self.read.get(id).map(|(_, answer)| answer)
    }

    /// For how long n8n is to be left alone yet, at `now`.
    pub fn silence(&self, now: Timestamp) -> Option<TimeDelta> {
        self.silent_until
            .map(|until| until - now)
            .filter(|left| *left > TimeDelta::zero())
    }

    /// Whether what is known of the execution `id` holds at `now`.
    pub fn holds(&self, id: &RowId, now: Timestamp) -> bool {
        self.read.get(id).is_some_and(|(at, answer)| match answer {
            Ok(run) => run.has_ended || now - *at < AGAIN,
            Err(_) => now - *at < FAILED,
        })
    }

    /// Keeps what was read of the execution `id` at `at`; what was read before all others is forgotten for it.
    pub fn take(&mut self, at: Timestamp, id: RowId, answer: Result<RunData, Fault>) {
        if let Err(Fault::RateLimited(seconds)) = &answer {
            let asked = i64::try_from(*seconds).ok();
            let asked = asked.and_then(TimeDelta::try_seconds);
            let rest = asked.map_or(SILENCE, |asked| asked.min(SILENCE));
            self.silent_until = at.checked_add_signed(rest);
        }
        self.read.insert(id, (at, answer));
        if self.read.len() > KEPT {
            let oldest = self.read.iter().min_by_key(|(_, (at, _))| *at);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                self.read.remove(&oldest);
            }
        }
    }

    /// The events that executions name as their own, of those that were read.
    pub fn events(&self) -> BTreeMap<&RowId, RowId> {
        let read = |(id, (_, answer)): (_, &(_, Result<RunData, Fault>))| {
            Some((id, answer.as_ref().ok()?.event()?))
        };
        self.read.iter().filter_map(read).collect()
    }
}
