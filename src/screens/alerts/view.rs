use ratatui::{Frame, layout::Rect, widgets::Paragraph};

use super::State;
use crate::{store::Store, ui::Context};

/// Paints the alerts screen.
pub fn view(_state: &State, _store: &Store, _cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Paragraph::new("alerts"), area);
}
