//! The `[retry]` table: when a retry is a batch, and how that goes about its rows.

use super::{Config, settings};
use crate::domain::{
    batch::{Bulk, Pacing},
    plan::Quiet,
};

impl Config {
    /// The hours in which a retry writes to nobody, where some are set.
    pub fn quiet(&self) -> Option<Quiet> {
        let zone = self.get("retry.quiet_zone").unwrap_or("UTC");
        Quiet::parse(self.get("retry.quiet_hours")?, zone)
    }

    /// When a retry is a batch, and how it goes about its rows.
    pub fn bulk(&self) -> Bulk {
        let number = |name: &str| u32::try_from(self.number(name)).unwrap_or(u32::MAX);
        let patience = self.get("retry.patience").and_then(settings::span);
        Bulk {
            above: number("retry.batch_above") as usize,
            pacing: Pacing {
                canary: number("retry.canary"),
                per_minute: number("retry.pace"),
                brake: number("retry.brake"),
                backlog: number("retry.backlog"),
                // A span is a day at most.
                patience_s: patience.unwrap_or_default() as u32,
                n8n_runs: number("n8n.concurrency"),
                budget: number("retry.api_budget"),
                least: number("retry.least"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn what_is_set_is_in_force_and_the_rest_is_as_usual() {
        let usual = Config::load(None, Overrides::default()).unwrap();
        assert_eq!(usual.bulk(), Bulk::default());
        let text = "[retry]\nbatch_above = 5\npace = 60\npatience = '90s'\n";
        let own = Config::load(Some(("f", text)), Overrides::default()).unwrap();
        let pacing = Pacing {
            per_minute: 60,
            patience_s: 90,
            ..Pacing::default()
        };
        assert_eq!(own.bulk(), Bulk { above: 5, pacing });
    }

    #[test]
    fn hours_are_quiet_only_where_they_are_set_and_a_profile_has_its_own() {
        let usual = Config::load(None, Overrides::default()).unwrap();
        assert_eq!(usual.quiet(), None);
        let text = "profile = 'eu'\n[retry]\nquiet_hours = '20:00-08:00'\n\
                    [profiles.eu.retry]\nquiet_hours = '21:00-7:30'\nquiet_zone = 'Europe/Berlin'\n";
        let own = Config::load(Some(("f", text)), Overrides::default()).unwrap();
        assert_eq!(own.quiet(), Quiet::parse("21:00-07:30", "Europe/Berlin"));
        let text = "[retry]\nquiet_hours = '8pm-8am'\n";
        let wrong = Config::load(Some(("f", text)), Overrides::default()).unwrap_err();
        assert!(
            wrong.to_string().contains("f:2: ") && wrong.to_string().contains("20:00-08:00"),
            "{wrong}"
        );
    }
}
