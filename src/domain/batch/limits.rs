//! What holds the pace of a batch: the least of what was asked for, n8n's room, the budget of paid APIs, and what a stage
//! does in a usual minute, where that is not too little to go by. What is not known holds nothing, and is said.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{Batch, Pacing, Standing};
use crate::domain::{event::EventType, pipeline::SideEffect, plan::EventTarget};

/// How often n8n's room is measured, s: what is free is given out over this long.
pub const MEASURE_S: u32 = 10;

/// What runs in n8n.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Executions that run.
    pub running: u32,
    /// Executions that wait for room: where there are any, there is none.
    pub queued: u32,
}

/// Events that stages do in a usual minute, where enough is known of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(EventType, u32)>", into = "Vec<(EventType, u32)>")]
pub struct Usual(BTreeMap<EventType, u32>);

impl Usual {
    /// What `stage` does.
    pub fn of(&self, stage: &EventType) -> Option<u32> {
        self.0.get(stage).copied()
    }
}

impl FromIterator<(EventType, u32)> for Usual {
    fn from_iter<T: IntoIterator<Item = (EventType, u32)>>(stages: T) -> Self {
        Self(stages.into_iter().collect())
    }
}

impl From<Vec<(EventType, u32)>> for Usual {
    fn from(stages: Vec<(EventType, u32)>) -> Self {
        stages.into_iter().collect()
    }
}

impl From<Usual> for Vec<(EventType, u32)> {
    fn from(usual: Usual) -> Self {
        usual.0.into_iter().collect()
    }
}

/// What is known beside the pace that was asked for. It is measured anew each time, and no part of the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// What runs in n8n; `None` where n8n does not say.
    pub n8n: Option<Load>,
    /// What its stages do in a usual minute.
    pub usual: Usual,
}

/// How fast a batch goes, and what keeps it from going faster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// Rows a minute; 0 while there is no room.
    pub per_minute: u32,
    /// The least of the limits.
    pub by: Bound,
}

/// What keeps a batch from going faster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// The pace that was asked for.
    Set,
    /// n8n has room for so many of this many at once.
    Room(u32, u32),
    /// So many wait in n8n already.
    Queue(u32),
    /// The calls a minute that paid APIs are to get.
    Budget,
    /// What this stage does in a usual minute: so much, or where that is too little, the least that was agreed.
    Usual(EventType, u32),
}

impl fmt::Display for Rate {
    /// `18/min, limited by n8n: 3 of 20 free`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pace = self.per_minute;
        match &self.by {
            Bound::Set => write!(f, "{pace}/min, as set"),
            Bound::Room(free, of) => {
                write!(f, "{pace}/min, limited by n8n: {free} of {of} free")
            }
            Bound::Queue(n) => write!(f, "{pace}/min, limited by n8n: none free, {n} queued"),
            Bound::Budget => write!(f, "{pace}/min, limited by the API budget"),
            Bound::Usual(stage, usual) => {
                let stage = stage.label();
                write!(f, "{pace}/min, limited by {stage}: ")?;
                if *usual == pace {
                    f.write_str("its usual minute")
                } else {
                    write!(
                        f,
                        "{usual} in its usual minute, and no slower than least={pace}"
                    )
                }
            }
        }
    }
}

impl Rate {
    fn bound(&mut self, per_minute: u32, by: Bound) {
        if per_minute < self.per_minute {
            *self = Self { per_minute, by };
        }
    }
}

impl Pacing {
    /// How fast `target` may be sent at most, by what is known before anything runs: `usual` is what stages do in a usual
    /// minute.
    pub fn rate(&self, target: &EventTarget, usual: &Usual) -> Rate {
        let mut rate = Rate {
            per_minute: self.per_minute,
            by: Bound::Set,
        };
        if target.side_effect == SideEffect::PaidApi && self.budget > 0 {
            rate.bound(self.budget, Bound::Budget);
        }
        if let Some(usual) = usual.of(&target.stage) {
            let by = Bound::Usual(target.stage.clone(), usual);
            rate.bound(usual.max(self.least).max(1), by);
        }
        rate
    }
}

impl Batch {
    /// How fast it goes now, and why not faster.
    pub fn rate(&self) -> Rate {
        let pacing = self.head.pacing();
        let next = self
            .rows
            .iter()
            .find(|row| row.standing == Standing::Waiting);
        let set = Pacing {
            per_minute: self.per_minute,
            least: self.least,
            ..pacing
        };
        let mut rate = match next.and_then(|row| self.head.plan.target(&row.id)) {
            Some(target) => set.rate(target, &self.limits.usual),
            None => Rate {
                per_minute: self.per_minute,
                by: Bound::Set,
            },
        };
        let mut bound = |per_minute: u32, by: Bound| rate.bound(per_minute, by);
        if let Some(load) = self.limits.n8n {
            if load.queued > 0 {
                bound(0, Bound::Queue(load.queued));
            } else if pacing.n8n_runs > 0 {
                let free = pacing.n8n_runs.saturating_sub(load.running);
                bound(
                    free.saturating_mul(60 / MEASURE_S),
                    Bound::Room(free, pacing.n8n_runs),
                );
            }
        }
        rate
    }

    /// What of n8n's room is not known, in a few words, where something is not.
    pub fn unknown_room(&self) -> Option<&'static str> {
        match (self.limits.n8n, self.head.pacing().n8n_runs) {
            (None, _) => Some("n8n's room is not known"),
            (Some(_), 0) => Some("how many n8n runs at once is not known (n8n.concurrency)"),
            (Some(_), _) => None,
        }
    }
}
