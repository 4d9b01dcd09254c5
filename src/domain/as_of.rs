//! When something was counted that was not counted just now.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// When something was counted, by the clock of who counted it: the two may be hours apart. Written down, a moment alone is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AsOf {
    /// We asked then, by our clock.
    Here(Timestamp),
    /// The database kept it since then, by its own.
    Server {
        /// The moment.
        server: Timestamp,
    },
}

impl AsOf {
    /// What the database counted at `server`.
    pub const fn server(server: Timestamp) -> Self {
        Self::Server { server }
    }

    /// How long ago that was, where it is `now` for the database and `here` for us.
    pub fn age(self, now: Timestamp, here: Timestamp) -> TimeDelta {
        match self {
            Self::Here(at) => here - at,
            Self::Server { server } => now - server,
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn an_age_goes_by_the_clock_of_who_counted_and_a_moment_alone_is_ours() {
        let at = |minute: i64| chrono::DateTime::from_timestamp(60 * minute, 0).unwrap();
        let (now, here) = (at(100), at(40));
        assert_eq!(AsOf::Here(at(38)).age(now, here), TimeDelta::minutes(2));
        assert_eq!(AsOf::server(at(97)).age(now, here), TimeDelta::minutes(3));
        for of in [AsOf::Here(at(1)), AsOf::server(at(1))] {
            let json = serde_json::to_string(&of).unwrap();
            assert_eq!(serde_json::from_str::<AsOf>(&json).unwrap(), of, "{json}");
        }
        let alone = serde_json::from_str::<AsOf>("\"1970-01-01T00:01:00Z\"").unwrap();
        assert_eq!(alone, AsOf::Here(at(1)));
    }
}
