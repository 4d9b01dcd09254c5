//! What was seen of a firing: whether what was said at a moment is of the one that goes on.

use chrono::TimeDelta;

use super::State;
use crate::domain::Timestamp;

/// In so short a time an alert does not end and fire again unseen, where it must be good for as long before it ends.
pub(super) const UNSEEN: TimeDelta = TimeDelta::minutes(1);

/// When a rule is judged, and how old what it is judged on is then, by the clock that it is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Now.
    pub now: Timestamp,
    /// When the answer came that it is judged on.
    pub at: Timestamp,
    /// So long after that the next answer may come without one being missed.
    pub due: TimeDelta,
}

impl Look {
    /// At an answer that comes `now`, and is followed by others at once.
    pub const fn at_once(now: Timestamp) -> Self {
        Self {
            now,
            at: now,
            due: TimeDelta::zero(),
        }
    }
}

/// The looks at a rule. An answer is judged again and again until the next one comes: what counts is when it came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Watch {
    /// The answer that it was last judged on: when it came, and in what time the next one was due.
    last: Option<(Timestamp, TimeDelta)>,
    /// From here on no end of a firing was missed, and none was seen.
    unbroken: Option<Timestamp>,
    /// When it was last seen neither to fire nor to wait for it.
    good: Option<Timestamp>,
}

impl Watch {
    /// Takes in a look that led from one state to another. It ends when it was good for `keep`; `is_blind` where it could not be
    /// judged at the look before.
    pub(super) fn see(
        &mut self,
        look: Look,
        (keep, is_blind): (TimeDelta, bool),
        (before, after): (State, State),
    ) {
        let is_good = |state| !matches!(state, State::Firing(_) | State::Pending(_));
        // Where it began between two looks, another console may have seen it begin, end and begin anew.
        let begins = is_good(before) && !is_good(after);
        let keep = keep.min(UNSEEN);
        let is_whole = self.last.is_some_and(|(last, due)| {
            let room = if is_blind || begins {
                keep
            } else {
                keep.max(due)
            };
            look.at - last <= room
        });
        if !is_whole {
            self.unbroken = self.unbroken.max(Some(look.at));
        }
        if is_good(after) {
            // That it has ended may follow from the time alone, long after the answer.
            let ended = matches!(before, State::Firing(_));
            let good = if ended { look.now } else { look.at };
            self.good = self.good.max(Some(good));
            self.unbroken = self.unbroken.max(self.good);
        }
        self.last = Some((look.at, look.due));
    }

    /// Whether what was said at `at`, by a clock that is `ahead` of the one that it is judged by, is surely of the firing that goes
    /// on; `None` where it surely is of another one.
    pub(super) fn is_of_this(&self, at: Timestamp, ahead: TimeDelta) -> Option<bool> {
        let is_since = |moment: Timestamp| at > moment + ahead;
        if !self.good.is_none_or(is_since) {
            return None;
        }
        Some(self.unbroken.is_some_and(is_since))
    }
}
