//! Queries that the server cancelled for taking too long, among several that answer one feed: each stands alone.
//! The others are asked as ever; of the slow ones one a turn is tried again, so that together they never hold the
//! connection, and with it every other panel, for longer than one of them may take.

use std::collections::BTreeSet;

use tokio_postgres::Row;

use super::{Ask, Query};
use crate::msg::Fault;

/// Which queries rest.
#[derive(Debug, Default)]
pub(super) struct Rest {
    slow: BTreeSet<&'static str>,
    turn: usize,
}

impl Rest {
    /// A new turn for the feed of `queries`: the names of those to leave out in it.
    pub(super) fn turn(&mut self, queries: &[Query]) -> BTreeSet<&'static str> {
        let names = queries.iter().map(|query| query.name);
        let mut resting: BTreeSet<&'static str> =
            names.filter(|name| self.slow.contains(name)).collect();
        self.turn = self.turn.wrapping_add(1);
        let tried = self.turn.checked_rem(resting.len());
        if let Some(name) = tried.and_then(|at| resting.iter().nth(at).copied()) {
            resting.remove(name);
        }
        resting
    }

    /// Takes in what became of `query`: its answer, or `None` where it took too long or rests.
    pub(super) fn heard<T>(
        &mut self,
        query: Query,
        answer: Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        match answer {
            Ok(answer) => {
                self.slow.remove(query.name);
                Ok(Some(answer))
            }
            Err(Fault::TooSlow(_)) => {
                self.slow.insert(query.name);
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }
}

/// The rows of `query`; it is slow where it is among `resting`.
pub(super) async fn rows(
    ask: &Ask<'_>,
    query: Query,
    resting: &BTreeSet<&'static str>,
) -> Result<Vec<Row>, Fault> {
    if resting.contains(query.name) {
        return Err(Fault::TooSlow(0));
    }
    ask.rows(query, &[]).await
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::{super::files, *};

    #[test]
    fn what_is_slow_rests_but_for_one_a_turn_and_each_gets_its_turn() {
        let all = files::SCORECARD.map(|(query, _)| query);
        let mut rest = Rest::default();
        assert!(rest.turn(&all).is_empty());
        for query in all.iter().take(3) {
            let slow: Result<(), Fault> = Err(Fault::TooSlow(0));
            assert_eq!(rest.heard(*query, slow), Ok(None));
        }
        let slow: BTreeSet<&str> = all.iter().take(3).map(|query| query.name).collect();
        let mut tried = BTreeSet::new();
        for _ in 0..3 {
            let resting = rest.turn(&all);
            assert_eq!(resting.len(), 2);
            tried.extend(slow.difference(&resting).copied());
        }
        assert_eq!(tried, slow);
        for query in all.iter().take(3) {
            assert_eq!(rest.heard(*query, Ok(7)), Ok(Some(7)));
        }
        assert!(rest.turn(&all).is_empty());
    }
}
