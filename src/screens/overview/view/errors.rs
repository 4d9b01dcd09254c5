//! Groups of unresolved errors, worst first.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{super::Pane, Scene};
use crate::{
    domain::{
        Timestamp,
        error_group::{ErrorGroup, Severity},
        mask,
    },
    effect::FeedId,
    ui::{
        Role, freshness, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

const COLUMNS: &[Column] = &[
    Column::left("SEV", 4, 0),
    Column::right("N", 4, 0),
    Column::left("SAYS", 18, 0).growing(),
    Column::left("STAGE", 20, 4),
    Column::left("LOOKS LIKE", 12, 6),
    Column::right("FIRST", 6, 5),
    Column::right("LAST", 6, 1),
];

/// Paints the pane.
pub(super) fn errors(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let store = scene.store;
    let trouble = freshness::trouble(
        scene.cx,
        &store.errors,
        FeedId::Errors.interval(),
        &store.reader,
    );
    let errors = store.errors.value();
    let since = errors.and_then(|errors| errors.since);
    let (open, critical) = errors.map_or((0, 0), |errors| {
        let of = |wanted: &Severity| {
            errors
                .unresolved
                .iter()
                .filter(|(severity, _)| severity == wanted)
                .map(|(_, n)| n)
                .sum::<u64>()
        };
        (errors.open(), of(&Severity::Critical))
    });
    let role = if critical > 0 { Role::Bad } else { Role::Dim };
    let summary = (
        format!(
            "{} open  {} critical",
            text::at_least(open, since.is_some()),
            text::at_least(critical, since.is_some())
        ),
        role,
    );
    let inner = scene.boxed(buf, area, (Pane::Errors, "4 ERRORS"), trouble, summary);
    if freshness::absent(scene.cx, buf, inner, &store.errors, &store.reader) {
        return;
    }
    if store.groups().is_empty() {
        let (words, role) = none(scene, since);
        let line = Line::styled(words, scene.cx.style(role));
        panel::put(buf, panel::indented(inner), 0, &line);
        return;
    }
    let has_keys = scene.has_keys(Pane::Errors);
    let chosen = super::super::selected_group(scene.state, store).filter(|_| has_keys);
    let table = Table {
        columns: COLUMNS,
        len: store.groups().len(),
        selected: store
            .groups()
            .iter()
            .position(|group| Some(group) == chosen),
        focused: has_keys,
    };
    table.paint(scene.cx, buf, inner, |index| {
        store
            .groups()
            .get(index)
            .map_or_else(Row::default, |group| row(scene, group))
    });
}

fn row(scene: &Scene<'_>, group: &ErrorGroup) -> Row<'static> {
    let cx = scene.cx;
    let (word, role) = match &group.severity {
        Severity::Critical => ("CRIT", Role::Bad),
        Severity::Error => ("err", Role::Warn),
        Severity::Warning => ("warn", Role::Text),
        Severity::Other(_) => ("?", Role::Dim),
    };
    let says = match group.severity {
        Severity::Critical => Role::Strong,
        Severity::Error | Severity::Warning | Severity::Other(_) => Role::Text,
    };
    Row::new(vec![
        cell(word, role),
        cell(text::count(group.open), role),
        cell(newest(group), says),
        cell(group.stage.label(), Role::Dim),
        cell(group.class.label(), Role::Dim),
        cell(text::moment(cx, group.first_at), Role::Dim),
        cell(text::moment(cx, group.last_at), Role::Text),
    ])
}

/// What the newest error of `group` says.
pub(super) fn newest(group: &ErrorGroup) -> String {
    mask::cut(&group.message, 160)
}

/// That no error is unresolved, as far as was looked.
fn none(scene: &Scene<'_>, since: Option<Timestamp>) -> (String, Role) {
    let Some(at) = since else {
        return ("no unresolved errors".to_owned(), Role::Ok);
    };
    let span = text::span(scene.cx.now - at);
    let words = format!("none unresolved of the last {span}; older ones are being looked at");
    (words, Role::Dim)
}
