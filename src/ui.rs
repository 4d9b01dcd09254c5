//! Painting. Widgets take plain data and a [`Context`].

pub mod audit;
pub mod badge;
pub mod between;
pub mod cost;
pub mod detail;
pub mod footer;
pub mod form;
pub mod freshness;
pub mod help;
pub mod ledger;
pub mod line;
pub mod list;
pub mod note;
pub mod overlay;
mod page;
pub mod panel;
pub mod past;
pub mod plan;
pub mod purge;
pub mod run;
pub mod sample;
pub mod spark;
pub mod table;
pub mod text;
pub mod theme;
pub mod timeline;
pub mod undo;
pub mod why;

pub use theme::{Role, Theme};

use ratatui::style::Style;

use crate::{
    action::TimeMode,
    domain::{Timestamp, pipeline::Pipeline, zone::Zone},
};

/// What every view needs besides its data.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The theme.
    pub theme: &'a Theme,
    /// The pipeline that is watched.
    pub pipeline: &'a Pipeline,
    /// Now, by the clock of the database, which wrote nearly every moment that is shown.
    pub now: Timestamp,
    /// Now, by our own clock: when something was asked, answered, pressed or lost.
    pub here: Timestamp,
    /// The size of the whole terminal, in cells.
    pub size: (u16, u16),
    /// How moments are shown.
    pub time_mode: TimeMode,
    /// What local time is.
    pub zone: &'a Zone,
}

impl Context<'_> {
    /// The style of `role`.
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }
}
