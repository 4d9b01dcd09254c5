//! What follows from the facts: alerts first, then the stage strip, then the verdict.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Store, feed::Feed};
use crate::{
    domain::{
        Timestamp,
        alert::{
            Alert, Look, RuleId,
            reading::{self, Facts},
        },
        flow,
        verdict::{Evidence, Health, Source, Verdict},
        workflow::Executions,
    },
    effect::FeedId,
    msg::{Fault, Link},
};

/// The headline changes at most once in this time.
const HEADLINE: TimeDelta = TimeDelta::seconds(10);

impl Store {
    /// The database's clock when ours is at `now`.
    pub fn database_clock(&self, now: Timestamp) -> Timestamp {
        let skew = self.server.value().map_or(0, |server| server.skew_ms);
        now + TimeDelta::milliseconds(skew)
    }

    /// A rest is over: what comes now is read as at the start. Whether there was one.
    pub fn wake(&mut self, now: Timestamp) -> bool {
        if self.resting.take().is_none() {
            return false;
        }
        self.headline_at = None;
        self.judge(now);
        true
    }

    /// Judges anew at `now`; whether an alert, a stage or the verdict changed.
    pub fn judge(&mut self, now: Timestamp) -> bool {
        let clock = self.database_clock(now);
        self.clock = clock;
        let alerts = self.judged_alerts(now, clock);
        let flow = self.judged_flow(now, clock, &alerts);
        let mut changed = self.alerts != alerts || self.flow != flow;
        self.changes.alerts(clock, (&self.alerts, &alerts));
        self.alerts = alerts;
        self.flow = flow;
        let verdict = self.made_verdict(now, clock);
        if matches!(self.database(now), Source::Fresh) {
            self.known.clone_from(&verdict);
        }
        changed |= self.publish(verdict, now);
        changed
    }

    fn judged_alerts(&self, now: Timestamp, clock: Timestamp) -> Vec<Alert> {
        let missing = |source: &Source| match source {
            Source::Off(why) | Source::Down(_, why) | Source::Stale(_, Some(why)) => why.clone(),
            Source::Waiting => "not read yet".to_owned(),
            Source::Resting(_) => "at rest".to_owned(),
            Source::Stale(..) | Source::Fresh => "no fresh answer".to_owned(),
        };
        let (database, outcomes) = (self.database(now), self.outcomes_source(now));
        let (no_stages, no_outcomes) = (missing(&database), missing(&outcomes));
        let facts = Facts {
            stages: self
                .stages
                .usable(now, FeedId::Stages.interval())
                .map(Vec::as_slice)
                .ok_or(no_stages.as_str()),
            outcomes: self
                .outcomes
                .usable(now, FeedId::Outcomes.interval())
                .ok_or(no_outcomes.as_str()),
        };
        let mut alerts = self.alerts.clone();
        if alerts.is_empty() {
            alerts = self.rules.alerts(now);
        }
        for alert in &mut alerts {
            let reading = reading::of(alert.rule(), &facts, clock);
            alert.step(reading, self.look(alert.rule, now));
            alert.hear(self.said_of(alert.rule), (clock, clock - now));
        }
        alerts
    }

    /// The look at what `rule` is judged on.
    fn look(&self, rule: RuleId, now: Timestamp) -> Look {
        let (at, due) = if reading::is_of_stages(rule) {
            let interval = FeedId::Stages.interval();
            (self.stages.at(), self.stages.limit(interval))
        } else {
            let interval = FeedId::Outcomes.interval();
            (self.outcomes.at(), self.outcomes.limit(interval))
        };
        Look {
            now,
            at: at.unwrap_or(now),
            due,
        }
    }

    fn judged_flow(
        &self,
        now: Timestamp,
        clock: Timestamp,
        alerts: &[Alert],
    ) -> Vec<flow::FlowLine> {
        let Some(readings) = self.stages.value() else {
            return Vec::new();
        };
        let buckets = self.trend.value().map_or(&[][..], Vec::as_slice);
        let mut lines = flow::lines(
            &self.pipeline,
            (readings, buckets),
            alerts,
            self.drops.value(),
            clock,
        );
        if self.stages.usable(now, FeedId::Stages.interval()).is_none() {
            for line in &mut lines {
                line.health = Health::Stale;
            }
        }
        lines
    }

    fn made_verdict(&self, now: Timestamp, clock: Timestamp) -> Verdict {
        let nothing = Executions::default();
        Evidence {
            now: clock,
            pipeline: &self.pipeline,
            database: &self.database(now),
            is_waking: matches!(
                &self.reader,
                Link::Down {
                    fault: Fault::Waking(_),
                    ..
                }
            ),
            outcomes: &self.outcomes_source(now),
            n8n: &self.n8n_source(now),
            listening: matches!(self.listener, Link::Up(..)),
            flow: &self.flow,
            alerts: &self.alerts,
            groups: self
                .errors
                .value()
                .map_or(&[], |errors| errors.groups.as_slice()),
            drops: self.drops.value(),
            bounces: self.outcomes.value().map_or(&[], |o| o.bounces.as_slice()),
            workflows: self.workflows.value().map_or(&[], Vec::as_slice),
            executions: self.executions.value().unwrap_or(&nothing),
            known: &self.known,
        }
        .verdict()
    }

    /// How far the readings of the stages can be trusted.
    pub fn database(&self, now: Timestamp) -> Source {
        let interval = FeedId::Stages.interval();
        let found = source(&self.stages, interval, &self.reader, now);
        if let (Source::Stale(age_s, _), Some(_)) = (&found, self.resting) {
            return Source::Resting(*age_s);
        }
        found
    }

    fn outcomes_source(&self, now: Timestamp) -> Source {
        let interval = FeedId::Outcomes.interval();
        source(&self.outcomes, interval, &self.reader, now)
    }

    /// How far n8n can be trusted: as far as the worse of its two feeds.
    pub fn n8n_source(&self, now: Timestamp) -> Source {
        if let Link::Off(why) = &self.n8n {
            return Source::Off(why.clone());
        }
        let of = |feed: FeedId, found: Source| (feed, found);
        let executions = of(
            FeedId::Executions,
            source(
                &self.executions,
                FeedId::Executions.interval(),
                &self.n8n,
                now,
            ),
        );
        let workflows = of(
            FeedId::Workflows,
            source(
                &self.workflows,
                FeedId::Workflows.interval(),
                &self.n8n,
                now,
            ),
        );
        let worse = |(_, found): &(FeedId, Source)| match found {
            Source::Off(_) => 0,
            Source::Down(..) => 1,
            Source::Stale(..) | Source::Resting(_) => 2,
            Source::Waiting => 3,
            Source::Fresh => 4,
        };
        if worse(&executions) <= worse(&workflows) {
            executions.1
        } else {
            workflows.1
        }
    }

    /// Takes over `verdict`; whether that changed anything. What stands behind a headline may change at any
    /// time, the headline only when it gets worse, or when it has stood for long enough; what is held so is marked, since
    /// the numbers beside it are newer. The first seconds are free: then the facts come in one by one.
    fn publish(&mut self, verdict: Verdict, now: Timestamp) -> bool {
        if self.verdict == verdict {
            return false;
        }
        let shown = &self.verdict;
        let same = shown.health == verdict.health && shown.root == verdict.root;
        if shown.headline == verdict.headline && same {
            self.verdict = verdict;
            return true;
        }
        let (changed, first) = self.headline_at.unzip();
        let known = verdict.health != Health::Unknown;
        // Of old data only the age changes.
        let is_older = same && verdict.health == Health::Stale;
        let free = is_older
            || changed.is_none_or(|changed| now - changed >= HEADLINE)
            || first.flatten().is_some_and(|first| now - first < HEADLINE)
            || (known && shown.health == Health::Unknown);
        if free || verdict.health < shown.health {
            let first = first.flatten().unwrap_or(now);
            self.headline_at = Some((now, known.then_some(first)));
            self.verdict = verdict;
            return true;
        }
        let held = if same {
            let shown = shown.clone();
            Verdict {
                headline: shown.headline,
                headline_short: shown.headline_short,
                is_held: true,
                ..verdict
            }
        } else {
            Verdict {
                is_held: true,
                ..shown.clone()
            }
        };
        let is_news = self.verdict != held;
        self.verdict = held;
        is_news
    }
}

fn source<T>(feed: &Feed<T>, interval: Duration, link: &Link, now: Timestamp) -> Source {
    if feed.usable(now, interval).is_some() {
        return Source::Fresh;
    }
    let broken = match (feed.fault(), link) {
        (_, Link::Down { since, fault, .. }) => Some((*since, fault)),
        (Some(fault), Link::Connecting | Link::Up(..) | Link::Deaf(..) | Link::Off(_)) => {
            Some((feed.failing_since().unwrap_or(now), fault))
        }
        (None, Link::Connecting | Link::Up(..) | Link::Deaf(..) | Link::Off(_)) => None,
    };
    match (feed.at(), broken, link) {
        (_, Some((_, Fault::NotConfigured(why))), _) | (None, None, Link::Off(why)) => {
            Source::Off(why.clone())
        }
        (Some(at), broken, _) => Source::Stale(
            (now - at).num_seconds(),
            broken.map(|(_, fault)| fault.to_string()),
        ),
        (None, Some((since, fault)), _) => Source::Down(since, fault.to_string()),
        (None, None, Link::Connecting | Link::Up(..) | Link::Deaf(..) | Link::Down { .. }) => {
            Source::Waiting
        }
    }
}
