//! Which feeds what is shown needs: the one table of it. A feed of the database that is not needed rests: it is not
//! asked, keeps its last value, and is asked at once when its screen is shown.
//!
//! A terminal without the focus rests nothing. One on a wall never has it, and is looked at all the same. Where a site lets its
//! database sleep (`database.rest_after`), all of them rest while nobody presses a key and nothing comes.

use std::collections::BTreeSet;

use super::{Screens, queue, room::Room};
use crate::{action::ScreenId, effect::FeedId, store::Store};

/// Needed whatever is shown: by the verdict and the alerts, by the title and the trust line, and by the ledger, which
/// holds only while every event is read.
pub const ALWAYS: [FeedId; 12] = [
    FeedId::Server,
    FeedId::Stages,
    FeedId::Trend,
    FeedId::Totals,
    FeedId::Tail,
    FeedId::Ledger,
    FeedId::Errors,
    FeedId::Outcomes,
    FeedId::Drops,
    FeedId::Workflows,
    FeedId::Executions,
    FeedId::Access,
];

/// Needed by a screen, beside those.
const fn of_screen(id: ScreenId) -> &'static [FeedId] {
    match id {
        ScreenId::Overview => &[FeedId::Campaigns, FeedId::Scorecard],
        ScreenId::Campaigns => &[FeedId::Campaigns],
        ScreenId::Scorecard => &[FeedId::Scorecard],
        ScreenId::Stream
        | ScreenId::Queue
        | ScreenId::Errors
        | ScreenId::Alerts
        | ScreenId::N8n
        | ScreenId::Batches
        | ScreenId::Audit => &[],
    }
}

/// Every feed that is needed while `id` is shown as it stands, on a terminal of so many rows.
pub fn needed(screens: &Screens, store: &Store, id: ScreenId, rows: u16) -> BTreeSet<FeedId> {
    let of_tab = if id == ScreenId::Queue {
        queue::needs(&screens.queue, store, Room::of(rows, false).body)
    } else {
        None
    };
    let fixed = ALWAYS.iter().chain(of_screen(id)).copied();
    fixed.chain(of_tab).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::latency::window::Span, screens::queue::Tab};

    #[test]
    fn every_feed_is_needed_by_some_screen_and_the_overview_needs_what_it_shows() {
        let (mut screens, store) = (Screens::default(), Store::default());
        let needed = |screens: &Screens, id| needed(screens, &store, id, 60);
        let mut all: BTreeSet<FeedId> = ScreenId::ALL
            .into_iter()
            .flat_map(|id| needed(&screens, id))
            .collect();
        for tab in [Tab::Latency, Tab::Records] {
            screens.queue.tab = tab;
            for span in Span::ALL {
                screens.queue.span = span;
                let of_tab = needed(&screens, ScreenId::Queue);
                assert_eq!(of_tab.len(), ALWAYS.len() + 1);
                all.extend(of_tab);
            }
        }
        assert_eq!(all, FeedId::ALL.into_iter().collect());
        let overview = needed(&screens, ScreenId::Overview);
        assert!(overview.contains(&FeedId::Campaigns) && overview.contains(&FeedId::Scorecard));
        assert!(!needed(&screens, ScreenId::Stream).contains(&FeedId::Scorecard));
    }
}
