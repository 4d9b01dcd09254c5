//! What a plan says that purges.

use super::Page;
use crate::{
    domain::{
        plan::{Examination, Old, Purge, Table},
        untrusted::Untrusted,
    },
    ui::Role,
};

/// What would be deleted, and what would not.
pub(super) fn lines(page: &mut Page<'_>, purge: &Purge, examined: Option<&Examination>) {
    for table in Table::ALL {
        let what = match table {
            Table::Events => "processed",
            Table::Errors => "resolved",
        };
        let before = purge.before(table).format("%Y-%m-%d");
        let set = format!("{}: {what} before {before} (UTC)", table.name());
        page.fact("SET", &set, Role::Strong);
    }
    match examined {
        None => page.fact("COUNT", "counts what is that old …", Role::Dim),
        Some(examined) => {
            for old in &examined.old {
                let line = format!("{} {}", old.table.name(), old.counted());
                page.fact("COUNT", &line, Role::Bad);
            }
            for (table, why) in &examined.blocked {
                let why = Untrusted::from(why.as_str()).display_cut(200);
                page.fact("BLOCKED", &format!("{table}: {why}"), Role::Warn);
            }
        }
    }
    page.fact(
        "KEEP",
        "whatever is pending, in work or failed; unresolved errors, and the events they name",
        Role::Text,
    );
    page.fact(
        "RUN",
        "by key, 2,000 keys a transaction, each audited with its number; rests as long as it works; p pauses, s stops",
        Role::Text,
    );
    let vacuums = |old: &&Old| old.vacuums;
    let all = examined.map_or(&[][..], |examined| examined.old.as_slice());
    let (may, of) = (all.iter().filter(vacuums).count(), all.len());
    if of > 0 {
        let line = if may == of {
            "VACUUM (ANALYZE) of what was purged"
        } else if may == 0 {
            "no VACUUM: this role may not; the server's own will"
        } else {
            "VACUUM (ANALYZE) where this role may; the server's own does the rest"
        };
        page.fact("THEN", line, Role::Text);
    }
    page.undo("none: what is deleted is gone", Role::Bad);
}
