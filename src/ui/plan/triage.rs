//! What a plan says that is about who has groups of errors, and which are left alone.

use super::{Page, counted, guard};
use crate::{
    domain::{
        mask,
        plan::Examination,
        triage::{Deed, GroupTarget, Place},
    },
    ui::Role,
};

/// Groups that something would be said of.
pub(super) fn lines(
    page: &mut Page<'_>,
    (deed, targets, place): (Deed, &[GroupTarget], &Place),
    examined: Option<&Examination>,
) {
    let set = format!(
        "{}, whole: every error of it, listed or not, and those to come",
        counted(targets.len(), "group")
    );
    page.fact("SET", &set, Role::Strong);
    guard(page, examined, false);
    let wakes = "it wakes by itself, is shown again, and says that it did; Z before that ends it";
    match deed {
        Deed::Ignore => page.fact("WAKES", wakes, Role::Text),
        Deed::Wake | Deed::Assign | Deed::Note | Deed::TakeBack => {}
    }
    match place {
        Place::Database => page.fact(
            "STORE",
            "outpost.triage, where every console sees it",
            Role::Text,
        ),
        Place::Local(why) => page.fact("STORE", &format!("local only: {why}"), Role::Warn),
    }
    page.fact(
        "SKIP",
        "a group of which somebody says something else meanwhile",
        Role::Text,
    );
    page.fact(
        "EFFECT",
        "internal: no error and no event changes",
        Role::Text,
    );
    page.undo("u, as long as nobody says something else", Role::Text);
    page.blank();
    let versions = examined.map(Examination::versions);
    let runs = |target: &&GroupTarget| {
        let known = versions.as_ref();
        known.is_none_or(|known| known.contains_key(&target.key()))
    };
    page.text(
        "GROUPS, exactly these:",
        targets.iter().filter(runs).flat_map(|target| {
            let says = mask::cut(&target.says, 200);
            [
                format!("{}  {}  {says}", target.id, target.stage.label()),
                format!("      {}", target.words()),
            ]
        }),
    );
}
