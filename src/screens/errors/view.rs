mod below;
mod chart;
mod done;
mod explain;
mod groups;
mod list;
mod records;
mod retried;
mod said;
mod sample;
mod spread;
mod stages;
mod timeline;

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
};

use super::{Mode, State, explained, lines};
use crate::{store::Store, ui::Context};

/// From this size on, three bands of panels stand one under the other, three side by side. The last tells what was done.
pub(super) const LARGE: (u16, u16) = (160, 40);
/// From this size on, three bands, two side by side.
pub(super) const MIDDLE: (u16, u16) = (100, 26);
/// Rows that a whole explanation takes, about.
const EXPLAINED: u16 = 22;
/// From this height on, what is selected is explained under the list.
const TALL: u16 = 14;

/// Paints the errors screen.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let buf = frame.buffer_mut();
    let scene = Scene { state, store, cx };
    let fits = |(width, height): (u16, u16)| area.width >= width && area.height >= height;
    let has_detail = explained(state, store).is_some();
    if fits(LARGE) {
        large(&scene, buf, area);
    } else if !has_detail || area.height < TALL {
        scene.list(buf, area);
    } else if fits(MIDDLE) {
        middle(&scene, buf, area);
    } else {
        let below = below_list(&scene, area.height);
        let bands = Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]);
        let [first, second] = bands.areas(area);
        scene.list(buf, first);
        explain::short(&scene, buf, second);
    }
}

/// What is painted, and with what.
struct Scene<'a> {
    state: &'a State,
    store: &'a Store,
    cx: &'a Context<'a>,
}

impl Scene<'_> {
    fn list(&self, buf: &mut Buffer, area: Rect) {
        match self.state.mode {
            Mode::Groups => groups::paint(self, buf, area),
            Mode::List => list::paint(self, buf, area),
            Mode::Stages => stages::paint(self, buf, area, true),
            Mode::Records => records::paint(self, buf, area),
        }
    }
}

/// Rows for what is explained below a list in one column: what the list leaves, but no more than that has to say.
fn below_list(scene: &Scene<'_>, height: u16) -> u16 {
    let least = (height / 2).min(9);
    let listed = match scene.state.mode {
        Mode::Groups => lines::shown(scene.state, scene.store).len(),
        Mode::List | Mode::Stages | Mode::Records => usize::MAX,
    };
    // With its border, its header and what stands below it.
    let list = u16::try_from(listed.saturating_add(4)).unwrap_or(u16::MAX);
    height.saturating_sub(list).clamp(least, 12.max(least))
}

fn halves(area: Rect) -> [Rect; 2] {
    Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(area)
}

fn middle(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let below = area.height * 2 / 3;
    let bottom = below * 2 / 5;
    let bands = Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(below - bottom),
        Constraint::Length(bottom),
    ]);
    let [top, centre, bottom] = bands.areas(area);
    scene.list(buf, top);
    let [left, right] = halves(centre);
    explain::paint(scene, buf, left);
    timeline::paint(scene, buf, right);
    let [left, right] = halves(bottom);
    sample::paint(scene, buf, left);
    spread::paint(scene, buf, right);
}

fn large(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let third = area.height / 3;
    let bands = Layout::vertical([
        Constraint::Length(third),
        Constraint::Fill(1),
        Constraint::Length(third.min(14)),
    ]);
    let [top, centre, bottom] = bands.areas(area);
    let [list, chart] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(66)]).areas(top);
    scene.list(buf, list);
    let bands = Layout::vertical([Constraint::Fill(1), Constraint::Length(third / 3)]);
    let [chart, stages] = bands.areas(chart);
    chart::paint(scene, buf, chart);
    stages::paint(scene, buf, stages, false);
    let thirds = Layout::horizontal([Constraint::Fill(1); 3]);
    let [left, mid, right] = thirds.areas(centre);
    // The likeliest reason stands in the explanation; where there is room, with what speaks for it.
    let has_room = left.height >= EXPLAINED + 5;
    let rest = if has_room { left.height - EXPLAINED } else { 0 };
    let parts = Layout::vertical([Constraint::Fill(1), Constraint::Length(rest)]);
    let [above, below] = parts.areas(left);
    explain::paint(scene, buf, above);
    if has_room {
        explain::why(scene, buf, below);
    }
    timeline::paint(scene, buf, mid);
    sample::paint(scene, buf, right);
    let [left, mid, right] = thirds.areas(bottom);
    spread::paint(scene, buf, left);
    retried::paint(scene, buf, mid);
    done::paint(scene, buf, right);
}
