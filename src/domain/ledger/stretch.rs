//! A stretch of keys that is accounted for apart: those handed out while a connection was away.

use serde::{Deserialize, Serialize};

use super::{Account, CHUNK, size};

/// Stretches kept; older ones make way.
const KEPT: usize = 32;

/// What became of the keys of one stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// What it was asked for by.
    pub number: u64,
    /// The key before its first.
    pub after: i64,
    /// Its last key, as the first sweep found it that was asked for after it was over.
    pub up_to: i64,
    /// Rows found in it, those removed since included.
    pub rows: u64,
    /// Keys that no row has or will have.
    pub proven: u64,
    /// Keys that a transaction still under way may write, or that were given up on.
    pub waiting: u64,
    /// Keys without a row that a session may have put aside and may still use.
    #[serde(default)]
    pub aside: u64,
    /// Rows that the server counted in it and that are not found yet.
    pub lost: u64,
    /// Whether the server's count of all its rows agrees with what was found.
    pub is_recounted: bool,
    /// Whether it is one of time, in µs since 1970, and not of keys: a row that bears an earlier time is not in it.
    #[serde(default)]
    pub is_approximate: bool,
}

impl Stretch {
    /// Whether nothing about it can change any more, but by deleting rows.
    pub const fn is_proven(&self) -> bool {
        self.is_recounted && self.waiting == 0 && self.aside == 0 && self.lost == 0
    }
}

/// A stretch as the account keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Watched {
    number: u64,
    after: i64,
    /// None before the sweep that ends it.
    up_to: Option<i64>,
    /// The server's count agrees up to this key.
    agreed: i64,
    lost: u64,
    /// How it stood when its keys were closed.
    sealed: Option<Stretch>,
}

impl Watched {
    /// What of it the server is to count next.
    fn uncounted(&self) -> Option<(i64, i64)> {
        let up_to = self.up_to.filter(|_| self.sealed.is_none())?;
        let last = self.agreed.saturating_add(CHUNK).min(up_to);
        (self.agreed < up_to).then(|| (self.agreed + 1, last))
    }
}

impl Account {
    /// Accounts apart for the keys above `after`, up to the last that the next sweep finds.
    pub fn watch(&mut self, number: u64, after: i64) {
        self.watched.retain(|known| known.number != number);
        self.watched.push_back(Watched {
            number,
            after,
            up_to: None,
            agreed: after,
            lost: 0,
            sealed: None,
        });
        if self.watched.len() > KEPT {
            self.watched.pop_front();
        }
    }

    /// A sweep has ended the stretches that waited for one.
    pub(super) fn bound(&mut self) {
        let (Some(opened), reach) = (self.opened, self.reach) else {
            return;
        };
        for watched in self.watched.iter_mut().filter(|it| it.up_to.is_none()) {
            watched.after = watched.after.max(opened);
            watched.agreed = watched.after;
            watched.up_to = Some(reach.max(watched.after));
        }
    }

    /// The range that a stretch wants to have counted first.
    pub(super) fn uncounted(&self) -> Option<(i64, i64)> {
        self.watched.iter().find_map(Watched::uncounted)
    }

    /// The server has counted a range; `lost` rows of it are not found, `agrees` when it is right. Whether that was
    /// for a stretch.
    pub(super) fn counted_apart(&mut self, range: (i64, i64), lost: u64, agrees: bool) -> bool {
        let mut is_apart = false;
        for watched in &mut self.watched {
            if watched.uncounted() == Some(range) {
                is_apart = true;
                watched.lost = lost;
                if agrees {
                    watched.agreed = range.1;
                }
            }
        }
        is_apart
    }

    /// The keys up to `last` are about to be closed: what is known of the stretches among them stays as it is.
    pub(super) fn seal(&mut self, last: i64) {
        for at in 0..self.watched.len() {
            let sealed = self
                .watched
                .get(at)
                .filter(|it| it.sealed.is_none() && it.after <= last)
                .and_then(|it| self.stretch(it));
            if let Some(it) = self.watched.get_mut(at).filter(|_| sealed.is_some()) {
                it.sealed = sealed;
            }
        }
    }

    /// How the stretches stand that a sweep has ended.
    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let known = |it: &Watched| it.sealed.or_else(|| self.stretch(it));
        self.watched.iter().filter_map(known).collect()
    }

    fn stretch(&self, watched: &Watched) -> Option<Stretch> {
        let up_to = watched.up_to?;
        let run = (watched.after.saturating_add(1), up_to);
        let keys = if run.0 > run.1 { 0 } else { size(run) };
        let rows = self.found.count(run) + self.removed.count(run);
        let (proven, aside) = (self.proven.count(run), self.aside.count(run));
        Some(Stretch {
            number: watched.number,
            after: watched.after,
            up_to,
            rows,
            proven,
            waiting: keys.saturating_sub(rows + proven + aside),
            aside,
            lost: watched.lost,
            is_recounted: watched.agreed >= up_to,
            is_approximate: false,
        })
    }
}
