//! The `[alerts]` tables: the rules of the guide, switched off or with limits of one's own.

use std::time::Duration;

use super::{Config, Kind, Mistake, Origin, settings};
use crate::domain::alert::{RULES, Rule, Rules, Side, Unit};

impl Config {
    /// The rules in force: those of the guide that are not switched off, with the limits that are set.
    pub fn rules(&self) -> Rules {
        let is_on = |rule: &&Rule| self.is_on(&name(rule, "enabled"));
        let of = |rule: &Rule| self.rule(rule);
        RULES.iter().filter(is_on).map(of).collect()
    }

    fn rule(&self, rule: &Rule) -> Rule {
        let limit = |key: &str| settings::limit(rule.unit, self.get(&name(rule, key))?);
        let span = |key: &str| settings::span(self.get(&name(rule, key))?).map(Duration::from_secs);
        let mut own = *rule;
        own.fire = limit("fire").unwrap_or(rule.fire);
        own.clear = limit("clear").unwrap_or(rule.clear);
        own.hold = span("hold").unwrap_or(rule.hold);
        own.keep = span("keep").unwrap_or(rule.keep);
        let min_n = self.get(&name(rule, "min_n"));
        own.min_n = min_n.and_then(|n| n.parse().ok()).unwrap_or(rule.min_n);
        own
    }

    /// Rules that would end where they fire.
    pub(super) fn crossed_limits(&self, mistakes: &mut Vec<Mistake>) {
        for rule in &RULES {
            let found = self.rule(rule);
            let (wrong, side) = match rule.side {
                Side::Above => (found.clear >= found.fire, "below"),
                Side::Below => (found.clear <= found.fire, "above"),
            };
            if wrong {
                let (fire, clear) = (name(rule, "fire"), name(rule, "clear"));
                let shown = |name: &str| self.get(name).unwrap_or_default().to_owned();
                let line = [&clear, &fire].into_iter().find_map(|name| self.line(name));
                let text = format!(
                    "`{clear}` ({}) must be {side} `{fire}` ({}), or the alert would flap; set both",
                    shown(&clear),
                    shown(&fire)
                );
                mistakes.push(Mistake { line, text });
            }
        }
    }

    /// The line of the file that sets `name`, if one does.
    pub(super) fn line(&self, name: &str) -> Option<usize> {
        match self.origin(name)? {
            Origin::File(line) | Origin::Profile(line) => Some(*line),
            Origin::Default | Origin::Environment(_) | Origin::Flag(_) => None,
        }
    }
}

fn name(rule: &Rule, key: &str) -> String {
    format!("alerts.{}.{key}", rule.name)
}

impl Kind {
    /// Whether a bare number of the file is taken as it stands.
    pub(super) const fn takes_numbers(self) -> bool {
        match self {
            Self::Whole(..) | Self::Limit(Unit::Rows) => true,
            Self::Limit(Unit::Share | Unit::Seconds)
            | Self::Text
            | Self::Secret
            | Self::Url
            | Self::Flag
            | Self::Choice(_)
            | Self::Words
            | Self::Span
            | Self::Hours => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Overrides, domain::alert::RuleId};

    fn load(text: &str) -> Result<Config, Vec<(Option<usize>, String)>> {
        Config::load(Some(("c.toml", text)), Overrides::default())
            .map_err(|error| error.all.into_iter().map(|m| (m.line, m.text)).collect())
    }

    #[test]
    fn without_a_file_the_rules_are_those_of_the_guide() {
        assert_eq!(load("").unwrap().rules(), Rules::default());
    }

    #[test]
    fn limits_of_ones_own_are_taken_and_a_rule_can_be_switched_off() {
        let text = "[alerts.pipeline_stalled]\nfire = 500\nclear = 200\nhold = '2m'\n\
            [alerts.high_error_rate]\nfire = '12.5%'\nmin_n = 50\n\
            [alerts.crm_sync_failure]\nfire = '2h'\nclear = '1h'\n\
            [alerts.reply_rate_drop]\nenabled = false\n";
        let now = crate::domain::Timestamp::default();
        let alerts = load(text).unwrap().rules().alerts(now);
        let of = |id| {
            alerts
                .iter()
                .find(|alert| alert.rule == id)
                .map(|a| *a.rule())
        };
        let stalled = of(RuleId::PipelineStalled).unwrap();
        assert_eq!((stalled.fire, stalled.clear), (500.0, 200.0));
        assert_eq!(stalled.hold, Duration::from_mins(2));
        assert!(stalled.condition().starts_with("more than 500 events"));
        let errors = of(RuleId::HighErrorRate).unwrap();
        assert_eq!((errors.fire, errors.min_n), (0.125, 50));
        let crm = of(RuleId::CrmSyncFailure).unwrap();
        assert_eq!(crm.threshold(), ">2h00m");
        assert_eq!(of(RuleId::ReplyRateDrop), None);
        assert_eq!(alerts.len(), 6);
    }

    #[test]
    fn every_mistake_in_the_limits_is_told_with_its_line_and_what_to_write() {
        let text = "[alerts.pipeline_stalled]\nfire = 40\n\
            [alerts.high_error_rate]\nfire = 0.1\nclear = '8'\nhold = '2 min'\n\
            [alerts.low_enrichmnt]\nfire = '5%'\n";
        let told = load(text).unwrap_err();
        let lines: Vec<_> = told.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 4, 5, 6, 7].map(Some), "{told:?}");
        for ((_, text), part) in told.iter().zip([
            "`alerts.pipeline_stalled.clear` (50) must be below `alerts.pipeline_stalled.fire` (40)",
            "write \"12%\"",
            "must be a share between 0% and 100%, such as \"12%\"",
            "must be a span of at most a day, such as \"90s\"",
            "did you mean `alerts.low_enrichment`?",
        ]) {
            assert!(text.contains(part), "{text} / {part}");
        }
    }
}
