//! What happened between two rows of a list, as a line across it.

use super::{
    Context, Role,
    table::{Row, cell},
    text,
};
use crate::store::reconnect::Reconnect;

/// A connection was away, between the events below the line and those above.
pub fn reconnect(cx: &Context<'_>, over: &Reconnect) -> Row<'static> {
    let role = match &over.found {
        Some(found) if found.lost > 0 => Role::Bad,
        Some(found) if found.is_proven() => Role::Dim,
        Some(_) | None => Role::Stale,
    };
    let sentence = over.sentence(&text::clock(cx, over.at));
    Row::across(cell(format!("-- {sentence} --"), role))
}
