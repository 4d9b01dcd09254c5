//! The whole frame: title, verdict, screen, overlays, footer.

use ratatui::Frame;

use crate::{
    model::Model,
    ui::{Context, Theme},
};

/// Paints `model`.
pub fn view(model: &Model, theme: &Theme, frame: &mut Frame<'_>) {
    let cx = Context {
        theme,
        now: model.now,
        size: model.size,
        time_mode: model.time_mode,
        local_offset_s: model.options.local_offset_s,
    };
    let area = frame.area();
    model
        .screens
        .view(model.screen, &model.store, &cx, frame, area);
}
