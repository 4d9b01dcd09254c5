//! The `[retry]` table: when a retry is a batch, and how that goes about its rows.

use super::{Config, settings};
use crate::domain::batch::{Bulk, Pacing};

impl Config {
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
}
