//! The rows of the alerts: which are shown, what a filter finds in them, where each leads.

use std::borrow::Cow;

use super::State;
use crate::{
    action::ScreenId,
    domain::{
        Timestamp,
        alert::{self, Alert, Level, Reading, RuleId},
        burn::Burn,
        filter::{Field, Filtered, Vocabulary},
        mask,
        outcomes::Share,
        untrusted::Untrusted,
    },
    screens::{Answer, json::Object},
    store::Store,
};

/// What the filter of this screen understands.
pub const VOCABULARY: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["rule", "alert", "name"]),
        Field::text(&["level", "severity"]),
        Field::text(&["state"]),
        Field::text(&["stage"]),
    ],
    words: &[
        "problem", "firing", "pending", "ok", "idle", "lown", "nodata", "critical", "warning",
        "acked", "unack", "silenced",
    ],
    own: None,
    is_timed: false,
};

/// How fast the errors are used up that the rate's limit allows, over all stages; nothing for other rules, and where a window
/// is not known whole.
pub(super) fn burn(store: &Store, alert: &Alert) -> Option<Burn> {
    if alert.rule != RuleId::HighErrorRate {
        return None;
    }
    let totals = store.totals.value().filter(|it| it.since.is_none())?;
    let stages = store.stages.value()?;
    if stages.iter().any(|stage| stage.known_since.is_some()) {
        return None;
    }
    let errors = store.errors.value()?.stages.iter();
    let errors: u64 = errors.map(|stage| stage.errors_24h).sum();
    let (part, of) = stages
        .iter()
        .map(|it| (it.errors_1h, it.errors_1h + it.processed_1h))
        .fold((0, 0), |(part, of), (errors, ended)| {
            (part + errors, of + ended)
        });
    Some(Burn {
        allowed: alert.rule().fire,
        day: Share {
            part: errors,
            of: errors + totals.processed,
        },
        hour: Share { part, of },
        min_n: alert.rule().min_n,
    })
}

impl Filtered for Alert {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let rule = self.rule();
        let texts = [rule.name, rule.title, self.state.word()];
        let texts = texts.into_iter().map(Cow::from);
        texts.chain([rule.condition().into()]).collect()
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        let rule = self.rule();
        Some(match name {
            "rule" | "alert" | "name" => rule.name.into(),
            "level" | "severity" => level(rule.level).into(),
            "state" => self.state.word().into(),
            "stage" => self.stage()?.raw().to_owned().into(),
            _ => return None,
        })
    }

    fn is(&self, word: &str) -> bool {
        match word {
            "problem" => is_problem(self),
            "nodata" => matches!(self.state, alert::State::NoData(_)),
            "acked" => self.acked_by().is_some(),
            "unack" => self.is_unacked(),
            "silenced" => self.is_silenced(),
            "lown" => matches!(self.state, alert::State::LowN),
            _ => {
                self.state.word().eq_ignore_ascii_case(word)
                    || level(self.rule().level).eq_ignore_ascii_case(word)
            }
        }
    }
}

/// The word of a level.
pub(super) const fn level(level: Level) -> &'static str {
    match level {
        Level::Critical => "critical",
        Level::Warning => "warning",
    }
}

/// The alerts that are shown, in the order of the rules.
pub(super) fn shown<'a>(state: &State, store: &'a Store) -> Vec<&'a Alert> {
    let all = store.alerts.iter();
    all.filter(|row| state.filter.matches(*row, store.clock))
        .collect()
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<RuleId> {
    let rows = shown(state, store);
    rows.into_iter().map(|row| row.rule).collect()
}

/// The alert of a rule.
pub(super) fn find(store: &Store, rule: RuleId) -> Option<&Alert> {
    store.alerts.iter().find(|row| row.rule == rule)
}

/// Whether someone should look at this alert: it fires, is about to, or cannot be judged, and is not silenced.
pub(super) const fn is_problem(row: &Alert) -> bool {
    match row.state {
        alert::State::Firing(_) | alert::State::Pending(_) | alert::State::NoData(_) => {
            !row.is_silenced()
        }
        alert::State::Ok | alert::State::Idle | alert::State::LowN => false,
    }
}

/// The screen that explains an alert.
pub(super) fn explained_by(row: &Alert) -> Answer {
    let stage = row.stage().map(|stage| format!("stage:{}", stage.label()));
    match row.rule {
        RuleId::PipelineStalled | RuleId::SlowProcessing => Answer::Go(ScreenId::Queue, stage),
        RuleId::HighErrorRate => Answer::Go(ScreenId::Errors, stage),
        RuleId::CrmSyncFailure | RuleId::LowEnrichment => Answer::Go(ScreenId::Stream, stage),
        RuleId::DeliverabilityDrop | RuleId::ReplyRateDrop => Answer::Go(ScreenId::Campaigns, None),
    }
}

/// The alert as one line of JSON.
pub(super) fn json(row: &Alert, clock: Timestamp) -> String {
    let rule = row.rule();
    let (value, n) = match row.reading {
        Reading::Value { value, n, .. } => (Some(value), n),
        Reading::Idle | Reading::Unknown(_) => (None, 0),
    };
    let stage = row.stage().map(|stage| stage.label());
    let stage = stage.map(Untrusted::from);
    Object::default()
        .text("alert", rule.name)
        .text("level", level(rule.level))
        .text("state", row.state.word())
        .moment("since", row.state.since())
        .fraction("value", value)
        .fraction("threshold", Some(rule.fire))
        .number("n", n)
        .untrusted("stage", stage.as_ref())
        .text("window", rule.window)
        .text("condition", &rule.condition())
        .text("action", rule.advice)
        .text("said", &row.said.words_at(clock))
        .untrusted("note", row.said.note.as_ref().map(mask::message).as_ref())
        .end()
}
