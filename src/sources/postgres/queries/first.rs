//! The first key of what came since a moment, in a large table without an index on time: found by halving the keys, which are held to
//! be in the order of time. Where rows were put in by hand with high keys and old times they are not, and then what came before
//! those would be taken for old: so keys below are looked at as well, some 2,000 rows near and far, and what is found there moves the
//! first key down. What is rarer than one of some 300 rows there may be missed, and no look of a bounded cost would find it. Where that does
//! not come to an end a bounded number of the newest rows is looked at, and that it is only a part is told.

use tokio_postgres::{Row, types::Type};

use super::{super::decode, Ask, Parameter, Query};
use crate::msg::Fault;

/// How often the first key is looked for below what was found.
const ROUNDS: usize = 5;

/// Rows that are looked at where keys are in no order: some 100 ms of the server.
const NEWEST: i64 = 200_000;

/// Where what came since a moment begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct First {
    /// The key; nothing of an empty table.
    pub(super) key: Option<i64>,
    /// Whether keys are in no order of time, so that there may be more below.
    pub(super) is_unordered: bool,
}

/// Where it begins, as `query` says of `moment`.
pub(super) async fn of(
    ask: &Ask<'_>,
    query: Query,
    (moment, of_type): Parameter<'_>,
) -> Result<First, Fault> {
    let (mut key, mut bound) = (None, None);
    for round in 0..ROUNDS {
        let parameters: [Parameter<'_>; 2] = [(moment, of_type.clone()), (&bound, Type::INT8)];
        let rows = ask.rows(query, &parameters).await?;
        let (first, earlier, is_dense) = decode::one(&rows, |row: &Row| {
            let earlier: Option<i64> = row.try_get("earlier")?;
            let first: Option<i64> = row.try_get("first_id")?;
            Ok((first, earlier, row.try_get::<_, bool>("is_dense")?))
        })?;
        if round > 0 && !is_dense {
            break;
        }
        key = first;
        bound = earlier.map(|earlier| earlier.saturating_add(1));
        if bound.is_none() {
            let is_unordered = false;
            return Ok(First { key, is_unordered });
        }
    }
    let is_unordered = true;
    Ok(First { key, is_unordered })
}

/// As [`of`], of a window that all rows from its first key on are read of: where keys are in no order, of the newest rows, which
/// `nth` finds.
pub(super) async fn of_window(
    ask: &Ask<'_>,
    (query, nth): (Query, Query),
    hours: i32,
) -> Result<First, Fault> {
    let first = of(ask, query, (&hours, Type::INT4)).await?;
    if !first.is_unordered {
        return Ok(first);
    }
    let place = NEWEST - 1;
    let rows = ask.rows(nth, &[(&place, Type::INT8)]).await?;
    let nth: Option<i64> = decode::one(&rows, |row| Ok(row.try_get("nth")?))?;
    Ok(First {
        key: first.key.min(Some(nth.unwrap_or(-i64::MAX))),
        ..first
    })
}
