//! What can be wrong with the world. Each scenario first rewrites the last hour, or day, as if its fault had begun
//! then, so that it shows at once; from then on the world lives under it. Returning to calm takes it all back.

/// A state of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scenario {
    /// Nothing is wrong: about 70 events a minute, a few failures that a retry mends. The console: OK, no alert.
    #[default]
    Calm,
    /// Somebody switched off Apify Enrichment 40 minutes ago: `slots_created` piles up, the stages after it starve.
    /// The console: pipeline stalled; `P` activates the workflow, `R` retries what waited.
    Stall,
    /// The quota of the enrichment provider has run out: a third of `slots_created` fails with 429, and no retry
    /// helps. The console: high error rate in `slots_created`, one big group of errors.
    Errors,
    /// The webhook of `MillionVerify` Checker is not registered although the workflow is active:
    /// `contact_enriched` events arrive and no execution starts. The console: pipeline stalled, active but deaf.
    DeafWebhook,
    /// Everything takes ten times as long. The console: slow processing, no errors.
    Slow,
    /// Providers refuse our mail: a third of it bounces. The console: deliverability drop.
    Bounces,
    /// The token of the CRM has expired: each `lead_qualified` fails with 401. The console: CRM sync failure.
    CrmDown,
    /// Apify Enrichment ends well and writes nothing back: `slots_created` is processed, no `contact_enriched` comes, and
    /// there is no error. The console: dropped at `slots_created`; `3`, then `[`, names the records.
    Drops,
    /// A flood: 400 companies at once, five times the traffic, three times as slow, and every eighth enrichment and
    /// send fails. The console: pipeline stalled, rising backlog, errors.
    Storm,
}

/// How the world behaves under a scenario.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weather {
    /// How much more comes in than in calm.
    pub(super) traffic: f64,
    /// A run takes this many times as long,
    pub(super) slowness: f64,
    /// and this much on top, s.
    pub(super) delay: f64,
    /// The share of messages that bounce.
    pub(super) bounces: f64,
    /// What a bounce says.
    pub(super) bounce_text: &'static str,
    /// Stages that fail for a reason of the scenario, and the share of their runs.
    pub(super) failing: &'static [(&'static str, f64, Trouble)],
    /// A workflow that is switched off.
    pub(super) inactive: Option<&'static str>,
    /// A stage whose workflow ends well and writes nothing back.
    pub(super) forgetful: Option<&'static str>,
    /// A workflow that is deaf.
    pub(super) deaf: Option<&'static str>,
    /// Companies imported when it begins.
    pub(super) import: i32,
}

/// A failure that belongs to a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What the error says; `{}` is a number.
    pub(super) message: &'static str,
    /// The HTTP status of the provider.
    pub(super) http: &'static str,
    /// How bad the workflow thinks it is.
    pub(super) severity: &'static str,
}

const QUOTA: Trouble = Trouble {
    message: "Apify: 429 Too Many Requests, monthly usage limit reached (request {})",
    http: "429",
    severity: "error",
};

const TOKEN: Trouble = Trouble {
    message: "HubSpot: 401 Unauthorized: the access token has expired",
    http: "401",
    severity: "critical",
};

const FLOODED: Trouble = Trouble {
    message: "429 Too Many Requests, retry after {} s",
    http: "429",
    severity: "error",
};

const CALM: Weather = Weather {
    traffic: 1.0,
    slowness: 1.0,
    delay: 0.0,
    bounces: 0.038,
    bounce_text: "550 5.1.1 user unknown",
    failing: &[],
    inactive: None,
    forgetful: None,
    deaf: None,
    import: 0,
};

impl Scenario {
    /// All of them, calm first.
    pub const ALL: [Self; 9] = [
        Self::Calm,
        Self::Stall,
        Self::Errors,
        Self::DeafWebhook,
        Self::Slow,
        Self::Bounces,
        Self::CrmDown,
        Self::Drops,
        Self::Storm,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Stall => "stall",
            Self::Errors => "errors",
            Self::DeafWebhook => "deaf-webhook",
            Self::Slow => "slow",
            Self::Bounces => "bounces",
            Self::CrmDown => "crm-down",
            Self::Drops => "drops",
            Self::Storm => "storm",
        }
    }

    /// The scenario of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|scenario| scenario.name() == name)
    }

    /// The statements that rewrite the past for it.
    pub(super) const fn past(self) -> &'static str {
        match self {
            Self::Calm => include_str!("../../sql/demo/scenario/calm.sql"),
            Self::Stall => include_str!("../../sql/demo/scenario/stall.sql"),
            Self::Errors => include_str!("../../sql/demo/scenario/errors.sql"),
            Self::DeafWebhook => include_str!("../../sql/demo/scenario/deaf-webhook.sql"),
            Self::Slow => include_str!("../../sql/demo/scenario/slow.sql"),
            Self::Bounces => include_str!("../../sql/demo/scenario/bounces.sql"),
            Self::CrmDown => include_str!("../../sql/demo/scenario/crm-down.sql"),
            Self::Drops => include_str!("../../sql/demo/scenario/drops.sql"),
            Self::Storm => include_str!("../../sql/demo/scenario/storm.sql"),
        }
    }

    /// How the world behaves under it.
    pub(super) const fn weather(self) -> Weather {
        match self {
            Self::Calm => CALM,
            Self::Stall => Weather {
                inactive: Some("Apify Enrichment"),
                ..CALM
            },
            Self::Errors => Weather {
                failing: &[("slots_created", 0.35, QUOTA)],
                ..CALM
            },
            Self::DeafWebhook => Weather {
                deaf: Some("MillionVerify Checker"),
                ..CALM
            },
            Self::Slow => Weather {
                slowness: 9.0,
                delay: 9.0,
                ..CALM
            },
            Self::Bounces => Weather {
                bounces: 0.35,
                bounce_text: "550 5.7.1 message blocked: poor reputation of the sending address",
                ..CALM
            },
            Self::CrmDown => Weather {
                failing: &[("lead_qualified", 1.0, TOKEN)],
                ..CALM
            },
            Self::Drops => Weather {
                forgetful: Some("slots_created"),
                ..CALM
            },
            Self::Storm => Weather {
                traffic: 5.0,
                slowness: 3.0,
                failing: &[
                    ("slots_created", 0.12, FLOODED),
                    ("message_queued", 0.12, FLOODED),
                ],
                import: 400,
                ..CALM
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_found_by_its_name() {
        for scenario in Scenario::ALL {
            assert_eq!(Scenario::find(scenario.name()), Some(scenario));
        }
        assert_eq!(Scenario::find("sunshine"), None);
    }
}
