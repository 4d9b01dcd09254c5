//! In which mode changes are notified, what that costs the writers, and when another serves better. The shares are those
//! of `benches/README.md`: of the commits of a table with its key alone, flushed, by 8 writers at once.

use super::Finding;
use crate::sources::postgres::probe::{Mode, Notifier};

/// So many at once do not wait by chance.
const QUEUE: u64 = 2;

const COALESCE: &str = "UPDATE outpost.settings SET value = 'coalesce' WHERE name = 'notify'; first see that no workflow \
                        lives by notifications alone: it must also look for pending events on a schedule";

/// The mode that is in force, or the queue of writers that another would end.
pub(super) fn judge(notifier: Notifier) -> Vec<Finding> {
    let waiting = notifier.waiting;
    if waiting >= QUEUE && notifier.mode != Some(Mode::Coalesce) {
        return vec![Finding::warn(
            format!("{waiting} writers wait for the commit of another's notification"),
            "every commit that notifies waits until the one before is flushed: 8 writers at once keep 0.4 of \
             their rate, coalesced 0.8 to 0.9",
            match notifier.mode {
                Some(Mode::On) => COALESCE,
                _ => {
                    "notify once a statement rather than once a row, or write in batches; `outpost migrate` brings a \
                      notifier that can coalesce, where the site has none of its own"
                }
            },
        )];
    }
    let said = match notifier.mode {
        None => return Vec::new(),
        Some(Mode::On) => {
            "every statement with new events is notified (outpost.settings notify = on): right for a few writers; many at once would wait \
             for one another, and coalesce mends that"
        }
        Some(Mode::Coalesce) => {
            "notifications are coalesced (outpost.settings notify = coalesce): 8 writers at once keep 0.8 to 0.9 of their rate; \
             what one does not tell of is seen within 2 s, and a workflow that listens must also look for pending events"
        }
        Some(Mode::Off) => {
            "notifications are switched off (outpost.settings notify = off): changes are seen within 2 s, and a workflow \
             that listens hears nothing"
        }
        Some(Mode::Other) => {
            "outpost_notify is not as outpost migrate made it: outpost.settings notify does not rule it"
        }
    };
    vec![Finding::ok(said)]
}
