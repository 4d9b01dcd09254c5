//! Errors an hour over the last day, by class.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::Scene;
use crate::{
    domain::error_group::Class,
    screens::errors::lines,
    ui::{Role, panel, text},
};

/// Hours shown.
const HOURS: usize = 24;

/// The sign and the role of a class in the chart: the sign tells it without colour.
const fn sign(class: Class) -> (char, Role) {
    match class {
        Class::Transient => ('.', Role::Ok),
        Class::Quota => ('#', Role::Warn),
        Class::Credential => ('o', Role::Bad),
        Class::Data => ('+', Role::Graph),
        Class::Code => ('x', Role::Strong),
        Class::Unknown => ('?', Role::Dim),
    }
}

/// Paints the panel.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let cx = scene.cx;
    let hours = hours(scene);
    let title = "ERRORS PER HOUR  24 h, by class";
    let inner = panel::panel(cx, buf, area, title, &compared(&hours), false);
    let most = hours
        .iter()
        .map(|hour| hour.iter().sum::<u64>())
        .max()
        .unwrap_or(0);
    let axis: u16 = 6;
    let height = inner.height.saturating_sub(2);
    let cells = (inner.width.saturating_sub(axis + 1)) / HOURS as u16;
    if cells == 0 || height < 2 || most == 0 {
        let none = if most == 0 {
            "no error in the last 24 h"
        } else {
            ""
        };
        let line = Line::styled(none, cx.style(Role::Ok));
        panel::put(buf, panel::indented(inner), 0, &line);
        return;
    }
    for row in 0..height {
        let from_below = u64::from(height - 1 - row);
        let label = match row {
            0 => text::count(most),
            _ if row == height / 2 => text::count(most / 2),
            _ => String::new(),
        };
        let mut spans = vec![Span::styled(format!("{label:>5} "), cx.style(Role::Dim))];
        spans.extend(hours.iter().map(|hour| {
            match level(hour, most, u64::from(height), from_below) {
                Some(class) => {
                    let (sign, role) = sign(class);
                    let bar = sign.to_string().repeat(usize::from(cells));
                    Span::styled(bar, cx.style(role))
                }
                None => Span::raw(" ".repeat(usize::from(cells))),
            }
        }));
        panel::put(buf, inner, row, &Line::from(spans));
    }
    let width = usize::from(cells) * HOURS;
    let ends = format!(
        "{:axis$}-24h{:>rest$}",
        "",
        "now",
        axis = usize::from(axis),
        rest = width - 4
    );
    panel::put(buf, inner, height, &Line::styled(ends, cx.style(Role::Dim)));
    panel::put(buf, inner, height + 1, &legend(scene, &hours));
}

/// How many came in the last hour, and in the median of the hours before it.
fn compared(hours: &[[u64; 6]]) -> panel::Badge {
    let mut sums: Vec<u64> = hours.iter().map(|hour| hour.iter().sum()).collect();
    let last = sums.pop().unwrap_or(0);
    sums.sort_unstable();
    let usual = sums.get(sums.len() / 2).copied().unwrap_or(0);
    let role = if last > usual * 2 && last >= 10 {
        Role::Warn
    } else {
        Role::Dim
    };
    let (last, usual) = (text::count(last), text::count(usual));
    (format!("last hour {last}, median {usual}"), role)
}

/// Errors of each hour by class, in the order of [`Class::ALL`], the oldest hour first.
fn hours(scene: &Scene<'_>) -> Vec<[u64; 6]> {
    let mut hours = vec![[0; 6]; HOURS];
    for group in lines::groups(scene.store) {
        let place = Class::ALL
            .iter()
            .position(|class| *class == group.class)
            .unwrap_or(0);
        for (hour, n) in hours.iter_mut().zip(&group.trend) {
            if let Some(own) = hour.get_mut(place) {
                *own += n;
            }
        }
    }
    hours
}

/// Which class stands at this height of the bar of an hour; the bars are rounded up, so that nothing is left out.
fn level(hour: &[u64; 6], most: u64, height: u64, from_below: u64) -> Option<Class> {
    let mut below = 0;
    for (class, n) in Class::ALL.into_iter().zip(hour) {
        below += n;
        if *n > 0 && (below * height).div_ceil(most) > from_below {
            return Some(class);
        }
    }
    None
}

fn legend(scene: &Scene<'_>, hours: &[[u64; 6]]) -> Line<'static> {
    let mut spans = vec![Span::raw("      ")];
    for (place, class) in Class::ALL.into_iter().enumerate() {
        let n: u64 = hours.iter().filter_map(|hour| hour.get(place)).sum();
        if n > 0 {
            let (sign, role) = sign(class);
            let words = format!("{sign} {} {}  ", class.label(), text::count(n));
            spans.push(Span::styled(words, scene.cx.style(role)));
        }
    }
    Line::from(spans)
}
