//! The table of rules. Source: the operations guide, "Operational Alerts". Where the guide leaves a window, a
//! denominator or a smallest number open, `condition` and `window` say what was decided.

use std::time::Duration;

use super::{Level, Rule, RuleId, Side, Unit};

const MINUTE: Duration = Duration::from_mins(1);

/// Every rule: the critical ones first, as in the guide.
pub const RULES: [Rule; 7] = [
    Rule {
        id: RuleId::PipelineStalled,
        name: "pipeline_stalled",
        title: "Pipeline stalled",
        level: Level::Critical,
        condition: "more than {fire} events pending for more than 5 min, over all stages",
        advice: "Check n8n workflow status, restart if needed.",
        unit: Unit::Rows,
        side: Side::Above,
        fire: 100.0,
        clear: 50.0,
        // Every row counted is already older than 5 min: that is the guide's "for".
        hold: Duration::ZERO,
        keep: MINUTE,
        min_n: 0,
        window: "now",
        home: None,
    },
    Rule {
        id: RuleId::HighErrorRate,
        name: "high_error_rate",
        title: "High error rate",
        level: Level::Critical,
        condition: "errors / (errors + processed) over {fire} in any stage over 1 h, of at least {n}",
        advice: "Review logs, check API credentials, fix data issues.",
        unit: Unit::Share,
        side: Side::Above,
        fire: 0.10,
        clear: 0.08,
        // The window is an hour already; a single look, as `outpost check` takes, must see it.
        hold: Duration::ZERO,
        keep: MINUTE,
        min_n: 20,
        window: "1h",
        home: None,
    },
    Rule {
        id: RuleId::DeliverabilityDrop,
        name: "deliverability_drop",
        title: "Email deliverability drop",
        level: Level::Critical,
        condition: "over {fire} of the deliveries of 24 h bounced, of at least {n}",
        advice: "Check SMTP configuration, review email content for spam triggers.",
        unit: Unit::Share,
        side: Side::Above,
        fire: 0.20,
        clear: 0.15,
        hold: Duration::ZERO,
        keep: MINUTE,
        min_n: 20,
        window: "24h",
        home: Some("message_queued"),
    },
    Rule {
        id: RuleId::CrmSyncFailure,
        name: "crm_sync_failure",
        title: "CRM sync failure",
        level: Level::Critical,
        condition: "no successful sync for {fire} while leads were due, for 5 min or more",
        advice: "Verify CRM API credentials, check network connectivity.",
        unit: Unit::Seconds,
        side: Side::Above,
        fire: 1_800.0,
        clear: 900.0,
        hold: Duration::ZERO,
        keep: Duration::ZERO,
        min_n: 1,
        window: "30m",
        home: Some("lead_qualified"),
    },
    Rule {
        id: RuleId::SlowProcessing,
        name: "slow_processing",
        title: "Slow processing",
        level: Level::Warning,
        condition: "average latency of the events processed in 1 h over {fire}, of at least {n}",
        advice: "Check database performance, review workflow complexity.",
        unit: Unit::Seconds,
        side: Side::Above,
        fire: 10.0,
        clear: 8.0,
        hold: Duration::ZERO,
        keep: MINUTE,
        min_n: 20,
        window: "1h",
        home: None,
    },
    Rule {
        id: RuleId::LowEnrichment,
        name: "low_enrichment",
        title: "Low enrichment rate",
        level: Level::Warning,
        condition: "under {fire} of the enrichments of 24 h found an e-mail, of at least {n}",
        advice: "Review Apify quota, check LinkedIn data quality.",
        unit: Unit::Share,
        side: Side::Below,
        fire: 0.70,
        clear: 0.75,
        hold: Duration::ZERO,
        keep: MINUTE,
        min_n: 20,
        window: "24h",
        home: Some("slots_created"),
    },
    Rule {
        id: RuleId::ReplyRateDrop,
        name: "reply_rate_drop",
        title: "Reply rate drop",
        level: Level::Warning,
        condition: "under {fire} of the contacts delivered to in 7 d replied, of at least {n}",
        advice: "Review message templates, analyze engagement data.",
        unit: Unit::Share,
        side: Side::Below,
        fire: 0.03,
        clear: 0.035,
        hold: MINUTE,
        keep: MINUTE,
        min_n: 20,
        window: "7d",
        home: Some("reply_received"),
    },
];

const fn at(index: usize) -> &'static Rule {
    const TABLE: &[Rule; 7] = &RULES;
    &TABLE[index]
}

/// The row of `id`.
pub(super) const fn row(id: RuleId) -> &'static Rule {
    at(match id {
        RuleId::PipelineStalled => 0,
        RuleId::HighErrorRate => 1,
        RuleId::DeliverabilityDrop => 2,
        RuleId::CrmSyncFailure => 3,
        RuleId::SlowProcessing => 4,
        RuleId::LowEnrichment => 5,
        RuleId::ReplyRateDrop => 6,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_stands_in_its_own_row_and_has_hysteresis() {
        for rule in &RULES {
            assert_eq!(row(rule.id), rule);
            assert!(rule.fires(rule.fire + 1.0) != rule.fires(rule.fire - 1.0));
            assert!(!rule.fires(rule.clear), "{} has no hysteresis", rule.name);
            assert!(!rule.clears(rule.fire), "{} ends where it fires", rule.name);
        }
    }
}
