//! What operators said of groups: who has one, and what wakes those that are left alone.

use crate::{
    domain::{error_group::ErrorGroup, mask, presence, triage::Until},
    ui::{
        Context, Role,
        table::{Cell, cell},
        text,
    },
};

/// Who has the group.
pub(super) fn owner(group: &ErrorGroup) -> Cell<'static> {
    match &group.standing.owner {
        Some(owner) => cell(presence::shown(owner), Role::Strong),
        None => cell("-", Role::Dim),
    }
}

/// What wakes the group: `in 1h05m`, `after 38 more`, `at 20/h`.
pub(super) fn wakes(cx: &Context<'_>, group: &ErrorGroup) -> String {
    let Some(ignored) = &group.standing.ignored else {
        return String::new();
    };
    match ignored.until {
        Until::Time(at) if at <= cx.now => "now".to_owned(),
        Until::Time(at) => format!("in {}", text::span(at - cx.now)),
        Until::More(n) => format!("after {} more", text::grouped(n.saturating_sub(group.came))),
        Until::Rate(n) => format!("at {}/h", text::grouped(n)),
    }
}

/// The same in a sentence, with who said so and why the group is shown again where it is.
pub(super) fn sentence(cx: &Context<'_>, group: &ErrorGroup) -> Option<String> {
    let ignored = group.standing.ignored.as_ref()?;
    let by = presence::shown(&ignored.by);
    let came = match group.came {
        1 => "1 came since".to_owned(),
        n => format!("{} came since", text::grouped(n)),
    };
    let until = match ignored.until {
        Until::Time(at) => format!("until {}", text::clock(cx, at)),
        Until::More(_) | Until::Rate(_) => ignored.until.words(),
    };
    let ago = |at| text::span(cx.now - at);
    Some(match group.woken {
        Some(at) => format!("woken {} ago: {by} had it ignored {until}; {came}", ago(at)),
        None => format!(
            "ignored {until}, by {by} {} ago; {came}",
            ago(ignored.since)
        ),
    })
}

/// Who has the group and since when, and what is noted of it.
pub(super) fn owned(cx: &Context<'_>, group: &ErrorGroup) -> String {
    let standing = &group.standing;
    let owner = match (&standing.owner, standing.owned_at) {
        (Some(owner), Some(at)) => {
            format!("{} for {}", owner.display_cut(64), text::span(cx.now - at))
        }
        (Some(owner), None) => owner.display_cut(64),
        (None, _) => "nobody".to_owned(),
    };
    match &standing.note {
        Some(note) => format!("{owner}; {}", mask::cut(note, 400)),
        None => owner,
    }
}
