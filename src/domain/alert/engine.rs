//! How an alert moves from one state to the next.

use chrono::TimeDelta;

use super::{Alert, Look, Reading, Rule, State};
use crate::domain::Timestamp;

impl Alert {
    /// Judges the rule on `reading`, by `look`. Without data it keeps its last reading, and its timers stand
    /// still until data comes again.
    pub fn step(&mut self, reading: Reading, look: Look) {
        let now = look.now;
        if let Reading::Unknown(reason) = reading {
            self.lose(reason, now);
            return;
        }
        let was_blind = self.blind.is_some();
        self.regain(now);
        let rule = *self.rule();
        let before = self.state;
        let (state, calm_since) = next(&rule, before, self.calm_since, &reading, now);
        if matches!(before, State::Firing(_)) && !matches!(state, State::Firing(_)) {
            self.resolved_at = Some(now);
        }
        let ends = (delta(rule.keep), was_blind);
        self.watch.see(look, ends, (before, state));
        self.state = state;
        self.calm_since = calm_since;
        self.reading = reading;
    }

    fn lose(&mut self, reason: String, now: Timestamp) {
        let (since, held) = match (&self.blind, self.state) {
            (Some((_, held)), State::NoData(since)) => (since, *held),
            (_, held) => (now, held),
        };
        self.state = State::NoData(since);
        self.blind = Some((reason, held));
    }

    /// Goes back to the state before the data went away. A wait under way goes on, less the blind time.
    fn regain(&mut self, now: Timestamp) {
        let (Some((_, held)), State::NoData(lost)) = (self.blind.take(), self.state) else {
            return;
        };
        let gap = now - lost;
        self.calm_since = self.calm_since.map(|since| since + gap);
        self.state = match held {
            State::Pending(since) => State::Pending(since + gap),
            State::Ok | State::Firing(_) | State::Idle | State::LowN | State::NoData(_) => held,
        };
    }
}

/// The next state, and since when a firing alert has been good.
fn next(
    rule: &Rule,
    state: State,
    calm_since: Option<Timestamp>,
    reading: &Reading,
    now: Timestamp,
) -> (State, Option<Timestamp>) {
    let (resting, value) = match reading {
        Reading::Value { value, n, .. } if *n >= rule.min_n => (State::Ok, Some(*value)),
        Reading::Value { .. } => (State::LowN, None),
        Reading::Idle | Reading::Unknown(_) => (State::Idle, None),
    };
    let beyond = value.is_some_and(|value| rule.fires(value));
    match state {
        State::Firing(_) if value.is_some_and(|value| !rule.clears(value)) => (state, None),
        State::Firing(_) => {
            let calm = calm_since.unwrap_or(now);
            if now - calm >= delta(rule.keep) {
                (resting, None)
            } else {
                (state, Some(calm))
            }
        }
        State::Pending(since) if beyond && now - since >= delta(rule.hold) => {
            (State::Firing(now), None)
        }
        State::Pending(_) if beyond => (state, None),
        State::Ok | State::Idle | State::LowN | State::NoData(_) if beyond => {
            if rule.hold.is_zero() {
                (State::Firing(now), None)
            } else {
                (State::Pending(now), None)
            }
        }
        State::Ok | State::Pending(_) | State::Idle | State::LowN | State::NoData(_) => {
            (resting, None)
        }
    }
}

fn delta(span: std::time::Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::alert::RuleId;

    fn at(second: i64) -> Timestamp {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn value(value: f64, n: u64) -> Reading {
        Reading::Value {
            value,
            n,
            stage: None,
        }
    }

    fn run(rule: RuleId, readings: &[(i64, f64, u64)]) -> Vec<State> {
        let mut alert = Alert::new(*rule.rule(), at(0));
        let step = |&(second, v, n): &(i64, f64, u64)| {
            alert.step(value(v, n), Look::at_once(at(second)));
            alert.state
        };
        readings.iter().map(step).collect()
    }

    #[test]
    fn between_the_thresholds_an_alert_neither_fires_nor_ends() {
        let states = run(
            RuleId::PipelineStalled,
            &[
                (0, 75.0, 75),
                (1, 101.0, 101),
                (2, 75.0, 75),
                (900, 75.0, 75),
            ],
        );
        let firing = State::Firing(at(1));
        assert_eq!(states, [State::Ok, firing, firing, firing]);
    }

    #[test]
    fn it_ends_only_when_it_has_been_good_for_long_enough() {
        let states = run(
            RuleId::PipelineStalled,
            &[
                (0, 101.0, 101),
                (10, 3.0, 3),
                (40, 60.0, 60),
                (50, 3.0, 3),
                (109, 3.0, 3),
                (110, 3.0, 3),
            ],
        );
        let firing = State::Firing(at(0));
        assert_eq!(states, [firing, firing, firing, firing, firing, State::Ok]);
    }

    #[test]
    fn a_dip_while_pending_starts_the_wait_again() {
        let states = run(
            RuleId::ReplyRateDrop,
            &[
                (0, 0.01, 500),
                (59, 0.2, 500),
                (60, 0.01, 500),
                (119, 0.01, 500),
                (120, 0.01, 500),
            ],
        );
        assert_eq!(
            states,
            [
                State::Pending(at(0)),
                State::Ok,
                State::Pending(at(60)),
                State::Pending(at(60)),
                State::Firing(at(120)),
            ]
        );
    }

    #[test]
    fn one_of_three_is_too_few_to_fire() {
        assert_eq!(run(RuleId::HighErrorRate, &[(0, 0.33, 3)]), [State::LowN]);
    }

    #[test]
    fn without_data_the_reading_stays_and_the_wait_stands_still() {
        let mut alert = Alert::new(*RuleId::ReplyRateDrop.rule(), at(0));
        alert.step(value(0.01, 500), Look::at_once(at(0)));
        alert.step(
            Reading::Unknown("no answer".to_owned()),
            Look::at_once(at(50)),
        );
        alert.step(
            Reading::Unknown("no answer".to_owned()),
            Look::at_once(at(500)),
        );
        assert_eq!(alert.state, State::NoData(at(50)));
        assert_eq!(alert.reading, value(0.01, 500));
        alert.step(value(0.01, 500), Look::at_once(at(1_050)));
        assert_eq!(alert.state, State::Pending(at(1_000)));
        alert.step(value(0.01, 500), Look::at_once(at(1_060)));
        assert_eq!(alert.state, State::Firing(at(1_060)));
    }

    #[test]
    fn an_alert_that_fired_still_counts_as_firing_while_blind() {
        let mut alert = Alert::new(*RuleId::CrmSyncFailure.rule(), at(0));
        alert.step(value(2_000.0, 2), Look::at_once(at(0)));
        alert.step(
            Reading::Unknown("no answer".to_owned()),
            Look::at_once(at(5)),
        );
        assert!(alert.is_firing());
        alert.step(Reading::Idle, Look::at_once(at(9)));
        assert_eq!((alert.state, alert.resolved_at), (State::Idle, Some(at(9))));
    }

    #[test]
    fn the_distance_says_how_far_it_is_to_the_next_change() {
        let mut alert = Alert::new(*RuleId::PipelineStalled.rule(), at(0));
        alert.step(value(88.0, 88), Look::at_once(at(0)));
        assert_eq!(alert.distance(at(0)).unwrap(), "13 more to fire");
        alert.step(value(412.0, 412), Look::at_once(at(1)));
        assert_eq!(alert.distance(at(1)).unwrap(), "363 fewer to clear");
        alert.step(value(1.0, 1), Look::at_once(at(10)));
        assert_eq!(alert.distance(at(30)).unwrap(), "40s to clear");
    }
}
