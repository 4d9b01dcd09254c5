//! How a batch goes about its rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Batch, Order, Row, Standing, Usual};
use crate::domain::{Timestamp, event::EventType, plan::EventTarget};

/// How a batch goes about its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pacing {
    /// Rows of each stage and cause that are tried, and waited for, before any other.
    pub canary: u32,
    /// Rows a minute, at most; 1 or more.
    pub per_minute: u32,
    /// Equal failures in a row that stop it; 1 or more.
    pub brake: u32,
    /// Events of others by which the queue of a stage may grow before that stops it.
    pub backlog: u32,
    /// How long a row is waited for, s.
    pub patience_s: u32,
    /// Executions that n8n runs at once; 0 where that is not known.
    #[serde(default)]
    pub n8n_runs: u32,
    /// Events a minute of stages that call a paid API, at most; 0 where that is not limited.
    #[serde(default)]
    pub budget: u32,
    /// Events a minute that a stage is sent also where it does fewer in its usual minute, so that a quiet stage does not hold
    /// a batch for hours that nobody asked to be slow.
    #[serde(default)]
    pub least: u32,
}

impl Default for Pacing {
    fn default() -> Self {
        Self {
            canary: 1,
            per_minute: 20,
            brake: 2,
            backlog: 50,
            patience_s: 300,
            n8n_runs: 0,
            budget: 0,
            least: 10,
        }
    }
}

/// When a retry is a batch, and how it goes about its rows if nobody says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bulk {
    /// A retry of more events than this is one.
    pub above: usize,
    /// How it goes about its rows.
    pub pacing: Pacing,
}

impl Default for Bulk {
    /// As many as one key confirms are no batch.
    fn default() -> Self {
        Self {
            above: 25,
            pacing: Pacing::default(),
        }
    }
}

impl Batch {
    /// It goes like this from here on.
    pub(super) fn pace(
        &mut self,
        at: Timestamp,
        per_minute: u32,
        (brake, least): (Option<u32>, Option<u32>),
    ) {
        self.at = at;
        self.per_minute = per_minute.max(1);
        self.brake = brake.unwrap_or(self.brake).max(1);
        self.least = least.unwrap_or(self.least);
    }

    /// Takes what was typed for how it goes: `pace=20 brake=3 least=10`, or the pace alone.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn take_pace(&self, typed: &str) -> Result<Order, String> {
        if typed.contains("canary") {
            let waits = |row: &Row| row.is_canary && row.standing == Standing::Waiting;
            return Err(if self.rows.iter().any(waits) {
                "its canaries were chosen with the plan: pace, brake and least can be changed"
                    .to_owned()
            } else {
                "its canaries are done: pace, brake and least can be changed".to_owned()
            });
        }
        if typed.trim().is_empty() {
            return Err(
                "nothing was typed, and nothing is changed: pace=20 brake=3 least=10".to_owned(),
            );
        }
        let now = Pacing {
            per_minute: self.per_minute,
            brake: self.brake,
            least: self.least,
            ..self.head.pacing()
        };
        let Pacing {
            per_minute,
            brake,
            least,
            ..
        } = now.take(typed)?;
        Ok(Order::Pace {
            per_minute,
            brake,
            least,
        })
    }
}

impl Pacing {
    /// Rows that may be under way at once: those of 15 s. Where a stage takes longer for one, the batch goes at the pace of
    /// the stage.
    pub fn at_once(per_minute: u32) -> usize {
        (per_minute / 4).max(2) as usize
    }

    /// ms between two rows.
    pub fn gap_ms(per_minute: u32) -> i64 {
        60_000 / i64::from(per_minute.max(1))
    }

    /// How long `targets` take at least, s, where `usual` is what stages do in a usual minute; the canaries are not waited
    /// for in this.
    pub fn seconds<'a>(
        &self,
        targets: impl Iterator<Item = &'a EventTarget>,
        usual: &Usual,
    ) -> u64 {
        let mut gaps: BTreeMap<&EventType, u64> = BTreeMap::new();
        let gap = |target: &'a EventTarget| {
            *gaps.entry(&target.stage).or_insert_with(|| {
                let rate = self.rate(target, usual);
                Self::gap_ms(rate.per_minute).unsigned_abs()
            })
        };
        // Before the first there is nothing to wait for.
        targets.skip(1).map(gap).sum::<u64>() / 1_000
    }

    /// Takes what was typed: `pace=20 canary=1`, or the pace alone.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn take(mut self, typed: &str) -> Result<Self, String> {
        for word in typed.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or(("pace", word));
            let number = |least: u32, most: u32| match value.parse::<u32>() {
                Ok(n) if (least..=most).contains(&n) => Ok(n),
                Ok(_) | Err(_) => Err(format!("{name} is a number from {least} to {most}")),
            };
            match name {
                "pace" => self.per_minute = number(1, 6_000)?,
                "canary" => self.canary = number(0, 100)?,
                "brake" => self.brake = number(1, 100)?,
                "least" => self.least = number(1, 6_000)?,
                _ => {
                    let known = "pace, canary, brake and least can be set: pace=20 canary=1";
                    return Err(known.to_owned());
                }
            }
        }
        Ok(self)
    }

    /// What [`Pacing::take`] would make this of.
    pub fn typed(&self) -> String {
        let Self {
            canary,
            per_minute,
            brake,
            least,
            ..
        } = self;
        format!("pace={per_minute} canary={canary} brake={brake} least={least}")
    }
}
