//! The selected error, whole.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{State, rows},
    list,
};
use crate::{
    domain::{error_group::ErrorRow, mask},
    effect::FeedId,
    store::Store,
    ui::{Context, Role, freshness, note, panel, text},
};

pub(super) fn paint(state: &State, store: &Store, cx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let selected = state.recent.selected();
    let shown = rows::shown(state, store);
    let Some(error) = shown.into_iter().find(|row| Some(&row.id) == selected) else {
        return;
    };
    let title = format!("ERROR {}  enter closes", error.id);
    let badge = freshness::trouble(cx, &store.errors, FeedId::Errors.interval(), &store.reader);
    let inner = panel::panel(cx, buf, area, &title, &badge, false);
    note::sentences(cx, buf, inner, &sentences(cx, error));
}

fn sentences(cx: &Context<'_>, error: &ErrorRow) -> Vec<(Role, String)> {
    let place = match cx.pipeline.find(&error.stage) {
        Some(stage) => format!("{} > {}", error.stage.label(), stage.workflow),
        None => error.stage.label(),
    };
    let record = error.record.as_ref();
    let record = record.map_or_else(|| "none named".to_owned(), |record| record.display_cut(64));
    let age = text::span(cx.now - error.created_at);
    let clock = text::clock(cx, error.created_at);
    let mut sentences = vec![
        (
            list::role(&error.severity),
            format!("{}  {place}", list::word(&error.severity)),
        ),
        (
            Role::Dim,
            format!("record {record}   at {clock}, {age} ago"),
        ),
        (Role::Text, String::new()),
    ];
    sentences.extend(
        error
            .message
            .lines()
            .into_iter()
            .map(|line| (Role::Text, mask::addresses(&line))),
    );
    let hazards = error.message.hazards();
    if hazards > 0 {
        let remark =
            format!("{hazards} characters that could mislead a terminal are shown by name.");
        sentences.push((Role::Dim, remark));
    }
    if error.message.is_cut() {
        let remark = format!(
            "Cut: the whole message has {} bytes.",
            error.message.full_bytes()
        );
        sentences.push((Role::Dim, remark));
    }
    sentences
}
