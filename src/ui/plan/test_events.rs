//! What a plan says that is about a test event.

use super::{Page, counted, role_of};
use crate::{
    domain::{
        event::RowId,
        payload,
        pipeline::SideEffect,
        plan::{Examination, NewEvent},
        untrusted::Untrusted,
    },
    ui::Role,
};

/// A test event that would be written.
pub(super) fn insert(page: &mut Page<'_>, event: &NewEvent, examined: Option<&Examination>) {
    let set = format!("1 event {}, as pending", event.stage.label());
    page.fact("SET", &set, Role::Strong);
    let facing = event.side_effect == SideEffect::PersonFacing;
    page.fact(
        "EFFECT",
        event.side_effect.label(),
        role_of(event.side_effect),
    );
    if facing {
        let shown = |text: String| Untrusted::from(text).display_cut(60);
        let whom = match (
            event.text(&["full_name"]).map(shown),
            event.text(&["email", "contact_email"]).map(shown),
        ) {
            (Some(name), Some(email)) => format!("{name} <{email}>"),
            (None, Some(email)) => email,
            (Some(name), None) => format!("{name}; the payload has no address"),
            (None, None) => {
                "the payload names nobody; its workflow may look somebody up".to_owned()
            }
        };
        page.fact("TO", &whom, Role::Bad);
    }
    match examined {
        None => page.fact("GUARD", "looks for what speaks against this …", Role::Dim),
        Some(examined) => {
            for unknown in &examined.unknown {
                let text = Untrusted::from(unknown.as_str()).display_cut(200);
                page.fact("UNKNOWN", &text, Role::Bad);
            }
            for (_, why) in &examined.blocked {
                page.fact("BLOCKED", why, Role::Warn);
            }
        }
    }
    page.fact(
        "RUN",
        "insert it, and notify where no trigger does; its workflow takes it like any other",
        Role::Text,
    );
    page.undo(
        "u, as long as nobody has taken it: it is deleted again",
        Role::Text,
    );
    page.blank();
    let lines = payload::lines(&Untrusted::from(event.payload.as_str()));
    page.text("PAYLOAD, exactly this:", lines.into_iter());
}

/// Test events that would be deleted.
pub(super) fn delete<'a>(page: &mut Page<'a>, ids: &'a [RowId], examined: Option<&Examination>) {
    let set = counted(ids.len(), "test event");
    page.fact("SET", &set, Role::Strong);
    match examined {
        None => page.fact("GUARD", "looks whether they are untouched …", Role::Dim),
        Some(examined) => {
            for (id, why) in &examined.blocked {
                page.fact("BLOCKED", &format!("{id}: {why}"), Role::Warn);
            }
        }
    }
    page.fact(
        "RUN",
        "delete, only what is pending, never retried, taken by no run, and marked as ours",
        Role::Text,
    );
    page.fact("EFFECT", "internal: nothing leaves the system", Role::Text);
    page.undo("none: insert another one", Role::Text);
    page.blank();
    page.ids("IDS", ids.iter().collect());
}
